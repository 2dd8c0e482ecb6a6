import asyncio
from collections.abc import Callable
from hashlib import md5
from typing import Any

import httpx
import pytest

from exporter.simulation.clock import START, VirtualClock
from exporter.simulation.faults import Fault, FaultKind, Faults
from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.transport import GatewayTransport
from exporter.simulation.visits import Account
from exporter.simulation.world import World


MakeGateway = Callable[..., Gateway]
MakeWorld = Callable[..., World]
Ask = Callable[..., httpx.Response]
PATH = "/sys/get.php"
LAVISH = Limits(requests=10_000, identical=10_000)


def code(response: httpx.Response) -> int:
    """Error code of an answer in JSON, 0 for rows."""
    answer = response.json()
    return int(answer["error_code"]) if isinstance(answer, dict) else 0


def send(clock: VirtualClock, gateway: Gateway, method: str, **options: Any) -> httpx.Response:
    async def call() -> httpx.Response:
        transport = GatewayTransport(gateway, address=options.pop("address", "10.0.0.1"))
        async with httpx.AsyncClient(transport=transport, base_url="http://g") as client:
            return await client.request(method, options.pop("path", PATH), **options)

    response = clock.run(call)
    assert response is not None
    return response


def test_get_and_post_say_the_same(make_gateway: MakeGateway, clock: VirtualClock) -> None:
    """GET, an urlencoded POST and a multipart POST are answered alike."""
    gateway = make_gateway()
    fields = {"get_messages": "1", "login": "alex", "psw": "123", "fmt": "3", "cnt": "7"}
    fields["charset"] = "utf-8"
    answers = [
        send(clock, gateway, "GET", params=fields),
        send(clock, gateway, "POST", data=fields),
        send(clock, gateway, "POST", files={n: (None, v) for n, v in fields.items()}),
    ]
    assert len({answer.content for answer in answers}) == 1
    assert len(answers[0].json()) == 7


@pytest.mark.parametrize(
    "credentials",
    [
        {"login": "alex", "psw": "123"},
        {"login": "alex", "psw": md5(b"123").hexdigest()},
        {"login": "", "psw": "", "apikey": "KEY"},
    ],
)
def test_right_credentials(
    make_gateway: MakeGateway, ask: Ask, credentials: dict[str, str]
) -> None:
    """Password, its lower-case md5 and the API key open the account."""
    assert code(ask(make_gateway(), **credentials)) == 0


@pytest.mark.parametrize(
    "credentials",
    [
        {"psw": "1234"},
        {"psw": md5(b"123").hexdigest().upper()},
        {"login": "bob"},
        {"login": "", "psw": "", "apikey": ""},
        {"apikey": "NO", "psw": ""},
    ],
)
def test_wrong_credentials(
    make_gateway: MakeGateway, ask: Ask, credentials: dict[str, str]
) -> None:
    """Everything else is error 2."""
    assert code(ask(make_gateway(), **credentials)) == 2


def test_five_failures_shut_the_address_out(make_gateway: MakeGateway, clock: VirtualClock) -> None:
    """The fifth refused log-in within half an hour blocks the address, not others, for as long."""
    gateway = make_gateway(limits=LAVISH)
    good: dict[str, Any] = {
        "charset": "utf-8",
        "get_messages": 1,
        "login": "alex",
        "psw": "123",
        "fmt": 3,
    }

    def call(address: str = "10.0.0.1", **changes: str) -> int:
        return code(send(clock, gateway, "GET", params=good | changes, address=address))

    assert [call(psw="x") for _ in range(4)] == [2] * 4
    assert call() == 0
    clock.advance(1799)
    assert call(psw="x") == 2
    assert call() == 4
    assert call("10.0.0.2") == 0
    clock.advance(1799)
    assert call() == 4
    clock.advance(1)
    assert call() == 0


def test_failures_apart_do_not_block(make_gateway: MakeGateway, clock: VirtualClock) -> None:
    """Failures older than half an hour are forgotten."""
    gateway = make_gateway(limits=LAVISH)
    wrong = {"get_messages": 1, "login": "alex", "psw": "x", "fmt": 3}
    codes = []
    for _ in range(12):
        codes.append(code(send(clock, gateway, "GET", params=wrong)))
        clock.advance(450)
    assert codes == [2] * 12


def test_identical_calls_are_limited(
    make_gateway: MakeGateway, ask: Ask, clock: VirtualClock
) -> None:
    """The fourth identical call within a minute is refused; a different one is not."""
    gateway = make_gateway()
    assert [code(ask(gateway)) for _ in range(4)] == [0, 0, 0, 9]
    assert code(ask(gateway, cnt=5)) == 0
    clock.advance(59.9)
    assert code(ask(gateway)) == 9
    clock.advance(0.1)
    assert [code(ask(gateway)) for _ in range(4)] == [0, 0, 0, 9]
    assert gateway.refusals["identical"] == 3
    assert gateway.errors[9] == 3


def test_identity_ignores_credentials(make_gateway: MakeGateway, ask: Ask) -> None:
    """The same call by key and by password is the same call."""
    gateway = make_gateway()
    codes = [code(ask(gateway, login="", psw="", apikey="KEY")) for _ in range(2)]
    codes += [code(ask(gateway)) for _ in range(2)]
    assert codes == [0, 0, 0, 9]


def test_hourly_calls_are_limited(make_gateway: MakeGateway, ask: Ask, clock: VirtualClock) -> None:
    """The thirty-first call of a rolling hour is refused until the first is an hour old."""
    gateway = make_gateway()
    for number in range(30):
        assert code(ask(gateway, cnt=number + 1)) == 0
        clock.advance(60)
    assert code(ask(gateway, cnt=40)) == 9
    clock.advance(1799)
    assert code(ask(gateway, cnt=41)) == 9
    clock.advance(1)
    assert code(ask(gateway, cnt=42)) == 0
    assert code(ask(gateway, cnt=43)) == 9


def test_every_answer_but_error_9_counts(make_gateway: MakeGateway, ask: Ask) -> None:
    """Refused parameters and empty answers use the budget up; refusals by limit do not."""
    gateway = make_gateway(limits=Limits(requests=3))
    assert code(ask(gateway, cnt="x")) == 1
    assert code(ask(gateway, phone="79990000000")) == 3
    assert code(ask(gateway)) == 0
    assert code(ask(gateway, cnt=2)) == 9
    assert gateway.meters["alex"].calls(START) == 3


def test_refused_calls_count_when_told_so(
    make_gateway: MakeGateway, ask: Ask, clock: VirtualClock
) -> None:
    """With count_refused, asking on and on keeps the account refused."""
    gateway = make_gateway(limits=Limits(requests=2, count_refused=True))
    codes = []
    for number in range(6):
        codes.append(code(ask(gateway, cnt=number + 1)))
        clock.advance(1200)
    assert codes == [0, 0, 9, 9, 9, 9]


@pytest.mark.parametrize(("at_once", "refused"), [(14, 0), (15, 1), (17, 3)])
def test_concurrent_calls_are_limited(
    make_gateway: MakeGateway, clock: VirtualClock, at_once: int, refused: int
) -> None:
    """Fourteen calls at once are answered; each above is refused in its own words."""
    gateway = make_gateway(latency=1.0)

    async def call(client: httpx.AsyncClient, number: int) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "get_messages": 1,
            "login": "alex",
            "psw": "123",
            "fmt": 3,
            "cnt": number + 1,
        }
        fields["charset"] = "utf-8"
        answer = (await client.get(PATH, params=fields)).json()
        return answer if isinstance(answer, dict) else {}

    async def main() -> list[dict[str, Any]]:
        transport = GatewayTransport(gateway)
        async with httpx.AsyncClient(transport=transport, base_url="http://g") as client:
            return await asyncio.gather(*(call(client, number) for number in range(at_once)))

    answers = clock.run(main) or []
    errors = [answer for answer in answers if answer]
    assert len(errors) == refused
    assert all(e == {"error": "too many concurrent requests", "error_code": 9} for e in errors)
    assert gateway.meters["alex"].running == 0


def test_nothing_found_is_error_3(make_gateway: MakeGateway, ask: Ask) -> None:
    """An empty history, an unknown number and the end of paging are error 3."""
    gateway = make_gateway()
    assert code(ask(gateway, phone="79990000000")) == 3
    assert code(ask(gateway, prev_id="1")) == 3
    assert code(ask(gateway, start="01.01.2050")) == 3
    assert code(ask(gateway, start="02.01.2020", end="01.01.2020")) == 3


@pytest.mark.parametrize(
    "parameters",
    [
        {"cnt": "0"},
        {"cnt": "-5"},
        {"cnt": "ten"},
        {"prev_id": "abc"},
        {"start": "2023-11-14"},
        {"end": "31.02.2023"},
        {"format": "5"},
        {"phone": "79160000000,no"},
        {"email": "nobody", "format": "8"},
        {"charset": "klingon"},
        {"get_messages": "2"},
    ],
)
def test_bad_parameters_are_error_1(
    make_gateway: MakeGateway, ask: Ask, parameters: dict[str, str]
) -> None:
    """Each parameter is checked."""
    assert code(ask(make_gateway(), **parameters)) == 1


def test_count_of_rows(make_gateway: MakeGateway, ask: Ask) -> None:
    """cnt rows come, a hundred by default, a thousand at most."""
    gateway = make_gateway()
    counts = [len(ask(gateway, **p).json()) for p in ({"cnt": 10}, {}, {"cnt": 5000})]
    assert counts == [10, 100, 1000]


def test_dates_are_moscow_days(make_gateway: MakeGateway, ask: Ask) -> None:
    """start and end bound the send date by whole days of Moscow, both included."""
    gateway = make_gateway()
    rows = ask(gateway, start="14.11.2023", end="14.11.2023", cnt=1000).json()
    assert {row["send_date"][:10] for row in rows} == {"14.11.2023"}
    midnight = 1_699_909_200
    assert all(midnight <= row["send_timestamp"] < midnight + 86400 for row in rows)
    last = ask(gateway, start="14.11.2023", end="14.11.2023", cnt=1000, prev_id=rows[-1]["int_id"])
    assert {row["send_date"][:10] for row in last.json()} == {"14.11.2023"}


def test_lookup_by_lists(make_gateway: MakeGateway, ask: Ask) -> None:
    """Lists of phones and of addresses give the rows of just these."""
    gateway = make_gateway()
    for field, stream in (("phone", 0), ("email", 8)):
        rows = ask(gateway, format=stream).json()
        wanted = sorted({row["phone"] for row in rows})[:5]
        found = ask(gateway, format=stream, **{field: ",".join(wanted)}, cnt=1000).json()
        assert {row["phone"] for row in found} == set(wanted)
        ids = {row["int_id"] for row in found}
        assert {row["int_id"] for row in rows if row["phone"] in wanted} <= ids


def test_lists_can_be_limited(make_gateway: MakeGateway, ask: Ask) -> None:
    """A list longer than the gateway takes is error 1."""
    gateway = make_gateway(limits=Limits(max_recipients=2))
    assert code(ask(gateway, phone="79990000000,79990000001")) == 3
    assert code(ask(gateway, phone="79990000000,79990000001,79990000002")) == 1


def test_accounts_are_apart(make_world: MakeWorld, clock: VirtualClock, ask: Ask) -> None:
    """Each account has its own world and its own limits."""
    gateway = Gateway(
        [
            Account(world=make_world(seed=1), login="alex", password="123"),
            Account(world=make_world(seed=2), login="bob", password="456"),
        ],
        clock=clock,
    )
    mine = [ask(gateway) for _ in range(4)]
    other = ask(gateway, login="bob", psw="456")
    assert code(mine[3]) == 9
    assert code(other) == 0
    ids = {row["int_id"] for row in mine[0].json()}
    assert not ids & {row["int_id"] for row in other.json()}


def test_balance(make_gateway: MakeGateway, clock: VirtualClock) -> None:
    """The balance comes in the form asked for, ten times a minute."""
    gateway = make_gateway()
    fields = {"login": "alex", "psw": "123"}

    def call(**more: str) -> httpx.Response:
        return send(clock, gateway, "POST", path="/sys/balance.php", data=fields | more)

    assert call().text == "1871.62"
    assert call(fmt="3", cur="1").json() == {"balance": "1871.62", "currency": "RUB"}
    assert call(fmt="2").text == "<balance>1871.62</balance>"
    assert [call(fmt="1").text for _ in range(8)] == ["1871.62"] * 7 + ["0,-9"]
    assert gateway.meters["alex"].calls(clock.now()) == 0


def test_calls_are_logged_without_secrets(
    make_gateway: MakeGateway, ask: Ask, clock: VirtualClock
) -> None:
    """The log has times, parameters, rows and errors, but no credentials and no numbers."""
    gateway = make_gateway()
    ask(gateway, cnt=5)
    clock.advance(10)
    ask(gateway, phone="79990000000")
    ask(gateway, psw="wrong")
    calls = list(gateway.calls)
    assert [call.time for call in calls] == pytest.approx([START, START + 10, START + 10])
    assert [(c.rows, c.error, c.refusal) for c in calls] == [
        (5, 0, ""),
        (0, 3, ""),
        (0, 2, "login"),
    ]
    assert "123" not in repr(calls[0].parameters)
    assert "79990000000" not in repr(calls)
    assert "wrong" not in repr(calls)


def test_virtual_days_repeat_byte_for_byte(make_world: MakeWorld) -> None:
    """A client in virtual time under faults sees the same answers in every run."""
    fault = Fault(kind=FaultKind.RESET, probability=0.2)

    def live() -> tuple[str, float]:
        clock = VirtualClock(START, seed=3)
        account = Account(world=make_world(), login="alex", password="123")
        gateway = Gateway([account], clock=clock, faults=Faults([fault]), latency=0.3)
        digest = md5()

        async def main() -> None:
            transport = GatewayTransport(gateway)
            async with httpx.AsyncClient(transport=transport, base_url="http://g") as client:
                while True:
                    try:
                        answer = await client.post(PATH, data=fields)
                    except httpx.ReadError:
                        digest.update(b"reset")
                    else:
                        digest.update(answer.content)
                    await clock.sleep(121)

        fields = {"get_messages": "1", "login": "alex", "psw": "123", "fmt": "3", "cnt": "20"}
        clock.run(main, until=START + 6 * 3600)
        assert len(gateway.calls) > 150
        return digest.hexdigest(), clock.now()

    assert live() == live()
