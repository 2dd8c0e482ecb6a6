"""Looking at what planning starts from, beside the exporter that writes it."""

from sqlalchemy import func, select

from exporter.gateway.message import Personal
from exporter.gateway.request import HistoryRequest
from exporter.ledger.ledger import Ledger
from exporter.ledger.schema import account, stream
from exporter.ledger.waiting import Known
from tests.ledger.desk import DAY, T0, Desk, row
from tests.ledger.places import chosen


ROWS = [row(n, T0 + n, 0, phone=Personal(f"7916000{n:04d}")) for n in range(60, 0, -1)]


def beside(desk: Desk) -> Ledger:
    """Another process's ledger on the same file, not open."""
    return Ledger(chosen().store(desk.folder, owner=False), desk.rules, random_bytes=bytes)


def test_a_peek_is_what_the_owner_knows(desk: Desk) -> None:
    """Gaps, pending messages, traffic, permits, standing and what was learnt are all there."""
    desk.apply(ROWS, T0 + 100.0, request=HistoryRequest(cnt=len(ROWS)))
    desk.ledger.keep_learnt("a", "curves")
    peeked = beside(desk).peek("a", ["sms"], T0 + 101.0, since=T0)
    assert peeked.views == (desk.ledger.view("a", "sms", T0 + 101.0, limit=0),)
    assert len(peeked.views[0].gaps) == 1
    assert peeked.known == {"sms": desk.ledger.known("a", "sms", since=T0)}
    assert len(peeked.known["sms"].waiting) == 60
    assert peeked.usage == desk.ledger.usage("a", T0 + 101.0)
    assert len(peeked.usage.free_at) == 1
    assert peeked.memory == desk.ledger.recall("a")
    assert peeked.learnt == "curves"
    assert peeked.salt == desk.ledger.salt


def test_a_peek_begins_nothing(desk: Desk) -> None:
    """An account or stream that the exporter hasn't met stays unknown: no baseline is set."""
    desk.apply(ROWS, T0 + 100.0)
    for name, channel in (("a", "email"), ("b", "sms")):
        peeked = beside(desk).peek(name, [channel], T0 + 101.0, since=T0)
        assert peeked.known == {channel: Known()}
        assert [(view.channel, view.head_started) for view in peeked.views] == [(channel, None)]
    with desk.ledger.store.transaction() as connection:
        counts = [connection.scalar(select(func.count()).select_from(t)) for t in (account, stream)]
    assert counts == [1, 1]


def test_a_look_at_the_ledger_holds_up_nobody(desk: Desk) -> None:
    """Pages are applied while somebody looks, who goes on to see the state from before."""
    desk.apply(ROWS, T0 + 100.0)
    other = beside(desk)
    other.store.open()
    with other.store.reading() as connection:
        first = connection.scalar(select(stream.c.newest_id))
        desk.apply([row(61, T0 + 200, 0)], T0 + 201.0)
        assert connection.scalar(select(stream.c.newest_id)) == first == "60"
    with other.store.reading() as connection:
        assert connection.scalar(select(stream.c.newest_id)) == "61"
    other.close()


def test_a_look_comes_before_the_end_of_a_write(desk: Desk) -> None:
    """Whoever looks need not wait for a transaction under way."""
    desk.apply(ROWS, T0 + DAY)
    other = beside(desk)
    other.store.open()
    with desk.ledger.store.transaction(), other.store.reading() as connection:
        assert connection.scalar(select(stream.c.newest_id)) == "60"
    other.close()
