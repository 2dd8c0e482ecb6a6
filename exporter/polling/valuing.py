"""The planner that asks for what is worth most: see docs/freshness.md.

One currency, row-seconds: for how long what a call would show has been waiting to be known. Head
pages at their own pace set the price; any other call is made as soon as it is worth that.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import tzinfo

from exporter.gateway.message import Page
from exporter.gateway.request import PAGE_LIMIT
from exporter.ledger.outlook import GapOutlook, Outlook, StreamOutlook
from exporter.ledger.records import StreamView
from exporter.ledger.waiting import Known
from exporter.polling import pricing
from exporter.polling.asks import chosen, head, window
from exporter.polling.backlog import Backlog
from exporter.polling.curves import Curves
from exporter.polling.decisions import Decision, Option
from exporter.polling.learnt import Notes, read, written
from exporter.polling.mind import Maturing, Mind
from exporter.polling.options import Options
from exporter.polling.pace import first_free
from exporter.polling.past import Past
from exporter.polling.planner import AccountView, Ask, Wait
from exporter.polling.pricing import Load, Pace
from exporter.polling.turns import Turns


BURST_RESERVE = 10.0
BURST_MEMORY = 7 * 86_400.0
"""Permits kept for so many seconds after a burst: where one was, another is to be expected."""
PRECISION = 15.0
"""Seconds by which a call may be made too late."""
UNWEIGHED = 60.0
"""Seconds after which calls are weighed anew at the latest."""
GROWTH = 2.0
"""By what a pending row's worth rises in a second at most, row-seconds."""
KEPT_DECISIONS = 50


class ValuingPlanner:
    """Asks for what is worth most."""

    targets = 0

    def __init__(
        self,
        channels: Sequence[str],
        deadlines: Sequence[Maturing],
        zone: tzinfo,
        now: float,
        *,
        lookups: bool = True,
        make_mind: type[Mind] = Mind,
    ) -> None:
        self.curves = Curves()
        self.notes = Notes()
        self._decisions: deque[Decision] = deque(maxlen=KEPT_DECISIONS)
        self._minds = {
            channel: make_mind(channel, self.curves, deadlines, zone, now) for channel in channels
        }
        self._past = Past()
        self._turns = Turns(self._past)
        self._beside = Options(self._minds, self.notes, self._past, lookups=lookups)
        self._backlog = Backlog(self._minds, self._beside, self._turns)
        self._now = now

    def begin(self, known: Mapping[str, Known], learnt: str | None, now: float) -> None:
        """Start from what the ledger keeps."""
        self.notes, self.curves = read(learnt)
        self._beside.notes = self.notes
        for channel, mind in self._minds.items():
            mind.begin(known[channel], self.curves, now)
        self._set_back(now)

    def learnt(self) -> str | None:
        """Curves and notes, as JSON."""
        return written(self.notes, self.curves)

    def explain(self) -> Sequence[Decision]:
        """The last decisions, the oldest first."""
        return tuple(self._decisions)

    def decide(self, view: AccountView) -> Ask | Wait:
        """The next action."""
        self._forget(view)
        choice, price, options = self._choose(view)
        self._note(view.now, choice, price, options)
        return choice

    def answered(
        self,
        ask: Ask,
        page: Page | None,
        started: float,
        now: float,
        new: frozenset[str] = frozenset(),
    ) -> None:
        """Learn from a page, or that there is none to be had so."""
        self._past.add(ask, started, now)
        asked = len(ask.request.phones)
        if page is None:
            if asked:
                self.notes.trust.refused(asked, now)
            return
        if ask.reason == "settling":
            self.notes.note_settled(page.rows, len(new))
        seen = self._minds[ask.channel].take(ask, page, started, new)
        if asked:
            self.notes.trust.answered(asked, seen.expected, seen.found, seen.foreign, now)

    def cadence(self, view: AccountView) -> float:
        """Seconds between head pages of the stream that is read most rarely."""
        return max(self._pace(view).periods.values())

    def weighed(self, view: AccountView) -> tuple[float, tuple[Option, ...]]:
        """The price, and every call beside the head pages, whether or not one can be made now."""
        pace = self._pace(view)
        due, _ = self._turns.due(view, pace.periods)
        return pace.price, tuple(self._beside.all(view, max(due, view.now), pace))

    def outlook(self, view: AccountView) -> Outlook:
        """Pace, pending messages and gaps."""
        pace = self._pace(view)
        was_read = all(stream.head_started is not None for stream in view.streams)
        return Outlook(
            saturation=pace.saturation if was_read else None,
            streams=tuple(self._stream_outlook(each, pace, view.now) for each in view.streams),
        )

    def _stream_outlook(self, stream: StreamView, pace: Pace, now: float) -> StreamOutlook:
        channel = stream.channel
        mind = self._minds[channel]
        return StreamOutlook(
            channel=channel,
            head_at=self._turns.head_at(stream, now) or None,
            rate=mind.traffic.rate,
            period=pace.periods[channel],
            chain=pace.chains[channel],
            pending=len(mind.watch),
            gaps=tuple(
                GapOutlook(
                    kind=gap.kind,
                    lower=gap.lower_time,
                    upper=gap.upper_time,
                    rows=self._beside.rows_of(channel, gap),
                )
                for gap in stream.gaps
            ),
        )

    def _choose(self, view: AccountView) -> tuple[Ask | Wait, float, list[Option]]:
        if len(view.free_at) >= view.limit:
            until = first_free(view.free_at, view.limit, view.now)
            return Wait(until=until, reason="budget"), 0.0, []
        beginning = self._beginning(view)
        if beginning is not None:
            return beginning, 0.0, []
        pace = self._pace(view)
        backlog = self._backlog.next(view, pace)
        if backlog is not None:
            return backlog, pace.price, []
        return self._weigh(view, pace)

    def _weigh(self, view: AccountView, pace: Pace) -> tuple[Ask | Wait, float, list[Option]]:
        """The next head page against all else; what is worth its price may put head pages off for
        as long as these still show every row.
        """
        due, stream = self._turns.due(view, pace.periods)
        latest, most_urgent = self._turns.due(view, pace.stretched)
        if latest <= view.now or pace.saturation > 1:
            return _head_or_wait(most_urgent, latest, view.now), pace.price, []
        options = self._beside.all(view, due, pace)
        if not options or options[0].worth < pace.price:
            if due > view.now:
                due = min(due, self._worth_at(view, options, pace.price))
            return _head_or_wait(stream, due, view.now), pace.price, options
        if self._turns.has_room(view, pace.covering, pace.chains):
            return chosen(options[0]), pace.price, options
        until = min((latest, *view.free_at[:1]))
        return Wait(until=until, reason="newest rows need the calls"), pace.price, options

    def _beginning(self, view: AccountView) -> Ask | None:
        """Calls of the first sync, and of streams that were never read."""
        for stream in view.streams:
            if stream.head_started is None:
                return head(stream.channel, "first")
            for gap in stream.gaps:
                if (
                    gap.baseline
                    and not stream.synced
                    and not self._beside.is_tried(stream, gap, view.now)
                ):
                    return window(stream.channel, gap.upper_id, "first sync", kind="backfill")
        return None

    def _pace(self, view: AccountView) -> Pace:
        loads = {}
        for channel, mind in self._minds.items():
            traffic = mind.traffic
            loads[channel] = Load(
                traffic.rate, traffic.last_rate, traffic.slow_rate, mind.pending_share
            )
        burst = self.notes.burst_at
        bursts = burst is not None and view.now - burst < BURST_MEMORY
        reserve = min(BURST_RESERVE, view.limit / 3) if bursts else 0.0
        return pricing.pace(
            loads,
            view.limit,
            view.window,
            side=self._past.beside(),
            reserve=reserve,
            lookup=self._beside.longest("sms", view.now),
        )

    def _worth_at(self, view: AccountView, options: Sequence[Option], price: float) -> float:
        """When a call may be worth its price, and it has to be weighed again."""
        if any(stream.gaps for stream in view.streams):
            return view.now + PRECISION
        rows = min(PAGE_LIMIT, sum(len(mind.watch) for mind in self._minds.values()))
        missing = price - (options[0].worth if options else 0.0)
        seconds = missing / (GROWTH * rows) if rows else UNWEIGHED
        return view.now + min(UNWEIGHED, max(PRECISION, seconds))

    def _forget(self, view: AccountView) -> None:
        """What is too long ago to matter."""
        if view.now < self._now:
            self._set_back(view.now)
        self._now = view.now
        self._past.forget(view.now, view.window)

    def _set_back(self, now: float) -> None:
        """Let nothing lie ahead of a clock that was set back: it would rest until then."""
        self._past.set_back(now)
        self.notes.set_back(now)
        for mind in self._minds.values():
            mind.set_back(now)

    def _note(
        self, now: float, choice: Ask | Wait, price: float, options: Sequence[Option]
    ) -> None:
        decision = Decision(
            at=now,
            action=choice.kind if isinstance(choice, Ask) else "wait",
            channel=choice.channel if isinstance(choice, Ask) else "",
            reason=choice.reason,
            until=None if isinstance(choice, Ask) else choice.until,
            price=price,
            options=tuple(options),
        )
        last = self._decisions[-1] if self._decisions else None
        if last is not None and last.until is not None and last.reason == decision.reason:
            self._decisions.pop()  # still waiting
        self._decisions.append(decision)


def _head_or_wait(stream: StreamView, until: float, now: float) -> Ask | Wait:
    if until <= now:
        return head(stream.channel, "its turn")
    return Wait(until=until, reason="price")
