"""The file stops growing, and what was forgotten is never counted again."""

import os
from collections import deque

import pytest

from exporter.gateway.message import Message, Personal
from exporter.ledger import pruning
from exporter.ledger.snapshot import Total
from tests.ledger.conftest import Desks
from tests.ledger.desk import DAY, T0, Desk, row


A_DAY = int(os.environ.get("LEDGER_MESSAGES_A_DAY", "40"))
"""Messages a day of the simulated year. The real case, 20000, takes some ten minutes and shows
the same, for the algebra of forgetting knows no quantities but ages."""
YEAR = 365
PAGE = 1000


def day_of(day: int, status: int) -> list[Message]:
    """All messages of a day, newest first; every tenth stays pending for ever."""
    begin = T0 + day * DAY
    rows = []
    for index in range(A_DAY):
        sent = begin + index * DAY // A_DAY
        shown = status if index % 10 else 0
        phone = Personal(f"79{index:09d}")
        done = sent + 60 if shown else None
        rows.append(row(f"{day}-{index}", sent, shown, status_time=done, phone=phone))
    return rows[::-1]


def read_all(desk: Desk, rows: list[Message], at: float) -> None:
    """Apply rows in pages, without the oracle, which remembers everything."""
    for start in range(0, len(rows), PAGE):
        desk.apply(rows[start : start + PAGE], at)
        desk.oracle.readings.clear()


@pytest.mark.file_ledger
def test_year_of_traffic_ends_in_a_file_that_no_longer_grows(desk: Desk) -> None:
    """Retention bounds the file; rows from any time before it are passed over."""
    sizes = []
    recent = deque([day_of(0, 0)], maxlen=30)
    for day in range(1, YEAR + 1):
        noon = T0 + day * DAY + DAY // 2
        read_all(desk, [*day_of(day, 0), *day_of(day - 1, 1)], noon + DAY // 2)
        read_all(desk, recent[0], noon + DAY // 2)
        desk.prune(noon + DAY // 2 + 1)
        recent.append(day_of(day, 0))
        sizes.append(desk.path.stat().st_size)
    assert max(sizes[60:]) <= 1.05 * max(sizes[30:60])
    assert desk.sum(Total.SUBMITTED) == (YEAR + 1) * A_DAY - 1, "one was sent at the baseline"
    assert desk.sum(Total.FINAL) == YEAR * (A_DAY - A_DAY // 10)
    assert desk.shown() == desk.stored()


def test_forgotten_ids_are_not_counted_again(desk: Desk) -> None:
    """Whatever page brings back a message sent before the horizon, it changes nothing."""
    rows = [row(n, T0 + 60 * n, 20, status_time=T0 + 60 * n) for n in range(1, 200)]
    desk.apply(rows, T0 + 20_000.0)
    now = T0 + 7 * DAY + 60 * 100
    desk.apply([], now)
    matured = desk.counted()
    desk.prune(now)
    for shift in range(0, 200, 20):
        desk.apply(rows[shift:] + rows[:shift], now + 100 + shift)
    assert desk.counted() == matured
    assert desk.sum(Total.SUBMITTED) == len(rows)


def test_final_messages_mature_before_they_are_forgotten(desk: Desk) -> None:
    """An exporter that was away for longer than the retention still matures what was final."""
    desk.apply([row(1, T0 + 100, 1, status_time=T0 + 105)], T0 + 110.0)
    back = T0 + 30.0 * DAY
    desk.reopen()
    desk.prune(back)
    desk.apply([], back + 1)
    assert desk.sum(Total.MATURED) == 3
    desk.check()
    desk.prune(back + 2)
    assert tracked(desk) == 0


def test_message_pending_for_too_long_is_let_go_and_still_counted_once(desk: Desk) -> None:
    """After three days a message is no longer tracked; its late end is counted all the same."""
    sent = T0 + 100
    desk.apply([row(1, sent)], sent + 10.0)
    desk.apply([row(1, sent)], sent + DAY + 31.0)
    desk.prune(sent + pruning.ABANDON_AFTER + 1)
    desk.ledger.refresh("a", "sms", desk.now)
    assert tracked(desk) == 0
    desk.apply([row(1, sent)], desk.now + 10)
    for _ in range(2):
        ended = int(desk.now)
        desk.apply([row(1, sent, 20, status_time=ended)], desk.now + 10)
    assert desk.sum(Total.FINAL) == 1
    assert desk.sum(Total.MATURED) == 3
    desk.check()


def test_message_let_go_matures_when_it_is_read_after_all(desk: Desk) -> None:
    """A reading that shows a message pending past a deadline matures it, however late."""
    sent = T0 + 100
    desk.apply([row(1, sent)], sent + 10.0)
    desk.prune(sent + pruning.ABANDON_AFTER + 1)
    desk.apply([row(1, sent)], desk.now + 10)
    assert desk.sum(Total.MATURED) == 3
    desk.check()


def test_short_retention_leaves_no_phone_behind(desks: Desks) -> None:
    """A pending message that is forgotten takes its number with it, whatever the retention."""
    desk = desks(retention=2.0 * DAY, lookback=DAY)
    desk.apply([row(1, T0 + 10, phone=Personal("79991234567"))], T0 + 20.0)
    desk.prune(T0 + 2.5 * DAY)
    with desk.ledger.store.transaction() as connection:
        counts = [
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
            for table in ("message", "pending_phone")
        ]
    assert counts == [0, 0]


def tracked(desk: Desk) -> int:
    """Messages of which something is still to come."""
    desk.ledger.refresh("a", "sms", desk.now)
    return desk.ledger.snapshot().streams[0].tracked
