"""Decoding of an answer's body, in whichever of the four formats it came, into a typed page.

The declared charset and content type are not trusted: the body is strict UTF-8, else windows-1251,
and its format is told by its shape, since errors and pages do come back in other formats than the
one asked for.

An error answer with code 3 and an empty list are empty pages. A body of no characters (or a bare
``OK``) is not: it says nothing about messages, and taking it for "no messages" would let a broken
proxy close gaps that were never read. It is an `UnreadableAnswer` of kind ``empty``.
"""

import re
from zoneinfo import ZoneInfo

from exporter.gateway.json_answers import json_rows, no_rows, plain_rows
from exporter.gateway.message import Page
from exporter.gateway.rows import RawRows, page_of
from exporter.gateway.sketch import unreadable
from exporter.gateway.text_answers import is_comma_row, is_named_row, text_rows
from exporter.gateway.xml_answers import xml_rows


MOSCOW = ZoneInfo("Europe/Moscow")
"""Time zone of the gateway's dates unless the account says otherwise."""

_TEXT_ERROR = re.compile(r"ERROR\s*=\s*(-?[0-9]{1,6})(?:\s*\(.*)?", re.DOTALL)
_COMMA_ERROR = re.compile(r"0\s*,\s*-([0-9]{1,6})(?:\s*,.{0,200})?")


def decode(body: bytes, *, personal: bool = False, timezone: ZoneInfo = MOSCOW) -> Page:
    """Decode one answer in any format; ``timezone`` is that of date strings without a time stamp.

    Message text is dropped unless ``personal``. Raises `ApiError` when the answer is an error and
    `UnreadableAnswer` when it is anything but a whole page. Rows that lack an id, a status or a
    send time are left out and counted in ``Page.skipped``.
    """
    return page_of(read_rows(body, personal=personal), timezone)


def read_rows(body: bytes, *, personal: bool = False) -> RawRows:
    """The rows of an answer in any format as they came; raises as `decode` does."""
    if body.startswith(b"["):
        rows = plain_rows(body, personal=personal)
        if rows is not None:
            return rows
    text = text_of(body)
    if text.startswith("["):
        rows = plain_rows(text.encode("utf-8"), personal=personal)
        if rows is not None:
            return rows
    return _text_rows(text, personal=personal)


def text_of(body: bytes) -> str:
    """The body's characters without byte order mark and surrounding space; never fails."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("windows-1251", "replace")
    return text.removeprefix("\ufeff").strip()


def _text_rows(text: str, *, personal: bool) -> RawRows:
    match format_of(text):
        case 3:
            return json_rows(text, personal=personal)
        case 2:
            return xml_rows(text, personal=personal)
        case 0 | 1:
            return text_rows(text, personal=personal)
    code = text_error(text)
    if code is not None:
        return no_rows(code, text)
    raise unreadable(text)


def text_error(text: str) -> int | None:
    """The number of an error that is neither JSON nor XML: ``ERROR = N (...)`` or ``0,-N``."""
    error = _TEXT_ERROR.fullmatch(text) or _COMMA_ERROR.fullmatch(text)
    return None if error is None else int(error[1])


def format_of(text: str) -> int | None:
    """The format (``fmt`` 0 to 3) that a page or error of this shape is in; None when in none."""
    if text.startswith(("[", "{")):
        return 3
    if text.startswith("<"):
        return 2
    if text_error(text) is not None:
        return None
    if is_named_row(text):
        return 0
    return 1 if is_comma_row(text) else None
