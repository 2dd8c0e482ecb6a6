"""The accounts that this process has, of a ledger of its own or as its part of a shared one."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
from sqlalchemy import Connection, select

from exporter.ledger import accounts, leases, pages, pruning
from exporter.ledger.errors import LedgerCorrupted
from exporter.ledger.opened import OpenAccount, open_account
from exporter.ledger.records import AccountSpec, Rules
from exporter.ledger.schema import network
from exporter.ledger.shared_store import SharedStore
from exporter.ledger.sharing import share_out
from exporter.ledger.store import Store
from exporter.ledger.totals import Totals


MOST_TAKEN = 100
"""Accounts taken at once: each is read in whole, and other replicas wait for that."""


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """Which accounts changed hands."""

    taken: tuple[str, ...] = ()
    """Now this process's, ready to be polled; some may have been its own before without its knowing
    that another polled them meanwhile."""
    to_leave: tuple[str, ...] = ()
    """Still its own, but another replica is to poll them."""
    lost: tuple[str, ...] = ()
    """No longer its own."""
    others: bool = False
    """Whether other replicas are alive."""
    more: bool = False
    """Whether there are accounts left to take at once."""


class Holdings:
    """Accounts by name, and what belongs to the process."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store = store
        self._rules = rules
        self._specs: Mapping[int, AccountSpec] = {}
        self.accounts: dict[str, OpenAccount] = {}
        self.networks: frozenset[pages.Network] = frozenset()
        self.own = Totals(0, self.replica)

    @property
    def replica(self) -> str:
        """What this process is called among those that share the ledger; empty for a file."""
        store = self._store
        return store.membership.replica if isinstance(store, SharedStore) else ""

    def load(self, connection: Connection, specs: Sequence[AccountSpec], now: float) -> None:
        """Read what a newly opened ledger knows; of a shared one, what is held already."""
        ids = {spec.name: accounts.find_or_make(connection, spec.name) for spec in specs}
        named = {ids[spec.name]: spec for spec in specs}
        wanted = set(named)
        store = self._store
        if isinstance(store, SharedStore) and store.is_owner:
            store.check_time(connection)
            member = store.membership
            leases.join(connection, member.session, member.replica, member.span, named)
            holders = leases.standing(connection).holders
            wanted = {each for each in named if holders.get(each) == member.session}
        own = Totals(0, self.replica)
        own.load(connection)
        known = {
            spec.name: self._opened(connection, spec, now)
            for each, spec in named.items()
            if each in wanted
        }
        if store.is_owner and not store.is_shared:
            tracking = [mine.id for mine in known.values() if mine.spec.track_phones]
            pruning.forget_phones(connection, tracking)
        networks = frozenset((o, c, n) for o, c, n in connection.execute(select(network)))
        self._specs, self.accounts, self.own, self.networks = named, known, own, networks

    def beat(self, now: float) -> Shift:
        """See `exporter.ledger.ledger.Ledger.beat`."""
        store = self._store
        if not isinstance(store, SharedStore) or not store.is_owner:
            return Shift()
        session, named = store.membership.session, self._specs.keys()
        with store.transaction() as connection:
            store.check_time(connection)
            alive = leases.renew(connection, session, store.membership.span)
        with self.readable(), store.transaction() as connection:
            store.lock_leases(connection)
            if not alive:
                member = store.membership
                leases.join(connection, session, member.replica, member.span, self._specs)
            leases.sweep(connection)
            standing = leases.standing(connection)
            wanted = share_out(standing.replicas, standing.holders)
            mine = {each for each, to in wanted.items() if to == session and each in self._specs}
            held = {each for each, holder in standing.holders.items() if holder == session}
            free = sorted(each for each in mine if standing.holders.get(each) is None)
            got = leases.take(connection, session, free[:MOST_TAKEN]) if free else ()
            have = {account.id for account in self.accounts.values()}
            fresh = set(got) | held & named - have
            opened = [self._opened(connection, self._specs[each], now) for each in sorted(fresh)]
        lost = [name for name, account in self.accounts.items() if account.id not in held]
        for name in lost:
            del self.accounts[name]
        self.accounts.update((account.spec.name, account) for account in opened)
        return Shift(
            taken=tuple(account.spec.name for account in opened),
            to_leave=tuple(sorted(self._specs[each].name for each in held & named - mine)),
            lost=tuple(lost),
            others=len(standing.replicas) > 1,
            more=len(free) > MOST_TAKEN,
        )

    def release(self, names: Collection[str]) -> None:
        """See `exporter.ledger.ledger.Ledger.release`."""
        gone = [self.accounts.pop(name).id for name in names if name in self.accounts]
        store = self._store
        if gone and isinstance(store, SharedStore):
            with store.transaction() as connection:
                leases.release(connection, store.membership.session, gone)

    def leave(self) -> None:
        """See `exporter.ledger.ledger.Ledger.leave`."""
        store = self._store
        if isinstance(store, SharedStore) and store.is_owner:
            self.accounts.clear()
            with store.transaction() as connection:
                leases.leave(connection, store.membership.session)

    @contextmanager
    def readable(self) -> Iterator[None]:
        """What no ledger writes is damage, whether or not the database can tell."""
        try:
            yield
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            message = f"ledger {self._store.name} is damaged; restore a copy or move the file away"
            raise LedgerCorrupted(message) from error

    def _opened(self, connection: Connection, spec: AccountSpec, now: float) -> OpenAccount:
        opened = open_account(connection, spec, self._rules, now)
        before = self.accounts.get(spec.name)
        if before is not None:
            opened.exemplars = before.exemplars
        return opened
