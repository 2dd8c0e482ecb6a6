"""Everything that can go wrong with a call, as one tree.

::

    GatewayError
    ├── ApiError                an error answer of the gateway
    │   ├── BadParameters       1
    │   ├── RefusedLogin        2
    │   ├── AddressBlocked      4
    │   ├── OverLimit           9
    │   │   └── TooManyAtOnce   9, told apart by its text
    │   └── UnknownApiError     any other code
    ├── UnreadableAnswer        an answer that is not what was asked for
    └── Unreachable             no answer
        ├── TimedOut
        ├── ConnectionFailed
        ├── DnsFailed
        ├── TlsFailed
        └── HttpStatus          an HTTP status other than 200

Code 3, nothing found, is an empty page of the history and no error. Messages hold neither secrets
nor personal data: an error answer speaks in words of `exporter.gateway.codes`, never in its own.
"""

import re
from typing import ClassVar, Literal

from exporter.gateway.codes import API_CODES


Result = Literal["ok", "api_error", "http_error", "timeout"]
"""Values of the label ``result`` of ``smsc_api_requests_total``."""


class GatewayError(Exception):
    """A call gave no page, or no balance.

    ``kind`` is a short stable label, ``result`` the value for ``smsc_api_requests_total``,
    ``code`` the gateway's own error code if it sent one.
    """

    kind: str = "gateway"
    result: ClassVar[Result] = "http_error"
    code: int | None = None
    unjudged: bool = False
    """Whether the gateway surely judged no log-in: the call did not get through to its program."""


class ApiError(GatewayError):
    """The gateway answered with an error."""

    kind = "unknown_error"
    result: ClassVar[Result] = "api_error"
    advice: ClassVar[str] = "see the vendor's page of the call"

    def __init__(self, code: int | None) -> None:
        known = API_CODES.get(code) if code is not None else None
        name = known.english.lower() if known else "unknown error"
        number = "no code" if code is None else f"code {code}"
        super().__init__(f"the gateway answered: {name} ({number}); {self.advice}")
        self.code = code


class BadParameters(ApiError):
    """Code 1: the gateway does not understand the request."""

    kind = "bad_parameters"
    advice = "check the dates, prev_id and lists of the request"


class RefusedLogin(ApiError):
    """Code 2: wrong login, password or key, or an address that the account does not allow."""

    kind = "refused"
    advice = "check login, password or API key and the account's list of allowed addresses"


class AddressBlocked(ApiError):
    """Code 4: this address is blocked, for about half an hour after repeated failures."""

    kind = "blocked"
    advice = "wait half an hour; look for a program with a wrong password behind this address"


class OverLimit(ApiError):
    """Code 9: too many calls of a kind within a minute or an hour."""

    kind = "over_limit"
    advice = "another program may be spending the account's calls"


class TooManyAtOnce(OverLimit):
    """Code 9 whose text tells of fifteen or more requests at once under one login."""

    kind = "too_many_at_once"
    advice = "too many requests at once under this login, other programs included"


class UnknownApiError(ApiError):
    """A code that the call is not documented to answer with."""


class UnreadableAnswer(GatewayError):
    """The answer is not what was asked for; it changes nothing and proves nothing.

    ``kind`` is one of empty, html, cut, too_large, unreadable.
    """

    kind = "unreadable"

    def __init__(self, message: str, *, kind: str = "unreadable") -> None:
        super().__init__(message)
        self.kind = kind


class Unreachable(GatewayError):
    """No answer of the gateway arrived."""


class TimedOut(Unreachable):
    """The gateway did not answer in time."""

    kind = "timeout"
    result: ClassVar[Result] = "timeout"


class ConnectionFailed(Unreachable):
    """The connection was refused, reset or closed."""

    kind = "connect"


class DnsFailed(Unreachable):
    """The gateway's name has no address."""

    kind = "dns"


class TlsFailed(Unreachable):
    """No trusted TLS connection came about."""

    kind = "tls"


class HttpStatus(Unreachable):
    """The HTTP status was not 200; redirects are not followed."""

    kind = "http"

    def __init__(self, status: int) -> None:
        redirect = "; redirects are not followed, check api_url" if 300 <= status < 400 else ""
        super().__init__(f"the gateway answered with HTTP status {status}{redirect}")
        self.status = status
        self.unjudged = status < 500


_BY_CODE: dict[int | None, type[ApiError]] = {
    1: BadParameters,
    2: RefusedLogin,
    4: AddressBlocked,
    9: OverLimit,
}
_AT_ONCE = re.compile(r"concurrent|одновременн", re.IGNORECASE)


def api_error(code: int | None, text: str = "") -> ApiError:
    """The error of a code; ``text`` is only looked at, never kept."""
    if code == 9 and _AT_ONCE.search(text):
        return TooManyAtOnce(code)
    return _BY_CODE.get(code, UnknownApiError)(code)
