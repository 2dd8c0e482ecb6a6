import json
from collections.abc import Callable, Iterator
from random import Random

import httpx
import msgspec
import pytest

from exporter.simulation.clock import START, VirtualClock
from exporter.simulation.faults import Fault, FaultKind, Faults, parse_fault
from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.presets import PRESETS
from exporter.simulation.serve import serve, serving
from exporter.simulation.visits import Account
from exporter.simulation.world import World


MakeWorld = Callable[..., World]
MakeGateway = Callable[..., Gateway]
Ask = Callable[..., httpx.Response]
LAVISH = Limits(requests=10_000, identical=10_000, login_failures=10_000)
FIELDS = {"get_messages": 1, "login": "alex", "psw": "123", "cnt": 200, "charset": "utf-8"}


class Served:
    """The gateway over real HTTP, and one call to it."""

    def __init__(self, gateway: Gateway, url: str) -> None:
        self.gateway = gateway
        self.url = url

    def ask(self, timeout: float = 5.0, **parameters: object) -> httpx.Response:
        fields = {name: str(value) for name, value in (FIELDS | {"fmt": 3} | parameters).items()}
        with httpx.Client(base_url=self.url, timeout=timeout) as client:
            return client.post("/sys/get.php", data=fields)

    def fault(self, kind: FaultKind, **options: float) -> None:
        self.gateway.faults.add(Fault(kind=kind, **options))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    world = World(PRESETS["demo"])
    account = Account(world=world, login="alex", password="123")
    gateway = Gateway([account], limits=LAVISH)
    with serving(gateway) as url:
        yield Served(gateway, url)


@pytest.fixture
def served(server: Served) -> Iterator[Served]:
    yield server
    server.gateway.faults.clear()


def test_without_faults(served: Served) -> None:
    """The gateway serves right answers over real HTTP."""
    assert len(served.ask().json()) == 200


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FaultKind.ERROR_1, (1, "parameters error")),
        (FaultKind.ERROR_2, (2, "authorise error")),
        (FaultKind.ERROR_4, (4, "ip is blocked")),
        (FaultKind.ERROR_9, (9, "duplicate request, wait a minute")),
        (FaultKind.TOO_MANY_AT_ONCE, (9, "too many concurrent requests")),
    ],
)
def test_refusals(served: Served, kind: FaultKind, expected: tuple[int, str]) -> None:
    """Faults of refusal answer the API's error in JSON."""
    served.fault(kind)
    answer = served.ask().json()
    assert (answer["error_code"], answer["error"]) == expected


@pytest.mark.parametrize("status", [500, 502, 503, 404, 302])
def test_http_errors(served: Served, status: int) -> None:
    """Faults of HTTP answer their status with a page."""
    served.fault(FaultKind(f"http_{status}"))
    response = served.ask()
    assert response.status_code == status
    assert "html" in response.text
    assert ("location" in response.headers) == (status == 302)


def test_bodies_that_mean_nothing(served: Served) -> None:
    """HTML, nothing and noise come with status 200."""
    bodies = []
    for kind in (FaultKind.HTML, FaultKind.EMPTY, FaultKind.GARBAGE):
        served.gateway.faults.clear()
        served.fault(kind)
        response = served.ask()
        assert response.status_code == 200
        bodies.append(response.content)
    assert bodies[0].startswith(b"<!DOCTYPE html>")
    assert bodies[1] == b""
    with pytest.raises(UnicodeDecodeError):
        bodies[2].decode()


def test_cut_body(served: Served) -> None:
    """The connection closes before the announced length is reached."""
    served.fault(FaultKind.CUT)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        served.ask()


def test_reset(served: Served) -> None:
    """The connection is reset by the peer instead of answered."""
    served.fault(FaultKind.RESET)
    with pytest.raises(httpx.ReadError, match="reset"):
        served.ask()


def test_timeout_of_the_client(served: Served) -> None:
    """A silent gateway lets the client run into its own time-out."""
    served.fault(FaultKind.TIMEOUT, seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        served.ask(timeout=0.2)


def test_timeout_of_the_gateway(served: Served) -> None:
    """A silent gateway closes the connection after its own limit."""
    served.fault(FaultKind.TIMEOUT, seconds=0.1)
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
        served.ask()


def test_trickle(served: Served) -> None:
    """The right answer comes slowly, within the read time-out of each piece."""
    served.fault(FaultKind.TRICKLE, seconds=0.5)
    response = served.ask(timeout=0.3)
    assert len(response.json()) == 200
    assert response.elapsed.total_seconds() >= 0.5


def test_huge_body(served: Served) -> None:
    """A body of the size asked for begins like JSON."""
    served.fault(FaultKind.HUGE, size=3_000_001)
    response = served.ask()
    assert len(response.content) == 3_000_001
    assert response.content.startswith(b"[ ")


def test_false_charsets(served: Served) -> None:
    """The header and the body disagree, one way and the other."""
    served.fault(FaultKind.CHARSET_HEADER)
    response = served.ask()
    assert response.headers["content-type"].endswith("charset=windows-1251")
    assert "Доставлено" in response.content.decode("utf-8")
    served.gateway.faults.clear()
    served.fault(FaultKind.WINDOWS_1251)
    response = served.ask()
    assert response.headers["content-type"].endswith("charset=utf-8")
    assert "Доставлено" in response.content.decode("windows-1251")


def test_answers_in_another_format(served: Served) -> None:
    """Text errors and other formats come in spite of fmt=3."""
    served.fault(FaultKind.TEXT_ERROR)
    assert served.ask().text == "ERROR = 1 (parameters error)"
    served.gateway.faults.clear()
    served.fault(FaultKind.OTHER_FORMAT)
    assert served.ask(fmt=3).text[:2].lstrip("-")[0].isdigit()
    assert served.ask(fmt=1).text.startswith("<list>")
    assert served.ask(fmt=2).text.startswith("Status = ")
    assert served.ask(fmt=0).text.startswith("[{")


def test_faults_of_rows(served: Served) -> None:
    """Each fault of content leaves readable JSON with its own mark."""

    def rows(kind: FaultKind) -> list[dict[str, object]]:
        served.gateway.faults.clear()
        served.fault(kind)
        answer: list[dict[str, object]] = json.loads(served.ask().text, strict=False)
        return answer

    assert all("flag" in row for row in rows(FaultKind.UNKNOWN_FIELDS))
    assert 0 < sum(row["status"] == 77 for row in rows(FaultKind.UNKNOWN_STATUS)) < 100
    assert any(row.get("err") == 999 for row in rows(FaultKind.UNKNOWN_ERR))
    assert any(row["type"] == 42 for row in rows(FaultKind.UNKNOWN_TYPE))
    missing = rows(FaultKind.MISSING_FIELDS)
    for name in ("int_id", "status", "send_timestamp"):
        assert any(name not in row for row in missing)
    assert all(isinstance(row["status"], str) for row in rows(FaultKind.NUMBERS_AS_STRINGS))
    ids = [str(row["int_id"]) for row in rows(FaultKind.DUPLICATE_ROWS)]
    assert len(ids) > len(set(ids)) == 200
    ids = [str(row["int_id"]) for row in rows(FaultKind.SHUFFLED_ROWS)]
    assert len(set(ids)) == 200
    assert ids != sorted(ids, reverse=True)


def test_control_characters_are_raw(served: Served) -> None:
    """Control characters stand in the JSON unescaped, as no strict reader takes them."""
    served.fault(FaultKind.CONTROL_CHARACTERS)
    text = served.ask().text
    with pytest.raises(json.JSONDecodeError, match="control character"):
        json.loads(text)
    assert json.loads(text, strict=False)[0]["message"].startswith("\x01\x1f\x08")


def test_faults_by_http(served: Served) -> None:
    """Faults are set, listed and cleared over HTTP; nonsense is refused with the reason."""
    url = f"{served.url}/simulation/faults"
    body = [{"kind": "http_503", "probability": 1}, {"kind": "reset", "start": 1e11}]
    assert [fault["kind"] for fault in httpx.post(url, json=body).json()] == ["http_503", "reset"]
    assert served.ask().status_code == 503
    refused = httpx.post(url, json={"kind": "flood"})
    assert refused.status_code == 400
    assert "flood" in refused.json()["error"]
    assert httpx.delete(url).json() == []
    assert served.ask().status_code == 200


def test_taken_address_is_told(server: Served) -> None:
    """Serving where somebody listens already ends with the reason."""
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(SystemExit, match=f"can't listen on 127.0.0.1:{port}"):
        serve(server.gateway, port=port)


def test_truth_and_calls_by_http(served: Served) -> None:
    """The truth over HTTP is the world's, and the calls are those made."""
    served.ask()
    gateway = served.gateway
    now = gateway.clock.now()
    url = f"{served.url}/simulation"
    told = httpx.get(f"{url}/truth", params={"since": now - 600, "until": now}).json()
    truths = gateway.accounts["alex"].world.truth(now - 600, now)
    assert told == json.loads(msgspec.json.encode(truths))
    assert len(told) > 50
    assert httpx.get(f"{url}/calls").json()[-1]["rows"] == 200
    assert httpx.get(f"{url}/state").json()["calls"] == len(gateway.calls)
    assert httpx.get(f"{url}/truth", params={"login": "x"}).status_code == 404
    assert httpx.get(f"{url}/truth", params={"since": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.RESET, httpx.ReadError),
        (FaultKind.CUT, httpx.RemoteProtocolError),
        (FaultKind.TIMEOUT, httpx.ReadTimeout),
    ],
)
def test_broken_connections_without_sockets(
    make_gateway: MakeGateway, ask: Ask, kind: FaultKind, error: type[httpx.TransportError]
) -> None:
    """In virtual time broken connections raise what real ones do."""
    gateway = make_gateway(faults=Faults([Fault(kind=kind)]))
    with pytest.raises(error):
        ask(gateway)
    assert gateway.meters["alex"].running == 0


def test_stretch_of_time(make_gateway: MakeGateway, ask: Ask, clock: VirtualClock) -> None:
    """A fault with start and end strikes in between only."""
    fault = Fault(kind=FaultKind.HTTP_500, start=START + 10, end=START + 20)
    gateway = make_gateway(faults=Faults([fault]), limits=LAVISH)
    statuses = []
    for _ in range(5):
        statuses.append(ask(gateway).status_code)
        clock.advance(5)
    assert statuses == [200, 200, 500, 500, 200]


def test_probability_is_seeded() -> None:
    """The same seed strikes at the same calls, about as often as the probability says."""
    strikes = [
        [bool(faults.strike(START, "alex")) for _ in range(1000)]
        for faults in (
            Faults([Fault(kind=FaultKind.RESET, probability=0.3)], seed) for seed in (1, 1, 2)
        )
    ]
    assert strikes[0] == strikes[1] != strikes[2]
    assert 200 < sum(strikes[0]) < 400


def test_faults_of_one_login() -> None:
    """A fault for one account spares the others."""
    faults = Faults([Fault(kind=FaultKind.RESET, login="bob")])
    assert faults.strike(START, "alex") is None
    assert faults.strike(START, "bob") is not None


def test_refused_login_fault_can_block(make_gateway: MakeGateway, ask: Ask) -> None:
    """Error 2 as a fault counts like a wrong password."""
    gateway = make_gateway(faults=Faults([Fault(kind=FaultKind.ERROR_2)]))
    codes = [ask(gateway).json()["error_code"] for _ in range(6)]
    assert codes == [2, 2, 2, 2, 2, 4]


@pytest.mark.parametrize("kind", FaultKind)
def test_faults_from_text(kind: FaultKind) -> None:
    """Each kind can be named on a command line, with and without a probability."""
    assert parse_fault(kind) == Fault(kind=kind)
    assert parse_fault(f"{kind}:0.25") == Fault(kind=kind, probability=0.25)


@pytest.mark.parametrize(
    ("text", "reason"), [("x", "one of"), ("reset:2", "0-1"), ("cut:a", "0-1")]
)
def test_bad_faults_from_text(text: str, reason: str) -> None:
    """What is no fault is refused with the reason."""
    with pytest.raises(ValueError, match=reason):
        parse_fault(text)


def test_random_is_passed_in() -> None:
    """Drawing from the global generator doesn't change what strikes."""
    faults = Faults([Fault(kind=FaultKind.RESET, probability=0.5)], 7)
    rng = Random(7)
    expected = [rng.random() < 0.5 for _ in range(50)]
    assert [faults.strike(START, "") is not None for _ in range(50)] == expected
