"""Answers in format 3, JSON: a list is a page, an object is an error."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from exporter.gateway.errors import UnreadableAnswer, api_error
from exporter.gateway.rows import PersonalRow, RawRow, RawRows, fields_of
from exporter.gateway.sketch import unreadable
from exporter.gateway.values import whole


NOT_FOUND = 3

_ROWS = msgspec.json.Decoder(list[RawRow], strict=False)
_PERSONAL_ROWS = msgspec.json.Decoder(list[PersonalRow], strict=False)


def plain_rows(body: bytes, *, personal: bool) -> Sequence[RawRow] | None:
    """The rows of a regular JSON list, quickly; None when anything about the body is odd."""
    try:
        return _PERSONAL_ROWS.decode(body) if personal else _ROWS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def json_rows(text: str, *, personal: bool) -> RawRows:
    """The rows of a JSON answer, one by one and leniently.

    Raises `ApiError` for an error object and `UnreadableAnswer` for what is no JSON.
    """
    answer = loads(text)
    if isinstance(answer, list):
        return [_raw_row(row, personal=personal) for row in answer]
    if isinstance(answer, dict) and not answer.keys().isdisjoint({"error", "error_code"}):
        number = whole(answer.get("error_code"))
        return no_rows(number, str(answer.get("error", "")))
    raise unreadable(text)


def no_rows(code: int | None, text: str) -> RawRows:
    """No rows for code 3, nothing found; raises `ApiError` for any other code."""
    code = None if code is None else abs(code)
    if code == NOT_FOUND:
        return []
    raise api_error(code, text)


def _raw_row(row: Any, *, personal: bool) -> RawRow | None:
    return fields_of(row.items(), personal=personal) if isinstance(row, dict) else None


def loads(text: str, *, expected: str = "history page") -> Any:
    """Any JSON, leniently, its fractions as text; raises `UnreadableAnswer` for what is none."""
    failure: UnreadableAnswer
    try:
        return json.loads(text, strict=False, parse_float=str, parse_constant=_no_number)
    except (ValueError, RecursionError):
        failure = unreadable(text, expected=expected)
    raise failure


def _no_number(_name: str) -> None:
    """NaN and Infinity say nothing."""
