"""What the web configuration file may say, key by key."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from exporter.config.models import Section
from exporter.config.problems import Location
from exporter.secrets import Secret
from exporter.web.protection.names import (
    CIPHERS,
    CLIENT_AUTH_TYPES,
    CURVES,
    TLS13_CIPHERS,
    VERSIONS,
)


LONG_TEXTS: frozenset[Location] = frozenset(
    ("tls_server_config", key) for key in ("cert", "key", "client_ca")
)
"""Where certificates and keys may stand in the file itself, of several lines each."""

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_PART = re.compile(rf"([0-9]{{1,9}}(?:\.[0-9]{{0,9}})?)({'|'.join(_SECONDS)})")


class OneOf:
    """One of a few names, written exactly so."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)

    def __call__(self, value: str) -> str:
        """Return the name unchanged, or raise ValueError."""
        if value not in self._names:
            raise ValueError(f"must be {', '.join(self._names[:-1])} or {self._names[-1]}")
        return value


def _blank_is_none(value: Any) -> Any:
    return None if value == "" else value


def _secret(value: Any) -> Any:
    return Secret(value) if isinstance(value, str) and value else None


def _duration(value: object) -> float:
    """Seconds, of a duration as Go writes them; a bare number would be nanoseconds there."""
    if isinstance(value, float):
        return value
    text = str(value).strip()
    if text == "0":
        return 0.0
    if not text or _PART.sub("", text):
        raise ValueError("must be a duration with its unit, such as 500ms, 1s or 1m30s")
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))


Text = Annotated[str | None, BeforeValidator(_blank_is_none)]
FileName = Annotated[Path | None, BeforeValidator(_blank_is_none)]
SecretText = Annotated[Secret | None, BeforeValidator(_secret)]
Version = Annotated[str, AfterValidator(OneOf(VERSIONS))]
Cipher = Annotated[str, AfterValidator(OneOf((*CIPHERS, *TLS13_CIPHERS)))]
Curve = Annotated[str, AfterValidator(OneOf(CURVES))]
ClientAuthType = Annotated[
    str,
    BeforeValidator(lambda value: value or CLIENT_AUTH_TYPES[0]),
    AfterValidator(OneOf(CLIENT_AUTH_TYPES)),
]
GoDuration = Annotated[float, BeforeValidator(_duration)]


class TlsServer(Section):
    """`tls_server_config`: the server's certificate, and whose certificates it wants to see."""

    cert: Text = None
    cert_file: FileName = None
    key: SecretText = None
    key_file: FileName = None
    client_auth_type: ClientAuthType = CLIENT_AUTH_TYPES[0]
    client_ca: Text = None
    client_ca_file: FileName = None
    client_allowed_sans: tuple[str, ...] = ()
    min_version: Version = "TLS12"
    max_version: Version = "TLS13"
    cipher_suites: tuple[Cipher, ...] = ()
    prefer_server_cipher_suites: bool = True
    curve_preferences: tuple[Curve, ...] = ()


class HttpServer(Section):
    """`http_server_config`: HTTP/2, which is not spoken here, and headers of every answer."""

    http2: bool = True
    headers: Mapping[str, str] = {}


class RateLimit(Section):
    """`rate_limit`: ``burst`` requests at once, then one in ``interval`` seconds; 0: any."""

    interval: GoDuration = 0.0
    burst: int = Field(default=0, ge=0, le=1_000_000)


class WebSettings(Section):
    """The whole file."""

    tls_server_config: TlsServer = TlsServer()
    http_server_config: HttpServer = HttpServer()
    basic_auth_users: Mapping[str, str] = {}
    rate_limit: RateLimit = RateLimit()
