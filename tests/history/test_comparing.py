"""What the history and the ledger disagree on is named for what it is."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from exporter.gateway.message import Message
from exporter.history.comparing import Comparison, Difference, Stretch, comparable, compare
from exporter.history.errors import NothingToDo
from exporter.history.period import Period
from exporter.history.work import Sighting
from exporter.ledger.sent import Coverage, Gap, Kept
from tests.history.past import DAY, ZONE


DAY_OF = Period(first=date(2026, 3, 2), last=date(2026, 3, 2), zone=ZONE)
START = DAY_OF.start
STRETCH = Stretch(START, START + 9999)
MESSAGE = Message(
    int_id="1", status=1, send_time=START + 5, status_time=START + 60, cost=Decimal("2.45")
)
KEPT = Kept("1", START + 5, 1, Decimal("2.450"), START + 500.0)
READ_AT = START + 5000.0
"""When the history was read again."""


def compared(message: Message | None, kept: Kept | None, gaps: tuple[Gap, ...] = ()) -> Comparison:
    seen = [] if message is None else [Sighting(message, READ_AT)]
    return compare("sms", STRETCH, seen, {} if kept is None else {kept.int_id: kept}, gaps)


def changed(**known: object) -> Message:
    return msgspec.structs.replace(MESSAGE, **known)


LATER = {"status_time": START + 900}
"""A status that began after the ledger's last reading."""


@pytest.mark.parametrize(
    ("message", "kept", "kind"),
    [
        (MESSAGE, KEPT, None),
        (changed(status=4, **LATER), KEPT, None),
        (changed(status=20, **LATER), KEPT, Difference.CHANGED),
        (changed(status=1), msgspec.structs.replace(KEPT, status=0), Difference.STATUS),
        (changed(status=1, **LATER), msgspec.structs.replace(KEPT, status=0), Difference.CHANGED),
        (changed(status=20, status_time=None), KEPT, Difference.CHANGED),
        (changed(status=20), msgspec.structs.replace(KEPT, read_at=READ_AT + 1), None),
        (changed(cost=Decimal("2.46")), KEPT, Difference.COST),
        (changed(cost=None), KEPT, None),
        (MESSAGE, msgspec.structs.replace(KEPT, cost=None), Difference.COST),
        (MESSAGE, None, Difference.UNSEEN),
        (None, KEPT, Difference.GONE),
        (None, msgspec.structs.replace(KEPT, send_time=START - 1), None),
        (MESSAGE, msgspec.structs.replace(KEPT, send_time=START - 1), None),
    ],
)
def test_a_message_differs_in_one_way(
    message: Message | None, kept: Kept | None, kind: Difference | None
) -> None:
    """Never seen, gone, changed since, misread, priced otherwise; progress and news are none."""
    found = compared(message, kept)
    assert dict(found.differences) == ({} if kind is None else {kind: ("1",)})
    assert found.same is (kind is None)


def test_a_known_gap_excuses_what_is_missing() -> None:
    """The ledger says itself that it did not read there."""
    gap = Gap(START, START + 10)
    assert set(compared(MESSAGE, None, (gap,)).differences) == {Difference.UNREAD}
    assert set(compared(changed(send_time=START + 11), None, (gap,)).differences) == {
        Difference.UNSEEN
    }


def test_both_sides_are_summed_up() -> None:
    """Messages, money and statuses, each side by what it has of the stretch."""
    rows = [
        Sighting(changed(int_id="1"), READ_AT),
        Sighting(changed(int_id="2", status=20, cost=Decimal("1.005")), READ_AT),
    ]
    kept = {"1": KEPT, "9": msgspec.structs.replace(KEPT, int_id="9", status=0, cost=None)}
    found = compare("sms", STRETCH, rows, kept, ())
    assert (found.history.messages, found.ledger.messages) == (2, 2)
    assert (found.history.cost, found.ledger.cost) == (Decimal("3.455"), Decimal("2.450"))
    assert (found.history.statuses, found.ledger.statuses) == ({1: 1, 20: 1}, {1: 1, 0: 1})
    assert dict(found.differences) == {Difference.UNSEEN: ("2",), Difference.GONE: ("9",)}


KNOWN = Coverage(baseline=START - DAY, horizon=START - DAY, head_started=START + 2.0 * DAY, gaps=())


@pytest.mark.parametrize(
    ("known", "stretch"),
    [
        (KNOWN, Stretch(START, DAY_OF.end)),
        (msgspec.structs.replace(KNOWN, baseline=START + 60.5), Stretch(START + 61, DAY_OF.end)),
        (msgspec.structs.replace(KNOWN, horizon=START + 60), Stretch(START + 60, DAY_OF.end)),
        (
            msgspec.structs.replace(KNOWN, head_started=START + 900.7),
            Stretch(START, START + 900 - 120),
        ),
    ],
)
def test_only_what_the_ledger_can_tell_is_compared(known: Coverage, stretch: Stretch) -> None:
    """Counted, not forgotten, and there when the newest rows were last read."""
    assert comparable(DAY_OF, known, 120.0) == stretch


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (None, "nothing was read into the ledger yet"),
        (msgspec.structs.replace(KNOWN, head_started=None), "nothing was read into the ledger"),
        (
            msgspec.structs.replace(KNOWN, baseline=DAY_OF.end + 1.0),
            "the day was over before counting began",
        ),
        (msgspec.structs.replace(KNOWN, horizon=DAY_OF.end + 1), "has forgotten the day's"),
        (
            msgspec.structs.replace(KNOWN, head_started=START + 100.0),
            "has read nothing of the day yet",
        ),
    ],
)
def test_a_day_of_which_nothing_is_known_is_told(known: Coverage | None, words: str) -> None:
    """With the reason, not as a day without differences."""
    with pytest.raises(NothingToDo, match=words):
        comparable(DAY_OF, known, 120.0)
