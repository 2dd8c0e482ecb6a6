"""The mirror of pending messages says what a plain dictionary would."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from exporter.gateway.message import Message, Personal
from exporter.ledger.waiting import Waiting
from exporter.polling.curves import Curves
from exporter.polling.watch import Watch, key_of, rows_of


T0 = 1_700_000_000
IDS = st.integers(0, 30).map(str)


def row(int_id: str, sent: int, status: int = 0, phone: str = "79001234567") -> Message:
    return Message(
        int_id=int_id,
        status=status,
        send_time=T0 + sent,
        status_time=T0 + sent + 7,
        operator="mts",
        phone=Personal(phone),
    )


PAGES = st.lists(
    st.tuples(
        st.lists(
            st.tuples(IDS, st.sampled_from((0, -1, 1, 20))), max_size=12, unique_by=lambda r: r[0]
        ),
        st.booleans(),
    ),
    max_size=12,
)


@given(pages=PAGES)
@settings(max_examples=300, deadline=None)
def test_mirror_follows_every_page(pages: list[tuple[list[tuple[str, int]], bool]]) -> None:
    """Pending are the messages first seen pending and not seen final since, read when last shown;
    anchors come from contiguous pages only and stay."""
    watch, group = Watch(), Curves().group
    pending: dict[str, float] = {}
    anchors: dict[str, str] = {}
    known: set[str] = set()
    for number, (found, contiguous) in enumerate(pages):
        started = T0 + 1000.0 + number
        new = frozenset(int_id for int_id, _ in found) - known
        messages = [row(int_id, int(int_id), status) for int_id, status in found]
        rows = rows_of(messages, new, group, above="top", contiguous=contiguous)
        look = watch.take(rows, started)
        before = dict(pending)
        above = "top"
        for int_id, status in found:
            is_final = status > 0
            if int_id in new or int_id in pending:
                pending[int_id] = started
                if contiguous:
                    anchors.setdefault(int_id, above)
            if is_final:
                pending.pop(int_id, None)
                anchors.pop(int_id, None)
            above = int_id
        known |= new
        shown = [i for i, _ in found if i in new or i in before]
        assert look.sent.tolist() == [T0 + int(i) for i in shown]
        assert [None if np.isnan(at) else at for at in look.read] == [before.get(i) for i in shown]
        assert watch.sent.tolist() == sorted(T0 + int(i) for i in pending)
        assert dict(zip(watch.sent.tolist(), watch.read.tolist(), strict=True)) == {
            T0 + int(i): at for i, at in pending.items()
        }
        assert watch.anchors.tolist() == [anchors.get(i, "") for i in sorted(pending, key=int)]


def test_mirror_starts_from_the_ledger() -> None:
    """What was pending before a restart is weighed as before it."""
    waiting = [
        Waiting("b", T0 + 9, T0 + 20.0, "sms", "mts", "c", "79001234567"),
        Waiting("a", T0 + 1, T0 + 10.0, "sms", "mts", None, None),
    ]
    watch = Watch()
    watch.restore(waiting, Curves().group)
    assert watch.sent.tolist() == [T0 + 1, T0 + 9]
    assert watch.read.tolist() == [T0 + 10.0, T0 + 20.0]
    assert watch.anchors.tolist() == ["", "c"]
    assert watch.phone.tolist() == [0, 79001234567]


def test_message_that_a_page_should_have_shown_counts_as_read() -> None:
    """Else the same page would be asked for again and again."""
    watch = Watch()
    watch.restore([Waiting("a", T0, T0 + 1.0, "sms", "mts", "b", None)], Curves().group)
    watch.assume_read(np.array([True]), T0 + 50.0)
    assert watch.read.tolist() == [T0 + 50.0]


def test_old_messages_are_waited_for_no_longer() -> None:
    """As in the ledger, which gives them up at the same age."""
    watch = Watch()
    waiting = [Waiting(str(n), T0 + n, T0 + 50.0, "sms", "mts", None, None) for n in range(5)]
    watch.restore(waiting, Curves().group)
    watch.drop_before(T0 + 3)
    assert watch.sent.tolist() == [T0 + 3, T0 + 4]


@given(ids=st.sets(st.text(min_size=1, max_size=30) | st.integers(0, 10**20).map(str), max_size=50))
def test_ids_are_told_apart_whatever_they_look_like(ids: set[str]) -> None:
    """Ids are opaque; none is mistaken for another, digits or not."""
    assert len({key_of(each) for each in ids}) == len(ids)
