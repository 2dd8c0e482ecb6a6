"""The simulated gateway's balances: what messages cost, what is paid in, and how that is told."""

from collections.abc import Callable
from decimal import Decimal

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.simulation.clock import START, VirtualClock
from exporter.simulation.faults import Fault, FaultKind, Faults
from exporter.simulation.gateway import Gateway
from exporter.simulation.purse import Purse
from exporter.simulation.spec import Funds, Recurrence, WorldSpec, load_world
from exporter.simulation.transport import GatewayTransport
from exporter.simulation.visits import Account
from exporter.simulation.world import World


MINUTE = 60.0
HOUR = 3600.0
SPEC = WorldSpec(
    per_hour=200,
    price_change_share=0.3,
    scheduled_share=0.1,
    funds=Funds(start=Decimal(100), top_up=Decimal(0)),
)
FIELDS = {"login": "alex", "psw": "123"}

Ask = Callable[..., httpx.Response]


def spent(world: World, until: float) -> Decimal:
    """What all messages since the start cost then, counted afresh."""
    truths = world.truth(START, until)
    return sum((truth.cost(until) for truth in truths if truth.created < until), Decimal(0))


def asking(spec: WorldSpec, clock: VirtualClock, *faults: Fault) -> Ask:
    """A way to ask a gateway with this world for either endpoint."""
    account = Account(world=World(spec), login="alex", password="123")
    gateway = Gateway([account], clock=clock, faults=Faults(faults))

    def ask(name: str = "balance", **fields: str) -> httpx.Response:
        async def call() -> httpx.Response:
            async with httpx.AsyncClient(transport=GatewayTransport(gateway)) as client:
                return await client.post(f"http://gateway/sys/{name}.php", data=FIELDS | fields)

        answer = clock.run(call)
        assert answer is not None
        return answer

    return ask


@given(st.lists(st.floats(0, 2 * HOUR), min_size=1, max_size=4).map(sorted), st.integers(1, 99))
def test_it_falls_by_the_cost_of_what_is_sent(moments: list[float], seed: int) -> None:
    """However often it is looked at, every charge and every change of a cost is in it once."""
    world = World(SPEC, seed)
    purse = Purse(world, START)
    for moment in moments:
        assert purse.at(START + moment) == 100 - spent(world, START + moment)


def test_it_is_topped_up_when_it_runs_low() -> None:
    """Somebody pays each time, whether or not anybody looks."""
    funds = Funds(start=Decimal(50), below=Decimal(20), top_up=Decimal(40))
    world = World(msgspec.structs.replace(SPEC, funds=funds))
    watched, left_alone = Purse(world, START), Purse(world, START)
    seen = [watched.at(START + MINUTE * minute) for minute in range(120)]
    end = START + MINUTE * 119
    assert left_alone.at(end) == seen[-1]
    assert 20 <= min(seen) < 40
    paid = seen[-1] + spent(world, end) - 50
    assert paid >= 400
    assert paid % 40 == 0


def test_it_is_empty_while_there_are_no_funds() -> None:
    """Messages refused for want of money and a balance of 0 belong together."""
    stretch = Recurrence(at=START + HOUR, duration=HOUR, period=None)
    world = World(msgspec.structs.replace(SPEC, per_hour=10, no_funds=(stretch,)))
    purse = Purse(world, START)
    shown = [purse.at(START + 30 * MINUTE * n) for n in (0, 1, 2, 3, 4)]
    assert [amount == 0 for amount in shown] == [False, False, True, True, False]


def test_a_world_names_its_funds() -> None:
    """The YAML file of a world says what its account begins with."""
    spec = load_world({"funds": {"start": "12.5", "top_up": 0, "credit": 100}})
    assert spec.funds == Funds(start=Decimal("12.5"), top_up=Decimal(0), credit=Decimal(100))
    with pytest.raises(msgspec.ValidationError, match="top_up"):
        load_world({"funds": {"top_up": -1}})


def test_credit_and_currency_are_told_when_asked_for() -> None:
    """As the vendor's page has it: a credit only where there is one."""
    clock = VirtualClock()
    plain = asking(msgspec.structs.replace(SPEC, per_hour=0), clock)
    assert plain(fmt="3", cur="1").json() == {"balance": "100.00", "currency": "RUB"}
    lent = Funds(start=Decimal(5), credit=Decimal("300.50"))
    ask = asking(msgspec.structs.replace(SPEC, per_hour=0, funds=lent), clock)
    assert ask(fmt="3").json() == {"balance": "5.00"}
    assert ask(fmt="3", cur="1").json() == {
        "balance": "5.00",
        "credit": "300.50",
        "currency": "RUB",
    }
    assert ask(fmt="2", cur="1").text == (
        "<balance>5.00</balance><credit>300.50</credit><currency>RUB</currency>"
    )


def test_a_fault_of_one_endpoint_spares_the_other() -> None:
    """Either call can be broken alone."""
    for broken, other in (("balance", "get"), ("history", "balance")):
        fault = msgspec.convert({"kind": "http_503", "endpoint": broken}, Fault)
        ask = asking(SPEC, VirtualClock(), fault)
        history = {"get_messages": "1", "fmt": "3"}
        statuses = {name: ask(name, **history).status_code for name in ("get", "balance")}
        assert statuses.pop(other) == 200
        assert set(statuses.values()) == {503}


SPOILT = [
    (FaultKind.OTHER_FORMAT, "100.00"),
    (FaultKind.TEXT_ERROR, "ERROR = 1 (parameters error)"),
    (FaultKind.UNKNOWN_FIELDS, '{"balance2":"7.00","balance":"100.00"}'),
    (FaultKind.MISSING_FIELDS, "{}"),
    (FaultKind.ERROR_9, '{"error":"duplicate request, wait a minute","error_code":9}'),
    (FaultKind.EMPTY, ""),
]


@pytest.mark.parametrize(("kind", "text"), SPOILT)
def test_answers_are_spoilt_like_pages(kind: FaultKind, text: str) -> None:
    """Faults of content and of transport hit balance calls, too."""
    quiet = msgspec.structs.replace(SPEC, per_hour=0)
    assert asking(quiet, VirtualClock(), Fault(kind=kind))(fmt="3").text == text
