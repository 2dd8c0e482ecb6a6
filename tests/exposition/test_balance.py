"""What is shown of balances: a number while it is known, and nothing while it is not."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.exposition.balance import balance_samples
from exporter.exposition.collector import LedgerCollector
from exporter.ledger.snapshot import AccountState, BalanceState, Snapshot
from tests.exposition.conftest import NOW


AMOUNT = "smsc_account_balance"
CREDIT = "smsc_account_credit"
READ = "smsc_poll_last_success_timestamp_seconds"
ASKED = ("main", "", "balance")
TOLD = BalanceState(
    amount=Decimal("12.50"), currency="RUB", read_at=NOW, cadence=600.0, poll_up=True
)


def read(collector: LedgerCollector) -> dict[str, dict[tuple[str, ...], Any]]:
    """Rows by family name."""
    return {family.name: dict(rows) for family, rows in collector.views()}


def with_balance(snapshot: Snapshot, balance: BalanceState | None) -> Snapshot:
    (account,) = snapshot.accounts
    account = msgspec.structs.replace(account, balance=balance)
    return msgspec.structs.replace(snapshot, accounts=(account,))


def test_unknown_is_absent_and_never_0(
    collector: LedgerCollector, source: Any, small: Snapshot
) -> None:
    """Before the first reading there is no amount, but results and errors are known to be 0."""
    source.current = with_balance(small, BalanceState(cadence=600.0))
    rows = read(collector)
    assert not rows[AMOUNT]
    assert not rows[CREDIT]
    assert ASKED not in rows[READ]
    assert ASKED not in rows["smsc_poll_up"]
    assert rows["smsc_poll_cadence_seconds"][ASKED] == 600
    errors, requests = rows["smsc_api_errors_total"], rows["smsc_api_requests_total"]
    assert [errors["main", "balance", code] for code in "1249"] == [0] * 4
    assert requests["main", "balance", "timeout"] == 0


def test_nothing_at_all_of_an_account_that_does_not_ask(
    collector: LedgerCollector, source: Any, small: Snapshot
) -> None:
    """Switched off it leaves no series that an alert could take for trouble."""
    totals = {family: rows for family, rows in small.totals.items() if "api" not in family}
    plain = msgspec.structs.replace(small, totals=totals)
    source.current = with_balance(plain, None)
    rows = read(collector)
    assert not [labels for found in rows.values() for labels in found if "balance" in labels]


def test_none_left_is_0(collector: LedgerCollector, source: Any, small: Snapshot) -> None:
    """An empty account is what alerts are about."""
    empty = msgspec.structs.replace(TOLD, amount=Decimal(0), credit=Decimal(0))
    source.current = with_balance(small, empty)
    rows = read(collector)
    assert rows[AMOUNT] == rows[CREDIT] == {("main", "RUB"): 0}


@pytest.mark.parametrize(("cadence", "kept"), [(600.0, 3600), (60.0, 3600), (3000.0, 9000)])
def test_an_old_reading_is_withdrawn(
    collector: LedgerCollector,
    source: Any,
    clock: Any,
    small: Snapshot,
    cadence: float,
    kept: float,
) -> None:
    """Three cadences, an hour at least: then it is no longer said to be left, only when it was."""
    told = msgspec.structs.replace(TOLD, cadence=cadence, credit=Decimal(7))
    source.current = with_balance(small, told)
    clock.time = NOW + kept
    assert read(collector)[AMOUNT] == {("main", "RUB"): 12.5}
    clock.time += 1
    rows = read(collector)
    assert not rows[AMOUNT]
    assert not rows[CREDIT]
    assert rows[READ][ASKED] == NOW
    assert rows["smsc_poll_up"][ASKED]


@given(st.decimals(-(10**9), 10**9, places=3), st.none() | st.decimals(0, 10**9, places=3))
def test_amounts_are_shown_as_told(amount: Decimal, credit: Decimal | None) -> None:
    """Neither sign nor kopeck is lost, and a credit that was not told is not made up."""
    told = msgspec.structs.replace(TOLD, amount=amount, credit=credit)
    samples = list(balance_samples(AccountState(account="main", balance=told), NOW))
    shown = {name: (labels, value) for name, labels, value in samples if value is not None}
    assert shown[AMOUNT] == (("main", "RUB"), float(amount))
    assert (CREDIT in shown) == (credit is not None)
