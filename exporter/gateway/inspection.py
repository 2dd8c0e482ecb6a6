"""A closer look at an answer than polling takes: what is odd about it, naming nobody."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from exporter.gateway import codes
from exporter.gateway.answers import MOSCOW, format_of, read_rows, text_of
from exporter.gateway.message import Page
from exporter.gateway.rows import RawRow, Value, page_of
from exporter.gateway.values import TIME_LIMIT, code, local_time, whole


QUARTER = 900
"""Offsets of time zones are multiples of so many seconds."""

_UTC = ZoneInfo("UTC")


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer is like."""

    page: Page
    fmt: int | None
    """Format it came in; None for an answer without rows in a form all formats share."""
    utf8: bool
    """False for windows-1251 or broken text."""
    unknown: dict[str, dict[str, int]]
    """Codes without a name, by field (status, err, type), and in how many rows each is."""
    offsets: dict[int, int]
    """Seconds from UTC that the rows' dates are at, told by dates with a time stamp beside them."""
    misplaced: int
    """How many of these dates are in another time zone than the one expected."""


def inspect(body: bytes, timezone: ZoneInfo = MOSCOW) -> Inspection:
    """Look at an answer in any format; raises as `exporter.gateway.answers.decode` does."""
    rows = read_rows(body)
    known = [row for row in rows if row is not None]
    times = [pair for row in known for pair in _dated(row)]
    return Inspection(
        page=page_of(rows, timezone),
        fmt=format_of(text_of(body)),
        utf8=_is_utf8(body),
        unknown=_unknown(known),
        offsets=dict(Counter(offset for _, offset in times)),
        misplaced=sum(offset != _expected(stamp, timezone) for stamp, offset in times),
    )


def _unknown(rows: list[RawRow]) -> dict[str, dict[str, int]]:
    tables = {"status": codes.STATUSES, "err": codes.ERRS, "type": codes.TYPES}
    found: dict[str, Counter[str]] = {field: Counter() for field in tables}
    for row in rows:
        values: dict[str, Value] = {"status": row.status, "err": row.err, "type": row.type}
        for field, value in values.items():
            if value is None or value == "":
                continue
            number = code(value)
            if number not in tables[field]:
                found[field]["no number" if number is None else str(number)] += 1
    return {field: dict(counts) for field, counts in found.items() if counts}


def _dated(row: RawRow) -> Iterator[tuple[int, int]]:
    """Each time stamp of a row that has its date beside it, and the offset between them."""
    for stamp, date in ((row.send_timestamp, row.send_date), (row.last_timestamp, row.last_date)):
        seconds = whole(stamp)
        if seconds is None or not 0 < seconds < TIME_LIMIT or not date:
            continue
        shown = local_time(date, _UTC)
        if shown is not None:
            yield seconds, round((shown - seconds) / QUARTER) * QUARTER


def _expected(stamp: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(stamp, UTC).astimezone(zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
