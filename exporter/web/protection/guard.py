"""What every request passes before the application sees it."""

import base64
import binascii
from collections.abc import Callable

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.clock import Clock
from exporter.logs import Repeats
from exporter.web.answers import plain
from exporter.web.protection.passwords import BusyError, Passwords
from exporter.web.protection.reading import Protection
from exporter.web.protection.settings import RateLimit


REALM = {"WWW-Authenticate": 'Basic realm="smsc-exporter", charset="UTF-8"'}
log = structlog.get_logger("exporter")


class Guard:
    """The application behind logins, a rate limit and headers of the user's choice."""

    def __init__(
        self,
        app: ASGIApp,
        protection: Callable[[], Protection],
        passwords: Passwords,
        clock: Clock,
    ) -> None:
        """``protection`` is asked at each request, so that it can change."""
        self._app = app
        self._protection = protection
        self._passwords = passwords
        self._bucket = Bucket(clock)
        self._repeats = Repeats(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the application do so."""
        protection = self._protection()
        refusal = await self._refusal(protection, scope)
        await (refusal or self._app)(scope, receive, _with_headers(protection, send))

    async def _refusal(self, protection: Protection, scope: Scope) -> ASGIApp | None:
        """The answer to who is not let in; None lets in."""
        if protection.rate is not None and not self._bucket.take(protection.rate):
            return plain("too many requests", 429)
        if not protection.users:
            return None
        login = credentials(scope)
        if login is None:
            return plain("log in first", 401, REALM)
        address = (scope.get("client") or ("unknown",))[0]
        try:
            good = await self._passwords.right(protection.users, *login, address)
        except BusyError:
            return plain("too many logins at once; try again", 429, {"Retry-After": "1"})
        if good:
            return None
        self._repeats.log(
            log.warning, "login to the web server refused", key=address, client=address
        )
        return plain("wrong name or password", 401, REALM)


class Bucket:
    """Holds permits for requests, up to a burst, and fills up one by one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rate: RateLimit | None = None
        self._permits = 0.0
        self._filled = 0.0

    def take(self, rate: RateLimit) -> bool:
        """Whether one more request is allowed; another rate than before starts full."""
        now = self._clock.now()
        if rate != self._rate:
            self._rate, self._permits, self._filled = rate, rate.burst, now
        grown = max(0.0, now - self._filled) / rate.interval
        self._permits, self._filled = min(rate.burst, self._permits + grown), now
        if self._permits < 1:
            return False
        self._permits -= 1
        return True


def credentials(scope: Scope) -> tuple[str, bytes] | None:
    """Name and password of HTTP's basic scheme; None without them, or where they make no sense."""
    given = next((text for name, text in scope["headers"] if name == b"authorization"), b"")
    scheme, _, encoded = given.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (name.decode(), password) if colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _with_headers(protection: Protection, send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(protection.headers)
        await send(message)

    return sending
