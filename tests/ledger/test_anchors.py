from exporter.gateway.message import Personal
from exporter.gateway.request import HistoryRequest
from tests.ledger.desk import T0, Desk, row


def test_a_message_first_seen_on_top_gets_an_anchor_later(desk: Desk) -> None:
    """Without the row above it no window could begin with it, and its end would never be read."""
    waiting = row(10, T0 + 5)
    desk.apply([waiting], T0 + 10)
    desk.apply([row(11, T0 + 15, 1), waiting], T0 + 20)
    desk.apply([row(12, T0 + 25, 1)], T0 + 30)
    (pending,) = desk.ledger.view("a", "sms", T0 + 31).pending
    assert (pending.int_id, pending.after_id) == ("10", "11")


def test_neighbours_in_a_lookup_are_no_anchors(desk: Desk) -> None:
    """Rows picked by number stand apart in the history: a window below one would miss the other."""
    lookup = HistoryRequest(phones=(Personal("79000000000"), Personal("79000000001")))
    desk.apply([row(30, T0 + 25, 1), row(10, T0 + 5)], T0 + 30, request=lookup)
    desk.apply([row(31, T0 + 35, 1)], T0 + 40)
    (pending,) = desk.ledger.view("a", "sms", T0 + 41).pending
    assert (pending.int_id, pending.after_id) == ("10", None)
