"""How one reading of a message changes what is known and counted.

A message is counted when first seen, when first final, and once per deadline when it matures: when
it is known what its outcome was at that age. Nothing is ever taken back.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from exporter.gateway import codes
from exporter.gateway.message import Message
from exporter.ledger.labels import LabelBook, LabelSet
from exporter.ledger.schema import FINAL, PENDING
from exporter.ledger.snapshot import Distribution, Exemplar, Labels, Series, Total
from exporter.ledger.totals import Deltas


TEXT_CHANNELS = frozenset({"sms", "flash", "binary", "wap_push"})
"""Channels whose ``sms_cnt`` counts billable parts; elsewhere it means other things."""


class Entry(msgspec.Struct, gc=False):
    """A message as the ledger keeps it; fields are the columns of `schema.message`, in order."""

    account_id: int
    int_id: str
    stream_id: int
    label_set_id: int
    send_time: int
    status: int
    status_time: int | None
    state: int
    final_seen: bool
    outcome: str
    cost: str | None
    region: str
    matured: int
    due: float | None
    read_at: float
    after_id: str | None


class Deadlines(msgspec.Struct, frozen=True):
    """Ages (s, ascending) at which messages mature, with their label, and the grace after them."""

    seconds: tuple[int, ...]
    names: tuple[str, ...]
    grace: float

    @property
    def region_deadline(self) -> int:
        """The one deadline by which regions are counted: an hour, else the second."""
        return 3600 if 3600 in self.seconds else self.seconds[1]


class Context(msgspec.Struct, frozen=True):
    """What all rows of one page share."""

    account_id: int
    account: str
    stream_id: int
    currency: str
    baseline: float
    """Events before it (sent, final, deadline passed) are not counted."""
    started: float
    finished: float
    deadlines: Deadlines
    regions: bool
    exemplars: bool = False


class Counter:
    """Applies readings of one page, collecting what they add to the totals."""

    def __init__(self, context: Context, book: LabelBook, deltas: Deltas) -> None:
        self._context = context
        self._book = book
        self._deltas = deltas
        self._matured: dict[tuple[int, int, str, str, str | None], int] = {}

    def first_sight(self, message: Message, after_id: str | None) -> Entry:
        """Count a message that the ledger doesn't know and give its entry."""
        context = self._context
        labels = self._labels(message)
        entry = Entry(
            context.account_id,
            message.int_id,
            context.stream_id,
            labels.id,
            message.send_time,
            message.status,
            message.status_time,
            PENDING,
            final_seen=False,
            outcome=codes.outcome(message.status, message.err),
            cost=None if message.cost is None else str(message.cost),
            region=self._region(message) if context.regions else "",
            matured=self._passed_before_baseline(message.send_time),
            due=None,
            read_at=context.started,
            after_id=after_id,
        )
        if message.send_time > context.baseline:
            self._count_submitted(message, labels)
        if codes.is_final(message.status):
            entry.state = FINAL
            entry.final_seen = True
            self._mature_before(entry, self._changed_at(message), "pending")
            if max(message.send_time, message.status_time or 0) > context.baseline:
                self._count_final(entry, message, labels)
        self._mature_ripe(entry)
        self._schedule(entry)
        return entry

    def again(self, entry: Entry, message: Message) -> None:
        """Count what changed since the last reading of a known message, and update its entry."""
        labels = self._book[entry.label_set_id]
        entry.read_at = self._context.started
        self._reprice(entry, message, labels)
        if entry.state != FINAL and not entry.matured:
            entry.send_time = message.send_time
        if message.status != entry.status and not codes.is_progress(entry.status, message.status):
            self._change_status(entry, message, labels)
        entry.status = message.status
        self._mature_ripe(entry)
        self._schedule(entry)

    def _change_status(self, entry: Entry, message: Message, labels: LabelSet) -> None:
        final = codes.is_final(message.status)
        if final or entry.state == FINAL:
            self._mature_before(entry, self._changed_at(message), entry.outcome)
        if entry.final_seen:
            changed = (*labels.labels[:2], str(entry.status), str(message.status))
            self._deltas.add(Total.CHANGES, changed)
        entry.outcome = codes.outcome(message.status, message.err)
        entry.status_time = message.status_time
        if final and not entry.final_seen:
            entry.final_seen = True
            self._count_final(entry, message, labels)
            self._observe_knowledge(message)
        entry.state = FINAL if final else PENDING

    def _count_submitted(self, message: Message, labels: LabelSet) -> None:
        deltas, context = self._deltas, self._context
        deltas.add(Total.SUBMITTED, labels.labels)
        if message.channel in TEXT_CHANNELS:
            deltas.add(Total.SEGMENTS, labels.labels, message.segments)
        if message.cost:
            deltas.add(Total.COST, (*labels.labels, context.currency), message.cost)
        delay = context.finished - message.send_time
        if delay < 0:
            return
        deltas.observe(Distribution.DISCOVERY, labels.labels[:2], delay)
        if delay > context.deadlines.seconds[0]:
            deltas.add(Total.DISCOVERED_LATE, labels.labels[:2])

    def _count_final(self, entry: Entry, message: Message, labels: LabelSet) -> None:
        deltas, status = self._deltas, str(message.status)
        deltas.add(Total.FINAL, (*labels.labels, status))
        if entry.outcome != "delivered":
            failed = (*labels.labels, status, str(message.err))
            deltas.add(Total.FAILURES, failed)
            self._exemplify((Total.FAILURES, failed), message, 1)
        if message.status_time is None:
            return
        seconds = max(0, message.status_time - message.send_time)
        self._observe_final(
            Distribution.FINAL, (*labels.labels[:3], entry.outcome), seconds, message
        )
        if entry.outcome == "delivered":
            self._observe_final(Distribution.DELIVERY, labels.route, seconds, message)

    def _observe_final(
        self, family: Distribution, labels: Labels, seconds: int, message: Message
    ) -> None:
        self._deltas.observe(family, labels, seconds)
        self._exemplify((family, labels), message, seconds)

    def _exemplify(self, series: Series, message: Message, value: float) -> None:
        """Name the message beside its series; one from the future would bar all that follow."""
        if self._context.exemplars:
            moment = min(self._changed_at(message), self._context.finished)
            self._deltas.exemplify(series, Exemplar(message.int_id, value, moment))

    def _observe_knowledge(self, message: Message) -> None:
        if message.status_time is not None:
            delay = max(0.0, self._context.finished - message.status_time)
            self._deltas.observe(Distribution.KNOWLEDGE, (self._context.account,), delay)

    def _reprice(self, entry: Entry, message: Message, labels: LabelSet) -> None:
        if message.cost is None or entry.cost == str(message.cost):
            return
        if entry.cost is None and entry.send_time <= self._context.baseline:
            entry.cost = str(message.cost)
            return
        risen = message.cost - Decimal(entry.cost or 0)
        currency = self._context.currency
        if risen > 0:
            self._deltas.add(Total.COST, (*labels.labels, currency), risen)
        elif risen < 0:
            self._deltas.add(Total.COST_REFUNDED, (*labels.route, currency), -risen)
        entry.cost = str(message.cost)

    def _mature_before(self, entry: Entry, moment: float, outcome: str) -> None:
        """Mature the deadlines that passed before ``moment``, when the present status began."""
        for deadline in self._context.deadlines.seconds:
            if deadline > entry.matured and entry.send_time + deadline < moment:
                self._mature(entry, deadline, outcome)

    def _mature_ripe(self, entry: Entry) -> None:
        """Mature the deadlines that this reading is late enough for."""
        started, grace = self._context.started, self._context.deadlines.grace
        for deadline in self._context.deadlines.seconds:
            if deadline > entry.matured and entry.send_time + deadline + grace <= started:
                self._mature(entry, deadline, entry.outcome)

    def settle(self) -> None:
        """Count the messages that matured, alike ones together, once all rows are read."""
        for (set_id, deadline, outcome, region, cost), count in self._matured.items():
            self.mature_many(
                self._book[set_id],
                deadline,
                outcome,
                region=region,
                count=count,
                cost=None if cost is None else Decimal(cost) * count,
            )
        self._matured.clear()

    def mature_many(
        self,
        labels: LabelSet,
        deadline: int,
        outcome: str,
        *,
        region: str,
        count: int,
        cost: Decimal | None,
    ) -> None:
        """Count alike messages at one deadline; ``cost`` is that of all of them."""
        context, deltas = self._context, self._deltas
        name = context.deadlines.names[context.deadlines.seconds.index(deadline)]
        deltas.add(Total.MATURED, (*labels.labels, name, outcome), count)
        if deadline == context.deadlines.seconds[-1] and cost:
            deltas.add(Total.MATURED_COST, (*labels.route, context.currency, outcome), cost)
        if context.regions and deadline == context.deadlines.region_deadline:
            shown = outcome if outcome in ("delivered", "pending") else "not_delivered"
            deltas.add(Total.REGION_MATURED, (*labels.labels[:3], region, shown), count)

    def _mature(self, entry: Entry, deadline: int, outcome: str) -> None:
        """Take a message for matured at one deadline, once."""
        alike = (entry.label_set_id, deadline, outcome, entry.region, entry.cost)
        self._matured[alike] = self._matured.get(alike, 0) + 1
        entry.matured = deadline

    def _schedule(self, entry: Entry) -> None:
        following = next_deadline(self._context.deadlines.seconds, entry.matured)
        grace = self._context.deadlines.grace
        entry.due = None if following is None else entry.send_time + following + grace

    def _passed_before_baseline(self, send_time: int) -> int:
        passed = (
            d for d in self._context.deadlines.seconds if send_time + d <= self._context.baseline
        )
        return max(passed, default=0)

    def _changed_at(self, message: Message) -> float:
        return self._context.started if message.status_time is None else message.status_time

    def _labels(self, message: Message) -> LabelSet:
        resolved = self._book.resolve(message)
        for label in resolved.folded:
            self._deltas.add(Total.LABEL_OVERFLOW, (label,))
        return resolved.set

    def _region(self, message: Message) -> str:
        name, folded = self._book.region(message.region)
        if folded:
            self._deltas.add(Total.LABEL_OVERFLOW, ("region",))
        return name


def next_deadline(deadlines: Sequence[int], matured: int) -> int | None:
    """The first deadline after the one already counted."""
    return next((deadline for deadline in deadlines if deadline > matured), None)
