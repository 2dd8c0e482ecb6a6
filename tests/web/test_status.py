"""The state as JSON, at /api/v1/status."""

import json
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from exporter.gateway.request import HistoryRequest
from exporter.ledger.outlook import GapOutlook, Outlook, StreamOutlook
from exporter.ledger.snapshot import AccountState, BalanceState, Snapshot
from exporter.polling.decisions import WHY, Decision, Option
from exporter.web.status import status_json


OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def at(clock: str) -> float:
    return datetime.fromisoformat(f"2026-11-23T{clock}+00:00").timestamp()


NOW = at("12:30:00")
GAP = GapOutlook(kind="gap", lower=at("09:12:40"), upper=at("09:15:02"), rows=316.2)
STREAM = StreamOutlook(
    channel="sms",
    head_at=NOW - 61.2,
    rate=8012 / 3600,
    period=214.52,
    chain=1,
    pending=512,
    gaps=(GAP,),
)
LOOKUP = Option(
    channel="sms",
    kind="lookup",
    reason="pending",
    worth=31904.4,
    finals=57.31,
    detail="208 numbers from 2026-11-22 to 2026-11-23",
    request=HistoryRequest(),
)
WAIT = Decision(
    at=at("12:29:21"),
    action="wait",
    reason="price",
    until=at("12:31:12"),
    price=48210.1,
    options=(LOOKUP,),
)
BALANCE = BalanceState(
    amount=Decimal("1871.62"),
    currency="RUB",
    read_at=at("12:27:00"),
    cadence=600.0,
    poll_up=True,
    state="ok",
    next_poll=at("12:37:00"),
)
MAIN = AccountState(
    account="main",
    state="ok",
    budget_limit=29,
    permits_free_at=(NOW - 1, *(NOW + minute for minute in range(1, 28))),
    next_poll=WAIT.until,
    outlook=Outlook(saturation=0.2851, streams=(STREAM,)),
    decisions=(WAIT.plain(),),
    balance=BALANCE,
)


def shown(*accounts: AccountState, **facts: Any) -> Any:
    snapshot = Snapshot(accounts=accounts, **facts)
    return json.loads(status_json(snapshot, NOW, version="0.1.0"))


def test_the_example_in_the_documentation_is_what_is_served() -> None:
    """Whoever writes a program by the documentation reads the page as it is."""
    example = OPERATIONS.read_text(encoding="utf-8").partition("```json\n")[2].partition("```")[0]
    assert shown(MAIN) == json.loads(example)


def test_every_reason_is_documented() -> None:
    """A reason that is met on the page is found in the table, and none that is gone."""
    table = OPERATIONS.read_text(encoding="utf-8").partition("Reasons of calls and waits:")[2]
    cells = re.findall(r"^\| (`.*?`) \|", table.partition("\n## ")[0], re.MULTILINE)
    assert {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)} == WHY.keys()


def test_what_is_not_known_is_null() -> None:
    """Before the first turn nothing looks like a number."""
    (account,) = shown(AccountState(account="fresh"))["accounts"]
    assert account == {
        "account": "fresh",
        "state": "starting",
        "detail": None,
        "budget": None,
        "balance": None,
        "saturation_ratio": None,
        "next": None,
        "streams": [],
        "decisions": [],
    }


def test_a_balance_that_was_never_told_is_null() -> None:
    """Nobody takes an unknown balance for an empty account; an old one says that it is old."""
    asked = AccountState(account="fresh", balance=BalanceState(cadence=600.0))
    unknown = {"amount", "credit", "currency", "age_seconds", "detail", "next"}
    (account,) = shown(asked)["accounts"]
    assert account["balance"] == {**dict.fromkeys(unknown), "stale": True, "state": "starting"}
    old = msgspec.structs.replace(BALANCE, read_at=NOW - 3601, credit=Decimal("1E+3"))
    (account,) = shown(msgspec.structs.replace(MAIN, balance=old))["accounts"]
    assert account["balance"]["stale"] is True
    assert account["balance"]["credit"] == "1000"


def test_a_stream_that_was_never_read_has_no_age() -> None:
    """The time since a head page is not the time since 1970."""
    stream = msgspec.structs.replace(STREAM, head_at=None)
    unread = msgspec.structs.replace(MAIN, outlook=Outlook(saturation=None, streams=(stream,)))
    (account,) = shown(unread)["accounts"]
    assert account["streams"][0]["head_page_age_seconds"] is None
    assert account["saturation_ratio"] is None


def test_nothing_is_next_while_the_ledger_is_away() -> None:
    """An old decision is no promise when polling cannot go on; it stays among the last."""
    stuck = msgspec.structs.replace(MAIN, state="ledger", detail="ledger is full", next_poll=None)
    page = shown(stuck, ledger_up=False)
    assert page["ledger_up"] is False
    (account,) = page["accounts"]
    assert (account["state"], account["detail"]) == ("ledger", "ledger is full")
    assert account["next"] is None
    assert len(account["decisions"]) == 1


async def test_the_page_is_served_as_json(ask: Any, world: Any) -> None:
    """GET gives the present state, to be kept by nobody on the way; POST is refused."""
    world.current = msgspec.structs.replace(world.current, accounts=(MAIN,))
    world.time = NOW
    answer = await ask("GET", "/api/v1/status")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == shown(MAIN) | {"version": "1.2.3"}
    assert (await ask("POST", "/api/v1/status")).status_code == 405


@pytest.mark.parametrize("accept", ["application/json", "application/json; q=1"])
async def test_programs_get_json_from_the_page_for_people(ask: Any, accept: str) -> None:
    """Who asks for JSON and nothing else gets it at either address; a browser gets the page."""
    answer = await ask("GET", "/status", headers={"Accept": accept})
    assert answer.content == (await ask("GET", "/api/v1/status")).content
    for browser in ("text/html,application/json;q=0.9", "*/*", ""):
        answer = await ask("GET", "/status", headers={"Accept": browser})
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["vary"] == "Accept"
