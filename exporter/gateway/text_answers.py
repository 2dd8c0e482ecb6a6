"""Answers in formats 0 and 1: rows of text with a free text amid the separators.

Each row is held by the fields at both of its ends: a head of known fields on one line, then the
message, then a tail of known fields at the end of a line. A row ends only where a line ends in a
tail and the next line starts with a head (or nothing follows), so separators, newlines and even a
whole row inside the message shift nothing. Only a message that holds the end of one row, a newline
and the start of another is written exactly as two rows are; no reader could tell, which is why the
exporter polls with format 3.
"""

import re
from collections.abc import Callable, Iterator

from exporter.gateway.codes import STATUSES
from exporter.gateway.rows import RawRows, fields_of
from exporter.gateway.sketch import unreadable


Pairs = list[tuple[str, object]]

_NAMES = {"check_time": "last_date", "Status": "status", "ID": "id"}
"""Names that format 0 spells in its own way."""
_NAMED_HEAD = re.compile(r"Status = [^,\n]*, (?:check_time|err|send_date)[^\n]*?, message = ")
_NAMED_PAIR = re.compile(r"(?:^|, )([A-Za-z_]{1,32}) = ")
_EXTRA = r"(?:, (?!type |ID |int_id |sms_cnt |format |crc )\w{1,32} = [^,\n]{0,99})*"
_NAMED_TAIL = re.compile(
    _EXTRA.join(
        [
            r", type = ([0-9]*)",
            r", ID = ([0-9]*)",
            r", int_id = ([^,\n]*)",
            r", sms_cnt = ([0-9]*)",
            r", format = ([0-9]*)",
            r", crc = -?[0-9]+",
            r"\s*$",
        ]
    )
)

_COMMA_HEAD = re.compile(r"-?[0-9]{0,6},[0-9]{0,19},[0-9]{0,6},[0-9]{0,19},[^,\n]*,[0-9]{0,7},")
_COMMA_NAMES = (
    "status",
    "last_timestamp",
    "err",
    "send_timestamp",
    "phone",
    "mccmnc",
    "country",
    "operator",
)
_COMMA_TAIL = re.compile(
    r",([0-9]{1,2}),([0-9]{0,12}),([^,\n]*),([0-9]{1,5}),([0-9]{1,2}),-?[0-9]+\s*$"
)
_TAIL_NAMES = ("type", "id", "int_id", "sms_cnt", "format")
_REGION_AT = 8
_SENDER_AT = 10
_LONGEST_REGION = 4
"""Most values between commas that a region can take."""
_COST = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_POINT_COST = re.compile(r"[0-9]+\.[0-9]+")


def is_named_row(text: str) -> bool:
    """Whether a body starts like a page in format 0."""
    return _NAMED_HEAD.match(text) is not None


def is_comma_row(text: str) -> bool:
    """Whether a body starts like a page in format 1."""
    return _comma_head(text.partition("\n")[0]) is not None


def text_rows(text: str, *, personal: bool) -> RawRows:
    """The rows of a body in format 0 or 1; raises `UnreadableAnswer` when its last row is cut."""
    named = is_named_row(text)
    starts = is_named_row if named else is_comma_row
    tail = _NAMED_TAIL if named else _COMMA_TAIL
    rows = []
    for row in _rows(text, starts, tail):
        pairs = _named_pairs(row) if named else _comma_pairs(row)
        rows.append(None if pairs is None else fields_of(pairs, personal=personal))
    return rows


def _rows(text: str, starts: Callable[[str], bool], tail: re.Pattern[str]) -> Iterator[str]:
    """Cut a body into its rows."""
    row: list[str] = []
    for line, last in _lines(text, starts):
        row.append(line)
        if last and tail.search(line):
            yield "\n".join(row).lstrip("\n")
            row.clear()
    if row:
        raise unreadable(text, kind="cut")


def _lines(text: str, starts: Callable[[str], bool]) -> Iterator[tuple[str, bool]]:
    """Each line, and whether no text or the start of a row follows it."""
    lines = text.split("\n")
    last = True
    marked = []
    for line in reversed(lines):
        marked.append((line, last))
        if line.strip():
            last = starts(line)
    return reversed(marked)


def _named_pairs(row: str) -> Pairs | None:
    head, found, rest = row.partition(", message = ")
    tail = _NAMED_TAIL.search(rest) if found else None
    if tail is None:
        return None
    pairs: Pairs = list(zip(_TAIL_NAMES, tail.groups(), strict=True))
    return [*_named_head(head).items(), ("message", rest[: tail.start()]), *pairs]


def _named_head(head: str) -> dict[str, object]:
    marks = list(_NAMED_PAIR.finditer(head))
    ends = [mark.start() for mark in marks[1:]] + [len(head)]
    fields: dict[str, object] = {}
    for mark, end in zip(marks, ends, strict=True):
        fields.setdefault(_NAMES.get(mark[1], mark[1]), head[mark.end() : end])
    return fields


def _comma_pairs(row: str) -> Pairs | None:
    line, newline, rest = row.partition("\n")
    head = _comma_head(line)
    if head is None:
        return None
    pairs, message = head
    message += newline + rest
    tail = _COMMA_TAIL.search(message)
    if tail is None:
        return None
    ending: Pairs = list(zip(_TAIL_NAMES, tail.groups(), strict=True))
    return [*pairs, ("message", message[: tail.start()].removeprefix(" ")), *ending]


def _comma_head(line: str) -> tuple[Pairs, str] | None:
    """The fields before the message, and the rest of the line.

    A region may hold commas and a cost a decimal comma: the cost is the first value that looks like
    one, and where that leaves a choice, one that the status' own name follows.
    """
    if not _COMMA_HEAD.match(line):
        return None
    pieces = line.split(",", _SENDER_AT + _LONGEST_REGION + 2)
    choices = list(_choices(pieces))
    if not choices:
        return None
    costs, sender_at = choices[0]
    if not _POINT_COST.fullmatch(pieces[costs]):
        named = (choice for choice in choices if _is_name(pieces[choice[1] + 1], pieces[0]))
        costs, sender_at = next(named, choices[0])
    pairs: Pairs = list(zip(_COMMA_NAMES, pieces, strict=False))
    pairs += [
        ("region", ",".join(pieces[_REGION_AT:costs])),
        ("cost", ",".join(pieces[costs:sender_at])),
        ("sender_id", pieces[sender_at]),
    ]
    return pairs, ",".join(pieces[sender_at + 2 :])


def _choices(pieces: list[str]) -> Iterator[tuple[int, int]]:
    """Where the cost may start and end."""
    first = _REGION_AT + 1
    for start in range(first, first + _LONGEST_REGION):
        for end in (start + 1, start + 2):
            cost = ",".join(pieces[start:end])
            if len(pieces) > end + 2 and (_COST.fullmatch(cost) or (not cost and start == first)):
                yield start, end


def _is_name(name: str, status: str) -> bool:
    number = int(status) if status not in ("", "-") else None
    known = STATUSES.get(number) if number is not None else None
    return known is not None and name.strip() in (known.russian, known.english)
