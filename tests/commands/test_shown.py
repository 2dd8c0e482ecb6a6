"""Masked numbers and texts can't be recovered; names stand beside codes."""

from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from exporter.commands.shown import HIDDEN, masked, shown
from exporter.gateway.message import Message, Personal


MOSCOW = ZoneInfo("Europe/Moscow")


@given(st.from_regex(r"\+?[0-9]{10,15}", fullmatch=True), st.integers(0, 10**9))
def test_a_masked_number_tells_three_digits_only(number: str, other: int) -> None:
    """Numbers that share the first and the last two digits look the same."""
    digits = number.removeprefix("+")
    twin = f"{digits[0]}{other:010}{digits[-2:]}"
    assert masked(number) == masked(twin) == f"{digits[0]}{HIDDEN}{digits[-2:]}"


@given(st.text(max_size=9) | st.emails())
def test_everything_else_is_hidden_whole(recipient: str) -> None:
    """Short numbers, addresses and anything odd show nothing."""
    assert masked(recipient) == HIDDEN


@given(st.text(min_size=1))
def test_a_masked_text_is_its_length(text: str) -> None:
    """Of a masked text only the number of characters is told."""
    message = Message(int_id="1", status=1, send_time=1, text=Personal(text))
    row = shown(message, MOSCOW, "RUB", personal=False)
    assert (row.text, row.text_length) == (None, len(text))


def test_a_row_in_full() -> None:
    """Codes come with their names, times in the account's zone, costs exact."""
    message = Message(
        int_id="7",
        status=20,
        err=6,
        send_time=1679060800,
        status_time=1679060876,
        country="RU",
        operator="mts",
        cost=Decimal("0.385"),
        phone=Personal("79161234567"),
    )
    row = shown(message, MOSCOW, "KZT", personal=True)
    assert row.send_time == "2023-03-17T16:46:40+03:00"
    assert (row.status_name, row.outcome) == ("Cannot be delivered", "undeliverable")
    assert row.err_name == "Phone off or out of coverage"
    assert (row.seconds_to_final, row.cost, row.currency) == (76, Decimal("0.385"), "KZT")
    assert (row.phone, row.text, row.text_length) == ("79161234567", None, None)


def test_pending_messages_have_no_time_to_final() -> None:
    """The last change of a pending message is not its end."""
    message = Message(int_id="7", status=0, send_time=100, status_time=160)
    assert shown(message, MOSCOW, "RUB", personal=False).seconds_to_final is None
