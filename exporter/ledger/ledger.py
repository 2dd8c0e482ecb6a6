"""The ledger: one transaction for whatever is learnt, and the totals that follow from it.

Every method is one transaction and blocks; callers keep to one thread, `Ledger.snapshot` apart. A
method that raises `LedgerError` has changed nothing.
"""

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, func, select

from exporter.gateway.message import Page
from exporter.gateway.request import HistoryRequest
from exporter.gateway.statistics import StatisticsRequest
from exporter.ledger import accounts, balances, pages, peeking, permits, pruning, streams, waiting
from exporter.ledger.accounts import Memory
from exporter.ledger.applying import Applying, Read
from exporter.ledger.balances import Purse
from exporter.ledger.engine import Store
from exporter.ledger.errors import LedgerCorrupted
from exporter.ledger.exemplars import merged
from exporter.ledger.opened import OpenAccount, count_calls, describe, register
from exporter.ledger.peeking import Peek
from exporter.ledger.permits import Denied, Limits, Share, Usage
from exporter.ledger.pruning import Pruned
from exporter.ledger.queries import Targets
from exporter.ledger.records import AccountSpec, Applied, Outcome, Rules, StreamView
from exporter.ledger.schema import label_set, network
from exporter.ledger.snapshot import Exemplars, Series, Snapshot, StreamState, Total
from exporter.ledger.totals import Deltas, Totals
from exporter.ledger.waiting import Known


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
        self._accounts: dict[str, OpenAccount] = {}
        self._totals = Totals()
        self._exemplars: Exemplars = {}
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
                    spec.name: register(connection, spec, self.rules, now, set_ids)
                    for spec in specs
                }
                if self.store.is_owner:
                    tracking = [mine.id for mine in known.values() if mine.spec.track_phones]
                    pruning.forget_phones(connection, tracking)
                networks = {tuple(row) for row in connection.execute(select(network))}
                states = {
                    (name, channel): describe(connection, mine, self.rules, channel, None)
                    for name, mine in known.items()
                    for channel in mine.streams
                }
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
        request: HistoryRequest | StatisticsRequest,
        limits: Limits,
        now: float,
        *,
        mark: int,
        share: Share | None = None,
    ) -> int | Denied:
        """Spend a permit for a call that is about to leave; gives its number, or why not.

        ``share`` bounds calls of its kind in a window.
        """
        fingerprint = request.fingerprint(self.salt)
        account_id = self._accounts[account].id
        with self.store.transaction() as connection:
            denied = permits.denial(
                connection, account_id, fingerprint, limits, now, mark=mark, share=share
            )
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

    def amend(self, account: str, change: Callable[[Memory], Memory]) -> None:
        """Change what polling remembers of an account, whatever it is by now."""
        with self.store.transaction() as connection:
            account_id = self._accounts[account].id
            accounts.remember(
                connection, account_id, change(accounts.recall(connection, account_id))
            )

    def spend_balance(
        self, account: str, limits: Limits, now: float, *, mark: int, tried: bool
    ) -> int | Denied:
        """Spend a permit for a balance call that is about to leave; gives its number, or why not.

        ``tried``: see `permits.balance_denial`.
        """
        account_id, kind = self._accounts[account].id, permits.BALANCE
        with self.store.transaction() as connection:
            denied = permits.balance_denial(
                connection, account_id, limits, now, mark=mark, tried=tried
            )
            if denied is not None:
                return denied
            return permits.book(connection, account_id, kind, kind, limits, now, mark=mark)

    def purse(self, account: str) -> Purse:
        """What is known of an account's balance."""
        with self._readable(), self.store.transaction() as connection:
            return balances.load(connection, self._accounts[account].id)

    def keep_purse(
        self, account: str, purse: Purse, permit_id: int, limits: Limits, outcome: Outcome
    ) -> None:
        """Replace it at the end of a balance call, which is counted in the totals."""
        mine = self._accounts[account]
        with self._counting(mine, Deltas()) as connection:
            _finish(connection, permit_id, limits, outcome)
            balances.keep(connection, mine.id, purse)

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
        read = Read(request, page, started, outcome.finished_at, limits.call_timeout)
        with self._counting(mine, deltas) as connection:
            _finish(connection, permit_id, limits, outcome)
            applying = Applying(connection, mine, channel, self.rules, deltas)
            applied = applying.apply(read, self._networks)
        self._phones_gone = self._phones_gone or applying.saw_finals
        self._saved = outcome.finished_at
        self._networks = self._networks | applying.networks
        return applied

    def collect(self, account: str, now: float, call_timeout: float) -> None:
        """Take calls that ended without a page, here or in another process, into the totals."""
        mine = self._accounts[account]
        with self._counting(mine, Deltas(), lost_before=now - 2 * call_timeout):
            pass

    def refresh(self, account: str, channel: str, now: float) -> None:
        """Look at a stream anew for the next snapshot."""
        mine = self._accounts[account]
        with self.store.transaction() as connection:
            self._states[account, channel] = describe(connection, mine, self.rules, channel, now)

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
            exemplars=self._exemplars,
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

    @contextmanager
    def _counting(
        self, mine: OpenAccount, deltas: Deltas, *, lost_before: float = 0.0
    ) -> Iterator[Connection]:
        """A transaction that may add to the totals; the mirror follows only when it is through."""
        try:
            with self.store.transaction() as connection:
                yield connection
                count_calls(
                    permits.collect(connection, mine.id, lost_before), mine.spec.name, deltas
                )
                mine.book.write(connection)
                after = self._totals.write(connection, deltas)
        except BaseException:
            mine.book.rollback()
            raise
        mine.book.commit()
        self._totals = after
        self._exemplars = merged(self._exemplars, deltas.exemplars)


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
