"""What single values must look like.

Each check returns the value in its normal form or raises ValueError with a text that says what is
expected and never quotes the value.
"""

import difflib
import ipaddress
import re
import zoneinfo
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

from exporter.durations import format_duration, parse_duration
from exporter.secrets import REDACTED, Secret


LONGEST_SECRET = 4096
"""Most bytes of a password or key."""

_NAME = re.compile(r"\w[\w.-]{0,63}")
_LOGIN = re.compile(r"\S{1,100}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*\.?")
_PORT = re.compile(r"[0-9]{1,5}")
_URL = re.compile(r"https?://[A-Za-z0-9._~:%/\[\]-]+")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")


@dataclass(frozen=True, slots=True)
class Within:
    """A duration from ``low`` to ``high`` seconds, both allowed."""

    low: float
    high: float

    def __call__(self, seconds: float) -> float:
        """Return the duration unchanged, or raise ValueError."""
        if not self.low <= seconds <= self.high:
            raise ValueError(f"must be {self}")
        return seconds

    def __str__(self) -> str:
        return f"from {format_duration(self.low)} to {format_duration(self.high)}"


def _duration(value: object) -> float:
    return parse_duration(value if isinstance(value, str | int | float) else "")


def _whole_seconds(value: object) -> int:
    seconds = _duration(value)
    if seconds != int(seconds) or seconds == 0:
        raise ValueError("must be a whole number of seconds above 0, such as 5m")
    return int(seconds)


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            "must be 1 to 64 letters, digits, '_', '-' or '.', beginning with a letter or digit"
        )
    return value


def check_login(value: str) -> str:
    """The login unchanged, or ValueError."""
    if not _LOGIN.fullmatch(value):
        raise ValueError("must be 1 to 100 characters without spaces; check quotes and colons")
    return value


def _secret(value: Any) -> Any:
    """Wrap at once, so that no later error can show the clear text."""
    if not isinstance(value, str):
        return value
    if value == REDACTED:
        raise ValueError(f"is the mark {REDACTED} of a printed configuration; put the secret here")
    if not value or not value.isprintable() or len(value.encode()) > LONGEST_SECRET:
        raise ValueError(f"must be one line of 1 to {LONGEST_SECRET} bytes; quote it if need be")
    return Secret(value)


def _api_url(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// or http://")
    if "@" in value:
        raise ValueError("must not hold a login or password; use the keys login and password_file")
    if "?" in value or "#" in value:
        raise ValueError("must not have a query or fragment; remove all from '?' or '#' on")
    if not _URL.fullmatch(value) or not _has_host(value):
        raise ValueError("must be an address such as https://smsc.ru")
    if value.endswith(".php"):
        raise ValueError("must be the service's address alone; /sys/get.php is added to it")
    return value.rstrip("/")


def ledger_url(value: str) -> str:
    """Where a PostgreSQL ledger is, as libpq reads it; raises ValueError."""
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("must begin with postgresql://; a file is named by the key path")
    place = value.partition("://")[2]
    if ":" in place.rpartition("@")[0] or "password=" in place.partition("?")[2]:
        raise ValueError("must not hold a password; use the key password_file beside it")
    if not value.isprintable() or " " in value or not place.partition("?")[0].partition("/")[2]:
        raise ValueError("must be an address such as postgresql://smsc@db.example/smsc")
    return f"postgresql://{place}"


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _timezone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        close = difflib.get_close_matches(value, sorted(zoneinfo.available_timezones()), n=1)
        advice = f"did you mean {close[0]}?" if close else "use a name such as Europe/Moscow"
        raise ValueError(f"is not a known time zone; {advice}") from None
    return value


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", value):
        raise ValueError("must be a three-letter currency code such as RUB")
    return value.upper()


def _country(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", value):
        raise ValueError("must be a two-letter country code such as RU")
    return value.upper()


def _telemetry_path(value: str) -> str:
    if not _PATH.fullmatch(value) or value.startswith("/-/"):
        raise ValueError("must be a path such as /metrics, not / alone and not below /-/")
    if value in {"/probe", "/status", "/api/v1/sd", "/api/v1/status"}:
        raise ValueError(f"must be another path, such as /metrics: {value} is one of the pages")
    return value


def listen_address(value: str) -> tuple[str, int]:
    """Host and port of ``host:port``, ``[ipv6]:port`` or ``:port``; host ``""`` is all interfaces.

    Anything else raises ValueError.
    """
    host, colon, port = value.rpartition(":")
    if colon and _PORT.fullmatch(port) and int(port) <= 65535:
        if host.startswith("[") and host.endswith("]") and _is_ip(host[1:-1], 6):
            return host[1:-1], int(port)
        if not host or _is_ip(host, 4) or _is_host_name(host):
            return host, int(port)
    raise ValueError("must be host:port, [IPv6]:port or :port, with a port from 0 to 65535")


def _is_ip(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


def _is_host_name(text: str) -> bool:
    last_label = text.rstrip(".").rpartition(".")[2]
    return len(text) <= 253 and bool(_HOST.fullmatch(text)) and not last_label.isdigit()


def _listen_address(value: str) -> str:
    listen_address(value)
    return value


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise ValueError("holds the same entry twice; remove one")
    return values


def _not_empty(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError("must have at least one entry; leave it out for the default")
    return values


def _deadlines(values: tuple[int, ...]) -> tuple[int, ...]:
    if not 2 <= len(values) <= 4 or list(values) != sorted(set(values)):
        raise ValueError("must be 2 to 4 durations in rising order, such as [5m, 1h, 24h]")
    return values


_AS_TEXT = PlainSerializer(format_duration, return_type=str, when_used="json")

Duration = Annotated[float, BeforeValidator(_duration), _AS_TEXT]
WholeSeconds = Annotated[int, BeforeValidator(_whole_seconds), _AS_TEXT]
Deadlines = Annotated[tuple[WholeSeconds, ...], AfterValidator(_deadlines)]
Name = Annotated[str, AfterValidator(_name)]
Login = Annotated[str, AfterValidator(check_login)]
SecretText = Annotated[
    Secret, BeforeValidator(_secret), PlainSerializer(str, return_type=str, when_used="json")
]
ApiUrl = Annotated[str, AfterValidator(_api_url)]
LedgerUrl = Annotated[str, AfterValidator(ledger_url)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
Currency = Annotated[str, AfterValidator(_currency)]
Country = Annotated[str, AfterValidator(_country)]
TelemetryPath = Annotated[str, AfterValidator(_telemetry_path)]
ListenAddress = Annotated[str, AfterValidator(_listen_address)]
Distinct = AfterValidator(_distinct)
NotEmpty = AfterValidator(_not_empty)
