"""The ledger: one transaction for whatever is learnt, and the totals that follow from it.

Every method is one transaction and blocks; callers keep to one thread, `Ledger.snapshot` apart. A
method that raises `LedgerError` has changed nothing.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager

from sqlalchemy import Connection

from exporter.gateway.message import Page
from exporter.gateway.request import HistoryRequest
from exporter.gateway.statistics import StatisticsRequest
from exporter.ledger import accounts, balances, peeking, permits, pruning, streams, waiting
from exporter.ledger.accounts import Memory
from exporter.ledger.applying import Applying, Read
from exporter.ledger.balances import Purse
from exporter.ledger.errors import LeaseLost
from exporter.ledger.exemplars import merged
from exporter.ledger.holdings import Holdings, Shift
from exporter.ledger.opened import OpenAccount, count_calls, describe
from exporter.ledger.peeking import Peek
from exporter.ledger.permits import Denied, Limits, Share, Usage
from exporter.ledger.pruning import Pruned
from exporter.ledger.queries import Targets
from exporter.ledger.records import AccountSpec, Applied, Outcome, Rules, StreamView
from exporter.ledger.snapshot import OWN, Frame, Part, Series, Snapshot, Total, composed
from exporter.ledger.store import Store
from exporter.ledger.totals import Deltas
from exporter.ledger.waiting import Known


class Ledger:
    """Everything known of the accounts that this process has."""

    def __init__(self, store: Store, rules: Rules, *, random_bytes: Callable[[int], bytes]) -> None:
        self.store = store
        self.rules = rules
        self._random_bytes = random_bytes
        self._held = Holdings(store, rules)
        self._saved: float | None = None
        self._phones_gone = True
        """Numbers were deleted of which the file may hold traces."""
        self.salt = b""

    def open(self, specs: Sequence[AccountSpec], now: float) -> None:
        """Open the database, make it current, and read what must be at hand.

        Raises:
            LedgerError: with what stands in the way; the ledger is closed then.

        """
        self.store.open()
        try:
            with self._held.readable(), self.store.transaction() as connection:
                self.store.one_at_a_time(connection)
                self.salt = accounts.salt(connection, self._random_bytes(16))
                self._held.load(connection, specs, now)
        except BaseException:
            self.store.close()
            raise

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def beat(self, now: float) -> Shift:
        """Say that this process is alive, and take its part of the accounts of a shared ledger.

        The accounts it is to leave stay its own until `release`.
        """
        return self._held.beat(now)

    def release(self, names: Collection[str]) -> None:
        """Leave accounts to other replicas."""
        self._held.release(names)

    def leave(self) -> None:
        """Leave all of them, for good."""
        self._held.leave()

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
        with self._writing(account) as (connection, mine):
            self.store.one_at_a_time(connection)
            account_id = mine.id
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
        with self._looking(account) as (connection, mine):
            return permits.usage(connection, mine.id, now)

    def recall(self, account: str) -> Memory:
        """What polling remembers of an account."""
        with self._looking(account) as (connection, mine):
            return accounts.recall(connection, mine.id)

    def remember(self, account: str, memory: Memory) -> None:
        """Replace what polling remembers of an account."""
        with self._writing(account) as (connection, mine):
            accounts.remember(connection, mine.id, memory)

    def amend(self, account: str, change: Callable[[Memory], Memory]) -> None:
        """Change what polling remembers of an account, whatever it is by now."""
        with self._writing(account) as (connection, mine):
            accounts.remember(connection, mine.id, change(accounts.recall(connection, mine.id)))

    def spend_balance(
        self, account: str, limits: Limits, now: float, *, mark: int, tried: bool
    ) -> int | Denied:
        """Spend a permit for a balance call that is about to leave; gives its number, or why not.

        ``tried``: see `permits.balance_denial`.
        """
        kind = permits.BALANCE
        with self._writing(account) as (connection, mine):
            self.store.one_at_a_time(connection)
            account_id = mine.id
            denied = permits.balance_denial(
                connection, account_id, limits, now, mark=mark, tried=tried
            )
            if denied is not None:
                return denied
            return permits.book(connection, account_id, kind, kind, limits, now, mark=mark)

    def purse(self, account: str) -> Purse:
        """What is known of an account's balance."""
        with self._held.readable(), self._looking(account) as (connection, mine):
            return balances.load(connection, mine.id)

    def keep_purse(
        self, account: str, purse: Purse, permit_id: int, limits: Limits, outcome: Outcome
    ) -> None:
        """Replace it at the end of a balance call, which is counted in the totals."""
        with self._counting(account, Deltas()) as (connection, mine):
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
        again: bool = False,
    ) -> Applied:
        """Apply a page and the end of its call in one transaction.

        Asked ``again``, because the way to the database broke, it is left at that where the first
        time had come through.
        """
        deltas = Deltas()
        read = Read(request, page, started, outcome.finished_at, limits.call_timeout)
        with self._counting(account, deltas) as (connection, mine):
            if again and permits.is_finished(connection, permit_id):
                return Applied(
                    rows=page.rows, new=frozenset(), finals=0, opened_gap=False, closed_gaps=0
                )
            _finish(connection, permit_id, limits, outcome)
            applying = Applying(connection, mine, channel, self.rules, deltas)
            applied = applying.apply(read, self._held.networks)
        self._phones_gone = self._phones_gone or applying.saw_finals
        self._saved = outcome.finished_at
        self._held.networks |= applying.networks
        return applied

    def collect(self, account: str, now: float, call_timeout: float) -> None:
        """Take calls that ended without a page, here or in another process, into the totals."""
        with self._counting(account, Deltas(), lost_before=now - 2 * call_timeout):
            pass

    def refresh(self, account: str, channel: str, now: float) -> None:
        """Look at a stream anew for the next snapshot."""
        with self._looking(account) as (connection, mine):
            mine.states[channel] = describe(connection, mine, self.rules, channel, now)

    def view(self, account: str, channel: str, now: float, *, limit: int = 50) -> StreamView:
        """What a planner may know of a stream."""
        with self._looking(account) as (connection, mine):
            stream_id = mine.streams[channel]
            head_started = streams.load(connection, stream_id).head_started
            pending = Targets(connection, stream_id).urgent(now, head_started, limit)
            return streams.view(connection, channel, stream_id, pending)

    def known(self, account: str, channel: str, *, since: int) -> Known:
        """What a planner starts from: see `waiting.known`."""
        with self._looking(account) as (connection, mine):
            return waiting.known(connection, mine.streams[channel], since)

    def learnt(self, account: str) -> str | None:
        """What planning learnt of an account, as `keep_learnt` was given it."""
        with self._looking(account) as (connection, mine):
            return accounts.learnt(connection, mine.id)

    def peek(self, account: str, channels: Sequence[str], now: float, *, since: int) -> Peek:
        """What planning starts from, see `peeking.peek`; opens the file for it and closes it again.

        Nothing is written into a ledger of this version, and whoever writes need not wait.
        """
        self.store.open()
        try:
            with self._held.readable(), self.store.reading() as connection:
                return peeking.peek(connection, account, channels, now, since=since)
        finally:
            self.store.close()

    def keep_learnt(self, account: str, learnt: str) -> None:
        """Keep what planning learnt of an account for the next start."""
        with self._writing(account) as (connection, mine):
            accounts.keep_learnt(connection, mine.id, learnt)

    def prune(self, account: str, channel: str, now: float) -> Pruned:
        """One round of forgetting."""
        deltas = Deltas()
        with self._counting(account, deltas) as (connection, mine):
            known = streams.load(connection, mine.streams[channel])
            retention = max(self.rules.retention, mine.spec.lookback)
            pruned = pruning.prune(connection, known, now=now, retention=retention)
            lost = sum(gap.seconds for gap in pruned.lost)
            deltas.add(Total.UNREAD_SECONDS, (account, channel), lost)
            if self._phones_gone or pruned.phones:
                self.store.scrub_phones(connection)
        self._phones_gone = False
        if not pruned.more:
            self.store.tidy()
        return pruned

    def note_shown(self, series: Collection[Series]) -> None:
        """Note that these series are shown at their value from now on: a restart keeps to it.

        Those of accounts that this process no longer has are passed over.
        """
        own = [each for each in series if each[0] in OWN]
        by_account: dict[str, list[Series]] = {}
        for each in series:
            if each[0] not in OWN and each[1][0] in self._held.accounts:
                by_account.setdefault(each[1][0], []).append(each)
        if own:
            with self.store.transaction() as connection:
                after = self._held.own.write(connection, Deltas(), own)
            self._held.own = after
        for account, shown in by_account.items():
            with self._writing(account) as (connection, mine):
                totals = mine.totals.write(connection, Deltas(), shown)
            mine.totals = totals

    @property
    def accounts(self) -> AbstractSet[str]:
        """The accounts that this process has now."""
        return self._held.accounts.keys()

    def part(self, account: str) -> Part | None:
        """What the exposition may see of an account as of its last commit; None: not ours."""
        mine = self._held.accounts.get(account)
        return None if mine is None else mine.part

    def frame(self) -> Frame:
        """What it may see beside the accounts."""
        deadlines, own = self.rules.deadlines, self._held.own
        return Frame(
            own=Part(totals=own.counts, distributions=own.distributions, shown=own.shown),
            deadlines=dict(zip(deadlines.names, deadlines.seconds, strict=True)),
            operators=tuple(sorted((o, c, n[:3], n[3:]) for o, c, n in self._held.networks)),
            ledger_saved=self._saved,
            replica=self._held.replica,
        )

    def snapshot(self) -> Snapshot:
        """All of it as of the last commit; what polling knows is added elsewhere."""
        return composed(self.frame(), (mine.part for mine in self._held.accounts.values()))

    @contextmanager
    def _looking(self, account: str) -> Iterator[tuple[Connection, OpenAccount]]:
        mine = self._mine(account)
        with self.store.transaction() as connection:
            yield connection, mine

    @contextmanager
    def _writing(self, account: str) -> Iterator[tuple[Connection, OpenAccount]]:
        """A transaction to whose end the account stays ours."""
        mine = self._mine(account)
        with self.store.transaction() as connection:
            self.store.hold(connection, mine.id, account)
            yield connection, mine

    def _mine(self, account: str) -> OpenAccount:
        mine = self._held.accounts.get(account)
        if mine is None:
            raise LeaseLost(account)
        return mine

    @contextmanager
    def _counting(
        self, account: str, deltas: Deltas, *, lost_before: float = 0.0
    ) -> Iterator[tuple[Connection, OpenAccount]]:
        """A transaction that may add to the totals; the mirror follows only when it is through."""
        mine = self._mine(account)
        try:
            with self._writing(account) as (connection, _):
                yield connection, mine
                count_calls(permits.collect(connection, mine.id, lost_before), account, deltas)
                mine.book.write(connection)
                added, own = deltas.parted()
                totals = mine.totals.write(connection, added)
                owns = self._held.own.write(connection, own)
        except BaseException:
            mine.book.rollback()
            raise
        mine.book.commit()
        mine.totals, self._held.own = totals, owns
        mine.exemplars = merged(mine.exemplars, deltas.exemplars)


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
