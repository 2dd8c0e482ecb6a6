"""Single rules of counting, each by an example; `test_totals` holds for any mixture of them."""

from decimal import Decimal

import pytest

from exporter.ledger.snapshot import Distribution, Total
from tests.ledger.conftest import Desks
from tests.ledger.desk import DAY, T0, Desk, row


L = ("a", "sms", "RU", "mts", "SHOP")
O = L[:4]  # noqa: E741


def test_what_happened_before_the_baseline_is_not_counted(desk: Desk) -> None:
    """A message sent and final before the first start adds nothing, ever."""
    old = row(1, T0 - 5000, 20, status_time=T0 - 4000, err=1)
    desk.apply([old], T0 + 10.0)
    desk.apply([old], T0 + 2.0 * DAY)
    assert desk.total(Total.MATURED) == {(*L, "86400s", "undeliverable"): 1}, "after the baseline"
    assert desk.sum(Total.SUBMITTED) == desk.sum(Total.FINAL) == desk.sum(Total.COST) == 0
    desk.check()


def test_message_pending_at_the_baseline_counts_its_end(desk: Desk) -> None:
    """Sent before, final after: its end and the deadlines to come count, not its sending."""
    desk.apply([row(1, T0 - 1000)], T0 + 10.0)
    desk.apply([row(1, T0 - 1000, 1, status_time=T0 + 50)], T0 + 3000.0)
    assert desk.total(Total.FINAL) == {(*L, "1"): 1}
    assert desk.total(Total.MATURED) == {(*L, "3600s", "delivered"): 1}
    assert desk.sum(Total.SUBMITTED) == desk.sum(Total.COST) == 0
    desk.check()


def test_rows_before_the_lookback_are_passed_over(desk: Desk) -> None:
    """Their ids would not be kept."""
    desk.apply([row(1, T0 - DAY - 1), row(2, T0 - DAY)], T0 + 10.0)
    desk.apply([row(n, T0 - DAY - 2 + n, 1, status_time=T0 + 20) for n in (1, 2)], T0 + 30.0)
    assert desk.sum(Total.FINAL) == 1
    desk.check()


@pytest.mark.parametrize(
    ("final_at", "read_at", "outcome"),
    [(300, 330, "delivered"), (300, 9000, "delivered"), (301, 9000, "pending")],
)
def test_cohort_is_judged_by_the_gateways_clock(
    desk: Desk, final_at: int, read_at: int, outcome: str
) -> None:
    """Whenever it is read, what counts is whether it was final at the deadline."""
    sent = T0 + 100
    desk.apply([row(1, sent)], sent + 1.0)
    desk.apply([row(1, sent, 1, status_time=sent + final_at)], float(sent + read_at))
    desk.apply([], float(sent + read_at + 30))
    assert desk.total(Total.MATURED)[(*L, "300s", outcome)] == 1
    desk.check()


def test_pending_matures_only_by_a_reading_past_the_grace(desk: Desk) -> None:
    """Neither time nor another page matures a pending message; a reading after the grace does."""
    sent = T0 + 100
    desk.apply([row(1, sent)], sent + 329.9)
    desk.apply([row(2, sent + 300)], sent + 331.0)
    assert not desk.sum(Total.MATURED)
    desk.apply([row(1, sent)], sent + 330.0 + 2)
    assert desk.total(Total.MATURED) == {(*L, "300s", "pending"): 1}
    desk.check()


def test_stopped_message_matures_as_cancelled(desk: Desk) -> None:
    """-2 is not final, but at a deadline it is the message's outcome."""
    sent = T0 + 100
    desk.apply([row(1, sent, -2)], sent + 400.0)
    desk.apply([row(1, sent, 1, status_time=sent + 500)], sent + 510.0)
    assert desk.total(Total.MATURED) == {(*L, "300s", "cancelled"): 1}
    assert desk.total(Total.FINAL) == {(*L, "1"): 1}
    desk.check()


def test_several_deadlines_pass_at_once(desk: Desk) -> None:
    """Messages at different deadlines mature in one page, each at all of its own, once."""
    for n, final_at in enumerate((10, 400, 4000)):
        desk.apply([row(n, T0 + 100, 1, status_time=T0 + 100 + final_at)], T0 + 4200.0 + n)
    desk.apply([], T0 + 2.0 * DAY)
    desk.apply([], T0 + 3.0 * DAY)
    assert desk.total(Total.MATURED) == {
        (*L, "300s", "delivered"): 1,
        (*L, "300s", "pending"): 2,
        (*L, "3600s", "delivered"): 2,
        (*L, "3600s", "pending"): 1,
        (*L, "86400s", "delivered"): 3,
    }
    assert desk.total(Total.MATURED_COST) == {(*O, "RUB", "delivered"): Decimal("7.50")}
    desk.check()


def test_messages_at_different_deadlines_mature_in_one_page(desk: Desk) -> None:
    """A page that moves time past several deadlines takes each message through all of its own."""
    desk.apply([row(n, T0 + n, 1, status_time=T0 + n + 5) for n in (3400, 100)], T0 + 3450.0)
    assert desk.total(Total.MATURED) == {(*L, "300s", "delivered"): 1}
    desk.apply([], T0 + 9000.0)
    assert desk.total(Total.MATURED) == {
        (*L, "300s", "delivered"): 2,
        (*L, "3600s", "delivered"): 2,
    }
    desk.check()


def test_change_after_final_is_counted_apart(desk: Desk) -> None:
    """The first final status stays counted; later deadlines show the new outcome."""
    sent = T0 + 100
    desk.apply([row(1, sent, 20, status_time=sent + 5, err=255)], sent + 10.0)
    desk.apply([row(1, sent, 1, status_time=sent + 600)], sent + 620.0)
    desk.apply([], sent + 4000.0)
    assert desk.total(Total.FINAL) == {(*L, "20"): 1}
    assert desk.total(Total.FAILURES) == {(*L, "20", "255"): 1}
    assert desk.total(Total.CHANGES) == {("a", "sms", "20", "1"): 1}
    assert desk.total(Total.MATURED) == {
        (*L, "300s", "rejected"): 1,
        (*L, "3600s", "delivered"): 1,
    }
    desk.check()


def test_final_message_that_is_pending_again(desk: Desk) -> None:
    """It is a change; deadlines passed while it was final keep that outcome, and it ends once."""
    sent = T0 + 100
    desk.apply([row(1, sent, 3, status_time=sent + 5)], sent + 10.0)
    desk.apply([row(1, sent, 0, status_time=sent + 320)], sent + 325.0)
    desk.apply([row(1, sent, 1, status_time=sent + 700)], sent + 710.0)
    assert desk.total(Total.CHANGES) == {("a", "sms", "3", "0"): 1, ("a", "sms", "0", "1"): 1}
    assert desk.total(Total.MATURED) == {(*L, "300s", "expired"): 1}
    assert desk.total(Total.FINAL) == {(*L, "3"): 1}
    desk.check()


@pytest.mark.parametrize("then", [2, 4])
def test_read_and_clicked_are_progress(desk: Desk, then: int) -> None:
    """A delivered message that is read or clicked has not changed."""
    desk.apply([row(1, T0 + 1, 1, status_time=T0 + 9)], T0 + 10.0)
    desk.apply([row(1, T0 + 1, then, status_time=T0 + 70)], T0 + 80.0)
    assert desk.total(Total.FINAL) == {(*L, "1"): 1}
    assert not desk.total(Total.CHANGES)
    desk.check()


def test_unknown_status_is_final_and_keeps_its_number(desk: Desk) -> None:
    """A code that nobody knows is neither pending nor a failure of a kind."""
    desk.apply([row(1, T0 + 1, 77, status_time=T0 + 9, err=991)], T0 + 10.0)
    desk.apply([], T0 + 400.0)
    assert desk.total(Total.FINAL) == {(*L, "77"): 1}
    assert desk.total(Total.FAILURES) == {(*L, "77", "991"): 1}
    assert desk.total(Total.MATURED) == {(*L, "300s", "unknown"): 1}


def test_prices_rise_and_fall_without_a_counter_falling(desk: Desk) -> None:
    """A rise is cost, a fall is a refund, the same price in other words is nothing."""
    prices = ("2.5", "2.50", "3", "0", "1.25")
    for n, price in enumerate(prices):
        desk.apply([row(1, T0 + 1, cost=Decimal(price))], T0 + 10.0 + n)
    assert desk.total(Total.COST) == {(*L, "RUB"): Decimal("4.25")}
    assert desk.total(Total.COST_REFUNDED) == {(*O, "RUB"): Decimal(3)}
    desk.check()


def test_price_first_known_after_the_baseline(desk: Desk) -> None:
    """Of a message sent before it, only what changes later counts; of others, all."""
    for price in (None, Decimal(2), Decimal(3)):
        sent = (row(1, T0 - 50, cost=price), row(2, T0 + 5, cost=price))
        desk.apply(sent, desk.now + 10)
    assert desk.total(Total.COST) == {(*L, "RUB"): Decimal(4)}
    desk.check()


def test_price_of_a_final_message_may_still_change(desk: Desk) -> None:
    """Refunds come after the end."""
    for price in ("2.5", "0"):
        desk.apply([row(1, T0 + 1, 20, status_time=T0 + 2, cost=Decimal(price))], desk.now + 10)
    assert desk.total(Total.COST_REFUNDED) == {(*O, "RUB"): Decimal("2.5")}
    desk.check()


@pytest.mark.parametrize(
    ("channel", "segments"), [("sms", 3), ("flash", 3), ("call", 0), ("hlr", 0), ("viber", 0)]
)
def test_segments_count_texts_only(desk: Desk, channel: str, segments: int) -> None:
    """Elsewhere the number means seconds or nothing."""
    desk.apply([row(1, T0 + 1, channel=channel, segments=3)], T0 + 10.0)
    assert desk.sum(Total.SEGMENTS) == segments
    assert desk.sum(Total.SUBMITTED) == 1


def test_discovery_delay_and_lateness(desk: Desk) -> None:
    """From sending to the end of the call that showed it; scheduled messages have none."""
    desk.apply([row(1, T0 + 100), row(2, T0 + 500)], T0 + 400.5, took=0.25)
    observed = desk.ledger.snapshot().distributions[Distribution.DISCOVERY]["a", "sms"]
    assert observed.sum == Decimal("300.75")
    assert observed.counts == (0, 0, 0, 0, 0, 1, 0, 0, 0, 0)
    assert desk.total(Total.DISCOVERED_LATE) == {("a", "sms"): 1}


def test_knowledge_delay_is_of_messages_read_pending_before(desk: Desk) -> None:
    """From the status change to the end of the call that told it."""
    desk.apply([row(1, T0 + 1)], T0 + 10.0)
    ended = [row(n, T0 + 1, 1, status_time=T0 + 15) for n in (1, 2)]
    desk.apply(ended, T0 + 40.0, took=2.0)
    observed = desk.ledger.snapshot().distributions[Distribution.KNOWLEDGE][("a",)]
    assert sum(observed.counts) == 1
    assert observed.sum == 27


def test_older_page_applied_later_takes_nothing_back(desk: Desk) -> None:
    """What was read later stays, whichever page is applied last."""
    desk.apply([row(1, T0 + 1, 1, status_time=T0 + 30)], T0 + 40.0)
    desk.apply([row(1, T0 + 1), row(2, T0 + 2)], T0 + 20.0)
    assert desk.sum(Total.FINAL) == 1
    assert not desk.total(Total.CHANGES)
    assert desk.sum(Total.SUBMITTED) == 2
    desk.check()


def test_duplicates_within_a_page_that_disagree(desk: Desk) -> None:
    """A message listed pending and final in one page is counted once, in either order."""
    pair = [row(1, T0 + 1, phone=None), row(1, T0 + 1, 1, status_time=T0 + 5)]
    desk.apply(pair, T0 + 10.0)
    assert (desk.sum(Total.SUBMITTED), desk.sum(Total.FINAL)) == (1, 1)
    desk.check()


def test_scheduled_message_moved_in_time(desk: Desk) -> None:
    """Until its first deadline the sending time it shows is the one that counts."""
    desk.apply([row(1, T0 + 1000, -1)], T0 + 10.0)
    desk.apply([row(1, T0 + 5000, -1)], T0 + 1400.0)
    assert not desk.sum(Total.MATURED)
    desk.apply([row(1, T0 + 5000, 0)], T0 + 5330.0)
    assert desk.total(Total.MATURED) == {(*L, "300s", "pending"): 1}


def test_accounts_count_apart(desks: Desks) -> None:
    """The same id in another stream's file is another message; each has its own baseline."""
    one, other = desks(), desks(now=T0 + 100)
    for desk in (one, other):
        desk.apply([row(1, T0 + 50)], T0 + 200.0)
    assert (one.sum(Total.SUBMITTED), other.sum(Total.SUBMITTED)) == (1, 0)
