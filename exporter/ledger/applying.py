"""What one page changes, within the transaction of its call."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import msgspec
from sqlalchemy import Connection

from exporter.gateway.message import Page
from exporter.gateway.request import HistoryRequest
from exporter.ledger import gaps, pages, permits, streams
from exporter.ledger.counting import Context, Counter
from exporter.ledger.opened import OpenAccount
from exporter.ledger.records import Applied, Rules
from exporter.ledger.snapshot import Total
from exporter.ledger.totals import Deltas


class Read(msgspec.Struct, frozen=True):
    """A page, what was asked for it, and when (Unix seconds)."""

    request: HistoryRequest
    page: Page
    started: float
    finished: float
    call_timeout: float


class Applying:
    """Takes pages of one account's stream into the ledger's tables and `deltas`."""

    def __init__(
        self, connection: Connection, mine: OpenAccount, channel: str, rules: Rules, deltas: Deltas
    ) -> None:
        self._connection = connection
        self._mine = mine
        self._rules = rules
        self._deltas = deltas
        self._known = streams.load(connection, mine.streams[channel])
        self.networks: frozenset[pages.Network] = frozenset()
        """Operators' networks met for the first time."""
        self.saw_finals = False
        """Whether a message became final that was pending before."""

    def apply(self, read: Read, networks: AbstractSet[pages.Network]) -> Applied:
        """Apply a page; ``networks`` are those already known."""
        connection, mine, known = self._connection, self._mine, self._known
        if _was_set_back(known.last_success, read):
            streams.forget_future(connection, known, read.started)
        context = self._context(read)
        counter = Counter(context, mine.book, self._deltas)
        readings = pages.read_rows(
            connection, counter, context, read.page, horizon=known.horizon, request=read.request
        )
        pages.write_rows(
            connection, mine.id, readings, read.started, track_phones=mine.spec.track_phones
        )
        pages.mature_finals(connection, counter, mine.book, context)
        self.networks = frozenset(pages.note_networks(connection, read.page, mine.book, networks))
        self.saw_finals = bool(readings.became_final)
        change = self._move(read)
        for reason, count in read.page.skipped.items():
            self._deltas.add(Total.ROWS_SKIPPED, (mine.spec.name, known.channel, reason), count)
        known.last_success = read.finished
        streams.save(connection, known)
        outcomes = _outcomes(self._deltas, self._rules.deadlines.names[0])
        return _applied(read.page, readings, change, outcomes)

    def _context(self, read: Read) -> Context:
        mine = self._mine
        return Context(
            mine.id,
            mine.spec.name,
            self._known.id,
            mine.spec.currency,
            self._known.baseline,
            read.started,
            read.finished,
            self._rules.deadlines,
            self._rules.labels.region,
            self._rules.exemplars,
        )

    def _move(self, read: Read) -> gaps.Change:
        """Move the stream's gaps and frontier by a page."""
        known = self._known
        before = streams.open_gaps(self._connection, known.id)
        frontier = known.frontier(self._rules.settle)
        change = gaps.read(before, frontier, read.request, read.page, read.started)
        streams.apply_change(self._connection, known, before, change)
        if gaps.is_head(read.request):
            known.head_started = max(read.started, known.head_started or read.started)
        if change.truncated:
            labels = (self._mine.spec.name, known.channel)
            self._deltas.add(Total.TRUNCATED, labels, change.truncated)
        if not known.synced:
            self._note_sync(change)
        return change

    def _note_sync(self, change: gaps.Change) -> None:
        """The first sync is done when nothing is left to read, or its share of calls is spent."""
        known = self._known
        known.sync_pages += 1
        baseline = any(gap.baseline for gap in change.kept)
        unread = baseline or any(gap.settles_at is None for gap in change.opened)
        known.synced = not unread or known.sync_pages >= self._mine.spec.first_sync_pages


def _outcomes(deltas: Deltas, deadline: str) -> dict[str, int]:
    """Messages that matured at a deadline, by outcome."""
    counted: dict[str, int] = {}
    for (family, labels), amount in deltas.counts.items():
        if family is Total.MATURED and labels[-2] == deadline:
            counted[labels[-1]] = counted.get(labels[-1], 0) + int(amount)
    return counted


def _applied(
    page: Page, readings: pages.Readings, change: gaps.Change, outcomes: Mapping[str, int]
) -> Applied:
    finals = len(readings.became_final) + sum(1 for e in readings.new.values() if e.final_seen)
    return Applied(
        rows=page.rows,
        new=frozenset(readings.new),
        finals=finals,
        opened_gap=any(gap.settles_at is None for gap in change.opened),
        closed_gaps=sum(gap.settles_at is None for gap in change.closed),
        outcomes=outcomes,
    )


def _was_set_back(last_success: float | None, read: Read) -> bool:
    """Whether the clock was: by more than calls under way at once can explain."""
    if last_success is None:
        return False
    return read.finished < last_success - read.call_timeout - permits.MARGIN
