"""What the history shows of some time against what the ledger keeps of it."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

import msgspec

from exporter.gateway import codes
from exporter.gateway.message import Message
from exporter.history.errors import NothingToDo
from exporter.history.period import Period
from exporter.history.work import Sighting
from exporter.ledger.sent import Coverage, Gap, Kept


CLOCKS = 60.0
"""Seconds by which our clock and the gateway's may differ."""


class Difference(StrEnum):
    """How a message can differ; each has one difference at most, and another cost besides."""

    UNSEEN = "unseen"
    """The history has it, the ledger does not."""
    UNREAD = "unread"
    """The same, in a stretch that is known not to have been read."""
    GONE = "gone"
    """The ledger has it, the history does not show it any more."""
    CHANGED = "changed"
    """Its status changed after the ledger read it last."""
    STATUS = "status"
    """Its status is another one than the ledger has, though it was read since."""
    COST = "cost"
    """Its cost is another one than the ledger has."""


class Stretch(msgspec.Struct, frozen=True):
    """Sending times that can be compared, both included, Unix seconds."""

    since: int
    until: int

    def holds(self, moment: int) -> bool:
        """Whether a time lies in it."""
        return self.since <= moment <= self.until


class Sums(msgspec.Struct, kw_only=True):
    """What messages come to."""

    messages: int = 0
    cost: Decimal = Decimal(0)
    statuses: Counter[int] = msgspec.field(default_factory=Counter)

    def add(self, status: int, cost: Decimal | None) -> None:
        """Add one message."""
        self.messages += 1
        self.cost += cost or 0
        self.statuses[status] += 1


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of one account."""

    stream: str
    stretch: Stretch
    history: Sums
    ledger: Sums
    differences: Mapping[Difference, tuple[str, ...]]
    """Ids of the messages that differ, by how; kinds without any are left out."""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def comparable(day: Period, known: Coverage | None, settle: float) -> Stretch:
    """The part of a day of which the ledger can tell.

    That is what was sent after counting began, is not forgotten yet, and was there, and had
    ``settle`` seconds to turn up, when the newest rows were last read.

    Raises:
        NothingToDo: no part of it, with the reason.

    """
    if known is None or known.head_started is None:
        raise NothingToDo("nothing was read into the ledger yet")
    since = max(day.start, known.horizon, math.floor(known.baseline) + 1)
    until = min(day.end, math.floor(known.head_started - settle))
    if since <= until:
        return Stretch(since, until)
    if known.baseline >= day.end:
        raise NothingToDo("the day was over before counting began")
    if known.horizon > day.end:
        raise NothingToDo("the ledger has forgotten the day's messages (ledger.retention)")
    raise NothingToDo("the ledger has read nothing of the day yet")


def compare(
    stream: str,
    stretch: Stretch,
    seen: Iterable[Sighting],
    kept: Mapping[str, Kept],
    gaps: Sequence[Gap],
) -> Comparison:
    """Compare messages sent in a stretch; ``kept`` has those of the stretch and all of ``seen``.

    ``gaps`` are known not to have been read.
    """
    history, ledger = Sums(), Sums()
    found: dict[Difference, list[str]] = {}
    shown: set[str] = set()
    for message, read_at in seen:
        shown.add(message.int_id)
        history.add(message.status, message.cost)
        for kind in _differences(message, read_at, kept.get(message.int_id), gaps):
            found.setdefault(kind, []).append(message.int_id)
    for entry in kept.values():
        if stretch.holds(entry.send_time):
            ledger.add(entry.status, entry.cost)
            if entry.int_id not in shown:
                found.setdefault(Difference.GONE, []).append(entry.int_id)
    ordered = {kind: tuple(found[kind]) for kind in Difference if kind in found}
    return Comparison(
        stream=stream, stretch=stretch, history=history, ledger=ledger, differences=ordered
    )


def _differences(
    message: Message, read_at: float, entry: Kept | None, gaps: Sequence[Gap]
) -> Iterator[Difference]:
    if entry is None:
        unread = any(gap.lower <= message.send_time <= gap.upper for gap in gaps)
        yield Difference.UNREAD if unread else Difference.UNSEEN
        return
    if entry.read_at > read_at:
        return
    if entry.status != message.status and not codes.is_progress(entry.status, message.status):
        since = message.status_time
        later = since is None or since > entry.read_at - CLOCKS
        yield Difference.CHANGED if later else Difference.STATUS
    if message.cost is not None and message.cost != entry.cost:
        yield Difference.COST
