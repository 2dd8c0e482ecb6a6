"""Accounts in trouble with the gateway: they hold back, recover, and hurt nobody else."""

import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import msgspec
import pytest

from exporter.config import Account, Credentials, Secret
from exporter.ledger.snapshot import Total
from exporter.simulation.clock import START
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.presets import QUIET
from exporter.simulation.transport import GatewayTransport
from tests.polling.conftest import Lines, Stages
from tests.polling.stage import PASSWORD, Stage, account


MINUTE = 60.0
HOUR = 3600.0
WORLD = msgspec.structs.replace(QUIET, per_hour=3, history_span=12 * HOUR, begins=START - 12 * HOUR)


def moments(stage: Stage, login: str = "main") -> list[float]:
    """Minutes since the start at which calls came."""
    return [(call.time - START) / MINUTE for call in stage.calls(login)]


def pauses(stage: Stage, login: str = "main") -> list[float]:
    """Minutes between calls."""
    return [later - earlier for earlier, later in pairwise(moments(stage, login))]


def limit(stage: Stage) -> int:
    return next(a.budget_limit for a in stage.snapshot.accounts)


def someone_else(every: float, until: float) -> Callable[[Stage], Any]:
    """Another program that asks the same account for its history at a fixed pace."""

    async def spend(stage: Stage) -> None:
        form = {"login": "main", "psw": PASSWORD, "get_messages": "1", "fmt": "3", "cnt": "1"}
        async with httpx.AsyncClient(transport=GatewayTransport(stage.gateway)) as client:
            while stage.now < until:
                await client.post("http://gateway/sys/get.php", data=form)
                await asyncio.sleep(every)

    return spend


def ours(stage: Stage) -> list[Any]:
    return [call for call in stage.calls() if call.parameters["cnt"] == "1000"]


def test_the_budget_shrinks_while_somebody_else_spends(stages: Stages) -> None:
    """Error 9 lowers the limit to what is left; it recovers, over a restart too, step by step."""
    stage = stages(WORLD)
    stage.run(8 * HOUR, meanwhile=someone_else(300, 7.9 * HOUR))
    refused = [call for call in ours(stage) if call.refusal]
    late = [call for call in refused if call.time > START + 4 * HOUR]
    shrunk = limit(stage)
    assert refused
    assert len(late) <= 8
    assert shrunk <= 22
    assert stage.total(Total.API_ERRORS, 2)["9",] == len(refused)
    stage.run(60)
    assert limit(stage) == shrunk
    stage.run(2 * HOUR)
    assert shrunk + 5 <= limit(stage) <= shrunk + 7
    stage.run(3 * HOUR)
    assert limit(stage) == 29
    assert all(call.time < START + 9.5 * HOUR for call in ours(stage) if call.refusal)


def test_an_overspent_hour_is_waited_out_in_growing_pauses(stages: Stages) -> None:
    """Each refusal in a row doubles the pause, and calls get fewer; restarts change nothing."""
    stage = stages(WORLD, faults=[Fault(kind=FaultKind.ERROR_9, end=START + 2 * HOUR)])
    for _ in range(30):
        stage.run(4 * MINUTE)
    assert pauses(stage)[:3] == pytest.approx([1, 2, 4], abs=0.2)
    assert min(pauses(stage)[3:]) > 8


def test_too_many_at_once_teaches_nothing_about_the_hour(stages: Stages) -> None:
    """Concurrent calls of others make us wait, not poll less often for hours."""
    stage = stages(WORLD, faults=[Fault(kind=FaultKind.TOO_MANY_AT_ONCE, end=START + 10 * MINUTE)])
    stage.run(HOUR)
    assert pauses(stage)[:4] == pytest.approx([1, 2, 4, 8], abs=0.2)
    assert limit(stage) == 29
    assert stage.state() == "ok"


def test_a_refused_login_stops_at_once(stages: Stages) -> None:
    """Wrong credentials are tried after 10, then every 30 minutes, restarts included."""
    stage = stages(WORLD, accounts=[account(password="wrong")])
    for _ in range(40):
        stage.run(5 * MINUTE)
    tried = [(call.time - START) / MINUTE for call in stage.calls()]
    assert tried == pytest.approx([0, 10, 40, 70, 100, 130, 160, 190], abs=0.3)
    assert stage.gateway.refusals == {"login": len(tried)}
    assert stage.state() == "refused"


def test_new_credentials_are_tried_at_once(stages: Stages) -> None:
    """Whoever cures the password doesn't wait for half an hour."""
    stage = stages(WORLD, accounts=[account(password="wrong")])
    stage.run(15 * MINUTE)
    assert stage.state() == "refused"
    stage.use(account())
    stage.run(MINUTE)
    assert stage.state() == "ok"
    assert stage.stream().synced


def worst_half_hour(stage: Stage) -> int:
    failed = [call.time for call in stage.calls() if call.refusal == "login"]
    return max(sum(at - 30 * MINUTE < other <= at for other in failed) for at in failed)


def wrong_accounts(count: int) -> list[Account]:
    return [account(f"wrong{number}", password="wrong") for number in range(count)]


def test_many_wrong_accounts_never_block_the_address(stages: Stages) -> None:
    """All accounts together stay below the failures that block everyone behind the address."""
    accounts = [account("right"), *wrong_accounts(6)]
    stage = stages(*[WORLD] * 7, accounts=accounts)
    for life in range(8):
        stage.run(30 * MINUTE, crash=life % 2 == 0, in_a_call=life % 3 == 0)
    assert worst_half_hour(stage) < 5
    assert "blocked" not in stage.gateway.refusals
    assert len(stage.calls("right")) > 0.9 * 29 * 4
    assert max(pauses(stage, "right")) < 3 * 60 / 29
    assert stage.state("right") == "ok"
    assert all(stage.state(each.name) in ("refused", "starting") for each in accounts[1:])


def test_wrong_accounts_do_not_keep_a_right_one_from_coming_back(stages: Stages) -> None:
    """After an outage, a healthy account isn't kept waiting by those whose password is wrong."""
    outage = Fault(kind=FaultKind.HTTP_503, login="right", start=START + HOUR, end=START + 3 * HOUR)
    accounts = [*wrong_accounts(4), account("right")]
    stage = stages(*[WORLD] * 5, accounts=accounts, faults=[outage])
    stage.run(4 * HOUR)
    assert worst_half_hour(stage) < 5
    assert stage.state("right") == "ok"
    back = next(at for at in moments(stage, "right") if at > 180)
    assert back < 180 + 15 * 1.2 + 2


def test_ever_new_wrong_credentials_never_block_the_address(stages: Stages) -> None:
    """Passwords tried one after the other by hand count together too."""
    stage = stages(WORLD)
    for attempt in range(20):
        stage.use(account(password=f"guess{attempt}"))
        stage.run(3 * MINUTE)
    assert worst_half_hour(stage) < 5
    assert "blocked" not in stage.gateway.refusals


def test_a_blocked_address_is_left_alone_for_31_minutes(stages: Stages) -> None:
    """Calling during a block could prolong it."""
    stage = stages(WORLD, faults=[Fault(kind=FaultKind.ERROR_4, end=START + MINUTE)])
    stage.run(10 * MINUTE, crash=True)
    stage.run(30 * MINUTE)
    assert moments(stage)[:2] == pytest.approx([0, 31], abs=0.3)
    assert stage.state() == "ok"


def test_faults_on_the_way_are_retried_with_growing_pauses(stages: Stages) -> None:
    """Half a minute, then longer and longer with jitter; each try spends a permit."""
    stage = stages(WORLD, faults=[Fault(kind=FaultKind.HTTP_404, end=START + 2 * HOUR)])
    stage.run(2 * HOUR)
    waits = [0.5, 1, 2, 4, 8, 15, 15, 15]
    assert pauses(stage)[:8] == pytest.approx(waits, rel=0.21)
    assert pauses(stage)[:8] != pytest.approx(waits, rel=0.01)
    assert stage.total(Total.PERMITS, 1).total() == len(stage.calls())
    kinds = Counter({("head",): 1, ("retry",): len(stage.calls()) - 1})
    assert stage.total(Total.PERMITS, 1) == kinds


def test_a_hanging_gateway_slows_nobody_else(stages: Stages) -> None:
    """While one account waits for answers that don't come, another is polled as usual."""
    hanging = Fault(kind=FaultKind.TIMEOUT, login="slow", seconds=600)
    accounts = [account("slow"), account("fast")]
    stage = stages(WORLD, WORLD, accounts=accounts, faults=[hanging])
    stage.run(3 * HOUR)
    assert stage.state("slow") == "unreachable"
    assert len(stage.calls("fast")) > 0.95 * 29 * 3
    assert max(pauses(stage, "fast")) < 1.1 * 60 / 29


def test_a_failing_account_says_so_once(stages: Stages, lines: Lines) -> None:
    """The same failure over and over takes one line each ten minutes at most."""
    stage = stages(WORLD, faults=[Fault(kind=FaultKind.RESET)])
    stage.run(2 * HOUR)
    failures = [line for line in lines if line["event"] == "poll failed"]
    assert 1 < len(failures) <= 12
    assert any("repeated" in line for line in failures)
    assert sum(line["event"] == "account state" for line in lines) == 1


def test_a_good_poll_takes_one_line(stages: Stages, lines: Lines) -> None:
    """Each page read is one line; nothing else is said while all is well."""
    stage = stages(WORLD)
    stage.run(2 * HOUR)
    events = Counter(line["event"] for line in lines if line["log_level"] != "debug")
    polled = events.pop("polled")
    assert polled == len(stage.calls())
    assert events == {"ledger opened": 1, "account state": 1}


def test_an_apikey_is_as_good_as_a_login(stages: Stages) -> None:
    """A refused key is cured by a login and counted like any other."""
    keyed = Account(name="main", credentials=Credentials(apikey=Secret("unknown")))
    stage = stages(WORLD, accounts=[account()])
    stage.use(keyed)
    stage.run(MINUTE)
    assert stage.state() == "refused"
    stage.use(account())
    stage.run(MINUTE)
    assert stage.state() == "ok"
