"""Durations as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.durations import LONGEST, format_duration, parse_duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("5m", 300),
        ("1h30m", 5400),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("1500ms", 1.5),
        ("1m1s", 61),
        ("0", 0),
        (" 90 ", 90),
        ("0.5", 0.5),
        (90, 90),
        (1.25, 1.25),
    ],
)
def test_reads_units_and_numbers(written: str | float, seconds: float) -> None:
    """Texts with units, plain numbers and numbers as text are seconds."""
    assert parse_duration(written) == seconds


@pytest.mark.parametrize(
    "written",
    [
        "",
        "m",
        "5 m",
        "30m1h",
        "1h1h",
        "-5m",
        "1.5h",
        "1e3",
        "٣m",
        "5M",
        "1:30",
        "9" * 400,
        -1,
        -0.001,
        float("nan"),
        float("inf"),
        LONGEST + 1,
        10**400,
        True,
    ],
)
def test_refuses_everything_else(written: str | float) -> None:
    """Anything that is not a duration is a ValueError that does not quote it."""
    with pytest.raises(ValueError, match=r"^must be a duration such as 90s, 5m or 1h30m"):
        parse_duration(written)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (300, "5m"),
        (3600, "1h"),
        (86400, "24h"),
        (2, "2s"),
        (90, "90s"),
        (5400, "90m"),
        (1.5, "1500ms"),
        (0, "0s"),
    ],
)
def test_writes_the_largest_whole_unit(seconds: float, text: str) -> None:
    """Labels and printed configurations use the largest unit up to hours that stays whole."""
    assert format_duration(seconds) == text


@given(st.integers(min_value=0, max_value=LONGEST * 1000))
def test_reads_back_what_it_writes(milliseconds: int) -> None:
    """Writing and reading a duration changes nothing down to the millisecond."""
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.text() | st.floats() | st.integers())
def test_never_fails_otherwise(written: str | float) -> None:
    """Any input is a duration in range or a ValueError."""
    try:
        seconds = parse_duration(written)
    except ValueError:
        return
    assert 0 <= seconds <= LONGEST
