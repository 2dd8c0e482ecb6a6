"""Messages as table, plain text, JSON and CSV."""

import csv
import io
import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from exporter.commands.choices import Output
from exporter.commands.printing import as_csv, as_json, as_plain, rendered
from exporter.commands.shown import Shown
from exporter.commands.wording import span


ROW = Shown(
    send_time="2026-03-17T16:46:40+03:00",
    status=20,
    status_name="Cannot be delivered",
    outcome="undeliverable",
    err=6,
    err_name="Phone off or out of coverage",
    seconds_to_final=76,
    country="RU",
    operator="mts",
    sender="SHOP",
    channel="sms",
    segments=2,
    cost=Decimal("2.450"),
    currency="RUB",
    int_id="401671913",
    phone="7***67",
    text_length=34,
    text=None,
)


def row(**changes: object) -> Shown:
    return msgspec.structs.replace(ROW, **changes)


def on(width: int, *, terminal: bool = True) -> Console:
    return Console(width=width, force_terminal=terminal, file=io.StringIO())


@given(st.text(), st.text(max_size=8))
def test_json_and_csv_keep_every_text(text: str, sender: str) -> None:
    """What programs read is what the gateway sent, whatever it contains."""
    rows = [row(text=text, sender=sender), ROW]
    found = json.loads(as_json(rows))
    assert [(each["text"], each["sender"]) for each in found] == [(text, sender), (None, "SHOP")]
    assert [each["cost"] for each in found] == ["2.450", "2.450"]
    read = list(csv.DictReader(io.StringIO(as_csv(rows), newline="")))
    assert [each["sender"] for each in read] == [sender, "SHOP"]


def test_one_json_message_a_line() -> None:
    """JSON can be read by line tools, too, and an empty list is one."""
    assert len(as_json([ROW, ROW, ROW]).splitlines()) == 5
    assert as_json([]) == "[]\n"


@given(st.lists(st.text(max_size=12), min_size=1, max_size=4))
def test_plain_text_is_one_line_a_message(texts: list[str]) -> None:
    """Newlines, wide letters and control characters in texts shift no column."""
    lines = as_plain([row(text=text, operator=text) for text in texts]).split("\n")
    assert len(lines) == len(texts) + 2
    assert all(line.isprintable() for line in lines)
    at = cell_len(lines[0][: lines[0].index("int_id")])
    assert all(cell_len(line[: line.index("401671913")]) == at for line in lines[1:-1])


def test_nothing_steers_the_terminal() -> None:
    """Escape sequences and markup inside a message are shown, not obeyed."""
    evil = row(text="\x1b[2J[bold]x[/bold]\r\a", sender="\x9b31m")
    for width in (60, 200):
        drawn = rendered([evil], Output.TABLE, on(width))
        assert "\x1b[2J" not in drawn
        assert "\x9b" not in drawn
        assert "\a" not in drawn
        assert "[bold]" in drawn


@pytest.mark.parametrize("width", [60, 80, 200])
def test_terminals_of_any_width_show_everything(width: int) -> None:
    """A narrow terminal gets two lines a message instead of crushed columns."""
    drawn = rendered([ROW, ROW], Output.TABLE, on(width))
    for cell in ("20 Cannot be delivered", "1m 16s", "401671913", "7***67", "34 chars", "2.450"):
        assert drawn.replace("\n", " ").count(cell) == 2
    assert max(map(len, Text.from_ansi(drawn).plain.splitlines())) <= width


def test_no_colours_in_a_pipe() -> None:
    """A table that is not on a terminal is plain text; nothing is printed for no messages."""
    pipe = on(80, terminal=False)
    assert rendered([ROW], Output.TABLE, pipe) == as_plain([ROW])
    assert "\x1b" not in as_plain([ROW])
    assert rendered([], Output.TABLE, pipe) == rendered([], Output.TABLE, on(80)) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0s"), (0.2, "1s"), (59, "59s"), (60, "1m"), (3725, "1h 2m"), (90061, "1d 1h")],
)
def test_spans_in_words(seconds: float, words: str) -> None:
    """Lengths of time are told by their two largest units."""
    assert span(seconds) == words
