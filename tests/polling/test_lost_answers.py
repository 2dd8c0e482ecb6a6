"""Answers that are lost may have been refusals: the address stays open, right accounts return."""

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from exporter.simulation.clock import START
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.presets import QUIET
from exporter.simulation.transport import GatewayTransport
from tests.polling.conftest import Stages
from tests.polling.stage import Stage, account


MINUTE = 60.0
HOUR = 3600.0
WORLD = msgspec.structs.replace(QUIET, per_hour=3, history_span=12 * HOUR, begins=START - 12 * HOUR)
RETURN = 15 * 1.2
"""Minutes of the longest pause after faults on the way."""
LOSSES = (FaultKind.TIMEOUT, FaultKind.RESET, FaultKind.CUT, FaultKind.HTTP_502)
"""Faults that hide what the gateway thought of the log-in."""


def refusals(stage: Stage) -> list[float]:
    """Minutes since the start at which the gateway refused a log-in."""
    return [(call.time - START) / MINUTE for call in stage.calls() if call.refusal == "login"]


def calls(stage: Stage, login: str) -> list[float]:
    """The same for calls let in."""
    return [(call.time - START) / MINUTE for call in stage.calls(login)]


def worst_half_hour(moments: list[float]) -> int:
    return max(sum(at - 30 < other <= at for other in moments) for at in moments)


@pytest.mark.parametrize("kind", LOSSES)
def test_refusals_nobody_hears_never_block_the_address(stages: Stages, kind: FaultKind) -> None:
    """Wrong accounts whose refusals get lost stay below the five that block, through restarts."""
    accounts = [account(f"wrong{number}", password="wrong") for number in range(3)]
    lost = Fault(kind=kind, probability=0.8, seconds=600)
    stage = stages(WORLD, WORLD, WORLD, accounts=accounts, faults=[lost])
    for life in range(8):
        stage.run(20 * MINUTE, crash=life % 2 == 0, in_a_call=life % 3 == 0)
    assert len(refusals(stage)) > 6
    assert worst_half_hour(refusals(stage)) < 5
    assert set(stage.gateway.refusals) == {"login"}


def test_accounts_that_have_worked_are_not_held_up(stages: Stages) -> None:
    """After hours without an answer each is polled again as soon as its own pause is over."""
    begin, late, end = 10, 75, 150
    outage = Fault(kind=FaultKind.RESET, start=START + begin * MINUTE, end=START + end * MINUTE)
    accounts = [account("wrong", password="no"), *(account(f"right{n}") for n in range(4))]
    stage = stages(*[WORLD] * 5, accounts=accounts, faults=[outage])
    for _ in range(2):
        stage.run(90 * MINUTE)
    for right in accounts[1:]:
        moments = calls(stage, right.name)
        assert sum(late < at < end for at in moments) > (end - late) / RETURN - 1
        assert min(at for at in moments if at > end) < end + RETURN
        assert stage.state(right.name) == "ok"
    assert worst_half_hour(refusals(stage)) < 5


def test_a_first_start_without_answers_takes_half_an_hour_more_at_most(stages: Stages) -> None:
    """Accounts never accepted are held up by lost answers, and not for long."""
    outage = Fault(kind=FaultKind.RESET, end=START + 20 * MINUTE)
    accounts = [account(f"right{number}") for number in range(5)]
    stage = stages(*[WORLD] * 5, accounts=accounts, faults=[outage])
    stage.run(HOUR)
    assert all(stage.state(each.name) == "ok" for each in accounts)
    for each in accounts:
        assert min(at for at in calls(stage, each.name) if at > 20) < 31.6


def test_a_network_that_is_down_holds_nobody_up(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that found no way to the gateway were no log-ins, so accounts just go on trying."""
    accounts = [account(f"right{number}") for number in range(5)]
    stage = stages(*[WORLD] * 5, accounts=accounts)
    tried = cut_off(stage, monkeypatch, until=2 * HOUR)
    stage.run(2.5 * HOUR)
    assert len(tried) > 5 * 8
    for each in accounts:
        assert stage.state(each.name) == "ok"
        assert calls(stage, each.name)[0] < 120 + RETURN + 1


def cut_off(stage: Stage, monkeypatch: pytest.MonkeyPatch, *, until: float) -> list[float]:
    """No connection till then; gives the growing list of moments at which one was tried."""
    tried: list[float] = []
    connect: Callable[..., Any] = GatewayTransport.handle_async_request

    async def handle(self: GatewayTransport, request: httpx.Request) -> Any:
        if stage.now < until:
            tried.append(stage.now)
            raise httpx.ConnectError("no route", request=request)
        return await connect(self, request)

    monkeypatch.setattr(GatewayTransport, "handle_async_request", handle)
    return tried
