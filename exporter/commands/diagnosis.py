"""What the way to the gateway and its verdict on a call mean, in plain words."""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from exporter.commands.asking import Left
from exporter.commands.findings import Finding, ok, problem, skipped, warning
from exporter.commands.wording import span
from exporter.config import Account
from exporter.gateway.balance import Balance
from exporter.gateway.errors import (
    AddressBlocked,
    ConnectionFailed,
    DnsFailed,
    GatewayError,
    HttpStatus,
    OverLimit,
    RefusedLogin,
    TimedOut,
    TlsFailed,
    TooManyAtOnce,
    Unreachable,
    UnreadableAnswer,
)
from exporter.ledger.accounts import Memory
from exporter.polling.standing import limit_now


TOPICS = ("network", "login", "address", "limits", "clock", "decoding", "time zone")
"""What a call tells about, in the order in which things can go wrong."""
HELD_TOPICS = {
    "refused": "login",
    "login": "login",
    "blocked": "address",
    "unreachable": "network",
    "unreadable": "decoding",
}
"""What a call that was not made is about; everything else is about limits."""
CLOCK_LIMIT = 5.0
"""Seconds of difference between the clocks that do no harm."""

_STEPS: dict[type[Unreachable], str] = {
    DnsFailed: "DNS",
    ConnectionFailed: "connection",
    TlsFailed: "TLS",
    TimedOut: "no answer in time",
    HttpStatus: "HTTP",
}
_REFUSED = (
    "refused (error 2): either login, password or API key is wrong, or this machine's address is "
    "missing from the account's list of allowed addresses; the gateway says the same for both. "
    "Five failures within half an hour block the address for everybody behind it"
)
_BLOCKED = (
    "this address is blocked for about half an hour (error 4), as after five refused log-ins; "
    "look for a program with a wrong password behind it"
)
_OVER_LIMIT = (
    "too many calls (error 9) though the ledger knows of fewer: another program spends this "
    "account's history calls; stop it, or give it a share with budget.reserve"
)
_AT_ONCE = "fifteen or more calls at once under this login (error 9), other programs' included"


def after_answer(account: Account, seconds: float) -> Iterator[Finding]:
    """What a page tells of the way to the gateway and of the account."""
    yield ok("network", f"{_way(account)} in {seconds:.1f} s")
    yield ok("login", "accepted")
    yield ok("address", "allowed and not blocked")


def after_error(account: Account, error: GatewayError, next_try: str) -> Iterator[Finding]:
    """What an error tells; ``next_try`` says when the next call may be made."""
    if isinstance(error, Unreachable):
        yield problem("network", f"{_STEPS.get(type(error), 'no answer')}: {error}")
        yield skipped(TOPICS, "network")
        return
    yield ok("network", _way(account))
    topic, text = _verdict(error)
    waits = isinstance(error, RefusedLogin | AddressBlocked | OverLimit)
    yield problem(topic, f"{text}; next try from {next_try}" if waits else text)
    yield skipped(TOPICS, "network", topic)


def _verdict(error: GatewayError) -> tuple[str, str]:
    match error:
        case RefusedLogin():
            return "login", _REFUSED
        case AddressBlocked():
            return "address", _BLOCKED
        case TooManyAtOnce():
            return "limits", _AT_ONCE
        case OverLimit():
            return "limits", _OVER_LIMIT
        case UnreadableAnswer():
            return "decoding", str(error)
        case _:
            return "answer", str(error)


def _way(account: Account) -> str:
    url = urlsplit(account.api_url)
    secured = "over verified TLS" if url.scheme == "https" else "without encryption"
    return f"{url.hostname} answers {secured}"


def limits(account: Account, memory: Memory, left: Left, now: float) -> Finding:
    """Whether the budget is ours alone, as far as was seen."""
    allowed = limit_now(memory, account.budget.requests, now)
    if allowed < account.budget.requests and memory.learned_at is not None:
        when = span(now - memory.learned_at)
        return warning(
            "limits",
            f"{left}; {when} ago the gateway refused calls within the limit, so another program "
            f"spends some: the exporter keeps to {allowed} and tries for more little by little",
        )
    return ok("limits", f"{left}; no other program noticed")


def balance(account: Account, told: Balance) -> Finding:
    """What is left, and whether costs and balance are in one currency."""
    currency = told.currency or account.currency
    credit = "" if told.credit is None else f", with a credit of {told.credit:f}"
    left = f"{told.amount:f} {currency}{credit}"
    if currency == account.currency:
        return ok("balance", left)
    return warning(
        "balance",
        f"{left}, but costs are shown in {account.currency}: set the account's currency to "
        f"{currency}",
    )


def clock_difference(server: float | None, before: float, after: float) -> Finding:
    """Compare the gateway's ``Date`` (whole seconds) with our clock around the call."""
    if server is None:
        return warning("clock", "not checked: the gateway sent no date")
    ahead = _ahead(server, before, after)
    if abs(ahead) <= CLOCK_LIMIT:
        return ok("clock", "agrees with the gateway's")
    direction = "ahead of" if ahead > 0 else "behind"
    theirs = f"{datetime.fromtimestamp(server, UTC):%H:%M:%S}"
    return warning(
        "clock",
        f"{abs(ahead):.0f} s {direction} the gateway's ({theirs} UTC): ages, deadlines and the "
        "hour's budget are off by that; keep this machine's clock in step (NTP)",
    )


def _ahead(server: float, before: float, after: float) -> float:
    """Seconds that our clock is ahead at least, negative when behind; 0 when both can be right."""
    if server > after:
        return after - server
    return max(0.0, before - (server + 1))
