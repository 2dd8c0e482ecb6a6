"""What polling is doing and why, as JSON for programs: /api/v1/status."""

import msgspec

from exporter.clock import utc
from exporter.exposition.balance import is_withdrawn
from exporter.ledger.snapshot import AccountState, BalanceState, Snapshot


def status_json(snapshot: Snapshot, now: float, *, version: str) -> bytes:
    """All accounts as JSON; what is not known is null."""
    page = {
        "at": utc(now),
        "version": version,
        "ledger_up": snapshot.ledger_up,
        "accounts": [account_status(account, now) for account in snapshot.accounts],
    }
    return msgspec.json.format(msgspec.json.encode(page)) + b"\n"


def account_status(account: AccountState, now: float) -> dict[str, object]:
    """One account as plain values, fit for JSON; times are ISO 8601 in UTC."""
    outlook = account.outlook
    saturation = None if outlook is None else outlook.saturation
    return {
        "account": account.account,
        "state": account.state,
        "detail": account.detail or None,
        "budget": _budget(account, now),
        "balance": _balance(account.balance, now),
        "saturation_ratio": None if saturation is None else round(saturation, 3),
        "next": _next(account),
        "streams": [stream.plain(now) for stream in outlook.streams] if outlook else [],
        "decisions": list(account.decisions),
    }


def _budget(account: AccountState, now: float) -> dict[str, object] | None:
    if not account.budget_limit:
        return None
    return {
        "limit": account.budget_limit,
        "used": account.spent(now),
        "remaining": account.left(now),
    }


def _balance(balance: BalanceState | None, now: float) -> dict[str, object] | None:
    """What is left as it was last told; null when it is not asked for."""
    if balance is None:
        return None
    credit, age = balance.credit, None if balance.read_at is None else now - balance.read_at
    return {
        "amount": None if balance.amount is None else f"{balance.amount:f}",
        "credit": None if credit is None else f"{credit:f}",
        "currency": balance.currency or None,
        "age_seconds": None if age is None else round(max(0.0, age), 1),
        "stale": is_withdrawn(balance, now),
        "state": balance.state,
        "detail": balance.detail or None,
        "next": None if balance.next_poll is None else utc(balance.next_poll),
    }


def _next(account: AccountState) -> dict[str, object] | None:
    """What the newest decision came to, unless polling can't go on by it."""
    if account.next_poll is None or not account.decisions:
        return None
    newest = account.decisions[0]
    return {key: newest[key] for key in ("action", "channel", "until", "reason", "why")}
