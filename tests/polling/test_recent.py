"""How many people the last hour's messages went to."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.gateway.message import Message, Personal
from exporter.polling.recent import HOUR, RecentRecipients


NOW = 1_700_000_000.0
KEY = b"key"


def message(number: int, phone: str, *, age: int = 60, country: str = "RU") -> Message:
    return Message(
        int_id=str(number),
        status=0,
        send_time=int(NOW) - age,
        country=country,
        phone=Personal(phone) if phone else None,
    )


def shares(messages: list[Message], now: float = NOW) -> dict[tuple[str, ...], tuple[int, float]]:
    recent = RecentRecipients("main", KEY)
    recent.add(messages, NOW)
    return recent.shares(now)


def test_people_and_the_busiest_thousand_of_numbers() -> None:
    """Distinct recipients are counted; blocks are weighed by messages."""
    phones = ["79160000001", "79160000001", "79160000002", "79169999999"]
    found = shares([message(n, phone) for n, phone in enumerate(phones)])
    assert found == {("main", "sms", "RU"): (3, 0.75)}


def test_countries_are_told_apart() -> None:
    """Each country has its own count."""
    found = shares([message(1, "79160000001"), message(2, "77010000001", country="KZ")])
    assert found == {("main", "sms", "RU"): (1, 1.0), ("main", "sms", "KZ"): (1, 1.0)}


def test_a_row_read_again_counts_once() -> None:
    """Overlapping pages don't make a block look busier."""
    assert shares([message(1, "79160000001")] * 3) == {("main", "sms", "RU"): (1, 1.0)}


def test_the_hour_passes() -> None:
    """What was sent more than an hour ago, or isn't sent yet, doesn't count."""
    assert shares([message(1, "7916", age=HOUR), message(2, "7916", age=-60)]) == {}
    assert shares([message(1, "79160000001")], now=NOW + HOUR) == {}


def test_messages_without_a_number_are_left_out() -> None:
    """Nothing is known of whom they went to."""
    assert shares([message(1, "")]) == {}


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["79161112233", "79162223344"]))))
def test_no_number_is_kept(sent: list[tuple[int, str]]) -> None:
    """What is kept of a number is a keyed hash only."""
    recent = RecentRecipients("main", KEY)
    recent.add([message(n, phone) for n, phone in sent], NOW)
    kept = repr(vars(recent))
    assert not any(phone in kept for _, phone in sent)
