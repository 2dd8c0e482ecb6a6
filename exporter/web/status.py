"""What polling is doing and why, as JSON for people and programs: /status."""

import msgspec

from exporter.clock import utc
from exporter.ledger.snapshot import AccountState, Snapshot


def status_page(snapshot: Snapshot, now: float, *, version: str) -> bytes:
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


def _next(account: AccountState) -> dict[str, object] | None:
    """What the newest decision came to, unless polling can't go on by it."""
    if account.next_poll is None or not account.decisions:
        return None
    newest = account.decisions[0]
    return {key: newest[key] for key in ("action", "channel", "until", "reason", "why")}
