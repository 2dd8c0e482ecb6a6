"""Messages on standard output: a table for people, JSON and CSV for programs."""

import csv
import io
from collections.abc import Container, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from exporter.commands.choices import Output
from exporter.commands.shown import Shown
from exporter.commands.wording import span


COLOURS = {"delivered": "green", "pending": "yellow"}
"""Colour of a status by its outcome; every other outcome is red."""
GAP = "  "

RIGHT = frozenset({"to final", "parts", "cost"})
"""Columns of numbers, which stand to the right."""
TEXT_WIDTH = 20
"""A table is not worth it with less room than this for long texts, which are folded."""
STACKED = ["int_id", "phone", "country", "operator", "sender", "channel", "parts", "cost", "text"]
"""Columns on a message's second line."""
UNITS_OF = {"int_id": "int_id ", "parts": "parts "}
"""What explains a bare number on that line."""

Cells = dict[str, str]
"""What stands in each column, by its heading."""


def rendered(rows: Sequence[Shown], output: Output, console: Console) -> str:
    """The rows as text; a table with colours and lines only where ``console`` is a terminal."""
    if output is Output.JSON:
        return as_json(rows)
    if output is Output.CSV:
        return as_csv(rows)
    return _drawn(rows, console) if console.is_terminal else as_plain(rows)


def as_json(rows: Sequence[Shown]) -> str:
    """A JSON list, one message a line; costs are strings so that no digit is lost."""
    lines = ",\n".join(msgspec.json.encode(row).decode() for row in rows)
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def as_csv(rows: Sequence[Shown]) -> str:
    """CSV as RFC 4180 has it, with a heading."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(Shown.__struct_fields__)
    writer.writerows(msgspec.structs.astuple(row) for row in rows)
    return text.getvalue()


def as_plain(rows: Sequence[Shown]) -> str:
    """Aligned columns without colours, one message a line; nothing when there is none."""
    return aligned([_cells(row) for row in rows])


def aligned(table: Sequence[Cells], right: Container[str] = RIGHT) -> str:
    """A heading and the rows in columns, those named in ``right`` flush right; nothing for none."""
    if not table:
        return ""
    widths = _widths(table)
    lines = ({heading: heading for heading in widths}, *table)
    return "".join(f"{_line(row, widths, right)}\n" for row in lines)


def _widths(table: Sequence[Cells]) -> dict[str, int]:
    return {
        heading: max(cell_len(heading), *(cell_len(row[heading]) for row in table))
        for heading in table[0]
    }


def _line(row: Cells, widths: dict[str, int], right: Container[str]) -> str:
    cells = []
    for heading, cell in row.items():
        space = " " * (widths[heading] - cell_len(cell))
        cells.append(space + cell if heading in right else cell + space)
    return GAP.join(cells).rstrip()


def _drawn(rows: Sequence[Shown], console: Console) -> str:
    """A table where the terminal is wide enough for one, else each message as two lines."""
    table = [_cells(row) for row in rows]
    if not table:
        return ""
    widths = _widths(table)
    widths["text"] = min(widths["text"], TEXT_WIDTH)
    fits = sum(widths.values()) + len(GAP) * len(widths) <= console.width
    draw = _grid if fits else _stack
    with console.capture() as captured:
        console.print(draw(table, [COLOURS.get(row.outcome, "red") for row in rows]))
    return captured.get()


def _grid(table: Sequence[Cells], colours: Sequence[str]) -> Table:
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in table[0]:
        justify: Literal["left", "right"] = "right" if heading in RIGHT else "left"
        grid.add_column(heading, justify=justify, overflow="fold", no_wrap=heading != "text")
    for row, colour in zip(table, colours, strict=True):
        grid.add_row(*(Text(cell, colour if h == "status" else "") for h, cell in row.items()))
    return grid


def _stack(table: Sequence[Cells], colours: Sequence[str]) -> Text:
    lines = []
    for row, colour in zip(table, colours, strict=True):
        after = f"after {row['to final']}" if row["to final"] else ""
        head = Text.assemble(row["sent"], GAP, (row["status"], colour))
        head.append("".join(f"{GAP}{cell}" for cell in (row["err"], after) if cell))
        rest = [UNITS_OF.get(heading, "") + row[heading] for heading in STACKED if row[heading]]
        lines += [head, Text(GAP + GAP.join(rest))]
    return Text("\n").join(lines)


def _cells(row: Shown) -> Cells:
    cells = {
        "sent": _moment(row.send_time),
        "status": _named(row.status, row.status_name),
        "err": _named(row.err, row.err_name) if row.err else "",
        "to final": "" if row.seconds_to_final is None else span(row.seconds_to_final),
        "country": row.country,
        "operator": row.operator,
        "sender": row.sender,
        "channel": row.channel,
        "parts": str(row.segments),
        "cost": "" if row.cost is None else f"{row.cost:f} {row.currency}",
        "int_id": row.int_id,
        "phone": row.phone,
        "text": _text(row),
    }
    return {heading: _visible(cell) for heading, cell in cells.items()}


def _visible(text: str) -> str:
    """The text on one line; what could steer a terminal is shown as its escape."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def _moment(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M:%S}"


def _named(code: int, name: str) -> str:
    return str(code) if name == str(code) else f"{code} {name}"


def _text(row: Shown) -> str:
    if row.text is not None:
        return row.text
    return "" if row.text_length is None else f"{row.text_length} chars"
