"""`smsc-exporter explain`: what would be asked next, told without asking."""

import json
import re
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from exporter import wiring
from exporter.commands.explained import Explained, as_json, as_text
from exporter.config import Account, Credentials, Secret
from exporter.gateway.message import Message, Personal
from exporter.gateway.request import HistoryRequest
from exporter.ledger.accounts import Memory
from exporter.ledger.ledger import Ledger
from exporter.ledger.outlook import GapOutlook, Outlook, StreamOutlook
from exporter.ledger.records import Outcome
from exporter.ledger.schema import account as account_table
from exporter.ledger.schema import metadata, stream
from exporter.polling.decisions import Decision, Option, held
from exporter.polling.planner import AccountView
from tests.commands.conftest import Served, Shell
from tests.commands.test_beside import LIMITS, SPENT_AT, running
from tests.ledger.desk import page, row


COMMANDS = Path(__file__).resolve().parents[2] / "docs" / "commands.md"


def at(clock: str) -> float:
    return datetime.fromisoformat(f"2026-11-23T{clock}+00:00").timestamp()


def option(kind: str, reason: str, worth: float, finals: float, detail: str) -> Option:
    return Option(
        channel="sms",
        kind=kind,
        reason=reason,
        worth=worth,
        finals=finals,
        detail=detail,
        request=HistoryRequest(),
    )


NOW = at("12:30:00")
EXPLAINED = Explained(
    account=Account(name="default", credentials=Credentials(apikey=Secret("k"))),
    memory=Memory(state="ok"),
    view=AccountView(
        now=NOW,
        streams=(),
        limit=29,
        window=3600.0,
        free_at=tuple(NOW + minute for minute in range(1, 28)),
        last_call=None,
    ),
    decision=Decision(
        at=NOW,
        action="wait",
        reason="price",
        until=at("12:31:12"),
        price=48210.1,
        options=(
            option(
                "lookup", "pending", 31904.4, 57.31, "208 numbers from 2026-11-22 to 2026-11-23"
            ),
            option("window", "gap", 21730.0, 12.4, "about 316 rows"),
        ),
    ),
    outlook=Outlook(
        saturation=0.2851,
        streams=(
            StreamOutlook(
                channel="sms",
                head_at=NOW - 61.2,
                rate=8012 / 3600,
                period=214.5,
                chain=1,
                pending=512,
                gaps=(
                    GapOutlook(kind="gap", lower=at("09:12:40"), upper=at("09:15:02"), rows=316.2),
                ),
            ),
        ),
    ),
)


def test_the_example_in_the_documentation_is_what_is_printed() -> None:
    """The page shows what a person sees, to the letter."""
    section = COMMANDS.read_text(encoding="utf-8").partition("\n## explain\n")[2]
    example = section.partition("\n\n```\n")[2].partition("```")[0]
    assert as_text(EXPLAINED) == example


def test_json_is_what_a_running_exporter_shows() -> None:
    """One program reads both: accounts as on /status."""
    (account,) = json.loads(as_json([EXPLAINED]))
    assert account["next"]["until"] == "2026-11-23T12:31:12Z"
    assert account["budget"] == {"limit": 29, "used": 27, "remaining": 2}
    assert account["streams"][0]["gaps"][0]["estimated_rows"] == 316
    assert [each["kind"] for each in account["decisions"][0]["options"]] == ["lookup", "window"]


def test_a_pause_is_told_with_its_state() -> None:
    """Nothing to weigh, no share of the calls where nothing was read, and why it is so."""
    paused = Explained(
        account=EXPLAINED.account,
        memory=Memory(state="refused", detail="login refused (code 2)"),
        view=EXPLAINED.view,
        decision=held(NOW, NOW + 90, "refused"),
        outlook=Outlook(saturation=None, streams=()),
    )
    assert as_text(paused) == (
        "account default: refused\n"
        "  login refused (code 2)\n"
        "history calls: 2 of 29 left this hour\n"
        "next: wait until 15:31:30 MSK (in 1m 30s): the login was refused\n"
        "no other call would show anything\n"
    )


NUMBERS = [f"7916{number:07d}" for number in range(20)]
ROWS = [
    row(place, int(SPENT_AT) - 60 * place, phone=Personal(number))
    for place, number in enumerate(NUMBERS, 1)
]
"""Pending messages."""


def apply_rows(ledger: Ledger, rows: Sequence[Message]) -> None:
    request = HistoryRequest()
    permit_id = ledger.spend("default", "head", request, LIMITS, SPENT_AT, mark=1)
    assert isinstance(permit_id, int)
    ledger.apply(
        *("default", "sms", request, page(rows)),
        started=SPENT_AT,
        permit_id=permit_id,
        limits=LIMITS,
        outcome=Outcome(finished_at=SPENT_AT + 1, duration=1.0, result="ok"),
    )


@pytest.fixture
def ledger(shell: Shell) -> Iterator[Ledger]:
    """A ledger with a page in it, open as the exporter has it."""
    config = shell.config()
    ledger = wiring.ledger(config, owner=True)
    ledger.open(wiring.specs(config), SPENT_AT - 10)
    apply_rows(ledger, ROWS)
    yield ledger
    ledger.close()


def contents(ledger: Ledger) -> dict[str, list[Any]]:
    """Every row of every table."""
    with ledger.store.transaction() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table))]
            for table in metadata.sorted_tables
        }


def test_explaining_leaves_no_trace(ledger: Ledger, shell: Shell, served: Served) -> None:
    """Beside an exporter that owns the ledger nothing is asked, spent or written."""
    before = contents(ledger)
    ran = shell.run("explain")
    assert (ran.status, ran.err) == (0, "")
    assert re.match(r"account default: \w+\nhistory calls: 28 of 29 left this hour\n", ran.out)
    # How old the page is depends on the machine: the next one may be due.
    following = r"^next: (wait until \d\d:\d\d:\d\d MSK \(in |ask for the newest page)"
    assert re.search(following, ran.out, re.MULTILINE)
    assert re.search(r"^sms +[\dms ]+ ago +\S+( \d+s)? +1 +\d+ +\d+$", ran.out, re.MULTILINE)
    assert contents(ledger) == before
    assert not served.gateway.calls


def test_no_number_is_told(ledger: Ledger, shell: Shell) -> None:
    """Pending messages are counted and their numbers stay in the ledger."""
    assert {row[-1] for row in contents(ledger)["pending_phone"]} == set(NUMBERS)
    told = shell.run("explain", "--json").out
    (account,) = json.loads(told)
    assert account["streams"][0]["pending"] == len(NUMBERS)
    told += shell.run("explain").out
    assert not [number for number in NUMBERS if number in told]


def test_an_account_that_was_never_read(ledger: Ledger, shell: Shell) -> None:
    """What is not in the ledger would be read first, and is not begun by looking."""
    flag = shell.configured({"name": "other"}, {"name": "default", "channels": ["sms", "email"]})
    other, default = json.loads(shell.run("explain", flag, "--json").out)
    for account, channel in ((other, "sms"), (default, "email")):
        assert account["next"]["action"] == "head"
        assert (account["next"]["channel"], account["next"]["reason"]) == (channel, "first")
        assert account["saturation_ratio"] is None
    with ledger.store.transaction() as connection:
        counts = [
            connection.scalar(select(func.count()).select_from(table))
            for table in (account_table, stream)
        ]
    assert counts == [1, 1]


def test_one_account_of_several(ledger: Ledger, shell: Shell) -> None:
    """--account picks one; a name that isn't configured is a usage error."""
    flag = shell.configured({"name": "one"}, {"name": "two"})
    assert shell.run("explain", flag).out.count("history calls: ") == 2
    assert shell.run("explain", flag, "--account", "two").out.startswith("account two: starting\n")
    wrong = shell.run("explain", flag, "--account", "three")
    assert (wrong.status, wrong.out) == (2, "")
    assert wrong.err.splitlines()[-1] == (
        "error: --account names no account of the configuration; there is: one, two"
    )


def test_without_a_ledger_none_is_made(shell: Shell) -> None:
    """Looking at nothing says so, and is no first start."""
    ran = shell.run("explain")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith(f"error: there is no ledger at {shell.ledger}: ")
    assert not list(shell.folder.iterdir())


def test_a_damaged_ledger(shell: Shell) -> None:
    """What is no ledger is one line on standard error."""
    shell.ledger.write_bytes(b"no ledger at all" * 1000)
    ran = shell.run("explain")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == (
        f"error: ledger {shell.ledger} is not a ledger; restore a copy or move the file away\n"
    )


def test_a_refusal_is_about_the_credentials_it_was_for(ledger: Ledger, shell: Shell) -> None:
    """With other credentials the pause is void, here as in the exporter."""
    config = shell.config()
    mark = wiring.mark(config.accounts[0], ledger.salt)
    refused = Memory(
        state="refused", detail="no", not_before=time.time() + 500, credentials_mark=mark
    )
    ledger.remember("default", refused)
    assert "the login was refused" in shell.run("explain").out
    assert "the login was refused" not in shell.run("explain", SMSC_PASSWORD="another").out
    assert ledger.recall("default") == refused


def test_beside_a_live_process(shell: Shell, served: Served) -> None:
    """A running exporter is not disturbed."""
    with running(shell) as exporter:
        calls = len(served.gateway.calls)
        ran = shell.run("explain", "--json")
        assert exporter.poll() is None
    (account,) = json.loads(ran.out)
    assert account["state"] == "ok"
    assert account["budget"]["used"] == calls
