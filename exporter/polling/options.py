"""Calls beside the head pages: what each would be worth now."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from exporter.gateway.message import Personal
from exporter.gateway.request import PAGE_LIMIT, HistoryRequest
from exporter.ledger.gaps import Gap
from exporter.ledger.records import StreamView
from exporter.polling.asks import request
from exporter.polling.candidates import Weights
from exporter.polling.decisions import Option
from exporter.polling.learnt import Notes
from exporter.polling.mind import Mind
from exporter.polling.past import Past
from exporter.polling.planner import AccountView
from exporter.polling.pricing import Pace


FIRST_SHARE = 3
"""One call in so many may go to what was sent before the first start."""
UNSEEN = 2.0
"""How much more than an unknown final status a message counts that was never seen."""
BASELINE_SHARE = 0.01
"""Share of the rows before the first start that reading them is expected to teach anything of."""
EPOCH = date(1970, 1, 1)


class Options:
    """Weighs windows, lookups and gaps of all streams in row-seconds."""

    def __init__(
        self, minds: Mapping[str, Mind], notes: Notes, past: Past, *, lookups: bool
    ) -> None:
        self._minds = minds
        self.notes = notes
        self._past = past
        self._lookups = lookups

    def all(self, view: AccountView, next_head: float, pace: Pace) -> list[Option]:
        """Calls beside the head pages, the best first."""
        options = [
            option
            for stream in view.streams
            for option in self._options_of(stream, view.now, next_head, pace, view.limit)
        ]
        return sorted(options, key=lambda option: -option.worth)

    def _options_of(
        self, stream: StreamView, now: float, next_head: float, pace: Pace, limit: int
    ) -> Iterator[Option]:
        mind = self._minds[stream.channel]
        weights = mind.weights(now)
        for gap in stream.gaps:
            if self._is_readable(stream, gap, now, limit):
                yield self._gap_option(stream.channel, gap, weights, now)
        chained = pace.chains[stream.channel] > 1
        rest = weights if chained else mind.out_of_reach(weights, now, next_head)
        window = mind.window(rest, self._past.resting(stream.channel, now))
        if window is not None:
            yield Option(
                channel=stream.channel,
                kind="window",
                reason="pending",
                worth=window.worth,
                finals=window.finals,
                detail="page around pending messages",
                request=request(stream.channel, prev_id=window.anchor),
            )
        yield from self._lookup_options(mind, rest, now)

    def _lookup_options(self, mind: Mind, weights: Weights, now: float) -> Iterator[Option]:
        lookup = mind.lookup(weights, self.longest(mind.channel, now), now)
        if lookup is None:
            return
        first = EPOCH + timedelta(days=lookup.span.first)
        last = EPOCH + timedelta(days=lookup.span.last)
        phones = tuple(Personal(str(phone)) for phone in lookup.phones.tolist())
        yield Option(
            channel=mind.channel,
            kind="lookup",
            reason="pending",
            worth=lookup.worth,
            finals=lookup.finals,
            detail=f"{len(phones)} numbers from {first.isoformat()} to {last.isoformat()}",
            request=HistoryRequest(phones=phones, start=first, end=last),
        )

    def _gap_option(self, channel: str, gap: Gap, weights: Weights, now: float) -> Option:
        mind = self._minds[channel]
        rows = self.rows_of(channel, gap)
        shown = min(float(PAGE_LIMIT), rows)
        middle = (gap.upper_time + gap.lower_time) / 2
        worth, finals = mind.below(weights, gap, 0.0 if gap.kind == "settling" else shown)
        worth += shown * self._share(gap) * (1 + UNSEEN) * max(0.0, now - middle)
        kind = "backfill" if gap.baseline else "window"
        return Option(
            channel=channel,
            kind=kind,
            reason=gap.kind,
            worth=worth,
            finals=finals,
            detail=f"about {rows:.0f} rows",
            request=request(channel, prev_id=gap.upper_id),
        )

    def _share(self, gap: Gap) -> float:
        """Share of a gap's rows that reading it is expected to teach anything of."""
        shares = {"gap": 1.0, "settling": self.notes.late_share, "baseline": BASELINE_SHARE}
        return shares[gap.kind]

    def _is_readable(self, stream: StreamView, gap: Gap, now: float, limit: int) -> bool:
        """Whether a page at its upper end is of use; older history takes a third of the calls."""
        if gap.readable_at > now or self.is_tried(stream, gap, now):
            return False
        backfills = self._past.beside("backfill")
        return not gap.baseline or backfills + len(self._minds) < limit // FIRST_SHARE

    def is_tried(self, stream: StreamView, gap: Gap, now: float) -> bool:
        """Whether a gap was read from a short while ago."""
        return self._past.is_tried(stream.channel, gap.upper_id, now)

    def longest(self, channel: str, now: float) -> int:
        """Numbers that a lookup may ask for."""
        works = self._lookups and channel == "sms"
        return self.notes.trust.length(now) if works else 0

    def rows_of(self, channel: str, gap: Gap) -> float:
        """Rows that a gap probably holds."""
        return self._minds[channel].traffic.between(gap.lower_time, gap.upper_time)
