"""Log lines on standard error: logfmt or JSON, one line each, without secrets.

Every line has ``ts`` (ISO 8601, UTC), ``level`` and ``event`` first, then its facts in the order
they were given. Lines of libraries take the same way and carry ``logger``. An exception, given as
a fact or with ``exc_info``, is shown as ``error`` with its kind and the first line of its text; the
stack of an ``exc_info`` only at level debug.
"""

import json
import logging
import math
import re
import sys
import traceback
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Literal, TextIO
from urllib.parse import quote, quote_plus

import structlog
from structlog.typing import EventDict, WrappedLogger

from exporter.clock import Clock
from exporter.secrets import REDACTED, Secret


LONGEST_VALUE = 4096
"""Most characters of one value; the rest is cut off."""
QUIET_LIBRARIES = ("httpx", "httpcore", "sqlalchemy", "uvicorn.access", "asyncio")
"""Held at warning at every level: their lines show addresses, parameters or every request."""
CHATTY_LIBRARIES = ("alembic", "uvicorn")
"""Held at warning unless the level is debug."""

_FIRST = ("ts", "level", "event")
_UNSAFE_KEY = re.compile(r"[^A-Za-z0-9_.-]+")


class Redactor:
    """Replaces known secrets, also in the forms they take in addresses and quoted texts."""

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, secret: Secret | str) -> None:
        """Hide this value from now on."""
        clear = secret.reveal() if isinstance(secret, Secret) else secret
        quoted = (repr(clear)[1:-1], json.dumps(clear)[1:-1], quote(clear, ""), quote_plus(clear))
        self._forms |= {clear, *quoted} - {""}
        longest_first = sorted(self._forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def clean(self, text: str) -> str:
        """The text with every known secret replaced."""
        return text if self._pattern is None else self._pattern.sub(REDACTED, text)


_REDACTOR = Redactor()


def redact(secrets: Iterable[Secret]) -> None:
    """Keep these values out of every line from now on, whatever they are part of."""
    for secret in secrets:
        _REDACTOR.add(secret)


def redacted(text: str) -> str:
    """The text without the values given to `redact`."""
    return _REDACTOR.clean(text)


def set_up(
    level: Literal["debug", "info", "warning", "error"] = "info",
    form: Literal["logfmt", "json"] = "logfmt",
    stream: TextIO | None = None,
) -> None:
    """Send structlog's and the standard library's lines to ``stream`` (standard error).

    May be called again, for instance after a reload.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    finish = _Finish(_REDACTOR, stacks=threshold <= logging.DEBUG)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                finish,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
                render_json if form == "json" else render_logfmt,
            ],
        )
    )
    _route_libraries(handler, threshold)


def _route_libraries(handler: logging.Handler, threshold: int) -> None:
    logging.captureWarnings(True)
    # A line that cannot be formatted would otherwise be printed raw, with its arguments.
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(threshold)
    chatty = threshold if threshold <= logging.DEBUG else max(threshold, logging.WARNING)
    for name in CHATTY_LIBRARIES:
        logging.getLogger(name).setLevel(chatty)
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))


class _Finish:
    """Makes every fact a plain, bounded value without secrets."""

    def __init__(self, redactor: Redactor, *, stacks: bool) -> None:
        self._redactor = redactor
        self._stacks = stacks

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        error = _exception(event.pop("exc_info", None))
        event.pop("stack_info", None)
        if error is not None:
            event.setdefault("error", error)
            if self._stacks:
                event["stack"] = "".join(traceback.format_tb(error.__traceback__))
        return {self._text(str(key)): self._plain(value) for key, value in event.items()}

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {self._text(str(key)): self._plain(item) for key, item in value.items()}
        if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
            return [self._plain(item) for item in value]
        if isinstance(value, bool) or value is None:
            return value
        shown = describe(value) if isinstance(value, BaseException) else str(value)
        text = self._text(shown)
        is_number = isinstance(value, int | float) and math.isfinite(value)
        return value if is_number and text == shown else text

    def _text(self, text: str) -> str:
        clean = self._redactor.clean(text)
        return clean if len(clean) <= LONGEST_VALUE else clean[:LONGEST_VALUE] + "..."


def describe(error: BaseException) -> str:
    """Kind and first line of an error: ``TimeoutError: no answer within 30s``.

    Later lines are left out: database errors put the statement's parameters there.
    """
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _exception(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exception() if exc_info else None


def render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One JSON object on one line."""
    return _escaped(json.dumps(_ordered(event), ensure_ascii=False))


def render_logfmt(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """``key=value`` pairs on one line; values that need it are quoted as in JSON."""
    pairs = ((_UNSAFE_KEY.sub("_", key) or "_", value) for key, value in _ordered(event).items())
    return " ".join(f"{key}={_logfmt_value(value)}" for key, value in pairs)


def _ordered(event: EventDict) -> dict[str, Any]:
    first = {key: event[key] for key in _FIRST if key in event}
    return first | {key: value for key, value in event.items() if key not in first}


def _logfmt_value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if text and text.isprintable() and not set(text) & set(' ="\\'):
        return text
    return _escaped(json.dumps(text, ensure_ascii=False))


def _escaped(text: str) -> str:
    """The text with everything invisible escaped as JSON does, so that it stays one line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


class Repeats:
    """Lets the first of many equal lines through, then one each period that counts the others."""

    def __init__(self, clock: Clock, *, every: float = 600.0, most: int = 1000) -> None:
        self._clock = clock
        self._every = every
        self._most = most
        self._seen: dict[Hashable, tuple[float, int]] = {}

    def log(
        self, write: Callable[..., Any], event: str, /, *, key: Hashable = None, **facts: Any
    ) -> None:
        """Call ``write(event, **facts)``, with ``repeated=`` the lines left out since the last.

        Lines with the same event and ``key`` are equal, whatever their other facts.
        """
        repeated = self._due((event, key))
        if repeated is not None:
            write(event, **facts, **({"repeated": repeated} if repeated else {}))

    def forget(self, event: str, key: Hashable = None) -> None:
        """Let the next such line through at once; for when the trouble is over."""
        self._seen.pop((event, key), None)

    def _due(self, key: Hashable) -> int | None:
        now = self._clock.now()
        last, left_out = self._seen.pop(key, (-math.inf, 0))
        if 0 <= now - last < self._every:
            self._seen[key] = (last, left_out + 1)
            return None
        self._seen[key] = (now, 0)
        if len(self._seen) > self._most:
            del self._seen[next(iter(self._seen))]
        return left_out
