"""What is shown of balances: families, and their values at the moment of a scrape."""

from collections.abc import Iterator

from exporter.exposition.family import BALANCE, gauge
from exporter.ledger.snapshot import AccountState, BalanceState, Labels


STALE_CADENCES = 3
STALE_SECONDS = 3600.0

BALANCES = (
    gauge(
        "smsc_account_balance",
        ("account", "currency"),
        "Money left (field balance of balance.php); may be negative. Cached: as of the last"
        " reading; absent before the first, and when that is older than three cadences, an hour at"
        " least.",
    ),
    gauge(
        "smsc_account_credit",
        ("account", "currency"),
        "Credit granted (field credit of balance.php). Absent when the gateway tells none, and"
        " with the balance.",
    ),
)


def is_withdrawn(balance: BalanceState, now: float) -> bool:
    """Whether there is no reading, or the last one is too old to be shown as what is left now."""
    if balance.read_at is None:
        return True
    return now - balance.read_at > max(STALE_CADENCES * balance.cadence, STALE_SECONDS)


def balance_samples(
    account: AccountState, now: float
) -> Iterator[tuple[str, Labels, float | None]]:
    """Family, labels and value of each gauge about an account's balance."""
    balance = account.balance
    if balance is None:
        return
    poll = (account.account, "", BALANCE)
    yield "smsc_poll_up", poll, balance.poll_up
    yield "smsc_poll_last_success_timestamp_seconds", poll, balance.read_at
    yield "smsc_poll_cadence_seconds", poll, balance.cadence or None
    if balance.amount is not None and not is_withdrawn(balance, now):
        labels = (account.account, balance.currency)
        yield "smsc_account_balance", labels, float(balance.amount)
        credit = None if balance.credit is None else float(balance.credit)
        yield "smsc_account_credit", labels, credit
