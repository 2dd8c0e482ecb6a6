"""Parameters of a call, read and checked as the vendor's page describes them."""

import codecs
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request

from exporter.simulation.record import Stream
from exporter.simulation.recurrence import DAY, MOSCOW
from exporter.simulation.texts import index_of
from exporter.simulation.world import Query


DEFAULT_CNT = 100
MAX_CNT = 1000
CREDENTIALS = frozenset({"login", "psw", "apikey"})
Parameters = Mapping[str, str]


class ParameterError(ValueError):
    """A parameter that the gateway answers with error 1."""


class Asked(NamedTuple):
    """A checked history call."""

    query: Query
    recipients: tuple[int, ...]
    """The list of phones or addresses, -1 for strangers."""

    def about(self, recipients: Iterable[int] | None) -> Query:
        """The query for these recipients instead; for all when None."""
        wanted = None if recipients is None else frozenset(recipients) - {-1}
        return self.query._replace(recipients=wanted)


async def read_parameters(request: Request) -> Parameters:
    """Parameters of the query string and of a urlencoded or multipart body."""
    parameters = dict(request.query_params)
    if request.method != "POST":
        return parameters
    body = await request.body()
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        return parameters | _multipart(content_type, body)
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return parameters | dict(pairs)


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    parts = message_from_bytes(head + body, policy=policy.HTTP).iter_parts()
    return {
        str(part.get_param("name", header="content-disposition")): str(part.get_content()).strip()
        for part in parts
    }


def fingerprint(parameters: Parameters) -> str:
    """What makes two calls identical: all but the credentials."""
    pairs = sorted(pair for pair in parameters.items() if pair[0] not in CREDENTIALS)
    return "&".join(f"{name}={value}" for name, value in pairs)


def read_fmt(parameters: Parameters) -> int:
    """Format of the answer; 0 when it is absent or wrong."""
    fmt = parameters.get("fmt", "0")
    return int(fmt) if fmt in {"0", "1", "2", "3"} else 0


def read_charset(parameters: Parameters) -> str:
    """Encoding of the answer: what was asked for if it is known, windows-1251 by default."""
    charset = parameters.get("charset", "windows-1251").lower()
    return charset if charset in {"utf-8", "koi8-r"} else "windows-1251"


def read_history(parameters: Parameters) -> Asked:
    """Check a history call; raises `ParameterError`."""
    if parameters.get("fmt", "0") not in {"", "0", "1", "2", "3"}:
        raise ParameterError("fmt")
    _known_charset(parameters.get("charset", "windows-1251"))
    stream = _stream(parameters)
    recipients = _recipients(parameters, stream)
    since, until = read_days(parameters)
    return Asked(
        Query(
            stream=stream,
            cnt=_cnt(parameters),
            prev_id=_prev_id(parameters),
            since=since,
            until=until,
            recipients=None if recipients is None else frozenset(recipients) - {-1},
        ),
        tuple(recipients or ()),
    )


def read_days(parameters: Parameters) -> tuple[float, float]:
    """From when to when ``start`` and ``end`` go, Unix seconds; raises `ParameterError`."""
    since, until = _day(parameters, "start"), _day(parameters, "end")
    first = float("-inf") if since is None else since
    return first, float("inf") if until is None else until + DAY


def _known_charset(charset: str) -> None:
    try:
        codecs.lookup(charset)
    except LookupError as error:
        raise ParameterError("charset") from error


def _stream(parameters: Parameters) -> Stream:
    default = "8" if parameters.get("email") else "0"
    match parameters.get("format") or default:
        case "0":
            return "sms"
        case "8":
            return "email"
        case _:
            raise ParameterError("format")


def _whole(parameters: Parameters, name: str) -> int | None:
    value = parameters.get(name, "")
    if not value:
        return None
    if not re.fullmatch(r"\d{1,18}", value, re.ASCII):
        raise ParameterError(name)
    return int(value)


def _cnt(parameters: Parameters) -> int:
    cnt = _whole(parameters, "cnt")
    if cnt is None:
        return DEFAULT_CNT
    if cnt == 0:
        raise ParameterError("cnt")
    return min(cnt, MAX_CNT)


def _prev_id(parameters: Parameters) -> int | None:
    return _whole(parameters, "prev_id")


def _day(parameters: Parameters, name: str) -> float | None:
    value = parameters.get(name, "")
    if not value:
        return None
    if not re.fullmatch(r"\d\d\.\d\d\.\d{4}", value, re.ASCII):
        raise ParameterError(name)
    try:
        day = datetime.strptime(value, "%d.%m.%Y").replace(tzinfo=UTC)
    except ValueError as error:
        raise ParameterError(name) from error
    return day.timestamp() - MOSCOW


def _recipients(parameters: Parameters, stream: Stream) -> list[int] | None:
    """Phone numbers or recipients' indexes, -1 for strangers; None when none were named."""
    name = "email" if stream == "email" else "phone"
    items = [item.strip() for item in parameters.get(name, "").split(",") if item.strip()]
    if not items:
        return None
    return [_mailbox(item) if stream == "email" else _number(item) for item in items]


def _mailbox(item: str) -> int:
    if "@" not in item:
        raise ParameterError("email")
    index = index_of(item)
    return -1 if index is None else index


def _number(item: str) -> int:
    if not re.fullmatch(r"\+?\d{5,15}", item, re.ASCII):
        raise ParameterError("phone")
    return int(item)
