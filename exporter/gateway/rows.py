"""Raw rows, the same for every format, and their turning into messages."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from exporter.gateway.codes import channel_of
from exporter.gateway.countries import country_of
from exporter.gateway.message import Message, Page, Personal
from exporter.gateway.operators import network_of, operator_of, region_of, sender_of
from exporter.gateway.values import TIME_LIMIT, code, money, unix_time, whole


ID_LIMIT = 64
"""Most characters of an ``int_id`` or ``id``."""
NO_ID = frozenset({"", "0"})
SEGMENTS_LIMIT = 1_000_000
"""``sms_cnt`` at or above this is unusable."""
NUMBER_LIMIT = 10**20
"""Numbers at or above this are no ids."""
EMAIL_FORMAT = 8
VALUE_LENGTH = 256
"""So much of a short value is looked at; regular answers hold none longer."""

Value = int | str | None
"""A value as it came; formats differ in what is a number and what is text."""
Short = int | Annotated[str, msgspec.Meta(max_length=VALUE_LENGTH)] | None
Date = Annotated[str, msgspec.Meta(max_length=VALUE_LENGTH)] | None


class RawRow(msgspec.Struct, gc=False):
    """Fields of a row as they came. The message's text is not among them: it is never decoded."""

    status: Short = None
    last_timestamp: Short = None
    last_date: Date = None
    err: Short = None
    send_timestamp: Short = None
    send_date: Date = None
    phone: Value = None
    cost: msgspec.Raw = msgspec.Raw(b"")
    sender_id: Short = None
    mccmnc: Short = None
    operator: Short = None
    region: Short = None
    type: Short = None
    id: Short = None
    int_id: Short = None
    sms_cnt: Short = None
    format: Short = None


class PersonalRow(RawRow, gc=False):
    """A row together with the message's text, for a person's own eyes."""

    message: Value = None


RawRows = Sequence[RawRow | None]
"""Rows of an answer in their order; None stands for a row of the wrong shape."""


def page_of(rows: RawRows, zone: ZoneInfo) -> Page:
    """Turn the rows of a whole answer into a page.

    A row that cannot be used is counted in ``Page.skipped`` as shape, id, status or time.
    """
    messages: list[Message] = []
    skipped: Counter[str] = Counter()
    for row in rows:
        found = "shape" if row is None else message_of(row, zone)
        if type(found) is Message:
            messages.append(found)
        else:
            skipped[str(found)] += 1
    return Page(messages=tuple(messages), rows=len(rows), skipped=dict(skipped))


def message_of(row: RawRow, zone: ZoneInfo) -> Message | str:
    """Turn one row into a message, or name what it lacks."""
    int_id = row.int_id
    if type(int_id) is not str or not int_id.isalnum() or len(int_id) > ID_LIMIT:
        int_id = _opaque(int_id)
    if int_id in NO_ID:
        return "id"
    status = _code(row.status)
    if status is None:
        return "status"
    send_time = row.send_timestamp
    if type(send_time) is not int or not 0 < send_time < TIME_LIMIT:
        send_time = unix_time(send_time, row.send_date, zone)
        if send_time is None:
            return "time"
    status_time = row.last_timestamp
    if type(status_time) is not int or not 0 < status_time < TIME_LIMIT:
        status_time = unix_time(status_time, row.last_date, zone)
    number = row.id
    mccmnc, country, operator = _network(row.mccmnc, row.operator)
    return Message(
        int_id=int_id,
        status=status,
        send_time=send_time,
        status_time=status_time,
        err=_code(row.err) or 0,
        channel=_channel(row.type, row.format),
        country=country,
        operator=operator,
        region=_region(row.region),
        sender=_sender(row.sender_id),
        mccmnc=mccmnc,
        segments=_segments(row.sms_cnt),
        cost=money(bytes(row.cost)[:VALUE_LENGTH]),
        client_id=str(number)
        if type(number) is int and 0 < number < TIME_LIMIT
        else _opaque(number),
        phone=_personal(row.phone),
        text=_personal(row.message) if isinstance(row, PersonalRow) else None,
    )


def fields_of(pairs: Iterable[tuple[str, object]], *, personal: bool) -> RawRow:
    """Lenient making of a raw row from named values of any type; unknown names are ignored."""
    row = PersonalRow() if personal else RawRow()
    known = type(row).__struct_fields__
    for name, value in pairs:
        if name in known:
            setattr(row, name, _lenient(name, value))
    return row


def _lenient(name: str, value: object) -> Value | msgspec.Raw:
    if name == "cost":
        return msgspec.Raw(str(value)[:VALUE_LENGTH].encode("utf-8", "replace"))
    if isinstance(value, str):
        return value if name in ("phone", "message") else value[:VALUE_LENGTH]
    dated = name in ("last_date", "send_date")
    return value if isinstance(value, int) and not isinstance(value, bool) and not dated else None


def _text(value: Value) -> str:
    if type(value) is int:
        return str(value) if abs(value) < NUMBER_LIMIT else ""
    return value if type(value) is str else ""


def _opaque(value: Value) -> str:
    """An id as it came, without surrounding space; empty when it is no id."""
    text = _text(value).strip()
    return text if len(text) <= ID_LIMIT and text.isprintable() else ""


def _personal(value: Value) -> Personal | None:
    text = value if type(value) is str else _text(value)
    return Personal(text) if text else None


@lru_cache(maxsize=4096)
def _code(value: Value) -> int | None:
    return code(value)


@lru_cache(maxsize=4096)
def _network(mccmnc: Value, operator: Value) -> tuple[str, str, str]:
    network = network_of(_text(mccmnc))
    return network, country_of(network), operator_of(_text(operator), network)


@lru_cache(maxsize=4096)
def _region(value: Value) -> str:
    return region_of(_text(value))


@lru_cache(maxsize=4096)
def _sender(value: Value) -> str:
    return sender_of(_text(value))


@lru_cache(maxsize=1024)
def _channel(kind: Value, form: Value) -> str:
    if kind is None or kind == "":
        return "email" if whole(form) == EMAIL_FORMAT else "sms"
    number = code(kind)
    return "other" if number is None else channel_of(number)


@lru_cache(maxsize=1024)
def _segments(value: Value) -> int:
    number = whole(value)
    return number if number is not None and 0 <= number < SEGMENTS_LIMIT else 1
