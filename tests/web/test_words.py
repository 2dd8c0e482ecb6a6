"""Times and numbers as people read them."""

from datetime import datetime

import pytest

from exporter.web.words import lasting, number, percent, stamp


NOW = datetime.fromisoformat("2026-11-23T12:30:10+00:00").timestamp()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (142, "2 min 22 s"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (86_400 * 2 + 3600 * 5 + 59, "2 d 5 h"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    """Two units at most, rounded down."""
    assert lasting(seconds) == words


def test_stamps() -> None:
    """The date is told where it is another day."""
    assert stamp(NOW, NOW) == "12:30:10"
    assert stamp(NOW, NOW, seconds=False) == "12:30"
    assert stamp(NOW - 86_400, NOW) == "22 Nov 12:30:10"
    assert stamp(NOW + 8 * 86_400, NOW, seconds=False) == "1 Dec 12:30"


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0%"),
        (0.0004, "<0.1%"),
        (0.001, "0.1%"),
        (0.999_99, "99.9%"),
        (1, "100%"),
        (2.5, "250%"),
    ],
)
def test_shares(share: float, words: str) -> None:
    """Only all of it is 100%, and only nothing is 0%."""
    assert percent(share) == words


def test_numbers() -> None:
    """Thousands are told apart."""
    assert number(1_234_567) == "1,234,567"
    assert number(999.6) == "1,000"
