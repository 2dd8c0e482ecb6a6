"""What an unreadable answer looked like, in a form that names nobody.

Of the body's first characters only punctuation and words of the protocol are shown; every other
word becomes ``w`` and every run of digits ``0``, so that neither text nor phone can be read.
"""

import re

from exporter.gateway.errors import UnreadableAnswer


SKETCH_LENGTH = 160
"""Characters of the body that are looked at."""

_WORDS = """
status last_date last_timestamp check_time err send_date send_timestamp phone cost sender_id
status_name message mccmnc country operator region type id int_id sms_cnt format crc flag
error error_code result list sms balance credit currency
xml version encoding utf windows null true false
doctype html head body title meta charset http equiv content div center h1 hr nginx
bad gateway service temporarily unavailable forbidden not found internal server too many requests
"""
_PROTOCOL = frozenset(_WORDS.split())
_TOKEN = re.compile(r"\d+|[^\W\d]+")
_REST = re.compile(r"[^\x20-\x7e]+")


def unreadable(text: str, *, kind: str = "", expected: str = "history page") -> UnreadableAnswer:
    """The error for a body that is not what was asked for; ``kind`` is found out if not given."""
    kind = kind or _kind(text)
    look = sketch(text)
    shown = f": {look}" if look else ""
    return UnreadableAnswer(
        f"the answer is no {expected} ({_KINDS[kind]}, {len(text)} characters){shown}", kind=kind
    )


def sketch(text: str) -> str:
    """The first characters of a body with every word and number masked that is not protocol."""
    masked = _TOKEN.sub(_mask, text[:SKETCH_LENGTH])
    return " ".join(_REST.sub(" ", masked).split())


_KINDS = {
    "empty": "empty",
    "html": "an HTML page",
    "cut": "cut off or incomplete",
    "too_large": "too large",
    "unreadable": "of unknown form",
}


def _mask(match: re.Match[str]) -> str:
    token = match.group()
    if token[0].isdecimal():
        return "0"
    return token if token.casefold() in _PROTOCOL else "w"


def _kind(text: str) -> str:
    start = text[:512].lstrip().casefold()
    if start in ("", "ok"):
        return "empty"
    if start.startswith(("<!doctype", "<html", "<head", "<body")):
        return "html"
    opened = start[0] in "[{<" or start.startswith("status =")
    closed = text.rstrip().endswith(("]", "}", ">"))
    return "cut" if opened and not closed else "unreadable"
