"""The ledger: one transaction for whatever is learnt, and the totals that follow from it.

Every method is one transaction and blocks; callers keep to one thread, `Ledger.snapshot` apart. A
method that raises `LedgerError` has changed nothing.
"""

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlalchemy import Connection, func, select

from exporter.gateway.message import Page
from exporter.gateway.request import HistoryRequest
from exporter.ledger import accounts, gaps, pages, peeking, permits, pruning, streams, waiting
from exporter.ledger.accounts import Memory
from exporter.ledger.counting import Context, Counter
from exporter.ledger.engine import Store
from exporter.ledger.errors import LedgerCorrupted
from exporter.ledger.labels import LabelBook
from exporter.ledger.peeking import Peek
from exporter.ledger.permits import Denied, Limits, Usage
from exporter.ledger.pruning import Pruned
from exporter.ledger.queries import Targets
from exporter.ledger.records import AccountSpec, Applied, Outcome, Rules, StreamView
from exporter.ledger.schema import label_set, network
from exporter.ledger.snapshot import Distribution, Series, Snapshot, StreamState, Total
from exporter.ledger.totals import Deltas, Totals
from exporter.ledger.waiting import Known


class _Account(msgspec.Struct):
    id: int
    spec: AccountSpec
    book: LabelBook
    streams: dict[str, int]


class Ledger:
    """Everything known of all accounts."""

    def __init__(
        self,
        path: Path,
        rules: Rules,
        *,
        owner: bool,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self.store = Store(path, owner=owner)
        self.rules = rules
        self._random_bytes = random_bytes
        self._accounts: dict[str, _Account] = {}
        self._totals = Totals()
        self._states: dict[tuple[str, str], StreamState] = {}
        self._networks: set[pages.Network] = set()
        self._saved: float | None = None
        self._phones_gone = True
        """Numbers were deleted of which the file may hold traces."""
        self.salt = b""

    def open(self, specs: Sequence[AccountSpec], now: float) -> None:
        """Open the file, make it current, and read what must be at hand.

        Raises:
            LedgerError: with what stands in the way; the ledger is closed then.

        """
        self.store.open()
        try:
            with self._readable(), self.store.transaction() as connection:
                self.salt = accounts.salt(connection, self._random_bytes(16))
                totals = Totals()
                totals.load(connection)
                highest = connection.scalar(select(func.max(label_set.c.id))) or 0
                set_ids = itertools.count(highest + 1)
                known = {
                    spec.name: self._register(connection, spec, now, set_ids) for spec in specs
                }
                if self.store.is_owner:
                    tracking = [mine.id for mine in known.values() if mine.spec.track_phones]
                    pruning.forget_phones(connection, tracking)
                networks = {tuple(row) for row in connection.execute(select(network))}
                states = self._describe_all(connection, known)
        except BaseException:
            self.store.close()
            raise
        self._accounts, self._totals, self._states = known, totals, states
        self._networks = {(o, c, n) for o, c, n in networks}

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """What no ledger writes is damage, whether or not the database can tell."""
        try:
            yield
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            message = f"ledger {self.store.path} is damaged; restore a copy or move the file away"
            raise LedgerCorrupted(message) from error

    def close(self) -> None:
        """Let go of the file."""
        self.store.close()

    def spend(
        self,
        account: str,
        kind: str,
        request: HistoryRequest,
        limits: Limits,
        now: float,
        *,
        mark: int,
    ) -> int | Denied:
        """Spend a permit for a call that is about to leave; gives its number, or why not."""
        fingerprint = request.fingerprint(self.salt)
        account_id = self._accounts[account].id
        with self.store.transaction() as connection:
            denied = permits.denial(connection, account_id, fingerprint, limits, now, mark=mark)
            if denied is not None:
                return denied
            return permits.book(connection, account_id, kind, fingerprint, limits, now, mark=mark)

    def finish(self, permit_id: int, limits: Limits, outcome: Outcome) -> None:
        """Note how a call ended that brought no page."""
        with self.store.transaction() as connection:
            _finish(connection, permit_id, limits, outcome)

    def usage(self, account: str, now: float) -> Usage:
        """The permits that count against an account's hour."""
        with self.store.transaction() as connection:
            return permits.usage(connection, self._accounts[account].id, now)

    def recall(self, account: str) -> Memory:
        """What polling remembers of an account."""
        with self.store.transaction() as connection:
            return accounts.recall(connection, self._accounts[account].id)

    def remember(self, account: str, memory: Memory) -> None:
        """Replace what polling remembers of an account."""
        with self.store.transaction() as connection:
            accounts.remember(connection, self._accounts[account].id, memory)

    def apply(
        self,
        account: str,
        channel: str,
        request: HistoryRequest,
        page: Page,
        *,
        started: float,
        permit_id: int,
        limits: Limits,
        outcome: Outcome,
    ) -> Applied:
        """Apply a page and the end of its call in one transaction."""
        mine = self._accounts[account]
        deltas = Deltas()
        with self._counting(mine, deltas) as connection:
            _finish(connection, permit_id, limits, outcome)
            known = streams.load(connection, mine.streams[channel])
            if _was_set_back(known.last_success, outcome.finished_at, limits):
                streams.forget_future(connection, known, started)
            context = self._context(mine, known, started, outcome.finished_at)
            counter = Counter(context, mine.book, deltas)
            readings = pages.read_rows(
                connection,
                counter,
                context,
                page,
                horizon=known.horizon,
                request=request,
            )
            pages.write_rows(
                connection, mine.id, readings, started, track_phones=mine.spec.track_phones
            )
            pages.mature_finals(connection, counter, mine.book, context)
            networks = pages.note_networks(connection, page, mine.book, self._networks)
            change = self._move(connection, mine, known, request, page, started, deltas)
            for reason, count in page.skipped.items():
                deltas.add(Total.ROWS_SKIPPED, (account, channel, reason), count)
            known.last_success = outcome.finished_at
            streams.save(connection, known)
        self._phones_gone = self._phones_gone or bool(readings.became_final)
        self._saved = outcome.finished_at
        self._networks = self._networks | networks
        finals = len(readings.became_final) + sum(1 for e in readings.new.values() if e.final_seen)
        return Applied(
            rows=page.rows,
            new=frozenset(readings.new),
            finals=finals,
            opened_gap=any(gap.settles_at is None for gap in change.opened),
            closed_gaps=sum(gap.settles_at is None for gap in change.closed),
        )

    def collect(self, account: str, now: float, call_timeout: float) -> None:
        """Take calls that ended without a page, here or in another process, into the totals."""
        mine = self._accounts[account]
        with self._counting(mine, Deltas(), lost_before=now - 2 * call_timeout):
            pass

    def refresh(self, account: str, channel: str, now: float) -> None:
        """Look at a stream anew for the next snapshot."""
        mine = self._accounts[account]
        with self.store.transaction() as connection:
            self._states[account, channel] = self._describe(connection, mine, channel, now)

    def view(self, account: str, channel: str, now: float, *, limit: int = 50) -> StreamView:
        """What a planner may know of a stream."""
        stream_id = self._accounts[account].streams[channel]
        with self.store.transaction() as connection:
            head_started = streams.load(connection, stream_id).head_started
            pending = Targets(connection, stream_id).urgent(now, head_started, limit)
            return streams.view(connection, channel, stream_id, pending)

    def known(self, account: str, channel: str, *, since: int) -> Known:
        """What a planner starts from: see `waiting.known`."""
        stream_id = self._accounts[account].streams[channel]
        with self.store.transaction() as connection:
            return waiting.known(connection, stream_id, since)

    def learnt(self, account: str) -> str | None:
        """What planning learnt of an account, as `keep_learnt` was given it."""
        with self.store.transaction() as connection:
            return accounts.learnt(connection, self._accounts[account].id)

    def peek(self, account: str, channels: Sequence[str], now: float, *, since: int) -> Peek:
        """What planning starts from, see `peeking.peek`; opens the file for it and closes it again.

        Nothing is written into a ledger of this version, and whoever writes need not wait.
        """
        self.store.open()
        try:
            with self._readable(), self.store.reading() as connection:
                return peeking.peek(connection, account, channels, now, since=since)
        finally:
            self.store.close()

    def keep_learnt(self, account: str, learnt: str) -> None:
        """Keep what planning learnt of an account for the next start."""
        with self.store.transaction() as connection:
            accounts.keep_learnt(connection, self._accounts[account].id, learnt)

    def prune(self, account: str, channel: str, now: float) -> Pruned:
        """One round of forgetting."""
        mine = self._accounts[account]
        deltas = Deltas()
        with self._counting(mine, deltas) as connection:
            known = streams.load(connection, mine.streams[channel])
            retention = max(self.rules.retention, mine.spec.lookback)
            pruned = pruning.prune(connection, known, now=now, retention=retention)
            lost = sum(gap.seconds for gap in pruned.lost)
            deltas.add(Total.UNREAD_SECONDS, (account, channel), lost)
            if self._phones_gone or pruned.phones:
                pruning.scrub_phones(connection)
        self._phones_gone = False
        if not pruned.more:
            self.store.checkpoint()
        return pruned

    def note_shown(self, series: Collection[Series]) -> None:
        """Note that these series are shown at their value from now on: a restart keeps to it."""
        with self.store.transaction() as connection:
            after = self._totals.write(connection, Deltas(), series)
        self._totals = after

    def snapshot(self) -> Snapshot:
        """The totals and streams as of the last commit; what polling knows is added elsewhere."""
        deadlines, totals = self.rules.deadlines, self._totals
        return Snapshot(
            totals=totals.counts,
            distributions=totals.distributions,
            shown=totals.shown,
            label_sets=tuple(
                (known.labels, mine.spec.currency)
                for mine in self._accounts.values()
                for known in mine.book.sets()
            ),
            deadlines=dict(zip(deadlines.names, deadlines.seconds, strict=True)),
            streams=tuple(self._states.values()),
            operators=tuple(sorted((o, c, n[:3], n[3:]) for o, c, n in self._networks)),
            ledger_saved=self._saved,
        )

    def _register(
        self, connection: Connection, spec: AccountSpec, now: float, set_ids: Iterator[int]
    ) -> _Account:
        account_id = accounts.find_or_make(connection, spec.name)
        book = LabelBook(account_id, spec.name, self.rules.labels, set_ids)
        book.load(connection)
        known = {
            channel: streams.find_or_make(
                connection, account_id, channel, now=now, lookback=spec.lookback
            )
            for channel in spec.channels
        }
        return _Account(account_id, spec, book, known)

    @contextmanager
    def _counting(
        self, mine: _Account, deltas: Deltas, *, lost_before: float = 0.0
    ) -> Iterator[Connection]:
        """A transaction that may add to the totals; the mirror follows only when it is through."""
        try:
            with self.store.transaction() as connection:
                yield connection
                _count_calls(
                    permits.collect(connection, mine.id, lost_before), mine.spec.name, deltas
                )
                mine.book.write(connection)
                after = self._totals.write(connection, deltas)
        except BaseException:
            mine.book.rollback()
            raise
        mine.book.commit()
        self._totals = after

    def _context(
        self, mine: _Account, known: streams.Stream, started: float, finished: float
    ) -> Context:
        return Context(
            mine.id,
            mine.spec.name,
            known.id,
            mine.spec.currency,
            known.baseline,
            started,
            finished,
            self.rules.deadlines,
            self.rules.labels.region,
        )

    def _move(
        self,
        connection: Connection,
        mine: _Account,
        known: streams.Stream,
        request: HistoryRequest,
        page: Page,
        started: float,
        deltas: Deltas,
    ) -> gaps.Change:
        """Move the stream's gaps and frontier by a page."""
        before = streams.open_gaps(connection, known.id)
        change = gaps.read(before, known.frontier(self.rules.settle), request, page, started)
        streams.apply_change(connection, known, before, change)
        if gaps.is_head(request):
            known.head_started = max(started, known.head_started or started)
        if change.truncated:
            deltas.add(Total.TRUNCATED, (mine.spec.name, known.channel), change.truncated)
        if not known.synced:
            known.sync_pages += 1
            baseline = any(gap.baseline for gap in change.kept)
            unread = baseline or any(gap.settles_at is None for gap in change.opened)
            known.synced = not unread or known.sync_pages >= mine.spec.first_sync_pages
        return change

    def _describe_all(
        self, connection: Connection, known: dict[str, _Account]
    ) -> dict[tuple[str, str], StreamState]:
        return {
            (name, channel): self._describe(connection, mine, channel, None)
            for name, mine in known.items()
            for channel in mine.streams
        }

    def _describe(
        self, connection: Connection, mine: _Account, channel: str, now: float | None
    ) -> StreamState:
        known = streams.load(connection, mine.streams[channel])
        deadlines = self.rules.deadlines
        named = tuple(zip(deadlines.seconds, deadlines.names, strict=True))
        moment = (known.last_success or known.baseline) if now is None else now
        return streams.describe(connection, mine.spec.name, known, mine.book, named, moment)


def _finish(connection: Connection, permit_id: int, limits: Limits, outcome: Outcome) -> None:
    permits.finish(
        connection,
        permit_id,
        limits,
        finished_at=outcome.finished_at,
        result=outcome.result,
        code=outcome.code,
        duration=outcome.duration,
    )


def _count_calls(calls: Sequence[permits.Finished], account: str, deltas: Deltas) -> None:
    for call in calls:
        deltas.add(Total.PERMITS, (account, call.kind))
        if call.result is None or call.duration is None:
            continue
        deltas.add(Total.API_REQUESTS, (account, "history", call.result))
        deltas.observe(Distribution.REQUEST_DURATION, ("history",), call.duration)
        if call.code is not None:
            deltas.add(Total.API_ERRORS, (account, "history", str(call.code)))


def _was_set_back(last_success: float | None, now: float, limits: Limits) -> bool:
    """Whether the clock was: by more than calls under way at once can explain."""
    return last_success is not None and now < last_success - limits.call_timeout - permits.MARGIN
