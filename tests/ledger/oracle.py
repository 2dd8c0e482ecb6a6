"""A slow recount of everything a ledger should have counted, from all readings ever made.

It keeps no state between messages and none between deadlines: for each message it looks through all
readings again. Shares no code with the ledger's counting.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from exporter.gateway.message import Message
from exporter.ledger.snapshot import BUCKETS, Distribution, Labels, Total


UNFINISHED = {-2: "cancelled", -1: "pending", 0: "pending"}
ENDED = {
    1: "delivered",
    2: "delivered",
    4: "delivered",
    3: "expired",
    6: "rejected",
    20: "undeliverable",
    22: "invalid_number",
    23: "rejected",
    24: "no_funds",
    25: "undeliverable",
}
REFUSED = {238, 239, 243, 244, 246, 247, 250, 251, 252, 253, 254, 255}
FORWARD = {(1, 2), (1, 4), (2, 4), (4, 2)}
PARTS = {"sms", "flash", "binary", "wap_push"}

Counts = dict[tuple[Total, Labels], int | Decimal]
Observed = dict[tuple[Distribution, Labels], tuple[tuple[int, ...], Decimal]]


@dataclass(frozen=True)
class Reading:
    """One page as it was applied: what the gateway showed at ``started``."""

    started: float
    finished: float
    rows: tuple[Message, ...]
    horizon: int
    """Rows of unknown messages sent before it were not to be counted."""


class Sight(NamedTuple):
    """One row that could teach something."""

    step: int
    reading: Reading
    row: Message

    @property
    def since(self) -> float:
        """When its status began, as far as can be known."""
        return self.reading.started if self.row.status_time is None else self.row.status_time


@dataclass
class Oracle:
    """The truth about one stream of one account."""

    account: str
    currency: str
    baseline: float
    deadlines: Sequence[tuple[int, str]]
    grace: float
    regions: bool = False
    readings: list[Reading] = field(default_factory=list)

    def recount(self) -> tuple[Counts, Observed]:
        """All counters (without zeros) and histograms of messages."""
        self._counts: Counts = defaultdict(int)
        self._values: dict[tuple[Distribution, Labels], list[float]] = defaultdict(list)
        for sights in self._by_message():
            self._count_message(sights)
        observed = {key: _histogram(key[0], values) for key, values in self._values.items()}
        return {key: value for key, value in self._counts.items() if value}, observed

    def _by_message(self) -> Iterator[list[Sight]]:
        """For each message, the rows that came in the order in which they were true."""
        found: dict[str, list[Sight]] = {}
        for step, reading in enumerate(self.readings):
            for row in reading.rows:
                mine = found.get(row.int_id)
                if mine is None:
                    if row.send_time < reading.horizon:
                        continue
                    mine = found[row.int_id] = []
                if not mine or mine[-1].reading.started <= reading.started:
                    mine.append(Sight(step, reading, row))
        yield from found.values()

    def _count_message(self, sights: list[Sight]) -> None:
        first = sights[0].row
        labels = (self.account, first.channel, first.country, first.operator, first.sender)
        if first.send_time > self.baseline:
            self._count_sending(sights[0], labels)
        self._count_end(sights, labels)
        self._count_prices(sights, labels)
        for deadline, name in self.deadlines:
            if first.send_time + deadline > self.baseline:
                self._count_cohort(sights, labels, deadline, name)

    def _count_sending(self, sight: Sight, labels: Labels) -> None:
        row = sight.row
        self._counts[Total.SUBMITTED, labels] += 1
        if row.channel in PARTS:
            self._counts[Total.SEGMENTS, labels] += row.segments
        if row.cost is not None:
            self._counts[Total.COST, (*labels, self.currency)] += row.cost
        age = sight.reading.finished - row.send_time
        if age >= 0:
            self._values[Distribution.DISCOVERY, labels[:2]].append(age)
        if age > self.deadlines[0][0]:
            self._counts[Total.DISCOVERED_LATE, labels[:2]] += 1

    def _count_end(self, sights: list[Sight], labels: Labels) -> None:
        ends = [n for n, sight in enumerate(sights) if sight.row.status not in UNFINISHED]
        if not ends:
            return
        at = ends[0]
        sight, row = sights[at], sights[at].row
        for older, newer in pairwise(sights[at:]):
            pair = (older.row.status, newer.row.status)
            if pair[0] != pair[1] and pair not in FORWARD:
                moved = (*labels[:2], str(pair[0]), str(pair[1]))
                self._counts[Total.CHANGES, moved] += 1
        ended = row.send_time if row.status_time is None else max(row.send_time, row.status_time)
        if at == 0 and ended <= self.baseline:
            return
        self._counts[Total.FINAL, (*labels, str(row.status))] += 1
        outcome = _outcome(row)
        if outcome != "delivered":
            self._counts[Total.FAILURES, (*labels, str(row.status), str(row.err))] += 1
        if row.status_time is None:
            return
        took = max(0, row.status_time - row.send_time)
        self._values[Distribution.FINAL, (*labels[:3], outcome)].append(took)
        if outcome == "delivered":
            self._values[Distribution.DELIVERY, labels[:4]].append(took)
        if at > 0:
            waited = max(0.0, sight.reading.finished - row.status_time)
            self._values[Distribution.KNOWLEDGE, (self.account,)].append(waited)

    def _count_prices(self, sights: list[Sight], labels: Labels) -> None:
        prices = [sight.row.cost for sight in sights if sight.row.cost is not None]
        if sights[0].row.cost is None and sights[0].row.send_time > self.baseline:
            prices.insert(0, Decimal(0))
        for older, newer in pairwise(prices):
            if newer > older:
                self._counts[Total.COST, (*labels, self.currency)] += newer - older
            else:
                self._counts[Total.COST_REFUNDED, (*labels[:4], self.currency)] += older - newer

    def _count_cohort(self, sights: list[Sight], labels: Labels, deadline: int, name: str) -> None:
        found = self._at_age(sights, deadline)
        if found is None:
            return
        step, outcome = found
        self._counts[Total.MATURED, (*labels, name, outcome)] += 1
        priced = [s.row.cost for s in sights if s.step <= step and s.row.cost is not None]
        if deadline == self.deadlines[-1][0] and priced:
            key = (*labels[:4], self.currency, outcome)
            self._counts[Total.MATURED_COST, key] += priced[-1]
        if self.regions and deadline == 3600:
            shown = outcome if outcome in {"delivered", "pending"} else "not_delivered"
            region = sights[0].row.region or "unknown"
            self._counts[Total.REGION_MATURED, (*labels[:3], region, shown)] += 1

    def _at_age(self, sights: list[Sight], deadline: int) -> tuple[int, str] | None:
        """At which step it was known what the message was at that age, and what it was."""
        moment = sights[0].row.send_time + deadline
        ripe = moment + self.grace
        for step, reading in enumerate(self.readings):
            past = [s for s in sights if s.step < step]
            for sight in (s for s in sights if s.step == step):
                before = past[-1].row if past else None
                final = sight.row.status not in UNFINISHED
                was_final = before is not None and before.status not in UNFINISHED
                moved = before is None or before.status != sight.row.status
                progress = before is not None and (before.status, sight.row.status) in FORWARD
                if moved and not progress and (final or was_final) and sight.since > moment:
                    return step, "pending" if before is None else _outcome(before)
                if not final and reading.started >= ripe:
                    return step, _outcome(sight.row)
                past.append(sight)
            ended = past and past[-1].row.status not in UNFINISHED
            if ended and reading.started >= ripe:
                return step, _outcome(past[-1].row)
        return None


def _outcome(row: Message) -> str:
    if row.status in UNFINISHED:
        return UNFINISHED[row.status]
    if row.status == 20 and row.err in REFUSED:
        return "rejected"
    return ENDED.get(row.status, "unknown")


def _histogram(family: Distribution, values: list[float]) -> tuple[tuple[int, ...], Decimal]:
    bounds = (*BUCKETS[family], float("inf"))
    below = [sum(1 for value in values if value <= bound) for bound in bounds]
    counts = tuple(here - there for here, there in zip(below, [0, *below], strict=False))
    return counts, sum((Decimal(str(round(value, 6))) for value in values), Decimal(0))
