"""A late look comes to what a live ledger has counted that read at every moment that mattered."""

import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.gateway import codes
from exporter.gateway.message import Message
from exporter.history.course import Course
from exporter.history.replay import FAMILIES, Manner
from exporter.ledger.snapshot import BUCKETS, Distribution, Labels, Observations, Total
from tests.history.past import book, played
from tests.ledger.desk import DAY, T0, Desk, row


ENDS = ((1, 0), (20, 6), (20, 254), (3, 0), (22, 249), (77, 9), (-2, 0), (0, 0))
OVER = T0 + 3 * DAY


@st.composite
def _messages(draw: st.DrawFn) -> list[Message]:
    found = []
    for n in range(draw(st.integers(1, 5))):
        status, err = draw(st.sampled_from(ENDS))
        sent = T0 + 1 + draw(st.integers(0, DAY))
        took = draw(st.sampled_from([0, 1, 299, 300, 301, 3600, 3700, 86_400, 86_401]))
        found.append(
            row(
                n,
                sent,
                status,
                err=err,
                status_time=sent + took if status else None,
                sender=draw(st.sampled_from(["SHOP", "BANK"])),
                channel=draw(st.sampled_from(["sms", "viber"])),
                segments=draw(st.integers(1, 3)),
                cost=draw(st.sampled_from([None, Decimal("2.45"), Decimal(0)])),
            )
        )
    return sorted(found, key=lambda message: (message.send_time, message.int_id))


def _before(message: Message) -> Message:
    plain = {name: getattr(message, name) for name in message.__struct_fields__}
    return Message(**{**plain, "status": 0, "status_time": None, "err": 0})


def read_live(desk: Desk, messages: list[Message]) -> None:
    """Show a ledger every message at every moment at which there is something to learn."""
    deadlines = desk.rules.deadlines
    moments: set[float] = {OVER}
    for message in messages:
        moments |= {message.send_time, message.status_time or message.send_time}
        moments |= {message.send_time + age + deadlines.grace for age in deadlines.seconds}
    for moment in sorted(moments):
        rows = [
            message if (message.status_time or 0) <= moment else _before(message)
            for message in reversed(messages)
            if message.send_time <= moment
        ]
        if rows:
            desk.apply(rows, float(moment), took=0.0)


Counted = dict[tuple[Total | Distribution, Labels], float | tuple[tuple[int, ...], float]]


def live(desk: Desk) -> Counted:
    snapshot = desk.ledger.snapshot()
    found: Counted = {}
    for family in FAMILIES:
        if isinstance(family, Distribution):
            for labels, state in snapshot.distributions[family].items():
                found[family, labels] = (state.counts, float(state.sum))
        else:
            for labels, value in snapshot.totals[family].items():
                found[family, labels] = float(value)
    return {series: value for series, value in found.items() if value}


def filled(course: Course) -> Counted:
    found: Counted = {}
    for series in course.series():
        value = [*course.points(series)][-1].value
        if isinstance(value, Observations):
            assert len(value.counts) == len(BUCKETS[series[0]]) + 1  # type: ignore[index]
            found[series] = (value.counts, float(value.sum))
        else:
            found[series] = float(value)
    nothing = (0.0, ((0,) * 16, 0.0))
    return {series: value for series, value in found.items() if value not in nothing}


@settings(max_examples=25)
@given(_messages())
def test_the_past_is_counted_as_the_present_would_have_been(messages: list[Message]) -> None:
    """Every family that a late look can tell of, label by label, to the last bucket."""
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        desk = Desk(Path(folder))
        try:
            read_live(desk, messages)
            manner = Manner(
                account="a", currency="RUB", deadlines=desk.rules.deadlines, regions=False
            )
            course = played(messages, OVER, start=T0, step=3600, labels=book(), manner=manner)
            counted = live(desk)
            mine = {(f, ("a", *labels[1:])): value for (f, labels), value in filled(course).items()}
            assert mine == counted
            assert any(codes.is_final(m.status) for m in messages) == any(
                family is Total.FINAL for family, _ in counted
            )
        finally:
            desk.close()


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
