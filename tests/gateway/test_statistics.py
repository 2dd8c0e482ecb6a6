"""The gateway's own statistics, in the shapes that other programs tell of."""

from datetime import date
from decimal import Decimal

import pytest

from exporter.gateway.errors import ApiError, OverLimit, UnreadableAnswer
from exporter.gateway.statistics import Statistics, StatisticsRequest
from exporter.gateway.statistics_answers import decode_statistics


@pytest.mark.parametrize(
    ("body", "sent", "spent"),
    [
        (b'[{"login":"a","sms":"12","credit":"30.50","debit":"0","currency":"RUB"}]', 12, "30.50"),
        (b'{"login":"a","sms":12,"credit":30.5}', 12, "30.5"),
        (b'[{"sms":1,"credit":"0,40"},{"sms":2,"credit":"1"}]', 3, "1.40"),
        (b'[{"sms":1,"credit":"0.40"},{"sms":2}]', 3, None),
        (b"[]", 0, "0"),
        (b'{"error":"nothing","error_code":3}', 0, "0"),
        (b"ERROR = 3 (nothing)", 0, "0"),
    ],
)
def test_sums_over_all_logins(body: bytes, sent: int, spent: str | None) -> None:
    """Numbers as numbers or text; money is not told where a login has none; nothing is nothing."""
    expected = Statistics(sent=sent, spent=None if spent is None else Decimal(spent))
    assert decode_statistics(body) == expected


@pytest.mark.parametrize("body", [b'[{"login":"a"}]', b"[1]", b"", b"<html>", b'"sms"'])
def test_anything_else_is_unreadable(body: bytes) -> None:
    """No sum is made of what is no statistics."""
    with pytest.raises(UnreadableAnswer):
        decode_statistics(body)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error":"authorise error","error_code":2}', ApiError),
        (b"ERROR = 9 (too often)", OverLimit),
    ],
)
def test_errors_are_errors(body: bytes, kind: type[ApiError]) -> None:
    """As of any other call."""
    with pytest.raises(kind):
        decode_statistics(body)


def test_the_request_is_as_documented() -> None:
    """Days as the gateway writes them, no credentials, and a fingerprint of its own."""
    request = StatisticsRequest(start=date(2026, 3, 1), end=date(2026, 3, 2))
    assert request.fields() == {
        "get_stat": "1",
        "fmt": "3",
        "charset": "utf-8",
        "start": "01.03.2026",
        "end": "02.03.2026",
    }
    other = StatisticsRequest(start=date(2026, 3, 1), end=date(2026, 3, 3))
    assert request.fingerprint(b"k") != other.fingerprint(b"k")
