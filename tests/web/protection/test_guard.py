"""What stands before the application lets in whom it should, and says why to the others."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from threading import Event
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from exporter.web.protection import passwords
from exporter.web.protection.guard import Guard, credentials
from exporter.web.protection.passwords import MOST_OF_ONE, Passwords
from exporter.web.protection.reading import Protection
from exporter.web.protection.settings import RateLimit
from tests.web.conftest import World
from tests.web.protection.conftest import PASSWORD, hashed


Ask = Callable[..., Awaitable[httpx.Response]]
PATHS = ["/metrics", "/", "/status", "/-/healthy", "/-/ready", "/-/reload", "/nothing", "/..//x"]


class Gate:
    """A guarded application whose protection can be changed."""

    def __init__(self, app: Starlette, world: World) -> None:
        self.protection = Protection()
        self._guard = Guard(app, lambda: self.protection, Passwords(b"k" * 32), world)

    async def ask(self, path: str = "/-/ready", method: str = "GET", **options: Any) -> Any:
        transport = httpx.ASGITransport(self._guard)
        async with httpx.AsyncClient(transport=transport, base_url="http://exporter") as client:
            return await client.request(method, path, **options)


@pytest.fixture
def gate(app: Starlette, world: World) -> Gate:
    return Gate(app, world)


USERS = Protection(users={"anna": hashed(PASSWORD)})


async def test_without_protection_everybody_is_let_in(gate: Gate) -> None:
    """Even who shows a login that nobody asked for."""
    assert (await gate.ask()).status_code == 200
    assert (await gate.ask(auth=("anna", "wrong"))).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "BREW"])
async def test_nothing_is_shown_without_a_login(
    gate: Gate, world: World, path: str, method: str
) -> None:
    """Each path and method is behind the login, also those that aren't there."""
    gate.protection = USERS
    for options in ({}, {"auth": ("anna", "wrong")}, {"auth": ("nobody", PASSWORD)}):
        answer = await gate.ask(path, method, **options)
        assert answer.status_code == 401
        expected = 'Basic realm="smsc-exporter", charset="UTF-8"'
        assert answer.headers["www-authenticate"] == expected
        assert answer.text in {"log in first\n", "wrong name or password\n", ""}
    assert world.reloads == 0


async def test_a_login_opens_everything(gate: Gate, world: World) -> None:
    """Right name and password get the answers that there are without protection."""
    gate.protection = USERS
    auth = ("anna", PASSWORD)
    assert "smsc_api_budget_limit" in (await gate.ask("/metrics", auth=auth)).text
    assert (await gate.ask("/-/reload", "POST", auth=auth)).status_code == 200
    assert (await gate.ask("/nothing", auth=auth)).status_code == 404
    assert world.reloads == 1


async def test_refused_logins_are_logged(gate: Gate) -> None:
    """Once for each address in a while; name and password, which are easily mixed up, never."""
    gate.protection = USERS
    with capture_logs() as lines:
        await gate.ask()
        for password in ("wrong-one", "wrong-two"):
            await gate.ask(auth=("CANARY", password))
    assert lines == [
        {
            "event": "login to the web server refused",
            "client": "127.0.0.1",
            "log_level": "warning",
        }
    ]


async def test_too_many_logins(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who floods is told to come back; who has logged in before is served meanwhile."""
    gate.protection = USERS
    assert (await gate.ask(auth=("anna", PASSWORD))).status_code == 200
    go = Event()
    monkeypatch.setattr(passwords, "matches", lambda *_: go.wait(20) and False)
    waiting = [asyncio.create_task(gate.ask(auth=("anna", "-"))) for _ in range(MOST_OF_ONE + 2)]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    answer = done.pop().result()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert (await gate.ask(auth=("anna", PASSWORD))).status_code == 200
    go.set()
    codes = [(await task).status_code for task in waiting]
    assert sorted(codes) == [401] * MOST_OF_ONE + [429] * 2


@pytest.mark.parametrize(
    ("header", "login"),
    [
        ("Basic YTpi", ("a", b"b")),
        ("basic  YTpi ", ("a", b"b")),
        ("Basic YTpiOmM=", ("a", b"b:c")),
        ("Basic " + base64.b64encode("é:é".encode()).decode(), ("é", "é".encode())),
        ("Basic OmI=", ("", b"b")),
        ("Basic YTo=", ("a", b"")),
        ("Basic YQ==", None),
        ("Basic YTpi!", None),
        ("Basic YTp", None),
        ("Basic /zpi", None),
        ("Basic", None),
        ("", None),
        ("Bearer YTpi", None),
        ("Digest YTpi", None),
    ],
)
def test_logins_as_they_are_sent(header: str, login: tuple[str, bytes] | None) -> None:
    """Name and password are taken from HTTP's basic scheme; what makes no sense is no login."""
    assert credentials({"headers": [(b"authorization", header.encode())]}) == login


def test_only_the_first_login_counts() -> None:
    """A second header doesn't help."""
    headers = [(b"authorization", b"Basic YTpi"), (b"authorization", b"Basic Yzpk")]
    assert credentials({"headers": headers}) == ("a", b"b")


async def test_headers_of_every_answer(gate: Gate) -> None:
    """The user's headers take the place of our own, on refusals, too."""
    gate.protection = Protection(
        headers={"X-Frame-Options": "sameorigin", "Strict-Transport-Security": "max-age=60"},
        users=USERS.users,
    )
    for auth in (("anna", PASSWORD), ("anna", "wrong")):
        answer = await gate.ask("/metrics", auth=auth)
        assert answer.headers.get_list("x-frame-options") == ["sameorigin"]
        assert answer.headers["strict-transport-security"] == "max-age=60"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_rate_limit(gate: Gate, world: World) -> None:
    """A burst is answered, then one request in each interval, logins or not."""
    gate.protection = Protection(rate=RateLimit(interval=2.0, burst=3), users=USERS.users)

    async def codes(number: int) -> list[int]:
        return [(await gate.ask()).status_code for _ in range(number)]

    assert await codes(5) == [401] * 3 + [429] * 2
    world.time += 1.9
    assert await codes(1) == [429]
    world.time += 0.2
    assert await codes(2) == [401, 429]
    world.time += 3600
    assert await codes(4) == [401] * 3 + [429]
    world.time -= 7200
    assert await codes(1) == [429]
    world.time += 2
    assert await codes(2) == [401, 429]
    gate.protection = Protection(rate=RateLimit(interval=2.0, burst=1))
    assert await codes(2) == [200, 429]
