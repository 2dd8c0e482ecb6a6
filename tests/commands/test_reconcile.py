"""`smsc-exporter reconcile`: the ledger against a served gateway."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, update

from exporter import wiring
from exporter.gateway.answers import decode
from exporter.gateway.request import HistoryRequest
from exporter.ledger.ledger import Ledger
from exporter.ledger.permits import Limits
from exporter.ledger.records import Outcome
from exporter.ledger.schema import message
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.record import Record
from exporter.simulation.render import row_of, rows_text
from tests.commands.conftest import LOGIN, Ran, Served, Shell


MOSCOW = ZoneInfo("Europe/Moscow")
LIMITS = Limits(
    requests=1000,
    window=1.0,
    identical=1000,
    identical_window=1.0,
    concurrency=2,
    call_timeout=1.0,
)
AGO = 7200.0
"""Seconds since the exporter's first start."""


@pytest.fixture
def ledger(shell: Shell, served: Served) -> Iterator[Ledger]:
    """An exporter's ledger that has read everything of the last hours."""
    config = shell.config()
    ledger = wiring.ledger(config, owner=True)
    ledger.open(wiring.specs(config), time.time() - AGO)
    world, now = served.gateway.accounts[LOGIN].world, served.gateway.clock.now()
    rows = [row_of(world, record, now) for record in served.history(cnt=1000)]
    request, at = HistoryRequest(), now
    permit_id = ledger.spend("default", "head", request, LIMITS, at, mark=1)
    assert isinstance(permit_id, int)
    ledger.apply(
        *("default", "sms", request, decode(rows_text(rows, 3).encode())),
        started=at,
        permit_id=permit_id,
        limits=LIMITS,
        outcome=Outcome(finished_at=at, duration=0.0, result="ok"),
    )
    yield ledger
    ledger.close()


@pytest.fixture
def sent(served: Served) -> list[Record]:
    """Messages of today that are counted, the newest first."""
    since = max(served.gateway.clock.now() - AGO + 1, _midnight(served))
    found = served.history(cnt=1000, since=since, until=served.gateway.clock.now() - 180)
    if len(found) < 3:
        pytest.skip("a day has hardly begun")
    return found


def _midnight(served: Served) -> float:
    now = datetime.fromtimestamp(served.gateway.clock.now(), MOSCOW)
    return now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def tell(ledger: Ledger, record: Record, **known: object) -> None:
    """Let the ledger know something else of a message."""
    mine = message.c.int_id == f"{record.int_id}"
    with ledger.store.transaction() as connection:
        connection.execute(update(message).where(mine).values(**known))


def reconcile(shell: Shell, *more: str) -> Ran:
    return shell.run("reconcile", "--day", "today", *more)


def streams(result: Ran) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.out)["streams"]
    return found


def test_the_same_is_said_to_be_the_same(
    shell: Shell, served: Served, ledger: Ledger, sent: list[Record]
) -> None:
    """Exit status 0, both sides in columns, and the gateway's own sum of the day."""
    result = reconcile(shell)
    assert result.status == 0, result.out + result.err
    [counted] = [line.split() for line in result.out.splitlines() if line.startswith("messages")]
    assert counted[1] == counted[2]
    assert len(sent) <= int(counted[1]) <= len(sent) + 10
    assert "\nthe same\n" in result.out
    assert "get_stat: " in result.out
    today = served.history(cnt=10**6, since=_midnight(served))
    mails = served.history(cnt=10**6, since=_midnight(served), stream="email")
    assert f"get_stat: {len(today) + len(mails)} messages or parts" in result.out
    assert set(shell.permits()) == {"head", "backfill", "lookup"}


def test_differences_are_told_by_kind(shell: Shell, ledger: Ledger, sent: list[Record]) -> None:
    """A lost message, another status and another cost, each with its id, and exit status 1."""
    with ledger.store.transaction() as connection:
        connection.execute(delete(message).where(message.c.int_id == f"{sent[0].int_id}"))
    tell(ledger, sent[1], status=23)
    tell(ledger, sent[2], cost="99.5")
    result = reconcile(shell)
    assert result.status == 1
    assert f"1 message: not in the ledger (int_id {sent[0].int_id})\n" in result.out
    assert f"read it since (int_id {sent[1].int_id})\n" in result.out
    assert f"1 message: another cost (int_id {sent[2].int_id})\n" in result.out
    assert "\ndifferent\n" in result.out
    found = reconcile(shell, "--json")
    assert found.status == 1
    [stream] = streams(found)
    assert {kind: len(ids) for kind, ids in stream["differences"].items()} == {
        "unseen": 1,
        "status": 1,
        "cost": 1,
    }
    assert stream["history"]["messages"] == stream["ledger"]["messages"] + 1


def test_nothing_is_changed_by_looking(shell: Shell, ledger: Ledger, sent: list[Record]) -> None:
    """Totals and what is known of messages stay as they are."""
    before = ledger.snapshot()
    tell(ledger, sent[1], status=23)
    reconcile(shell)
    assert ledger.snapshot().totals == before.totals
    assert reconcile(shell).status == 1


def test_no_answer_is_no_verdict(shell: Shell, served: Served, ledger: Ledger) -> None:
    """Exit status 2 when the gateway refuses; nobody must take that for the same."""
    served.gateway.faults.add(Fault(kind=FaultKind.ERROR_2))
    result = reconcile(shell)
    assert (result.status, result.out) == (2, "")
    assert "login refused" in result.err


def test_statistics_may_be_missing(
    shell: Shell, ledger: Ledger, sent: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where get_stat does not answer, the rest is told all the same."""
    monkeypatch.setattr("exporter.simulation.gateway.statistics", _broken)
    result = reconcile(shell)
    assert result.status == 0
    assert "get_stat: the gateway answered: wrong parameters" in result.out


def _broken(*_: object) -> None:
    from exporter.simulation.parameters import ParameterError

    raise ParameterError("get_stat")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--day", "2030-01-01"], "--day must not be later than today"),
        (["--day", "2020-01-01"], "the gateway keeps half a year"),
        (["--day", "someday"], "--day must be today, yesterday"),
        (["--day", "today"], "there is no ledger at"),
    ],
)
def test_what_can_not_be_compared_is_told(shell: Shell, words: list[str], problem: str) -> None:
    """Exit status 2 and one sentence, without a call and without a new ledger."""
    result = shell.run("reconcile", *words)
    assert result.status == 2
    assert problem in result.err
    assert not shell.ledger.exists()


def test_days_before_counting_are_told(shell: Shell, ledger: Ledger) -> None:
    """They are in no total, so there is nothing to compare."""
    result = shell.run("reconcile", "--day", f"{datetime.now(MOSCOW).date().replace(day=1)}")
    if datetime.now(MOSCOW).day < 3:
        pytest.skip("the first of the month is too near")
    assert result.status == 2
    assert "sms: the day was over before counting began" in result.err
    assert shell.permits() == ["head"]
