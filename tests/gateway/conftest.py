"""A writer of answers in the vendor's four formats, and servers that give any bytes."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st

from exporter.gateway.client import GatewayClient
from exporter.gateway.permit import Permit, Request


MOSCOW = ZoneInfo("Europe/Moscow")
STATUS_NAMES = {
    -1: "Ожидает отправки",
    0: "Передано оператору",
    1: "Доставлено",
    3: "Просрочено",
    20: "Невозможно доставить",
    99: "Неизвестное состояние",
}
NAMED_TAIL = ", type = 0, ID = 7, int_id = 8, sms_cnt = 1, format = 0, crc = 9"
NAMED_HEAD = (
    "Status = 1, check_time = 17.03.2023 16:47:56, err = 0, send_date = 17.03.2023 16:47:56, "
    "phone = 79000000000, mccmnc = 25001, country = Россия, operator = МТС, region = , "
    "cost = 1.20, sender_id = FAKE, status_name = Доставлено, message = x"
)
COMMA_TAIL = ",0,7,8,1,0,9"
COMMA_HEAD = "1,1679060876,0,1679060876,79000000000,25001,Россия,МТС,,1.20,FAKE,Доставлено, x"
NASTY = (
    *(
        ",",
        '"',
        "'",
        "\n",
        "\r\n",
        " = ",
        ", ",
        "\\",
        "&",
        "<b>",
        "]]>",
        "}]",
        "~~~",
        "код",
        "0,-9",
    ),
    *("ERROR = 9 (x)", "</message></sms></list>", '","status":1,"', "&lt;", "&#10;", "🙂", "\t"),
    *(", message = ", ", type = 0", NAMED_HEAD, NAMED_TAIL, COMMA_HEAD, COMMA_TAIL),
    *(NAMED_HEAD + NAMED_TAIL, COMMA_HEAD + COMMA_TAIL, "\n" + NAMED_HEAD + NAMED_TAIL + "\n"),
    *("\n" + COMMA_HEAD + COMMA_TAIL + "\n", "Status = 1", "1", "12345"),
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row as the gateway knows it."""

    status: int = 1
    status_time: int = 1679060876
    err: int | None = 0
    send_time: int = 1679060800
    phone: str = "79161234567"
    mccmnc: str = "25002"
    country: str = "Россия"
    operator: str = "МегаФон"
    region: str = ""
    cost: str = "1.20"
    sender: str = "SHOP"
    text: str = "код 1234"
    type: int = 0
    id: int = 206113
    int_id: str = "401671913"
    sms_cnt: int = 1
    format: int = 0
    crc: int = 307589946

    @property
    def status_name(self) -> str:
        return STATUS_NAMES[self.status]


def _date(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, MOSCOW):%d.%m.%Y %H:%M:%S}" if seconds else ""


def _fmt0(row: Row) -> str:
    return (
        f"Status = {row.status}, check_time = {_date(row.status_time)}, err = {_err(row)}, "
        f"send_date = {_date(row.send_time)}, phone = {row.phone}, mccmnc = {row.mccmnc}, "
        f"country = {row.country}, operator = {row.operator}, region = {row.region}, "
        f"cost = {row.cost}, sender_id = {row.sender}, status_name = {row.status_name}, "
        f"message = {row.text}, type = {row.type}, ID = {row.id}, int_id = {row.int_id}, "
        f"sms_cnt = {row.sms_cnt}, format = {row.format}, crc = {row.crc}"
    )


def _fmt1(row: Row) -> str:
    return (
        f"{row.status},{row.status_time},{_err(row)},{row.send_time},{row.phone},{row.mccmnc},"
        f"{row.country},{row.operator},{row.region},{row.cost},{row.sender},{row.status_name}, "
        f"{row.text},{row.type},{row.id},{row.int_id},{row.sms_cnt},{row.format},{row.crc}"
    )


def _err(row: Row) -> str:
    return "" if row.err is None else str(row.err)


def _mapping(row: Row) -> dict[str, str | int]:
    err = {} if row.err is None else {"err": row.err}
    return {
        "status": row.status,
        "last_date": _date(row.status_time),
        "last_timestamp": row.status_time,
        **err,
        "send_date": _date(row.send_time),
        "send_timestamp": row.send_time,
        "phone": row.phone,
        "cost": row.cost,
        "sender_id": row.sender,
        "status_name": row.status_name,
        "message": row.text,
        "mccmnc": row.mccmnc,
        "country": row.country,
        "operator": row.operator,
        "region": row.region,
        "type": row.type,
        "id": row.id,
        "int_id": row.int_id,
        "sms_cnt": row.sms_cnt,
        "format": row.format,
        "crc": row.crc,
    }


def _fmt2(row: Row) -> str:
    entities = {"\r": "&#13;"}
    fields = (f"<{k}>{escape(str(v), entities)}</{k}>\n" for k, v in _mapping(row).items())
    return f"<sms>\n{''.join(fields)}</sms>"


def _render(fmt: int, rows: list[Row]) -> str:
    if fmt == 3:
        return json.dumps([_mapping(row) for row in rows], ensure_ascii=False)
    if fmt == 2:
        return "\n".join(["<list>", *map(_fmt2, rows), "</list>"])
    return "\n".join(map(_fmt1 if fmt == 1 else _fmt0, rows))


@pytest.fixture(scope="session")
def row() -> type[Row]:
    return Row


@pytest.fixture(scope="session")
def mapping() -> Callable[[Row], dict[str, str | int]]:
    return _mapping


@pytest.fixture(scope="session")
def render() -> Callable[[int, list[Row]], str]:
    return _render


@pytest.fixture(scope="session")
def rows() -> st.SearchStrategy[list[Row]]:
    """Pages of rows with texts made to mislead."""
    texts = st.lists(st.sampled_from(NASTY) | st.text(max_size=4), max_size=6).map("".join)
    name = st.sampled_from(["МегаФон", "Kyivstar", "", "Т2 Мобайл"])
    region = st.sampled_from(["", "г.Москва и Московская область", "Крым, Севастополь", "А, 5, Б"])
    seconds = st.integers(1_000_000_000, 2_000_000_000)
    page_row = st.builds(
        Row,
        status=st.sampled_from(list(STATUS_NAMES)),
        status_time=seconds | st.just(0),
        err=st.sampled_from([None, 0, 6, 248, 777]),
        send_time=seconds,
        phone=st.from_regex(r"7[0-9]{10}", fullmatch=True),
        mccmnc=st.sampled_from(["25002", "25503", ""]),
        operator=name,
        region=region,
        cost=st.sampled_from(["1.20", "0.385", "12.0"]),
        sender=st.sampled_from(["SHOP", "Мой банк", "79161234567", "box@mail.example"]),
        text=texts,
        type=st.sampled_from([0, 1, 7, 8, 12]),
        id=st.integers(1, 2**31 - 1),
        int_id=st.integers(10**6, 10**12).map(str),
        sms_cnt=st.integers(1, 40),
        crc=st.integers(0, 2**32),
    )
    return st.lists(page_row, min_size=1, max_size=4)


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """One local server: its address and the requests it got, head and body apart."""

    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)

    async def read(self, reader: asyncio.StreamReader) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
        body = await reader.readexactly(int(lines[0].split(":")[1]) if lines else 0)
        self.requests.append((head, body.decode()))


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    """Start servers that read a request and then do what they are told."""
    started: list[asyncio.Server] = []
    writers: list[asyncio.StreamWriter] = []

    async def start(handler: Handler, context: ssl.SSLContext | None = None) -> Server:
        server = Server()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            try:
                await server.read(reader)
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
        started.append(listener)
        port = listener.sockets[0].getsockname()[1]
        server.url = f"{'https' if context else 'http'}://127.0.0.1:{port}"
        return server

    yield start
    for listener in started:
        listener.close()
    for writer in writers:
        writer.transport.abort()
    await asyncio.sleep(0)


@pytest.fixture
def answer() -> Callable[..., Handler]:
    """A handler that sends a body under a head."""

    def make(body: bytes, status: str = "200 OK", *headers: str) -> Handler:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        head = "".join(line + "\r\n" for line in lines) + "\r\n"

        async def handler(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(head.encode() + body)
            await writer.drain()

        return handler

    return make


@dataclass(frozen=True)
class Secret:
    """A secret as the configuration holds it."""

    text: str = field(repr=False)

    def reveal(self) -> str:
        return self.text


@dataclass(frozen=True)
class Login:
    """Credentials as the configuration holds them."""

    login: str | None = "alex"
    password: Secret | None = Secret("CANARY-PASSWORD")
    apikey: Secret | None = None


@pytest.fixture
def login() -> type[Login]:
    return Login


@pytest.fixture
def secret() -> type[Secret]:
    return Secret


@pytest.fixture
def permit() -> Callable[[Request], Permit]:
    def make(request: Request) -> Permit:
        return Permit(id=1, account="main", kind="head", request=request, spent_at=0.0)

    return make


@pytest.fixture
async def client(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Callable[..., GatewayClient]]:
    """Make clients that are closed after the test and know no proxy."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    made: list[GatewayClient] = []

    def make(url: str, credentials: Login | None = None, **options: object) -> GatewayClient:
        made.append(GatewayClient(url, credentials or Login(), **{"timeout": 5.0, **options}))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        await each.aclose()
