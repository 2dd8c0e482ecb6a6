"""A closer look at answers: format, unknown codes, time zone."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.gateway.answers import decode
from exporter.gateway.errors import RefusedLogin, UnreadableAnswer
from exporter.gateway.inspection import inspect


Render = Callable[[int, list[Any]], str]


@pytest.mark.parametrize("fmt", [0, 1, 2, 3])
def test_the_format_is_recognised(render: Render, row: type[Any], fmt: int) -> None:
    """Each format is told by its shape, and its page is the decoder's."""
    body = render(fmt, [row(), row(int_id="9")]).encode()
    seen = inspect(body)
    assert seen.fmt == fmt
    assert seen.page == decode(body)
    assert (seen.utf8, seen.unknown, seen.misplaced) == (True, {}, 0)


def test_unknown_codes_are_listed_by_field(render: Render, row: type[Any]) -> None:
    """Codes without a name are counted, known and absent ones are not."""
    rows = [row(status=99), row(status=99, err=777), row(err=None), row(type=77, int_id="5")]
    seen = inspect(render(3, rows).encode())
    assert seen.unknown == {"status": {"99": 2}, "err": {"777": 1}, "type": {"77": 1}}


def test_values_that_are_no_codes_are_not_repeated() -> None:
    """A text where a code belongs is counted without being shown."""
    body = b'[{"status": "CANARY", "int_id": "7", "send_timestamp": 1679060876}]'
    assert inspect(body).unknown == {"status": {"no number": 1}}


@given(st.sampled_from(["Europe/Moscow", "Asia/Almaty", "UTC", "Asia/Kathmandu"]))
def test_dates_tell_their_time_zone(zone: str) -> None:
    """Dates beside time stamps say which time zone they are in, whatever was expected."""
    body = (
        b'[{"status": 1, "int_id": "7", "send_timestamp": 1679060876,'
        b' "send_date": "17.03.2023 16:47:56", "last_timestamp": 0, "last_date": ""}]'
    )
    seen = inspect(body, ZoneInfo(zone))
    assert seen.offsets == {10800: 1}
    assert seen.misplaced == (0 if zone == "Europe/Moscow" else 1)


def test_windows_1251_is_noticed(render: Render, row: type[Any]) -> None:
    """Text in the gateway's own encoding is read and said to be no UTF-8."""
    seen = inspect(render(2, [row()]).encode("windows-1251"))
    assert not seen.utf8
    assert len(seen.page.messages) == 1


def test_what_is_no_page_raises_as_decoding_does() -> None:
    """Errors of the gateway and unreadable answers keep their types."""
    with pytest.raises(RefusedLogin):
        inspect(b'{"error": "x", "error_code": 2}')
    with pytest.raises(UnreadableAnswer):
        inspect(b"<html>")
    assert inspect(b"ERROR = 3 (x)").page.rows == 0
