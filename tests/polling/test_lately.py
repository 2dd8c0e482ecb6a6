"""What an account's poller shows of the last hours."""

from collections import Counter
from pathlib import Path
from random import Random

import msgspec
import pytest

from exporter import logs
from exporter.ledger.snapshot import AccountState, Total
from exporter.polling import display
from exporter.polling.board import Board
from exporter.secrets import Secret
from exporter.simulation.clock import START
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.presets import QUIET
from tests.polling.conftest import Stages
from tests.polling.stage import Stage, account


MINUTE = 60.0
HOUR = 3600.0
WORLD = msgspec.structs.replace(QUIET, per_hour=60, history_span=6 * HOUR, begins=START - 6 * HOUR)


def shown(stage: Stage) -> AccountState:
    (found,) = stage.last.accounts
    return found


def learnt(stage: Stage) -> Counter[str]:
    """Outcomes that are shown, all spans together."""
    counted: Counter[str] = Counter()
    for span in shown(stage).outcomes:
        assert {channel for channel, _ in span.counts} <= {"sms"}
        counted.update({outcome: n for (_, outcome), n in span.counts.items()})
    return counted


def matured(stage: Stage) -> Counter[str]:
    """What the totals say of the first deadline."""
    totals = stage.total(Total.MATURED, 5, 6)
    return Counter({outcome: n for (deadline, outcome), n in totals.items() if deadline == "5m"})


def test_outcomes_and_calls_are_those_of_the_totals(stages: Stages) -> None:
    """Within six hours everything that matured is shown, and each call that still counts."""
    stage = stages(WORLD, accounts=[account()])
    stage.run(3 * HOUR)
    assert learnt(stage) == matured(stage)
    assert learnt(stage)["delivered"] > 50
    assert shown(stage).watched_since == pytest.approx(START, abs=1)
    calls = [call for call in shown(stage).calls if call.at > stage.clock.now() - HOUR + MINUTE]
    seen = [c for c in stage.calls() if c.time > stage.clock.now() - HOUR + MINUTE]
    assert abs(len(calls) - len(seen)) <= 1
    assert {call.kind for call in calls} <= {"head", "window", "lookup", "backfill"}
    assert {call.result for call in calls} == {"ok"}


def test_what_was_noted_outlives_a_reload(stages: Stages) -> None:
    """Another configuration in the same process goes on with what is shown; a restart does not."""
    stage = stages(WORLD, accounts=[account()])
    stage.board = Board()
    stage.run(HOUR)
    before = learnt(stage)
    stage.use(account(lookback=HOUR))
    stage.run(HOUR)
    assert shown(stage).watched_since == pytest.approx(START, abs=1)
    assert learnt(stage) == matured(stage)
    assert sum(learnt(stage).values()) > sum(before.values())
    stage.board = None
    stage.run(HOUR)
    assert shown(stage).watched_since == pytest.approx(START + 2 * HOUR, abs=1)
    assert sum(learnt(stage).values()) < sum(matured(stage).values())


def test_errors_are_shown_after_they_are_over(stages: Stages) -> None:
    """Each kind once, with how often and when it came; the calls they cost are told as well."""
    stage = stages(WORLD, accounts=[account()])
    for kind, start in ((FaultKind.HTML, 10), (FaultKind.TIMEOUT, 30)):
        since = START + start * MINUTE
        stage.gateway.faults.add(Fault(kind=kind, start=since, end=since + 10 * MINUTE))
    stage.run(80 * MINUTE)
    assert stage.state() == "ok"
    kinds = [trouble.kind for trouble in shown(stage).troubles]
    assert kinds == ["timeout", "html"]
    for trouble, start in zip(shown(stage).troubles, (30, 10), strict=True):
        assert trouble.source == "sms"
        assert trouble.times > 1
        assert START + start * MINUTE <= trouble.first < trouble.last
        assert trouble.last < START + (start + 12) * MINUTE
    results = Counter(call.result for call in shown(stage).calls)
    timeouts, pages = (trouble.times for trouble in shown(stage).troubles)
    assert results["timeout"] + results["http_error"] + results["api_error"] <= timeouts + pages
    assert results["timeout"] == timeouts


def test_a_fault_of_ours_is_shown(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in the log with its stack is named on the page, without it."""
    stage = stages(WORLD, accounts=[account()])
    monkeypatch.setattr("exporter.polling.poller.Poller.turn", None)
    stage.run(MINUTE)
    (trouble,) = shown(stage).troubles
    assert (trouble.source, trouble.text) == ("exporter", display.FAULT)
    assert trouble.times > 1


def test_a_ledger_that_is_away_is_shown(stages: Stages, folder: Path) -> None:
    """Its error stands among the last ones, counted, not once for each second of it."""
    stage = stages(WORLD, accounts=[account()])
    stage.path.write_bytes(Random(1).randbytes(9999))
    stage.run(MINUTE)
    (trouble,) = shown(stage).troubles
    assert (trouble.source, trouble.kind) == ("ledger", "ledger")
    assert trouble.times > 10
    assert shown(stage).detail == trouble.text


def test_secrets_are_kept_out_of_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may not be logged may not be shown either."""
    monkeypatch.setattr(logs, "_REDACTOR", logs.Redactor())
    board = Board()
    logs.redact([Secret("CANARY-9f3")])
    board.trouble("main", "sms", "http", "at https://x/?psw=CANARY-9f3", START)
    (trouble,) = board.snapshot().accounts[0].troubles
    assert trouble.text == "at https://x/?psw=<secret>"


def test_an_error_of_a_balance_call_is_shown(stages: Stages) -> None:
    """It stands among the others, under its own name."""
    stage = stages(WORLD, accounts=[account()], balances=True)
    stage.gateway.faults.add(Fault(kind=FaultKind.HTML, endpoint="balance"))
    stage.run(10 * MINUTE)
    (trouble,) = shown(stage).troubles
    assert (trouble.source, trouble.kind) == ("balance", "html")
    assert stage.state() == "ok"
