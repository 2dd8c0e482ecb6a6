"""Faults the gateway commits on demand: with a probability, for a stretch of time, or both."""

from collections.abc import Iterable
from enum import StrEnum
from random import Random
from typing import Final, Literal

import msgspec


PATHS: Final = {"history": "/sys/get.php", "balance": "/sys/balance.php"}
"""Where each endpoint is."""


class FaultKind(StrEnum):
    """What can go wrong."""

    ERROR_1 = "error_1"
    ERROR_2 = "error_2"
    """Counts as a refused log-in, so it can shut the address out."""
    ERROR_4 = "error_4"
    ERROR_9 = "error_9"
    TOO_MANY_AT_ONCE = "too_many_at_once"
    HTTP_500 = "http_500"
    HTTP_502 = "http_502"
    HTTP_503 = "http_503"
    HTTP_404 = "http_404"
    HTTP_302 = "http_302"
    HTML = "html"
    """An HTML page with status 200."""
    EMPTY = "empty"
    GARBAGE = "garbage"
    HUGE = "huge"
    """A body of ``Fault.size`` bytes."""
    CUT = "cut"
    """The connection closes in the middle of the body."""
    RESET = "reset"
    """The connection is reset before any answer."""
    TIMEOUT = "timeout"
    """Nothing comes for ``Fault.seconds``, then the connection closes."""
    TRICKLE = "trickle"
    """The right answer, spread over ``Fault.seconds``."""
    CHARSET_HEADER = "charset_header"
    """The right body under the name of another encoding."""
    WINDOWS_1251 = "windows_1251"
    """The body in windows-1251 whatever was asked for, the header as asked."""
    TEXT_ERROR = "text_error"
    """A refusal (error 1) as text whatever ``fmt`` was asked for."""
    OTHER_FORMAT = "other_format"
    """The right rows in another ``fmt``."""
    UNKNOWN_FIELDS = "unknown_fields"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_ERR = "unknown_err"
    UNKNOWN_TYPE = "unknown_type"
    MISSING_FIELDS = "missing_fields"
    """Some rows come without an id, a status or a time."""
    NUMBERS_AS_STRINGS = "numbers_as_strings"
    CONTROL_CHARACTERS = "control_characters"
    """Raw control characters in texts."""
    LIST_REFUSED = "list_refused"
    """Error 1 for a list of phones or addresses; other calls are answered."""
    LIST_IGNORED = "list_ignored"
    """Rows of all recipients, whatever list was asked for."""
    LIST_CUT = "list_cut"
    """Rows of the first ``Fault.count`` recipients of a list only."""
    DUPLICATE_ROWS = "duplicate_rows"
    SHUFFLED_ROWS = "shuffled_rows"


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault; without ``start`` and ``end`` (Unix seconds, half-open) it never stops."""

    kind: FaultKind
    probability: float = 1.0
    start: float | None = None
    end: float | None = None
    login: str | None = None
    """Only for this account; for all when None."""
    endpoint: Literal["history", "balance"] | None = None
    """Only for these calls; for all when None."""
    seconds: float = 60.0
    """How long a time-out or a trickle lasts."""
    size: int = 40 * 1024 * 1024
    """Bytes of a huge body."""
    count: int = 1
    """Recipients that are left of a list."""

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        if not 0 <= self.probability <= 1:
            raise ValueError("probability must be within 0 and 1")

    def active(self, now: float, login: str, path: str) -> bool:
        """Whether it may strike a call of this path."""
        begun = self.start is None or self.start <= now
        over = self.end is not None and self.end <= now
        meant = self.endpoint is None or path == PATHS[self.endpoint]
        return begun and not over and meant and self.login in {None, login}


class Faults:
    """The faults in force; each call suffers at most one of them, the first that strikes."""

    def __init__(self, faults: Iterable[Fault] = (), seed: int = 1) -> None:
        self._faults = list(faults)
        self._random = Random(seed)

    def add(self, fault: Fault) -> None:
        """Put a fault in force behind the others."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Behave from now on."""
        self._faults.clear()

    def all(self) -> tuple[Fault, ...]:
        """The faults in force, in the order they are tried."""
        return tuple(self._faults)

    def strike(self, now: float, login: str, path: str = PATHS["history"]) -> Fault | None:
        """The fault that a call of this path suffers, if any."""
        for fault in self._faults:
            if fault.active(now, login, path) and self._random.random() < fault.probability:
                return fault
        return None


def parse_fault(text: str) -> Fault:
    """A fault from ``KIND`` or ``KIND:PROBABILITY``; raises `ValueError` naming the choices."""
    name, _, probability = text.partition(":")
    if name not in set(FaultKind):
        raise ValueError(f"unknown fault {name!r}; one of: {', '.join(FaultKind)}")
    try:
        return Fault(kind=FaultKind(name), probability=float(probability or 1))
    except ValueError as error:
        raise ValueError(f"probability of fault {text!r} must be a number 0-1") from error
