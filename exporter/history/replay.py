"""Counting the past as if a page had come the moment something happened.

The ledger's own counter is fed with virtual pages: one as each message was sent, one as its status
began, one as each deadline could be judged. So what is counted here is what a live exporter counts
that reads often enough. A status's time is that of its last change: before it a message is taken
for pending.
"""

import math
from collections.abc import Iterable
from heapq import heappop, heappush

import msgspec

from exporter.exposition.catalogue import BY_SOURCE
from exporter.exposition.series import Visibility, completed, presets, stream_of
from exporter.gateway import codes
from exporter.gateway.message import Message
from exporter.history.course import Course, Grid
from exporter.ledger.counting import Context, Counter, Deadlines, Entry
from exporter.ledger.labels import LabelBook
from exporter.ledger.snapshot import Distribution, Labels, Snapshot, StreamState, Total
from exporter.ledger.totals import Deltas


FAMILIES = frozenset[Total | Distribution](
    {
        Total.SUBMITTED,
        Total.SEGMENTS,
        Total.COST,
        Total.FINAL,
        Total.FAILURES,
        Total.MATURED,
        Total.MATURED_COST,
        Total.REGION_MATURED,
        Distribution.DELIVERY,
        Distribution.FINAL,
    }
)
"""What a late look can tell of; the others are about how and when the history was read."""
PASSED_ON = 0
"""Status that a message is taken to have had before its last change."""


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How an account's messages are counted."""

    account: str
    currency: str
    deadlines: Deadlines
    regions: bool


class Unknown(msgspec.Struct, kw_only=True):
    """Messages of which a late look does not tell everything."""

    messages: int = 0
    """All of them, known or not."""
    reacted: int = 0
    """Read or clicked: when they were delivered is not known."""
    undated: int = 0
    """Final without a time: taken to have been so from the start."""

    def plus(self, other: "Unknown") -> "Unknown":
        """Both together."""
        return Unknown(
            messages=self.messages + other.messages,
            reacted=self.reacted + other.reacted,
            undated=self.undated + other.undated,
        )


class _Story:
    """What became of one message up to the end."""

    __slots__ = ("_after", "_before", "changed_at", "entry")

    def __init__(self, message: Message, end: int) -> None:
        changed_at = max(message.send_time, message.status_time or 0)
        self.changed_at = changed_at if changed_at <= end else math.inf
        self._after = message
        if is_reaction(message):
            self._after = msgspec.structs.replace(message, status_time=None)
        self._before = msgspec.structs.replace(message, status=PASSED_ON, status_time=None, err=0)
        self.entry: Entry | None = None

    def at(self, moment: float) -> Message:
        """The message as a page of that moment would have shown it."""
        return self._after if self.changed_at <= moment else self._before


class Replay:
    """Plays one stream's messages into a course."""

    def __init__(self, manner: Manner, book: LabelBook, grid: Grid) -> None:
        self.course = Course(grid)
        self.unknown = Unknown()
        self._manner = manner
        self._book = book
        self._grid = grid
        self._ahead: list[tuple[float, int, _Story]] = []
        self._deltas = Deltas()
        self._number = 1
        self._met: set[Labels] = set()

    def play(self, messages: Iterable[Message]) -> None:
        """Play messages, which come in the order of sending, to the end of the grid.

        What became of them after that is left out: it is counted live.
        """
        for message in messages:
            self._go_on(message.send_time)
            self._note(message)
            story = _Story(message, self._grid.end)
            for moment in self._moments(message, story.changed_at):
                heappush(self._ahead, (moment, self.unknown.messages, story))
        self._go_on(math.inf)
        self._settle()

    def _note(self, message: Message) -> None:
        self.unknown.messages += 1
        self.unknown.reacted += is_reaction(message)
        self.unknown.undated += codes.is_final(message.status) and message.status_time is None

    def _moments(self, message: Message, changed_at: float) -> set[float]:
        """When a page taught something of a message."""
        sent, deadlines = message.send_time, self._manner.deadlines
        passed = (age for age in deadlines.seconds if sent + age <= self._grid.end)
        changes = set() if math.isinf(changed_at) else {changed_at}
        return {float(sent), *changes, *(sent + age + deadlines.grace for age in passed)}

    def _go_on(self, until: float) -> None:
        while self._ahead and self._ahead[0][0] < until:
            moment, _, story = heappop(self._ahead)
            self._look(story, moment)

    def _look(self, story: _Story, moment: float) -> None:
        """Count what a page of that moment teaches of one message."""
        number = self._grid.after(moment)
        if number != self._number:
            self._settle()
            self._number = number
        counter = Counter(self._context(moment), self._book, self._deltas)
        if story.entry is None:
            story.entry = counter.first_sight(story.at(moment), None)
            self._meet(self._book[story.entry.label_set_id].labels)
        else:
            counter.again(story.entry, story.at(moment))
        counter.settle()

    def _context(self, moment: float) -> Context:
        manner = self._manner
        return Context(
            0,
            manner.account,
            0,
            manner.currency,
            -math.inf,
            moment,
            moment,
            manner.deadlines,
            manner.regions,
        )

    def _meet(self, labels: Labels) -> None:
        """Show all series of a label set, as live, from its first message on."""
        if labels in self._met:
            return
        self._met.add(labels)
        manner = self._manner
        alone = Snapshot(
            label_sets=((labels, manner.currency),),
            deadlines=dict(zip(manner.deadlines.names, manner.deadlines.seconds, strict=True)),
            streams=(
                StreamState(account=manner.account, channel=stream_of(labels[1]), synced=True),
            ),
        )
        for family, rows in presets(alone, Visibility(alone), codes.OUTCOMES).items():
            for known in rows if family in FAMILIES else ():
                self.course.know((family, known), self._number)

    def _settle(self) -> None:
        """Let the present sample tell of what was counted for it."""
        told, self._deltas = self._deltas, Deltas()
        told.counts = {key: value for key, value in told.counts.items() if key[0] in FAMILIES}
        told.observed = {key: value for key, value in told.observed.items() if key[0] in FAMILIES}
        regions = [labels for family, labels in told.counts if family is Total.REGION_MATURED]
        for labels in completed(BY_SOURCE[Total.REGION_MATURED], {}, dict.fromkeys(regions, 0)):
            self.course.know((Total.REGION_MATURED, labels), self._number)
        self.course.take(told, self._number)


def is_reaction(message: Message) -> bool:
    """Whether a message was read or clicked after it was delivered."""
    return codes.is_progress(1, message.status)
