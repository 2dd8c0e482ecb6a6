"""Rows and refusals in the four formats of the vendor's page (``fmt`` 0 to 3)."""

import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from time import gmtime
from typing import Any, Final
from xml.sax.saxutils import escape

import msgspec

from exporter.simulation.codes import DELIVERED, PENDING, STATUS_NAMES, Kind, Status
from exporter.simulation.record import Record, Transition
from exporter.simulation.recurrence import MOSCOW
from exporter.simulation.world import Query, World, recipient_of


Row = dict[str, Any]
"""One row with typed values, keys in the order of the vendor's JSON."""

ROWS_KEPT: Final = 5000

LINE_NAMES: Final = {
    "status": "Status",
    "last_date": "check_time",
    "err": "err",
    "send_date": "send_date",
    "phone": "phone",
    "mccmnc": "mccmnc",
    "country": "country",
    "operator": "operator",
    "region": "region",
    "cost": "cost",
    "sender_id": "sender_id",
    "status_name": "status_name",
    "message": "message",
    "type": "type",
    "id": "ID",
    "int_id": "int_id",
    "sms_cnt": "sms_cnt",
    "format": "format",
    "crc": "crc",
}
"""Fields of a line of fmt 0 in their order, and how it calls them."""

COMMA_FIELDS: Final = tuple(
    {"last_date": "last_timestamp", "send_date": "send_timestamp"}.get(name, name)
    for name in LINE_NAMES
)
"""Fields of a line of fmt 1 in their order."""

XML_FIELDS: Final = (
    "status",
    "last_date",
    "last_timestamp",
    "err",
    "send_date",
    "send_timestamp",
    "phone",
    "cost",
    "sender_id",
    "status_name",
    "message",
    "mccmnc",
    "country",
    "operator",
    "region",
    "type",
    "id",
    "int_id",
    "sms_cnt",
    "format",
    "crc",
)
"""Fields of fmt 2 and fmt 3 in their order."""


@lru_cache(maxsize=1 << 16)
def moscow_date(time: int) -> str:
    """``DD.MM.YYYY hh:mm:ss`` in Moscow; empty for 0."""
    if not time:
        return ""
    at = gmtime(time + MOSCOW)
    return (
        f"{at.tm_mday:02}.{at.tm_mon:02}.{at.tm_year} {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}"
    )


class Rows:
    """The rows of one world; one that looks as it did last time is not made again."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._made: dict[int, tuple[Transition, str, Row]] = {}

    def at(self, now: float, query: Query) -> list[Row]:
        """The history as it is shown at ``now``."""
        if len(self._made) > ROWS_KEPT:
            self._made.clear()
        return [self._row(record, now) for record in self.world.page(now, query)]

    def _row(self, record: Record, now: float) -> Row:
        state, cost = record.at(now), str(record.cost(now))
        made = self._made.get(record.int_id)
        if made is not None and made[0] == state and made[1] == cost:
            return made[2]
        row = row_of(self.world, record, now)
        self._made[record.int_id] = state, cost, row
        return row


def row_of(world: World, record: Record, now: float) -> Row:
    """A record as the history shows it at ``now``."""
    state = record.at(now)
    last = 0 if state.status == Status.WAITING else state.time
    text = world.text(record)
    network = record.network
    row: Row = {"status": int(state.status), "last_date": moscow_date(last), "last_timestamp": last}
    if state.status not in DELIVERED and state.status not in PENDING:
        row["err"] = state.err
    row |= {
        "send_date": moscow_date(record.send),
        "send_timestamp": record.send,
        "phone": recipient_of(record),
        "cost": str(record.cost(now)),
        "sender_id": record.sender,
        "status_name": STATUS_NAMES[Status(state.status)],
        "message": text,
        "mccmnc": network.mccmnc,
        "country": network.country,
        "operator": network.operator,
        "region": network.region(record.phone),
        "type": int(record.kind),
        "id": record.client_id,
        "int_id": str(record.int_id),
        "sms_cnt": record.segments,
        "format": 8 if record.kind is Kind.EMAIL else 0,
        "crc": zlib.crc32(text.encode()),
    }
    return row


def rows_text(rows: Sequence[Row], fmt: int) -> str:
    """An answer with rows."""
    if fmt == 3:
        return msgspec.json.encode(rows).decode()
    if fmt == 2:
        return _xml(rows)
    return "\n".join(map(_commas if fmt == 1 else _line, rows))


def _line(row: Row) -> str:
    filled = {"err": 0} | row
    return ", ".join(f"{LINE_NAMES[n]} = {filled[n]}" for n in LINE_NAMES if n in filled)


def _commas(row: Row) -> str:
    filled = {"err": 0} | row
    shown = (f"{' ' if name == 'message' else ''}{filled.get(name, '')}" for name in COMMA_FIELDS)
    return ",".join(shown)


def _xml(rows: Iterable[Row]) -> str:
    return "\n".join(("<list>", *map(_element, rows), "</list>"))


def _element(row: Row) -> str:
    named = (name for name in dict.fromkeys((*XML_FIELDS, *row)) if name in row)
    shown = (f"<{name}>{escape(str(row[name]))}</{name}>" for name in named)
    return "\n".join(("<sms>", *shown, "</sms>"))


def error_text(code: int, description: str, fmt: int) -> str:
    """A refusal."""
    if fmt == 3:
        return msgspec.json.encode({"error": description, "error_code": code}).decode()
    if fmt == 2:
        return (
            f"<result>\n<error>{escape(description)}</error>\n"
            f"<error_code>{code}</error_code>\n</result>"
        )
    return f"0,-{code}" if fmt == 1 else f"ERROR = {code} ({description})"
