"""The history call over real connections."""

import asyncio
import gzip
import json
import logging
import shutil
import ssl
import subprocess
import traceback
import zlib
from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from exporter.gateway import errors
from exporter.gateway.balance import Balance, BalanceRequest
from exporter.gateway.client import HISTORY_PATH, GatewayClient, call_url
from exporter.gateway.message import Personal
from exporter.gateway.permit import Permit, Request
from exporter.gateway.request import HistoryRequest


Serve = Callable[..., Awaitable[Any]]
Client = Callable[..., GatewayClient]
GetPermit = Callable[[Request], Permit]

PHONE = "79169998877"
TEXT = "CANARY-TEXT"
CANARIES = ("CANARY", PHONE, "9998877")


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Say nothing until the caller goes away."""
    await reader.read()


async def trickle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a body byte by byte, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"[")
        await writer.drain()
        await asyncio.sleep(0.02)


async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Drop the connection."""
    writer.transport.abort()


async def no_http(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak another protocol."""
    writer.write(f"{TEXT} {PHONE}\r\n\r\n".encode())
    await writer.drain()


async def cut_length(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Announce more than is sent; what is sent would be a page."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]")
    await writer.drain()


async def cut_chunks(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Stop before the last chunk; what is sent would be a page."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n")
    await writer.drain()


async def test_request_is_one_post_with_credentials_in_its_body(
    serve: Serve, answer: Any, client: Client, permit: GetPermit
) -> None:
    """Every documented parameter is in the form, nothing in the address."""
    server = await serve(answer(b"[]", "200 OK", "Date: Fri, 17 Mar 2023 13:47:56 GMT"))
    request = HistoryRequest(
        cnt=10,
        prev_id="401671913",
        start=date(2023, 3, 1),
        end=date(2023, 3, 17),
        phones=(Personal("79161234567"), Personal("79160000000")),
        emails=(Personal("a@b.example"),),
        format=8,
    )
    got = await client(server.url + "/prefix/").history(request, permit(request))
    head, body = server.requests[0]
    assert head.startswith("POST /prefix/sys/get.php HTTP/1.1\r\n")
    assert dict(parse_qsl(body)) == {
        "get_messages": "1",
        "login": "alex",
        "psw": "CANARY-PASSWORD",
        "fmt": "3",
        "charset": "utf-8",
        "cnt": "10",
        "prev_id": "401671913",
        "start": "01.03.2023",
        "end": "17.03.2023",
        "phone": "79161234567,79160000000",
        "email": "a@b.example",
        "format": "8",
    }
    assert got.page.rows == 0
    assert got.server_date == 1679060876
    assert len(server.requests) == 1


async def test_the_balance_is_one_post_with_credentials_in_its_body(
    serve: Serve, answer: Any, client: Client, permit: GetPermit, login: Any, secret: Any
) -> None:
    """It has an address and a form of its own, and the currency is asked for."""
    server = await serve(answer(b'{"balance":"1871.62","currency":"RUR"}'))
    request = BalanceRequest()
    told = await client(server.url + "/prefix/").balance(request, permit(request))
    assert told == Balance(amount=Decimal("1871.62"), currency="RUB")
    keyed = client(server.url, login(apikey=secret("CANARY-KEY")))
    await keyed.balance(request, permit(request))
    asked = {"fmt": "3", "charset": "utf-8", "cur": "1"}
    (head, body), (plain_head, plain_body) = server.requests
    assert head.startswith("POST /prefix/sys/balance.php HTTP/1.1\r\n")
    assert dict(parse_qsl(body)) == {**asked, "login": "alex", "psw": "CANARY-PASSWORD"}
    assert plain_head.startswith("POST /sys/balance.php HTTP/1.1\r\n")
    assert dict(parse_qsl(plain_body)) == {**asked, "apikey": "CANARY-KEY"}


async def test_a_permit_for_one_call_is_none_for_another(
    serve: Serve, answer: Any, client: Client, permit: GetPermit
) -> None:
    """Neither call is made on the other's permit, nor on one that is used up."""
    server = await serve(answer(b"5.00"))
    gateway, request, history = client(server.url), BalanceRequest(), HistoryRequest()
    granted = permit(request)
    with pytest.raises(RuntimeError, match="does not cover"):
        await gateway.balance(request, permit(history))
    with pytest.raises(RuntimeError, match="does not cover"):
        await gateway.history(history, granted)
    await gateway.balance(request, granted)
    with pytest.raises(RuntimeError, match="does not cover"):
        await gateway.balance(request, granted)
    assert len(server.requests) == 1


async def test_apikey_stands_alone(
    serve: Serve, answer: Any, client: Client, permit: GetPermit, login: Any, secret: Any
) -> None:
    """With an API key neither login nor password is sent."""
    server = await serve(answer(b"[]"))
    request = HistoryRequest()
    credentials = login(apikey=secret("CANARY-KEY"))
    got = await client(server.url, credentials).history(request, permit(request))
    form = dict(parse_qsl(server.requests[0][1]))
    assert form["apikey"] == "CANARY-KEY"
    assert not form.keys() & {"login", "psw"}
    assert form["cnt"] == "1000"
    assert got.server_date is None


@pytest.mark.parametrize("header", ["yesterday", "Fri, 99 Mar 2023 13:47:56 GMT"])
async def test_unreadable_date_is_no_date(
    header: str, serve: Serve, answer: Any, client: Client, permit: GetPermit
) -> None:
    """A clock that cannot be read spoils no page."""
    server = await serve(answer(b"[]", "200 OK", f"Date: {header}"))
    request = HistoryRequest()
    assert (await client(server.url).history(request, permit(request))).server_date is None


async def test_no_call_leaves_without_credentials(
    serve: Serve, answer: Any, client: Client, permit: GetPermit, login: Any
) -> None:
    """Half a login is a mistake of the configuration, never a failed login at the gateway."""
    server = await serve(answer(b"[]"))
    request = HistoryRequest()
    with pytest.raises(ValueError, match="password"):
        await client(server.url, login(password=None)).history(request, permit(request))
    assert server.requests == []


async def test_packed_pages_are_unpacked(
    serve: Serve, answer: Any, client: Client, permit: GetPermit, row: Any, render: Any
) -> None:
    """Gzip is asked for and read."""
    body = gzip.compress(render(3, [row(text="x" * 999)]).encode())
    server = await serve(answer(body, "200 OK", "Content-Encoding: gzip"))
    request = HistoryRequest()
    got = await client(server.url).history(request, permit(request), personal=True)
    text = got.page.messages[0].text
    assert text is not None
    assert text.value == "x" * 999
    assert "accept-encoding: gzip\r\n" in server.requests[0][0].lower()


async def test_error_answers_come_through(
    serve: Serve, answer: Any, client: Client, permit: GetPermit
) -> None:
    """An error of the gateway arrives as its own class."""
    server = await serve(answer(b'{"error": "authorise error", "error_code": 2}'))
    request = HistoryRequest()
    with pytest.raises(errors.RefusedLogin):
        await client(server.url).history(request, permit(request))


async def test_permit_covers_one_call_of_its_own_request(
    serve: Serve, answer: Any, client: Client, permit: GetPermit
) -> None:
    """No call leaves without a fresh permit for exactly this request."""
    server = await serve(answer(b"[]"))
    request = HistoryRequest()
    granted = permit(request)
    gateway = client(server.url)
    await gateway.history(request, granted)
    with pytest.raises(RuntimeError):
        await gateway.history(request, granted)
    with pytest.raises(RuntimeError):
        await gateway.history(HistoryRequest(), permit(request))
    assert len(server.requests) == 1


async def test_failed_call_uses_its_permit_up(
    serve: Serve, answer: Any, client: Client, permit: GetPermit
) -> None:
    """A retry needs a permit of its own."""
    server = await serve(answer(b"", "503 Service Unavailable"))
    request = HistoryRequest()
    granted = permit(request)
    with pytest.raises(errors.HttpStatus):
        await client(server.url).history(request, granted)
    with pytest.raises(RuntimeError):
        await client(server.url).history(request, granted)
    assert len(server.requests) == 1


def big(size: int, **options: Any) -> Callable[[Any], Any]:
    """A server of a body of ``size`` spaces, packed or not."""
    return lambda answer: answer(
        gzip.compress(b" " * size) if options else b" " * size,
        "200 OK",
        *(["Content-Encoding: gzip"] if options else []),
    )


FAULTS: dict[str, tuple[Callable[[Any], Any], type[errors.GatewayError], str, str]] = {
    "silence": (lambda _: silent, errors.TimedOut, "timeout", "timeout"),
    "trickle": (lambda _: trickle, errors.TimedOut, "timeout", "timeout"),
    "reset": (lambda _: reset, errors.ConnectionFailed, "connect", "http_error"),
    "no http": (lambda _: no_http, errors.ConnectionFailed, "connect", "http_error"),
    "cut": (lambda _: cut_length, errors.UnreadableAnswer, "cut", "http_error"),
    "cut chunks": (lambda _: cut_chunks, errors.UnreadableAnswer, "cut", "http_error"),
    "cut gzip": (
        lambda answer: answer(gzip.compress(b"[]")[:-9], "200 OK", "Content-Encoding: gzip"),
        errors.UnreadableAnswer,
        "cut",
        "http_error",
    ),
    "false gzip": (
        lambda answer: answer(f"{TEXT} {PHONE}".encode(), "200 OK", "Content-Encoding: gzip"),
        errors.UnreadableAnswer,
        "unreadable",
        "http_error",
    ),
    "tail of gzip": (
        lambda answer: answer(gzip.compress(b"[]") * 2, "200 OK", "Content-Encoding: gzip"),
        errors.UnreadableAnswer,
        "unreadable",
        "http_error",
    ),
    "other packing": (
        lambda answer: answer(zlib.compress(b"[]"), "200 OK", "Content-Encoding: br"),
        errors.UnreadableAnswer,
        "unreadable",
        "http_error",
    ),
    "large": (big(100_001), errors.UnreadableAnswer, "too_large", "http_error"),
    "bomb": (big(20_000_000, packed=True), errors.UnreadableAnswer, "too_large", "http_error"),
    "empty": (lambda answer: answer(b""), errors.UnreadableAnswer, "empty", "http_error"),
    "html": (
        lambda answer: answer(f"<html><body>{TEXT} {PHONE}".encode()),
        errors.UnreadableAnswer,
        "html",
        "http_error",
    ),
    "error text": (
        lambda answer: answer(f"ERROR = 9 ({TEXT} {PHONE})".encode()),
        errors.OverLimit,
        "over_limit",
        "api_error",
    ),
    "redirect": (
        lambda answer: answer(b"", "302 Found", f"Location: http://127.0.0.1:1/{TEXT}"),
        errors.HttpStatus,
        "http",
        "http_error",
    ),
    "forbidden": (
        lambda answer: answer(TEXT.encode(), "403 Forbidden"),
        errors.HttpStatus,
        "http",
        "http_error",
    ),
    "broken": (
        lambda answer: answer(TEXT.encode(), "500 Internal Server Error"),
        errors.HttpStatus,
        "http",
        "http_error",
    ),
}


ASKED: dict[str, Request] = {
    "history": HistoryRequest(phones=(Personal(PHONE),)),
    "balance": BalanceRequest(),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("asked", ASKED)
async def test_faults_are_typed_and_tell_nothing_private(
    asked: str,
    fault: str,
    serve: Serve,
    answer: Any,
    client: Client,
    permit: GetPermit,
    login: Any,
    secret: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each fault of either call is one class of the tree; nothing of it holds a secret, a phone or
    a text."""
    make, expected, kind, result = FAULTS[fault]
    server = await serve(make(answer))
    request = ASKED[asked]
    timeout = 0.3 if expected is errors.TimedOut else 5.0
    gateway = client(server.url, login(), timeout=timeout, body_limit=100_000)
    with caplog.at_level(logging.DEBUG), pytest.raises(errors.GatewayError) as caught:
        await getattr(gateway, asked)(request, permit(request))
    error = caught.value
    assert type(error) is expected
    assert (error.kind, error.result) == (kind, result)
    assert str(error)
    assert len(server.requests) == 1
    assert_private(error, caplog)


def assert_private(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    """Search all that a log of the error could show, variables of our frames included."""
    assert error.__cause__ is None
    assert error.__context__ is None
    frames = [
        f for f, _ in traceback.walk_tb(error.__traceback__) if f.f_globals["__name__"] != __name__
    ]
    assert frames
    shown = [
        str(error),
        repr(error),
        repr(error.args),
        repr(vars(error)),
        "".join(traceback.format_exception(error)),
        *(repr(frame.f_locals) for frame in frames),
        *(record.getMessage() + repr(vars(record)) for record in caplog.records),
    ]
    assert not [text for text in shown if any(canary in text for canary in CANARIES)]


async def test_good_calls_log_nothing_private(
    serve: Serve,
    answer: Any,
    client: Client,
    permit: GetPermit,
    row: Any,
    render: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With every logger at debug no record and no repr holds what must stay private."""
    server = await serve(answer(render(3, [row(phone=PHONE, text=TEXT)]).encode()))
    request = HistoryRequest(phones=(Personal(PHONE),))
    granted = permit(request)
    gateway = client(server.url)
    with caplog.at_level(logging.DEBUG):
        got = await gateway.history(request, granted, personal=True)
    shown = [repr(got), str(got), repr(request), repr(granted), repr(gateway), caplog.text]
    assert not [text for text in shown if any(canary in text for canary in CANARIES)]
    assert got.page.messages[0].phone == Personal(PHONE)
    assert not [r for r in caplog.records if r.name.startswith(("httpx", "httpcore"))]


async def test_refused_connections_are_told(client: Client, permit: GetPermit) -> None:
    """Nobody listening is a failed connection."""
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    request = HistoryRequest()
    with pytest.raises(errors.ConnectionFailed) as caught:
        await client(f"http://127.0.0.1:{port}").history(request, permit(request))
    assert "127.0.0.1" in str(caught.value)


async def test_unknown_names_are_told(client: Client, permit: GetPermit) -> None:
    """A name without an address is a fault of its own."""
    request = HistoryRequest()
    with pytest.raises(errors.DnsFailed) as caught:
        await client("https://gateway.invalid").history(request, permit(request))
    assert "gateway.invalid" in str(caught.value)
    assert caught.value.kind == "dns"


async def test_servers_without_tls_are_told(client: Client, permit: GetPermit) -> None:
    """A plain server behind an https address gives a TLS fault."""

    async def plain(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"plain text\r\n\r\n")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(plain, "127.0.0.1", 0)
    request = HistoryRequest()
    url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    with pytest.raises(errors.TlsFailed):
        await client(url).history(request, permit(request))
    listener.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    path, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*make, "-keyout", key, "-out", path], check=True, capture_output=True)
    path.write_text(path.read_text() + key.read_text())
    return path


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make a certificate")
async def test_untrusted_certificates_are_refused(
    certificate: Path, serve: Serve, answer: Any, client: Client, permit: GetPermit
) -> None:
    """A self-signed certificate gets no credentials unless it is trusted by name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await serve(answer(b"[]"), context)
    request = HistoryRequest()
    with pytest.raises(errors.TlsFailed) as caught:
        await client(server.url).history(request, permit(request))
    assert "self-signed" in str(caught.value)
    assert server.requests == []
    trusting = client(server.url, verify=ssl.create_default_context(cafile=certificate))
    assert (await trusting.history(request, permit(request))).page.rows == 0


@pytest.mark.parametrize(
    "url",
    [
        *("smsc.ru", "ftp://smsc.ru", "https://", "https://user:CANARY@smsc.ru", "http://[x"),
        *("https://smsc.ru/?psw=CANARY", "https://smsc.ru/#CANARY"),
    ],
)
def test_addresses_hold_nothing_but_host_and_path(url: str) -> None:
    """An address that could carry a secret is refused without repeating it."""
    with pytest.raises(ValueError, match="api_url") as caught:
        call_url(url, HISTORY_PATH)
    assert "CANARY" not in str(caught.value)


async def test_pages_match_what_was_sent(
    serve: Serve, answer: Any, client: Client, permit: GetPermit, row: Any, mapping: Any
) -> None:
    """A full page goes through the wire whole and in order."""
    rows = [mapping(row(int_id=str(401671913 - number))) for number in range(1000)]
    server = await serve(answer(json.dumps(rows).encode()))
    request = HistoryRequest()
    got = await client(server.url).history(request, permit(request))
    assert [m.int_id for m in got.page.messages] == [each["int_id"] for each in rows]
