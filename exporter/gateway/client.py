"""The gateway's calls over HTTP; the only module that knows the HTTP library.

One POST per permit. Credentials travel in the form body only, redirects are not followed, TLS is
verified. Proxies and certificate files are taken from the environment as usual (``HTTPS_PROXY``,
``NO_PROXY``, ``SSL_CERT_FILE``), unless a transport is passed in.
"""

import asyncio
import logging
import os
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

import httpx
import msgspec

from exporter.gateway.answers import MOSCOW, decode
from exporter.gateway.balance import Balance, BalanceRequest
from exporter.gateway.balance_answers import decode_balance
from exporter.gateway.body import BODY_LIMIT, read_body
from exporter.gateway.errors import (
    ConnectionFailed,
    DnsFailed,
    GatewayError,
    HttpStatus,
    TimedOut,
    TlsFailed,
    UnreadableAnswer,
)
from exporter.gateway.message import Page
from exporter.gateway.permit import Permit, Request
from exporter.gateway.request import HistoryRequest
from exporter.gateway.statistics import Statistics, StatisticsRequest
from exporter.gateway.statistics_answers import decode_statistics


HISTORY_PATH = "/sys/get.php"
BALANCE_PATH = "/sys/balance.php"
"""The documented paths below ``api_url``."""
DEADLINE_FACTOR = 2.0
"""A whole call may take this many times the time-out of a single wait."""

_T = TypeVar("_T")
_HOST = re.compile(r"[\w.:-]+")
_BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""No connection to the gateway, so nothing was sent."""

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Revealable(Protocol):
    """A secret that is shown on demand only."""

    def reveal(self) -> str:
        """The clear text."""
        ...


class GatewayCredentials(Protocol):
    """A login with its password, or an API key, which wins when both are there."""

    @property
    def login(self) -> str | None:
        """The account's login."""
        ...

    @property
    def password(self) -> Revealable | None:
        """The login's password."""
        ...

    @property
    def apikey(self) -> Revealable | None:
        """The API key that stands for login and password."""
        ...


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a history call gave."""

    page: Page
    server_date: float | None = None
    """The gateway's ``Date`` header in Unix seconds."""


class GatewayClient:
    """Makes calls for one account.

    ``timeout`` (seconds) bounds each wait for a connection and for data; the whole call may take
    `DEADLINE_FACTOR` times as long. ``timezone`` is that of dates without a time stamp. Each
    answer's body is shown to ``observer`` before it is decoded. Raises `ValueError` for an
    ``api_url`` that is no plain http(s) address.
    """

    def __init__(
        self,
        api_url: str,
        credentials: GatewayCredentials,
        *,
        timeout: float = 30.0,
        timezone: ZoneInfo = MOSCOW,
        transport: httpx.AsyncBaseTransport | None = None,
        verify: bool | ssl.SSLContext = True,
        user_agent: str = "smsc-exporter",
        body_limit: int = BODY_LIMIT,
        observer: Callable[[bytes], object] | None = None,
    ) -> None:
        self._history_url = call_url(api_url, HISTORY_PATH)
        self._balance_url = call_url(api_url, BALANCE_PATH)
        self._credentials = credentials
        self._deadline = DEADLINE_FACTOR * timeout
        self._timezone = timezone
        self._body_limit = body_limit
        self._observer = observer
        self._http = httpx.AsyncClient(
            headers={
                "User-Agent": user_agent,
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
            },
            timeout=timeout,
            follow_redirects=False,
            transport=transport,
            verify=verify,
        )

    async def history(
        self, request: HistoryRequest, permit: Permit, *, personal: bool = False
    ) -> Answer:
        """Make one history call, using up ``permit``, and decode its answer.

        Raises `GatewayError`; `RuntimeError` when the permit is used or covers another request.
        Message text is dropped unless ``personal``.
        """
        permit.use(request)
        read = partial(decode, personal=personal, timezone=self._timezone)
        page, server_date = await self._ask(self._history_url, request, read)
        return Answer(page=page, server_date=server_date)

    async def balance(self, request: BalanceRequest, permit: Permit) -> Balance:
        """Make one balance call, using up ``permit``, and decode its answer.

        Raises `GatewayError`; `RuntimeError` when the permit is used or covers another request.
        """
        permit.use(request)
        balance, _ = await self._ask(self._balance_url, request, decode_balance)
        return balance

    async def statistics(self, request: StatisticsRequest, permit: Permit) -> Statistics:
        """Make one call for the gateway's own statistics, using up ``permit``.

        Raises `GatewayError`; `RuntimeError` when the permit is used or covers another request.
        """
        permit.use(request)
        found, _ = await self._ask(self._history_url, request, decode_statistics)
        return found

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _ask(
        self, url: httpx.URL, request: Request, read: Callable[[bytes], _T]
    ) -> tuple[_T, float | None]:
        """What ``read`` makes of the answer to a call, and the gateway's date."""
        failure: GatewayError
        try:
            return await self._answer(url, request, read)
        except GatewayError as error:
            failure = error
        except TimeoutError:
            failure = TimedOut(f"no whole answer within {self._deadline:g} s")
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            failure = _fault(error, url.host)
        # Neither frames nor causes go along: their variables hold the form and the body.
        raise failure.with_traceback(None)

    async def _answer(
        self, url: httpx.URL, request: Request, read: Callable[[bytes], _T]
    ) -> tuple[_T, float | None]:
        async with asyncio.timeout(self._deadline):
            body, server_date = await self._post(url, request)
        if self._observer is not None:
            self._observer(body)
        return read(body), server_date

    async def _post(self, url: httpx.URL, request: Request) -> tuple[bytes, float | None]:
        form = request.fields() | _login_fields(self._credentials)
        async with self._http.stream("POST", url, data=form) as response:
            if response.status_code != HTTPStatus.OK:
                raise HttpStatus(response.status_code)
            encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
            if encoding not in ("identity", "", "gzip", "x-gzip"):
                raise UnreadableAnswer("the answer is packed in a way that was not asked for")
            try:
                body = await read_body(
                    response.aiter_raw(), packed="gzip" in encoding, limit=self._body_limit
                )
            except (httpx.ReadError, httpx.RemoteProtocolError):
                body = None
            if body is None:
                raise UnreadableAnswer("the connection ended before the answer did", kind="cut")
            return body, _server_date(response.headers.get("Date"))


def call_url(api_url: str, path: str) -> httpx.URL:
    """The address of a call below ``api_url``, whose own path is kept."""
    try:
        url = httpx.URL(api_url)
    except httpx.InvalidURL:
        url = httpx.URL()
    plain = not (url.userinfo or url.query or url.fragment)
    if url.scheme not in ("http", "https") or not _HOST.fullmatch(url.host) or not plain:
        message = (
            "api_url must look like https://host[:port][/path], without user, query or fragment"
        )
        raise ValueError(message)
    return url.copy_with(path=url.path.rstrip("/") + path)


def _login_fields(credentials: GatewayCredentials) -> dict[str, str]:
    if credentials.apikey is not None:
        return {"apikey": credentials.apikey.reveal()}
    if credentials.login is None or credentials.password is None:
        raise ValueError("the account has neither an API key nor a login with a password")
    return {"login": credentials.login, "psw": credentials.password.reveal()}


def _server_date(header: str | None) -> float | None:
    try:
        return parsedate_to_datetime(header).timestamp() if header else None
    except (ValueError, OverflowError):
        return None


def _fault(error: Exception, host: str) -> GatewayError:
    """The error of the tree for what the HTTP library raised."""
    found = _named(error, host)
    found.unjudged = isinstance(error, _BEFORE_SENDING)
    return found


def _named(error: Exception, host: str) -> GatewayError:
    """The same but for whether the call left; of the library's text only TLS reasons stay."""
    causes = list(_causes(error))
    if isinstance(error, httpx.TimeoutException):
        wait = "a connection" if isinstance(error, httpx.ConnectTimeout) else "data"
        return TimedOut(f"waited too long for {wait} from {host}")
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return DnsFailed(f"the name {host} has no address; check api_url and the resolver")
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and isinstance(error, httpx.ConnectError):
            reason = getattr(cause, "verify_message", "") or cause.reason or "handshake failed"
            return TlsFailed(f"no trusted TLS connection to {host}: {reason}")
    if isinstance(error, httpx.ProxyError):
        return ConnectionFailed("the proxy refused the connection; check the proxy settings")
    if isinstance(error, httpx.RemoteProtocolError):
        return ConnectionFailed(f"{host} closed the connection or does not speak HTTP")
    system = (c for c in causes if isinstance(c, OSError) and not isinstance(c, ssl.SSLError))
    numbers = (cause.errno for cause in system)
    reason = next((f": {os.strerror(number).lower()}" for number in numbers if number), "")
    return ConnectionFailed(f"the connection to {host} failed{reason}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that led to it."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
