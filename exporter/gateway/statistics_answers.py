"""Decoding of an answer with the gateway's own statistics, in JSON."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from exporter.gateway.answers import text_error, text_of
from exporter.gateway.errors import UnreadableAnswer, api_error
from exporter.gateway.json_answers import NOT_FOUND, loads
from exporter.gateway.sketch import unreadable
from exporter.gateway.statistics import Statistics
from exporter.gateway.values import amount, whole


EXPECTED = "statistics"
"""What a body that can't be read is not, in words."""


def decode_statistics(body: bytes) -> Statistics:
    """Decode an answer in JSON: a list with an entry for each login, or a single entry.

    Raises `ApiError` when the answer is an error and `UnreadableAnswer` when it is anything else.
    Nothing found is no messages.
    """
    text = text_of(body)
    code = text_error(text)
    if code is not None:
        return _nothing(code, text)
    answer = loads(text, expected=EXPECTED)
    if isinstance(answer, dict) and not answer.keys().isdisjoint({"error", "error_code"}):
        return _nothing(whole(answer.get("error_code")), str(answer.get("error", "")))
    entries = answer if isinstance(answer, list) else [answer]
    if not all(isinstance(entry, dict) for entry in entries):
        raise _no_statistics(text)
    return _summed(entries, text)


def _summed(entries: list[Mapping[str, Any]], text: str) -> Statistics:
    sent = [whole(entry.get("sms")) for entry in entries]
    spent = [amount(entry.get("credit")) for entry in entries]
    if None in sent:
        raise _no_statistics(text)
    costs = [cost for cost in spent if cost is not None]
    return Statistics(
        sent=sum(number or 0 for number in sent),
        spent=sum(costs, Decimal(0)) if len(costs) == len(spent) else None,
    )


def _nothing(code: int | None, text: str) -> Statistics:
    code = None if code is None else abs(code)
    if code == NOT_FOUND:
        return Statistics(sent=0, spent=Decimal(0))
    raise api_error(code, text)


def _no_statistics(text: str) -> UnreadableAnswer:
    return unreadable(text, expected=EXPECTED)
