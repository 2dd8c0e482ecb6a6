"""What a stream looks like from outside: pending, overdue, gaps, coverage, what to read again."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, event

from exporter.gateway.message import Message
from exporter.gateway.request import HistoryRequest
from exporter.ledger.accounts import Memory, credentials_mark
from exporter.ledger.snapshot import StreamState, Total
from tests.ledger.conftest import Desks
from tests.ledger.desk import DAY, T0, Desk, row


def state(desk: Desk, now: float | None = None) -> StreamState:
    """The stream as the next snapshot shows it."""
    desk.ledger.refresh("a", "sms", desk.now if now is None else now)
    return desk.ledger.snapshot().streams[0]


def sent(newest: int, count: int, status: int = 0) -> list[Message]:
    """So many messages a second apart, newest first."""
    done = {"status_time": T0 + newest} if status else {}
    return [row(n, T0 + n, status, **done) for n in range(newest, newest - count, -1)]


def full(rows: list[Message], below: str | None = None) -> HistoryRequest:
    """The request that these rows answer in full."""
    return HistoryRequest(cnt=len(rows), prev_id=below)


def test_pending_messages_are_shown_by_state_and_age(desk: Desk) -> None:
    """Ages are classes, scheduled messages wait for their time, final ones are gone."""
    now = T0 + 2 * DAY
    ages = ((299, -2), (300, -1), (3599, 0), (3600, 0), (DAY - 1, 0), (DAY, 0), (-50, -1))
    rows = [row(n, now - age, status) for n, (age, status) in enumerate(ages)]
    desk.apply([*rows, row("done", now - 5, 1, status_time=now - 1)], float(now))
    route = ("sms", "RU", "mts")
    assert state(desk, now).pending == {
        (*route, "stopped", "0-5m"): 1,
        (*route, "queued", "5m-1h"): 1,
        (*route, "accepted", "5m-1h"): 1,
        (*route, "accepted", "1h-24h"): 2,
        (*route, "accepted", "24h+"): 1,
    }


def test_a_queued_message_is_as_old_as_when_it_was_last_read(desk: Desk) -> None:
    """One scheduled ahead, or read on its first seconds only, is not taken for stuck for that."""
    desk.apply([row(2, T0 + 100, -1), row(1, T0, -1)], T0 + 20.0)
    route = ("sms", "RU", "mts", "queued")
    assert state(desk, T0 + 4000.0).pending == {(*route, "0-5m"): 2}
    desk.apply([row(1, T0, -1)], T0 + 4000.0)
    assert state(desk, T0 + 90_000.0).pending == {(*route, "0-5m"): 1, (*route, "1h-24h"): 1}


def test_overdue_messages_are_those_that_no_reading_matured(desk: Desk) -> None:
    """Past a deadline and its grace they are overdue until they are read."""
    desk.apply(sent(20, 20), T0 + 30.0)
    assert state(desk, T0 + 330.0).overdue == {"300s": 0, "3600s": 0, "86400s": 0}
    assert state(desk, T0 + 340.0).overdue == {"300s": 10, "3600s": 0, "86400s": 0}
    desk.apply(sent(20, 20), T0 + 3600.0)
    assert state(desk, T0 + 3600.0).overdue["300s"] == 0
    assert state(desk, T0 + 3651.0).overdue == {"300s": 0, "3600s": 20, "86400s": 0}


def test_tracked_are_pending_and_maturing_messages(desk: Desk) -> None:
    """A final message is tracked until its last deadline, a pending one for as long as it is."""
    desk.apply([row(1, T0 + 1), row(2, T0 + 2, 1, status_time=T0 + 3)], T0 + 10.0)
    assert state(desk).tracked == 2
    desk.apply([row(1, T0 + 1)], T0 + 2.0 * DAY)
    assert state(desk).tracked == 1
    desk.apply([row(1, T0 + 1, 20, status_time=T0 + 2 * DAY)], T0 + 2.0 * DAY + 10)
    assert state(desk).tracked == 0


def test_first_page_that_reaches_far_enough_is_the_whole_sync(desk: Desk) -> None:
    """A history shorter than a page is synced by one call."""
    assert not state(desk).synced
    assert state(desk).watermark is None
    assert state(desk).coverage is None
    desk.apply(sent(5, 5), T0 + 10.0)
    assert state(desk).synced
    assert state(desk).watermark == T0 + 10
    assert state(desk, T0 + 10.0).coverage == 1


def test_first_sync_gives_way_after_its_pages(desk: Desk) -> None:
    """A long history is synced after the pages allowed, and its rest stays a gap to be closed."""
    rows = sent(-1, 400)
    for page in range(10):
        part = rows[page * 30 : page * 30 + 30]
        below = None if page == 0 else str(int(part[0].int_id) + 1)
        assert not state(desk).synced
        desk.apply(part, T0 + 10.0 + page, request=full(part, below))
    assert state(desk).synced
    kinds = {gap.kind for gap in desk.ledger.view("a", "sms", desk.now).gaps}
    assert kinds == {"baseline", "settling"}
    assert (state(desk).gaps, state(desk).gap_seconds) == (0, 0)
    assert state(desk).watermark == T0 + 10
    assert not desk.sum(Total.TRUNCATED)


def test_gap_is_kept_announced_and_closed(desk: Desk) -> None:
    """A gap lowers watermark and coverage, survives a restart, and goes when it is read."""
    desk.apply(sent(10, 10), T0 + 20.0)
    rows = sent(1000, 980)
    head, below = rows[:490], rows[490:]
    applied = desk.apply(head, T0 + 1001.0, request=full(head))
    assert applied.opened_gap
    desk.reopen()
    shown = state(desk, T0 + 1001.0)
    assert (shown.gaps, shown.gap_seconds, shown.watermark) == (1, 501, T0 + 10)
    assert shown.coverage == pytest.approx(1 - 501 / 3600)
    desk.apply(head, T0 + 1002.0, request=full(head))
    assert desk.total(Total.TRUNCATED) == {("a", "sms"): 1}
    gap = desk.ledger.view("a", "sms", desk.now).gaps[0]
    assert (gap.upper_id, gap.lower_id) == ("511", "10")
    below.extend(sent(20, 20))
    applied = desk.apply(below, T0 + 1010.0, request=full(below, gap.upper_id))
    assert applied.closed_gaps == 1
    assert state(desk, T0 + 1002.0).coverage == 1
    assert desk.sum(Total.SUBMITTED) == 1000


def test_gap_older_than_the_retention_is_given_up_and_said_so(desk: Desk) -> None:
    """What was never read is counted in seconds, once."""
    desk.apply(sent(10, 10), T0 + 20.0)
    head = sent(1000, 490)
    desk.apply(head, T0 + 1001.0, request=full(head))
    desk.prune(T0 + 7.0 * DAY + 211)
    assert desk.total(Total.UNREAD_SECONDS) == {("a", "sms"): 201}
    assert desk.ledger.view("a", "sms", desk.now).gaps[0].seconds == 300
    for _ in range(2):
        desk.prune(T0 + 8.0 * DAY)
        assert desk.total(Total.UNREAD_SECONDS) == {("a", "sms"): 501}
    assert desk.ledger.view("a", "sms", desk.now).gaps == ()


def test_what_is_given_up_is_told_by_its_times(desk: Desk) -> None:
    """Each round tells the stretches it gave up, up to the end of retention and never twice."""
    desk.apply(sent(10, 10), T0 + 20.0)
    for newest in (1000, 2000):
        head = sent(newest, 490)
        desk.apply(head, T0 + newest + 1.0, request=full(head))
    rounds = [
        desk.ledger.prune("a", "sms", T0 + 7.0 * DAY + after).lost for after in (5, 211, 9000, 9001)
    ]
    times = [[(gap.lower_time - T0, gap.upper_time - T0) for gap in lost] for lost in rounds]
    assert times == [[], [(10, 211)], [(1000, 1511), (211, 511)], []]


def test_gap_below_the_first_sync_is_given_up_in_silence(desk: Desk) -> None:
    """Nothing sent before the baseline was going to be counted."""
    head = sent(-1, 50)
    desk.apply(head, T0 + 10.0, request=full(head))
    assert len(desk.ledger.view("a", "sms", desk.now).gaps) == 1
    assert desk.ledger.prune("a", "sms", T0 + 9.0 * DAY).lost == ()
    assert not desk.ledger.view("a", "sms", desk.now).gaps
    assert not desk.sum(Total.UNREAD_SECONDS)


def test_coverage_is_of_the_last_day_only(desk: Desk) -> None:
    """A gap loses its weight as it grows old; time since the last head page is not covered."""
    desk.apply(sent(10, 10), T0 + 20.0)
    head = sent(1000, 490)
    desk.apply(head, T0 + 1001.0, request=full(head))
    now = T0 + DAY + 260.0
    desk.apply([], now - 60)
    assert state(desk, now).coverage == pytest.approx(1 - (60 + 251) / DAY)


def test_view_offers_pending_messages_most_urgent_first(desk: Desk) -> None:
    """Overdue ones by their deadline, then the others by their last reading; anchors above them."""
    desk.apply([row(9, T0 + 2000, -1), *sent(5, 2), row(1, T0 + 1)], T0 + 100.0)
    desk.apply([row(8, T0 + 350)], T0 + 360.0)
    desk.apply(sent(5, 1), T0 + 370.0)
    desk.apply([row(8, T0 + 350)], T0 + 380.0)
    desk.apply([row(10, T0 + 395)], T0 + 400.0)
    view = desk.ledger.view("a", "sms", T0 + 401.0)
    assert [pending.int_id for pending in view.pending] == ["1", "4", "5", "8"]
    assert [pending.after_id for pending in view.pending] == ["4", "5", "9", None]
    assert [p.int_id for p in desk.ledger.view("a", "sms", T0 + 401.0, limit=3).pending] == [
        "1",
        "4",
        "5",
    ]


def test_window_anchors_its_first_row(desk: Desk) -> None:
    """The row below an anchor is found again below the same anchor."""
    desk.apply([row(7, T0 + 1)], T0 + 10.0, request=HistoryRequest(prev_id="99"))
    desk.apply([], T0 + 20.0)
    assert desk.ledger.view("a", "sms", T0 + 21.0).pending[0].after_id == "99"


def test_empty_page_is_a_good_page(desk: Desk) -> None:
    """Nothing found is an answer: it moves time on, counts nothing and opens nothing."""
    applied = desk.apply([], T0 + 10.0)
    assert (applied.rows, applied.new, applied.opened_gap) == (0, frozenset(), False)
    assert state(desk).last_success == T0 + 11
    assert state(desk).synced
    assert not desk.counted()


def test_skipped_rows_and_calls_are_counted(desk: Desk) -> None:
    """Rows without a usable id are counted by reason, calls by kind, result and duration."""
    desk.apply(sent(2, 2), T0 + 10.0, skipped={"no_id": 2, "no_time": 1})
    assert desk.total(Total.ROWS_SKIPPED) == {("a", "sms", "no_id"): 2, ("a", "sms", "no_time"): 1}
    assert desk.total(Total.API_REQUESTS) == {("a", "history", "ok"): 1}
    assert desk.total(Total.PERMITS) == {("a", "head"): 1}


def test_memory_of_an_account_survives(desk: Desk) -> None:
    """What polling must not forget is kept as it was given."""
    memory = Memory(learned_limit=7, not_before=T0 + 5.5, pause=60.0, state="refused", detail="x")
    desk.ledger.remember("a", memory)
    desk.reopen()
    assert desk.ledger.recall("a") == memory
    assert desk.ledger.recall("a") != msgspec.structs.replace(memory, pause=61.0)


def test_key_of_digests_survives(desks: Desks) -> None:
    """The key is made once; marks tell credentials apart and are small."""
    desk = desks()
    key = desk.ledger.salt
    desk.reopen()
    assert desk.ledger.salt == key
    assert credentials_mark("one", key) != credentials_mark("two", key)
    assert 0 <= credentials_mark("one", key) < 2**16


def test_clock_set_back_blinds_nothing(desk: Desk) -> None:
    """Readings dated ahead of a clock that was set back don't hide what later pages show."""
    desk.apply([row(1, int(T0) + 5)], T0 + 4000.0)
    desk.apply([row(2, int(T0) + 30), row(1, int(T0) + 5, 1, status_time=int(T0) + 20)], T0 + 60.0)
    assert desk.sum(Total.FINAL) == 1
    assert state(desk).watermark == T0 + 60


@pytest.mark.file_ledger
def test_pending_messages_are_counted_without_reading_the_others(desk: Desk) -> None:
    """A week of final messages must not slow every page down."""
    plans: list[str] = []

    def explain(
        connection: Connection, cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> None:
        if statement.startswith("SELECT") and "FROM message" in statement:
            plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(f"{row[3]} | {statement}" for row in plan if "message" in row[3])

    desk.apply([row(1, T0 + 5), row(2, T0 + 4, 1)], T0 + 10)
    event.listen(desk.ledger.store.engine, "before_cursor_execute", explain)
    desk.ledger.refresh("a", "sms", T0 + 20)
    desk.ledger.view("a", "sms", T0 + 20, limit=50)
    desk.ledger.known("a", "sms", since=T0 + 20)
    assert len(plans) >= 6
    indexes = {plan.split("INDEX ")[1].split()[0] for plan in plans}
    assert indexes <= {"message_pending", "message_due", "message_sent"}
    assert sum("message_sent" in plan for plan in plans) == 1
