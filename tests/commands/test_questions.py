"""Flags become questions; wrong ones cost no call and quote nobody."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.commands.choices import Asked
from exporter.commands.questions import QuestionError, question


TODAY = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-01", date(2026, 3, 1)),
        ("01.03.2026", date(2026, 3, 1)),
        ("yesterday", date(2026, 3, 9)),
        ("today", TODAY),
    ],
)
def test_days_are_understood_in_four_ways(text: str, day: date) -> None:
    """A day is written as people and as the gateway write it, or by name."""
    assert question(Asked(since=text), TODAY).first.start == day


@pytest.mark.parametrize(
    ("asked", "flag"),
    [
        (Asked(since="2026-02-30"), "--from"),
        (Asked(until="03/10/2026"), "--to"),
        (Asked(since="2026-03-05", until="2026-03-04"), "--from must not be later"),
        (Asked(since="2026-03-11"), "--from must not be later"),
        (Asked(since="2025-08-01"), "half a year"),
        (Asked(phones=("79161234567", "1234")), "--phone: entry 2"),
        (Asked(phones=("79161234567,89,1",)), "--phone: entry 2"),
        (Asked(emails=("a@b.example c@d.example",)), "--email: entry 1"),
        (Asked(phones=(",",)), "--phone is empty"),
        (Asked(phones=("79161234567",), only_emails=True), "choose one"),
        (Asked(phones=("79161234567",), emails=("a@b.example",)), "choose one"),
        (Asked(before="1 OR 1"), "--before"),
        (Asked(before=""), "--before"),
    ],
)
def test_what_makes_no_sense_is_told_by_its_flag(asked: Asked, flag: str) -> None:
    """A wrong value is refused before any call, naming the flag."""
    with pytest.raises(QuestionError, match=flag):
        question(asked, TODAY)


@given(st.from_regex(r"[0-9]{16,25}", fullmatch=True))
def test_refusals_quote_nobody(canary: str) -> None:
    """What is no number or address may still hold one, so it is never repeated."""
    for asked in (Asked(phones=(canary,)), Asked(emails=(canary,)), Asked(since=canary)):
        with pytest.raises(QuestionError) as refused:
            question(asked, TODAY)
        assert canary not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["79161234567", "+7 (916) 123-45-67", "7.916.123.4567", " 79161234567 "]
)
def test_numbers_may_be_written_with_signs(text: str) -> None:
    """The gateway gets digits only, each number once."""
    asked = question(Asked(phones=(text, "79161234567")), TODAY).first
    assert asked.fields()["phone"] == "79161234567"


def test_ten_unless_a_period_is_given() -> None:
    """Without --last it is ten messages, or a whole page of a period."""
    assert question(Asked(), TODAY).page(0, None).cnt == 10
    assert question(Asked(since="yesterday"), TODAY).page(0, None).cnt == 1000


@given(st.integers(1, 10_000), st.data())
def test_pages_add_up(last: int, data: st.DataObject) -> None:
    """Each page asks for what is still wanted, a thousand at most."""
    wanted = question(Asked(last=last, phones=("79161234567",)), TODAY)
    found = data.draw(st.integers(0, last - 1))
    page = wanted.page(found, "77")
    assert page.cnt == min(1000, last - found)
    assert page.prev_id == "77"
    assert page.phones == wanted.first.phones
