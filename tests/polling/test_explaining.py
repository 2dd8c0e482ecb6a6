"""A poller says what it decides, on the board and in the log."""

import asyncio
import json
import re
from collections import Counter
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from exporter.clock import utc
from exporter.commands.explain import explain
from exporter.commands.explained import as_json, as_text
from exporter.config import LedgerConfig
from exporter.ledger.outlook import Outlook
from exporter.ledger.snapshot import Total
from exporter.polling.decisions import WHY
from exporter.polling.display import KEPT_DECISIONS
from exporter.polling.planner import AccountView, Wait
from exporter.polling.valuing import ValuingPlanner
from exporter.simulation.clock import START
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.presets import LIVELY
from exporter.simulation.spec import Campaign, Emails
from exporter.simulation.visits import Call
from exporter.web.status import status_json
from tests.polling.conftest import Lines, Stages
from tests.polling.stage import Stage, account
from tests.polling.test_strain import EASY, OVER


HOUR = 3600.0
BUSY = msgspec.structs.replace(
    LIVELY,
    per_hour=3000,
    day_amplitude=0,
    scheduled_share=0,
    begins=START - HOUR,
    emails=Emails(per_hour=30),
)


def decisions(stage: Stage) -> list[Any]:
    """What the board shows of the only account's decisions, the newest first."""
    (shown,) = stage.last.accounts
    return list(shown.decisions)


def outlook(stage: Stage) -> Outlook:
    (shown,) = stage.last.accounts
    assert shown.outlook is not None
    return shown.outlook


def planned(lines: Lines) -> Lines:
    return [line for line in lines if line["event"] == "planned"]


def is_head_of_sms(call: Call) -> bool:
    asked = call.parameters
    return asked.keys().isdisjoint({"prev_id", "phone"}) and asked.get("format") != "8"


def test_the_last_decisions_are_shown(stages: Stages) -> None:
    """The newest first, no more than promised, the same wait once, and calls that were made."""
    stage = stages(BUSY, accounts=[account(channels=("sms", "email"))])
    stage.run(2 * HOUR)
    shown = decisions(stage)
    assert len(shown) == KEPT_DECISIONS
    times = [each["at"] for each in shown]
    assert times == sorted(times, reverse=True)
    for one, other in pairwise(shown):
        are_waits = one["action"] == other["action"] == "wait"
        assert not (are_waits and one["reason"] == other["reason"])
    asked = sum(each["action"] != "wait" for each in shown)
    assert 5 <= asked <= len(stage.calls())
    assert shown[0]["action"] == "wait"


def test_every_decision_is_a_line_at_debug(stages: Stages, lines: Lines) -> None:
    """Each call was planned in a line, with its reason, its price and what else was weighed."""
    stage = stages(BUSY)
    stage.run(2 * HOUR)
    said = planned(lines)
    assert {line["log_level"] for line in said} == {"debug"}
    calls = Counter(line["action"] for line in said if line["action"] != "wait")
    assert calls.total() == len(stage.calls())
    assert {"head", "lookup"} <= calls.keys()
    weighed = [line for line in said if line["action"] == "lookup"]
    for line in weighed:
        best = line["options"][0]
        assert best["kind"] == "lookup"
        assert best["worth_row_seconds"] >= line["price_row_seconds"] > 0


def test_no_number_is_told(stages: Stages, lines: Lines) -> None:
    """Lookups are about numbers: log, status and ``explain`` say how many, never which."""
    stage = stages(BUSY)
    stage.run(2 * HOUR)
    now = stage.clock.now()
    explained = explain(stage.config, stage.config.accounts[0], now)
    status = status_json(stage.last, now, version="1").decode()
    said = [json.dumps(planned(lines)), status, as_text(explained), as_json([explained])]
    assert all("numbers from 2023-11-" in text for text in said)
    runs = {run for text in said for run in re.findall(r"\d{7,}", text)}
    truth = stage.gateway.accounts["main"].world.truth(START - HOUR, now)
    numbers = {record.phone for record in truth if record.stream == "sms"}
    assert len(numbers) > 1000
    assert not [(number, run) for number in numbers for run in runs if number in run]


def test_every_reason_has_words(stages: Stages, lines: Lines) -> None:
    """Whatever a planner or the gateway's errors give as a reason is explained."""
    burst = Campaign(at=START + HOUR, duration=60, period=None, size=8000)
    world = msgspec.structs.replace(BUSY, campaigns=(burst,))
    faults = [
        Fault(kind=FaultKind.ERROR_9, start=START + 3 * HOUR, probability=0.3),
        Fault(kind=FaultKind.HTTP_502, start=START + 4 * HOUR),
    ]
    stage = stages(world, accounts=[account(channels=("sms", "email"))], faults=faults)
    stage.run(5 * HOUR)
    reasons = {line["reason"] for line in planned(lines)}
    assert {"first", "its turn", "price", "pending", "limited", "unreachable"} <= reasons
    assert reasons <= WHY.keys()


def test_a_pause_is_the_next_thing(stages: Stages) -> None:
    """A refused login shows how long nothing will be asked, once however often it is looked at."""
    stage = stages(BUSY, accounts=[account(password="wrong")])
    stage.run(0.4 * HOUR)
    newest, *rest = decisions(stage)
    assert (newest["action"], newest["reason"]) == ("wait", "refused")
    assert newest["until"] > newest["at"]
    waits = [each for each in rest if each["reason"] == "refused"]
    assert len(waits) == len(stage.calls()) - 1


def test_a_call_held_back_is_a_wait(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the ledger denies what was planned, the shown decision is what follows from that."""
    monkeypatch.setattr(ValuingPlanner, "_choose", _always_head)
    stage = stages(BUSY)
    stage.run(20)
    newest = decisions(stage)[0]
    assert (newest["action"], newest["reason"]) == ("wait", "identical")


def _always_head(planner: ValuingPlanner, view: AccountView) -> Any:
    ask = planner._beginning(
        msgspec.structs.replace(
            view,
            streams=tuple(
                msgspec.structs.replace(each, head_started=None) for each in view.streams
            ),
        )
    )
    return ask or Wait(until=view.now, reason="price"), 0.0, []


def test_the_outlook_is_that_of_the_world(stages: Stages) -> None:
    """Rate, saturation and pending messages are those of the traffic; the gauge follows."""
    stage = stages(BUSY, accounts=[account(channels=("sms", "email"))])
    stage.run(2 * HOUR)
    sms, email = outlook(stage).streams
    assert (sms.channel, email.channel) == ("sms", "email")
    assert sms.rate * HOUR == pytest.approx(3000, rel=0.25)
    assert email.rate * HOUR == pytest.approx(30, rel=0.7)
    heads = [call.time for call in stage.calls() if is_head_of_sms(call)]
    assert sms.head_at == pytest.approx(heads[-1], abs=0.1)
    assert sms.period < email.period
    assert sms.pending == sum(stage.stream("sms").pending.values()) > 0
    saturation = outlook(stage).saturation
    assert saturation is not None
    assert saturation == pytest.approx(3030 / 29_000, rel=0.3)


def test_nothing_is_said_of_saturation_before_anything_was_read(stages: Stages) -> None:
    """An account that was never read isn't shown as one with no traffic."""
    stage = stages(BUSY, faults=[Fault(kind=FaultKind.HTTP_502)])
    stage.run(HOUR)
    assert outlook(stage).saturation is None


def test_gaps_are_shown_as_the_ledger_has_them(stages: Stages) -> None:
    """A burst's gap has its times and about as many rows as were sent in it."""
    burst = Campaign(at=START + HOUR, duration=600, period=None, size=20_000)
    stage = stages(msgspec.structs.replace(BUSY, campaigns=(burst,)))
    stage.run(1.25 * HOUR)
    (stream,) = outlook(stage).streams
    gaps = [gap for gap in stream.gaps if gap.kind == "gap"]
    assert len(gaps) == stage.stream().gaps > 0
    assert sum(gap.seconds for gap in gaps) == stage.stream().gap_seconds
    for gap in gaps:
        assert START + HOUR - 300 < gap.lower < gap.upper < START + HOUR + 660


def test_overload_is_warned_of_and_over_when_it_is(stages: Stages, lines: Lines) -> None:
    """More than the calls can read is said once with its numbers, and once that it is over."""
    ends = START + HOUR
    world = msgspec.structs.replace(BUSY, per_hour=45_000, begins=START - 600, ends=ends)
    stage = stages(msgspec.structs.replace(world, emails=Emails()))
    seen: list[Outlook] = []

    async def look(stage: Stage) -> None:
        await asyncio.sleep(0.95 * HOUR)
        seen.extend(each.outlook for each in stage.snapshot.accounts if each.outlook)

    stage.run(2.5 * HOUR, meanwhile=look)
    assert seen[0].saturation == pytest.approx(45_000 / 29_000, rel=0.15)
    assert [line["event"] for line in lines if "saturation" in line] == [OVER, EASY]
    (warning,) = [line for line in lines if "missed_rows_per_hour" in line]
    missed = warning["rows_per_hour"] * (1 - 1 / warning["saturation"])
    assert warning["missed_rows_per_hour"] == pytest.approx(missed, rel=0.05)
    assert missed > 5000


def test_what_is_given_up_is_named(stages: Stages, lines: Lines) -> None:
    """Rows that can't be counted any more are warned of with the stretch they were sent in."""
    stage = stages(msgspec.structs.replace(BUSY, per_hour=6000, emails=Emails()))
    ledger = LedgerConfig(path=stage.path, retention=25 * HOUR)
    stage.config = stage.config.model_copy(update={"ledger": ledger, "deadlines": (300,)})
    stage.run(0.5 * HOUR)
    stage.clock.advance(29 * HOUR)
    stage.run(1.1 * HOUR)
    lost = [line for line in lines if line["event"] == "history given up, never read"]
    unread = stage.total(Total.UNREAD_SECONDS).total()
    assert sum(line["seconds"] for line in lost) == unread == pytest.approx(5 * HOUR, rel=0.03)
    first = lost[0]
    assert (first["log_level"], first["account"], first["channel"]) == ("warning", "main", "sms")
    assert first["stretches"] == 1
    assert utc(START + 0.4 * HOUR) < first["since"] < utc(START + 0.5 * HOUR)
    assert utc(START + 4.5 * HOUR) <= first["until"] < utc(START + 4.6 * HOUR)
