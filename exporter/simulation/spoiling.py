"""What faults of content do to rows and bodies."""

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from exporter.simulation.faults import FaultKind
from exporter.simulation.render import Row


MARK: Final = "\x01\x1f\x08"
"""Control characters that get into texts."""
HTML_PAGE: Final = "<!DOCTYPE html><html><body><h1>Технические работы</h1></body></html>"


def spoil_rows(kind: FaultKind, rows: list[Row], rng: Random) -> list[Row]:
    """Rows as a fault of their content shows them; other kinds change nothing."""
    spoil = _SPOILERS.get(kind)
    if spoil is not None:
        return [spoil(row, rng) for row in rows]
    if kind is FaultKind.DUPLICATE_ROWS:
        return rows + [rows[int(rng.random() * len(rows))] for _ in range(len(rows) // 10 + 1)]
    if kind is FaultKind.SHUFFLED_ROWS:
        return rng.sample(rows, len(rows))
    return rows


def _unknown_fields(row: Row, _: Random) -> Row:
    return row | {"flag": 32, "comment": "", "operator_orig": {"name": "x", "codes": [1, 2]}}


def _sometimes(name: str, value: int) -> Callable[[Row, Random], Row]:
    def spoil(row: Row, rng: Random) -> Row:
        return row | {name: value} if rng.random() < 0.1 else row

    return spoil


def _missing_fields(row: Row, rng: Random) -> Row:
    groups = (("int_id", "id"), ("status",), ("send_timestamp", "send_date"))
    lost = groups[int(rng.random() * 3)] if rng.random() < 0.3 else ()
    return {name: value for name, value in row.items() if name not in lost}


def _strings(row: Row, _: Random) -> Row:
    return {name: str(value) for name, value in row.items()}


def _marked(row: Row, _: Random) -> Row:
    return row | {"message": f"{MARK}{row['message']}"}


_SPOILERS: Final[Mapping[FaultKind, Callable[[Row, Random], Row]]] = {
    FaultKind.UNKNOWN_FIELDS: _unknown_fields,
    FaultKind.UNKNOWN_STATUS: _sometimes("status", 77),
    FaultKind.UNKNOWN_ERR: _sometimes("err", 999),
    FaultKind.UNKNOWN_TYPE: _sometimes("type", 42),
    FaultKind.MISSING_FIELDS: _missing_fields,
    FaultKind.NUMBERS_AS_STRINGS: _strings,
    FaultKind.CONTROL_CHARACTERS: _marked,
}


def raw_controls(text: str) -> str:
    """Undo JSON's escapes of the control characters that `spoil_rows` planted."""
    return text.replace(json.dumps(MARK)[1:-1], MARK)


def garbage(rng: Random) -> bytes:
    """Bytes that mean nothing."""
    return b"\x00\xff\xfe" + rng.randbytes(500)
