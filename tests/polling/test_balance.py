"""The balance is read beside the history: exactly, rarely, and at nobody's expense."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from exporter.config import Account, BalancePolling, Credentials, Secret
from exporter.ledger.snapshot import AccountState, BalanceState, Total
from exporter.polling.balance import announce
from exporter.polling.board import Board
from exporter.simulation.clock import START
from exporter.simulation.faults import PATHS, Fault, FaultKind
from exporter.simulation.presets import QUIET
from exporter.simulation.spec import Funds, Recurrence
from exporter.simulation.visits import Call
from tests.polling.conftest import Lines, Stages
from tests.polling.stage import Stage, account


MINUTE = 60.0
HOUR = 3600.0
WORLD = msgspec.structs.replace(
    QUIET,
    per_hour=30,
    price_change_share=0.2,
    history_span=12 * HOUR,
    begins=START - 12 * HOUR,
    funds=Funds(start=Decimal("60.00"), top_up=Decimal(0), credit=Decimal("50.00")),
)
IDLE = msgspec.structs.replace(WORLD, per_hour=3)
TEN = 600.0


def asked(stage: Stage, login: str | None = None) -> list[Call]:
    """Balance calls as the gateway saw them; refused log-ins have no login."""
    return [call for call in stage.calls(login) if call.path == PATHS["balance"]]


def read(stage: Stage, login: str | None = None) -> list[Call]:
    """History calls."""
    return [call for call in stage.calls(login) if call.path == PATHS["history"]]


def failures(stage: Stage) -> list[float]:
    """When log-ins were refused."""
    return [call.time for call in stage.calls() if call.error == 2]


def most_in_half_an_hour(moments: Sequence[float]) -> int:
    return max(
        (sum(first <= later < first + 1800 for later in moments) for first in moments), default=0
    )


def shown(stage: Stage, name: str = "main") -> BalanceState:
    found = next(each.balance for each in stage.snapshot.accounts if each.account == name)
    assert found is not None
    return found


def left(stage: Stage, at: float) -> Decimal:
    """The balance then: all messages since the gateway's start have been paid for."""
    truths = stage.gateway.accounts["main"].world.truth(START, at)
    exact = Decimal("60.00") - sum(truth.cost(at) for truth in truths)
    return exact.quantize(Decimal("0.01"))


def broken(kind: FaultKind, **facts: Any) -> Fault:
    return Fault(kind=kind, endpoint="balance", **facts)


def test_it_is_what_is_left_every_ten_minutes(stages: Stages) -> None:
    """Thirteen readings in two hours, and the last one is right to the kopeck."""
    stage = stages(WORLD, balances=True)
    stage.run(2 * HOUR + 60)
    calls = asked(stage)
    assert len(calls) == 13
    assert {round(b.time - a.time) for a, b in pairwise(calls)} <= {600, 601}
    told = shown(stage)
    assert told.read_at is not None
    assert told.amount == left(stage, told.read_at - 0.2)
    assert told.amount < 0
    assert (told.credit, told.currency, told.poll_up) == (Decimal("50.00"), "RUB", True)
    assert (told.state, told.detail, told.cadence) == ("ok", "", TEN)
    assert calls[-1].parameters == {"fmt": "3", "charset": "utf-8", "cur": "1"}


def test_the_history_is_read_as_without_it(stages: Stages) -> None:
    """Balance calls neither spend nor delay a history call, and are counted apart."""
    alone, beside = (stages(IDLE, balances=on) for on in (False, True))
    for stage in (alone, beside):
        stage.run(2 * HOUR + 60)
    moments = [[round(call.time) for call in read(stage)] for stage in (alone, beside)]
    assert moments[0] == moments[1]
    assert beside.total(Total.PERMITS, 1) == alone.total(Total.PERMITS, 1)
    requests = beside.total(Total.API_REQUESTS, 1, 2)
    assert requests["balance", "ok"] == len(asked(beside)) == 13
    assert requests["history", "ok"] == len(read(beside))


def test_a_restart_shows_it_at_once_and_asks_when_it_is_due(stages: Stages) -> None:
    """Restarts and crashes neither blank what is known nor ask more often."""
    stage = stages(WORLD, balances=True)
    stage.run(25 * MINUTE)
    before, calls = shown(stage), len(asked(stage))
    for crash in (False, True, False):
        stage.run(20, crash=crash)
        told = shown(stage)
        assert (told.amount, told.credit, told.read_at) == (
            before.amount,
            before.credit,
            before.read_at,
        )
        assert told.poll_up is None
    assert len(asked(stage)) == calls
    stage.run(10 * MINUTE)
    assert len(asked(stage)) == calls + 1


def test_a_wrong_password_is_tried_for_the_history_alone(stages: Stages) -> None:
    """Without an accepted log-in no balance is asked for, so that no failure is added."""
    wrong = (account(password="wrong"),)
    stage = stages(WORLD, accounts=wrong, balances=True)
    stage.run(3 * HOUR)
    assert not asked(stage)
    assert most_in_half_an_hour(failures(stage)) <= 3
    assert shown(stage).amount is None


def with_password(stage: Stage, name: str, password: str) -> None:
    """Change a password at the gateway."""
    known = stage.gateway.accounts[name]
    stage.gateway.accounts[name] = msgspec.structs.replace(known, password=password)


def changing_password(at: float) -> Callable[[Stage], Any]:
    """At the gateway, while the exporter runs."""

    async def change(stage: Stage) -> None:
        await asyncio.sleep(at)
        with_password(stage, "main", "another")

    return change


@pytest.mark.parametrize(
    ("first", "interval", "requests"), [("history", 24 * HOUR, 30), ("balance", MINUTE, 2)]
)
def test_a_password_that_changes_stops_both(
    stages: Stages, first: str, interval: float, requests: int
) -> None:
    """Whichever call is refused first, the account stops, far from the failure that blocks."""
    chosen = account(
        balance=BalancePolling(interval=interval), budget={"requests": requests, "reserve": 0}
    )
    stage = stages(WORLD, accounts=(chosen,), balances=True)
    stage.run(3 * HOUR, meanwhile=changing_password(15 * MINUTE))
    refused = [call for call in stage.calls() if call.error == 2]
    assert stage.state() == "refused"
    assert [call.path == PATHS["balance"] for call in refused[:3]] == [
        first == "balance",
        False,
        False,
    ]
    assert refused[1].time - refused[0].time >= TEN
    assert most_in_half_an_hour(failures(stage)) <= 2
    assert {call.error for call in stage.calls()} <= {0, 2, 3}
    before = shown(stage)
    right = Credentials(login="main", password=Secret("another"))
    stage.use(chosen.model_copy(update={"credentials": right}))
    stage.run(5 * MINUTE)
    assert stage.state() == "ok"
    assert ((shown(stage).read_at or 0) > (before.read_at or 0)) == (interval == MINUTE)


def test_five_accounts_that_may_not_ask_lose_nothing_else(stages: Stages) -> None:
    """Credentials good for the history alone cost no history call and block nobody."""
    names = ("one", "two", "three", "four", "five")
    stage = stages(
        *[IDLE] * 5,
        accounts=[account(name) for name in names],
        faults=[broken(FaultKind.ERROR_2)],
        balances=True,
    )
    stage.run(2 * HOUR)
    assert len(failures(stage)) > 3
    assert most_in_half_an_hour(failures(stage)) <= 2
    assert {call.error for call in stage.calls()} <= {0, 2, 3}
    for name in names:
        assert stage.state(name) == "ok"
        times = [call.time for call in read(stage, name)]
        assert max(later - earlier for earlier, later in pairwise(times)) < 16 * MINUTE
        told = shown(stage, name)
        assert told.amount is None
        assert told.poll_up in (False, None)
    refused = [shown(stage, name) for name in names if shown(stage, name).state == "refused"]
    assert refused
    assert all("set balance.enabled to false" in each.detail for each in refused)


def test_a_blocked_address_is_left_alone_by_both(stages: Stages) -> None:
    """Error 4 for the balance keeps the history away for as long, too."""
    stage = stages(WORLD, faults=[broken(FaultKind.ERROR_4)], balances=True)
    stage.run(MINUTE)
    assert stage.state() == "blocked"
    blocked = asked(stage)[0].time
    stage.run(2 * HOUR)
    later = [call.time for call in stage.calls() if call.time > blocked]
    assert min(later) - blocked >= 31 * MINUTE


@pytest.mark.parametrize("kind", [FaultKind.ERROR_9, FaultKind.TEXT_ERROR])
def test_an_error_of_its_own_stays_its_own(stages: Stages, kind: FaultKind) -> None:
    """Asked too often for the balance, or wrongly, says nothing of the history's hour."""
    stage = stages(WORLD, faults=[broken(kind, end=START + HOUR)], balances=True)
    stage.run(50 * MINUTE)
    assert (stage.state(), shown(stage).state) == ("ok", shown(stage).state)
    assert shown(stage).state != "ok"
    assert shown(stage).amount is None
    assert next(a.budget_limit for a in stage.last.accounts) == 29
    code = "9" if kind is FaultKind.ERROR_9 else "1"
    assert stage.total(Total.API_ERRORS, 1, 2) == Counter({("balance", code): len(asked(stage))})
    assert 4 <= len(asked(stage)) <= 10
    stage.run(HOUR)
    assert shown(stage).amount is not None


FAULTY = [
    *(FaultKind.HTTP_500, FaultKind.HTML, FaultKind.CUT, FaultKind.RESET, FaultKind.TIMEOUT),
    FaultKind.MISSING_FIELDS,
]


@pytest.mark.parametrize("kind", FAULTY)
def test_the_last_reading_outlives_any_fault(stages: Stages, kind: FaultKind) -> None:
    """It stays with its time, the next ones are tried in growing pauses, and the first that
    works counts."""
    times = {"start": START + 15 * MINUTE, "end": START + 75 * MINUTE}
    stage = stages(WORLD, faults=[broken(kind, seconds=90.0, **times)], balances=True)
    stage.run(15 * MINUTE)
    before = shown(stage)
    stage.run(55 * MINUTE)
    after = shown(stage)
    assert (after.amount, after.read_at) == (before.amount, before.read_at)
    assert after.poll_up is False
    assert after.state in ("unreachable", "unreadable")
    assert after.detail
    during = [call.time for call in asked(stage) if call.fault]
    waits = [later - earlier for earlier, later in pairwise(during)]
    assert 4 <= len(during) <= 10
    assert waits[-1] > 4 * waits[0]
    assert stage.state() == "ok"
    stage.run(25 * MINUTE)
    assert (shown(stage).read_at or 0) > START + 75 * MINUTE
    assert (shown(stage).state, shown(stage).poll_up) == ("ok", True)


RIGHT_ALL_THE_SAME = [FaultKind.OTHER_FORMAT, FaultKind.UNKNOWN_FIELDS, FaultKind.TRICKLE]


@pytest.mark.parametrize("kind", RIGHT_ALL_THE_SAME)
def test_odd_answers_are_read(stages: Stages, kind: FaultKind) -> None:
    """What the gateway has been seen to do is no fault."""
    stage = stages(WORLD, faults=[broken(kind, seconds=5.0)], balances=True)
    stage.run(25 * MINUTE)
    told = shown(stage)
    assert told.read_at is not None
    slow = 5.0 if kind is FaultKind.TRICKLE else 0.0
    assert told.amount == left(stage, told.read_at - 0.2 - slow)
    assert told.currency == "RUB"


def test_one_accounts_silence_delays_nobody(stages: Stages) -> None:
    """A gateway that never answers one account's balance call holds up neither its history nor
    anybody else's balance."""
    names = ("main", "other")
    silence = broken(FaultKind.TIMEOUT, login="main", seconds=10**5)
    quiet, silent = (
        stages(
            *[IDLE] * 2,
            accounts=[account(name) for name in names],
            faults=faults,
            balances=True,
        )
        for faults in ((), (silence,))
    )
    for stage in (quiet, silent):
        stage.run(HOUR + 60)
    assert len(asked(silent, "other")) == len(asked(quiet, "other")) == 7
    for name in names:
        assert [round(call.time, -1) for call in read(silent, name)] == [
            round(call.time, -1) for call in read(quiet, name)
        ]
    assert shown(silent, "main").detail.startswith("waited too long")


def test_another_currency_is_said_once(stages: Stages, lines: Lines) -> None:
    """A balance that the account's costs can't be compared with gives one warning, and the
    account's page says so as long as it lasts."""
    stage = stages(WORLD, accounts=(account(currency="KZT"),), balances=True)
    stage.run(2 * HOUR)
    said = [line for line in lines if line["event"] == "balance in another currency"]
    assert len(said) == 1
    assert said[0]["log_level"] == "warning"
    assert said[0]["error"] == shown(stage).detail
    assert "the balance is in RUB" in shown(stage).detail
    assert "set its currency to RUB" in shown(stage).detail
    assert (shown(stage).currency, shown(stage).state) == ("RUB", "ok")


def test_an_empty_account_is_0_and_not_unknown(stages: Stages) -> None:
    """No money left is a number like any other."""
    empty = msgspec.structs.replace(
        WORLD, no_funds=(Recurrence(at=START - HOUR, duration=4 * HOUR, period=None),)
    )
    stage = stages(empty, balances=True)
    stage.run(MINUTE)
    assert shown(stage).amount == 0


def test_each_account_has_its_interval(stages: Stages) -> None:
    """The configuration says how often."""
    often = account(balance=BalancePolling(interval=MINUTE))
    stage = stages(WORLD, accounts=(often,), balances=True)
    stage.run(HOUR + 30)
    assert 58 <= len(asked(stage)) <= 61
    assert shown(stage).cadence == MINUTE


def test_it_is_logged_once_each_time_and_a_fault_not_every_time(
    stages: Stages, lines: Lines
) -> None:
    """One line for each reading, few for many failures, and none with a secret."""
    fault = broken(FaultKind.HTTP_500, start=START + 15 * MINUTE)
    stage = stages(WORLD, faults=[fault], balances=True)
    stage.run(3 * HOUR)
    told = [line for line in lines if line["event"] == "balance"]
    failed = [line for line in lines if line["event"] == "balance not read"]
    assert len(told) == 2
    assert told[0]["amount"] == "60.00"
    assert 1 <= len(failed) < len([call for call in asked(stage) if call.fault])
    assert all(line["fault"] == "http" for line in failed)
    assert "secret" not in repr(lines)


def test_a_fault_of_ours_ends_nothing(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no test foresaw is logged, and reading goes on after a while."""
    stage = stages(WORLD, balances=True)
    times = Counter[str]()

    def failing_once(
        self: Board, ledger: object, account: str, take: Callable[..., None] = Board.take
    ) -> None:
        name = asyncio.current_task().get_name()  # type: ignore[union-attr]
        times[name] += 1
        if name == "balance main" and times[name] == 1:
            raise RuntimeError("a bug")
        take(self, ledger, account)

    monkeypatch.setattr(Board, "take", failing_once)
    stage.run(HOUR)
    assert shown(stage).state == "ok"
    assert len(asked(stage)) >= 4


def test_an_account_that_does_not_ask_shows_none() -> None:
    """Switched off at a reload it is gone; switched on, what is known stays in sight."""
    board = Board()
    board.set_account(AccountState(account="main", balance=BalanceState(amount=Decimal(5))))
    announce(board, "main", asked=True)
    known = board.account("main")
    assert known is not None
    assert known.balance == BalanceState(amount=Decimal(5))
    announce(board, "main", asked=False)
    announce(board, "new", asked=True)
    assert [each.balance for each in board.snapshot().accounts] == [None, BalanceState()]


def test_credentials_put_right_are_proven_anew(stages: Stages) -> None:
    """A balance is asked for with other credentials only after they read the history."""
    stage = stages(WORLD, balances=True)
    stage.run(5 * MINUTE)
    with_password(stage, "main", "another")
    other = Credentials(login="main", password=Secret("another"))
    known: Account = stage.config.accounts[0]
    stage.use(known.model_copy(update={"credentials": other}))
    calls = len(stage.calls())
    stage.run(20 * MINUTE)
    paths = [call.path for call in stage.calls()[calls:]]
    assert paths[0] == PATHS["history"]
    assert PATHS["balance"] in paths
    assert not failures(stage)


def test_a_login_that_the_balance_finds_refused_is_down(stages: Stages) -> None:
    """The history is not asked then; whoever watches hears of it all the same, and soon."""
    refused = Fault(kind=FaultKind.ERROR_2, start=START + HOUR, endpoint="balance")
    stage = stages(WORLD, balances=True, faults=[refused])
    stage.run(HOUR + 6 * MINUTE)
    (failed,) = failures(stage)
    assert not [call for call in read(stage) if call.time > failed]
    (state,) = stage.last.accounts
    assert (state.up, state.state) == (False, "refused")
