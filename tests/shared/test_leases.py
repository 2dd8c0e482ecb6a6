"""Replicas on one database: each account is one's own, whatever happens to the others."""

import threading
import time
from collections.abc import Callable

import pytest
from psycopg import sql

from exporter.ledger.accounts import Memory
from exporter.ledger.errors import LeaseLost, LedgerBusy, LedgerError, LedgerUnavailable
from exporter.ledger.ledger import Ledger
from exporter.ledger.permits import Denied, Limits
from exporter.ledger.records import Outcome
from exporter.ledger.shared_store import Address, Membership, SharedStore
from exporter.ledger.snapshot import Total
from exporter.secrets import Secret
from tests.ledger.desk import FREE, HEAD, T0, page, row
from tests.postgresql import Server
from tests.shared.conftest import RULES, Replicas, spec


pytestmark = pytest.mark.e2e
NAMES = ("a", "b", "c", "d", "e")
SPECS = [spec(name) for name in NAMES]
SHORT = 0.3
"""Seconds until a replica that is not heard of is taken for dead."""


def opened(replicas: Replicas, name: str, span: float = 60.0) -> Ledger:
    """A replica that has beaten once."""
    ledger = replicas(name, span=span)
    ledger.open(SPECS, T0)
    ledger.beat(T0)
    return ledger


def spend(ledger: Ledger, account: str = "a", at: float = T0 + 10, limits: Limits = FREE) -> int:
    """Spend a permit that there is."""
    permit = ledger.spend(account, "head", HEAD, limits, at, mark=1)
    assert isinstance(permit, int)
    return permit


def apply(ledger: Ledger, permit: int, *, again: bool = False) -> None:
    """Apply a page of two messages to account a."""
    ledger.apply(
        "a",
        "sms",
        HEAD,
        page([row(2, T0 + 6), row(1, T0 + 5, 1, status_time=T0 + 7)]),
        started=T0 + 10.0,
        permit_id=permit,
        limits=FREE,
        outcome=Outcome(finished_at=T0 + 11.0, duration=1.0, result="ok"),
        again=again,
    )


def until(ledger: Ledger, good: Callable[[], bool], seconds: float = 10.0) -> None:
    """Beat until it is so."""
    end = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < end
        time.sleep(SHORT / 5)
        ledger.beat(T0)


def test_accounts_are_shared_out_as_replicas_come_and_go(replicas: Replicas) -> None:
    """A lone one has all; a second gets its half when the first lets go; then all again."""
    one = opened(replicas, "one")
    assert set(one.accounts) == set(NAMES)
    two = opened(replicas, "two")
    assert not two.accounts
    shift = one.beat(T0)
    assert len(shift.to_leave) == 2
    assert shift.others
    one.release(shift.to_leave)
    assert two.beat(T0).taken == shift.to_leave
    assert set(one.accounts) | set(two.accounts) == set(NAMES)
    two.leave()
    assert set(one.beat(T0).taken) == set(shift.to_leave)
    assert not one.beat(T0).others


def test_totals_go_on_where_another_left_them(replicas: Replicas) -> None:
    """Whoever takes an account over has its totals, exactly."""
    one = opened(replicas, "one")
    apply(one, spend(one))
    before = one.snapshot()
    one.leave()
    two = opened(replicas, "two")
    assert two.snapshot().totals == before.totals
    assert {k: v for k, v in two.snapshot().distributions.items() if "message" in k} == {
        k: v for k, v in before.distributions.items() if "message" in k
    }


def test_accounts_of_the_dead_are_taken(replicas: Replicas) -> None:
    """One that is not heard of for its span loses everything to the others."""
    opened(replicas, "one", span=SHORT)
    two = opened(replicas, "two")
    until(two, lambda: set(two.accounts) == set(NAMES))


def test_what_went_and_came_back_is_read_anew(replicas: Replicas) -> None:
    """A replica that hung while another polled its accounts goes on from what that one counted."""
    one = opened(replicas, "one", span=SHORT)
    two = opened(replicas, "two")
    until(two, lambda: set(two.accounts) == set(NAMES))
    apply(two, spend(two))
    counted = two.snapshot().totals[Total.SUBMITTED]
    two.leave()
    assert set(one.accounts) == set(NAMES)
    assert "a" in one.beat(T0).taken
    assert one.snapshot().totals[Total.SUBMITTED] == counted
    assert sum(counted.values()) == 2


def test_who_lost_an_account_changes_nothing_of_it(replicas: Replicas) -> None:
    """A replica that hung past its span spends, counts and notes nothing more, and finds out."""
    one = opened(replicas, "one", span=SHORT)
    permit = spend(one)
    two = opened(replicas, "two")
    until(two, lambda: set(two.accounts) == set(NAMES))
    before = two.snapshot()
    for work in (
        lambda: apply(one, permit),
        lambda: spend(one),
        lambda: one.remember("a", Memory()),
        lambda: one.note_shown([(Total.SUBMITTED, ("a", "sms", "RU", "mts", "SHOP"))]),
        lambda: one.prune("a", "sms", T0 + 100.0),
        lambda: one.collect("a", T0 + 10**6, 1.0),
    ):
        with pytest.raises(LeaseLost, match="account a is polled by another replica"):
            work()
    two.release(NAMES)
    two.beat(T0)
    assert two.snapshot().totals == before.totals
    assert set(one.beat(T0).lost) == set(NAMES)


def test_a_page_is_applied_once_however_often_it_is_tried(replicas: Replicas) -> None:
    """When the way broke while a transaction ended, trying again counts nothing twice."""
    one = opened(replicas, "one")
    permit = spend(one)
    apply(one, permit, again=True)
    before = one.snapshot()
    apply(one, permit, again=True)
    assert one.snapshot().totals == before.totals
    assert before.totals[Total.SUBMITTED]


def test_two_of_one_name(replicas: Replicas) -> None:
    """The second stands by, and takes over when the first is gone."""
    opened(replicas, "one", span=1.0)
    second = replicas("one")
    with pytest.raises(LedgerBusy, match="replica one is another process that is alive"):
        second.open(SPECS, T0)
    time.sleep(1.1)
    second.open(SPECS, T0)
    until(second, lambda: set(second.accounts) == set(NAMES))


def test_all_begin_at_once_on_an_empty_database(replicas: Replicas) -> None:
    """Whoever comes first makes the tables, the others wait for that."""
    made = [replicas(f"r{number}") for number in range(4)]
    faults: list[LedgerError] = []

    def begin(ledger: Ledger) -> None:
        try:
            ledger.open(SPECS, T0)
        except LedgerError as error:
            faults.append(error)

    threads = [threading.Thread(target=begin, args=(ledger,)) for ledger in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    for _ in range(3):
        for ledger in made:
            ledger.release(ledger.beat(T0).to_leave)
    assert sorted(name for ledger in made for name in ledger.accounts) == sorted(NAMES)


def test_no_more_permits_than_the_budget_has(replicas: Replicas) -> None:
    """Processes that spend at the same moment, one of them the owner, get as many as there are."""
    limits = Limits(
        requests=20,
        window=3600.0,
        identical=10**6,
        identical_window=60.0,
        concurrency=10**6,
        call_timeout=30.0,
    )
    owner = opened(replicas, "one")
    beside = [replicas(f"command {number}", owner=False) for number in range(3)]
    for ledger in beside:
        ledger.open(SPECS, T0)
    got: list[int | Denied] = []

    def hammer(ledger: Ledger) -> None:
        for at in range(10):
            got.append(ledger.spend("a", "head", HEAD, limits, T0 + 10.0 + at, mark=1))
            if isinstance(got[-1], int):
                ledger.finish(
                    got[-1], limits, Outcome(finished_at=T0 + 20, duration=1.0, result="ok")
                )

    threads = [threading.Thread(target=hammer, args=(each,)) for each in (owner, *beside)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 40
    assert sum(isinstance(each, int) for each in got) <= 20
    assert len({each for each in got if isinstance(each, int)}) >= 14


def test_a_connection_that_is_killed_loses_nothing(
    replicas: Replicas, server: Server, database: str
) -> None:
    """The transaction under way is undone; after opening again the same replica goes on."""
    one = opened(replicas, "one")
    permit = spend(one)
    server.execute(
        sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(
            database
        )
    )
    with pytest.raises(LedgerError):
        apply(one, permit)
    one.close()
    one.open(SPECS, T0)
    assert set(one.accounts) == set(NAMES)
    apply(one, permit, again=True)
    assert one.snapshot().totals[Total.SUBMITTED]


def test_a_stricter_isolation_changes_nothing(
    replicas: Replicas, server: Server, database: str
) -> None:
    """What the database has for its default does not matter."""
    server.execute(
        sql.SQL("ALTER DATABASE {} SET default_transaction_isolation = 'serializable'").format(
            sql.Identifier(database)
        )
    )
    one, two = opened(replicas, "one"), opened(replicas, "two")
    one.release(one.beat(T0).to_leave)
    two.beat(T0)
    for ledger in (one, two):
        for account in ledger.accounts:
            ledger.remember(account, Memory())
    mine = one if "a" in one.accounts else two
    apply(mine, spend(mine))
    assert set(one.accounts) | set(two.accounts) == set(NAMES)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://postgres@127.0.0.1:{port}/nowhere", "does not exist; create the database"),
        ("postgresql://nobody@127.0.0.1:{port}/postgres", "can't be used: .*nobody"),
        ("postgresql://postgres@127.0.0.1:1/postgres", "can't be used: .*refused"),
    ],
)
def test_faults_of_the_way_say_what_to_do(server: Server, url: str, words: str) -> None:
    """A database that is not there, a user that is not, nobody listening; and no secret."""
    address = Address(url.format(port=server.port), Secret("hush"))
    store = SharedStore(address, Membership("one", "one", 60.0), owner=True)
    with pytest.raises(LedgerUnavailable, match=words) as caught:
        store.open()
    assert "hush" not in str(caught.value)


def test_a_user_without_rights(server: Server, database: str) -> None:
    """The error says what to grant."""
    name = sql.Identifier(f"guest_{database}")
    server.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
    address = Address(f"postgresql://guest_{database}@127.0.0.1:{server.port}/{database}")
    store = SharedStore(address, Membership("one", "one", 60.0), owner=True)
    server.execute(sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"), database)
    try:
        with pytest.raises(LedgerError, match=r"GRANT CREATE|no schema to put tables in"):
            store.open()
    finally:
        server.execute(sql.SQL("DROP ROLE {}").format(name))


def test_a_clock_that_is_wrong_is_told_of(server: Server, database: str) -> None:
    """Permits are reckoned by this machine's clock, so a replica with a wrong one stands by."""
    member = Membership("one", "one", 60.0)
    store = SharedStore(server.address(database), member, owner=True, now=lambda: time.time() + 30)
    ledger = Ledger(store, RULES, random_bytes=bytes)
    with pytest.raises(LedgerUnavailable, match=r"(29|30)\.\d s ahead of that of ledger"):
        ledger.open(SPECS, T0)


def test_a_server_that_restarts_is_found_again(replicas: Replicas, server: Server) -> None:
    """While it is away the error says so; then everything goes on."""
    one = opened(replicas, "one")
    server.stop()
    try:
        with pytest.raises(LedgerUnavailable, match="can't be used"):
            spend(one)
        one.close()
        with pytest.raises(LedgerUnavailable, match="can't be used"):
            one.open(SPECS, T0)
    finally:
        server.start()
    one.open(SPECS, T0)
    apply(one, spend(one))
    assert one.snapshot().totals[Total.SUBMITTED]
