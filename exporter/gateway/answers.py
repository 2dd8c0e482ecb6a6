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

from exporter.gateway.json_answers import error_page, json_page, plain_page
from exporter.gateway.message import Page
from exporter.gateway.sketch import unreadable
from exporter.gateway.text_answers import is_comma_row, is_named_row, text_page
from exporter.gateway.xml_answers import xml_page


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
    if body.startswith(b"["):
        page = plain_page(body, timezone, personal=personal)
        if page is not None:
            return page
    text = text_of(body)
    if text.startswith("["):
        page = plain_page(text.encode("utf-8"), timezone, personal=personal)
        if page is not None:
            return page
    return _decode_text(text, timezone, personal=personal)


def text_of(body: bytes) -> str:
    """The body's characters without byte order mark and surrounding space; never fails."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("windows-1251", "replace")
    return text.removeprefix("\ufeff").strip()


def _decode_text(text: str, timezone: ZoneInfo, *, personal: bool) -> Page:
    if text.startswith(("[", "{")):
        return json_page(text, timezone, personal=personal)
    if text.startswith("<"):
        return xml_page(text, timezone, personal=personal)
    if error := _TEXT_ERROR.fullmatch(text) or _COMMA_ERROR.fullmatch(text):
        return error_page(int(error[1]), text)
    if is_named_row(text) or is_comma_row(text):
        return text_page(text, timezone, personal=personal)
    raise unreadable(text)
