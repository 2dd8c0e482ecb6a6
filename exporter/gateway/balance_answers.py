"""Decoding of a balance answer, in whichever of the four formats it came.

As with a page of the history, the declared charset and content type are not trusted, and the
format is told by the body's shape. JSON and XML name their values; the formats 0 and 1 are a bare
number, which a currency may follow.
"""

import re
from collections.abc import Mapping
from typing import Any

from exporter.gateway.answers import text_error, text_of
from exporter.gateway.balance import Balance
from exporter.gateway.errors import UnreadableAnswer, api_error
from exporter.gateway.json_answers import loads
from exporter.gateway.sketch import unreadable
from exporter.gateway.values import amount, whole


EXPECTED = "balance"
"""What a body that can't be read is not, in words."""
OLD_CODES = {"RUR": "RUB"}
"""Codes of currencies that go by another one now."""

_CURRENCY = re.compile(r"[A-Za-z]{3}")
_BARE = re.compile(r'"?([^"A-Za-z]{1,80}?)"?(?:[\s,;]*([A-Za-z]{3}))?')
_ELEMENT = re.compile(r"<(\w{1,32})>([^<]*)</\1>\s*")
_DOCUMENT = re.compile(
    r"(?:<\?xml[^>]{0,99}\?>)?\s*(?:<(\w{1,32})>\s*)?"
    r"((?:<(\w{1,32})>[^<]*</\3>\s*)+)"
    r"(?(1)</\1>)\s*"
)


def decode_balance(body: bytes) -> Balance:
    """Decode one balance answer in any format.

    Raises `ApiError` when the answer is an error and `UnreadableAnswer` when it is no balance.
    """
    text = text_of(body)
    code = text_error(text)
    if code is not None:
        raise api_error(code, text)
    if text.startswith("{"):
        return _named(loads(text, expected=EXPECTED), text)
    if text.startswith("<"):
        return _named(_elements(text), text)
    return _bare(text)


def _named(values: Mapping[str, Any], text: str) -> Balance:
    if not values.keys().isdisjoint({"error", "error_code"}):
        code = whole(values.get("error_code"))
        raise api_error(None if code is None else abs(code), str(values.get("error", "")))
    found = amount(values.get("balance"))
    if found is None:
        raise _no_balance(text)
    credit, currency = amount(values.get("credit")), _currency(values.get("currency"))
    return Balance(amount=found, credit=credit, currency=currency)


def _elements(text: str) -> Mapping[str, str]:
    """Text by element, within a root element or without one."""
    document = _DOCUMENT.fullmatch(text)
    if document is None:
        raise _no_balance(text)
    return dict(_ELEMENT.findall(document[2]))


def _bare(text: str) -> Balance:
    parts = _BARE.fullmatch(text)
    found = None if parts is None else amount(parts[1])
    if parts is None or found is None:
        raise _no_balance(text)
    return Balance(amount=found, currency=_currency(parts[2]))


def _currency(value: object) -> str | None:
    """The code of a currency; None for anything that is none."""
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value.strip()):
        return None
    code = value.strip().upper()
    return OLD_CODES.get(code, code)


def _no_balance(text: str) -> UnreadableAnswer:
    return unreadable(text, expected=EXPECTED)
