"""Label sets are bounded for good, and what is folded is counted."""

import sqlite3
from decimal import Decimal
from itertools import count

import pytest
from sqlalchemy import event

from exporter.gateway.message import Message
from exporter.ledger.errors import LedgerError
from exporter.ledger.labels import LabelLimits
from exporter.ledger.snapshot import Total
from tests.ledger.conftest import Desks
from tests.ledger.desk import FREE, HEAD, T0, Desk, row


def labelled(int_id: object, sent: int, **labels: str) -> Message:
    """A pending message with these label values."""
    return row(int_id, sent, 0, **labels)


def send(desk: Desk, rows: list[Message]) -> None:
    """Apply a page of messages sent after the baseline."""
    desk.apply(rows, desk.now + 10)


def many(field: str, values: int) -> list[Message]:
    """One message for each of so many values of a label."""
    sent = count(T0 + 1)
    return [labelled(f"{field}{n}", next(sent), **{field: f"V{n:03}"}) for n in range(values)]


def values(desk: Desk, index: int) -> dict[str, int]:
    """Messages by the value of one label of L."""
    found: dict[str, int] = {}
    for labels, number in desk.total(Total.SUBMITTED).items():
        found[labels[index]] = found.get(labels[index], 0) + int(number)
    return found


@pytest.mark.parametrize(
    ("field", "index", "limit"), [("country", 2, 40), ("operator", 3, 50), ("sender", 4, 20)]
)
def test_values_beyond_the_limit_are_folded(desk: Desk, field: str, index: int, limit: int) -> None:
    """The first values keep their names, all others are ``other``, now and after a restart."""
    send(desk, many(field, limit + 7))
    assert values(desk, index) == {**{f"V{n:03}": 1 for n in range(limit)}, "other": 7}
    assert desk.total(Total.LABEL_OVERFLOW) == {(field,): 7}
    desk.reopen()
    send(
        desk,
        [
            labelled("late", T0 + 500, **{field: "V999"}),
            labelled("old", T0 + 501, **{field: "V003"}),
        ],
    )
    assert values(desk, index)["other"] == 8
    assert values(desk, index)["V003"] == 2
    assert desk.total(Total.LABEL_OVERFLOW) == {(field,): 8}
    assert desk.shown() == desk.stored()


def test_overflow_is_counted_by_message(desk: Desk) -> None:
    """Each folded message counts, however often its value came, but a re-reading does not."""
    send(desk, many("sender", 20))
    for _ in range(2):
        send(desk, [row(f"x{n}", T0 + 50 + n, sender="NEW") for n in range(5)])
    assert desk.total(Total.LABEL_OVERFLOW) == {("sender",): 5}


def test_sets_beyond_the_limit_lose_sender_then_operator_then_country(desks: Desks) -> None:
    """With every set taken a message is folded label by label until a known set is met."""
    desk = desks(labels=LabelLimits(max_sets=3))
    plain = {"country": "RU", "operator": "mts"}
    send(desk, [labelled(n, T0 + n, sender=f"S{n}", **plain) for n in (1, 2, 3)])
    send(desk, [labelled(9, T0 + 9, sender="S9", **plain)])
    assert list(desk.total(Total.SUBMITTED))[-1] == ("a", "sms", "other", "other", "other")
    assert set(desk.total(Total.LABEL_OVERFLOW)) == {
        ("sender",),
        ("operator",),
        ("country",),
    }
    send(desk, [labelled(10, T0 + 10, sender="S2", **plain)])
    assert desk.total(Total.SUBMITTED)["a", "sms", "RU", "mts", "S2"] == 2
    send(desk, [row(n, T0 + n, country=f"C{n}", operator=f"O{n}") for n in range(20, 60)])
    assert len(desk.ledger.snapshot().label_sets) == 4
    assert desk.shown() == desk.stored()


def test_set_that_lost_its_sender_is_met_again(desks: Desks) -> None:
    """Folding stops at the first known set."""
    desk = desks(labels=LabelLimits(max_sets=2, max_senders=1))
    send(desk, [row(1, T0 + 1, sender="A"), row(2, T0 + 2, sender="B")])
    send(desk, [row(3, T0 + 3, sender="C"), row(4, T0 + 4, operator="tele2", sender="A")])
    assert desk.total(Total.SUBMITTED) == {
        ("a", "sms", "RU", "mts", "A"): 1,
        ("a", "sms", "RU", "mts", "other"): 2,
        ("a", "sms", "other", "other", "other"): 1,
    }


@pytest.mark.parametrize("field", ["country", "operator", "sender"])
def test_label_switched_off_is_empty(desks: Desks, field: str) -> None:
    """A label that isn't wanted has no value, and nothing overflows for it."""
    desk = desks(labels=LabelLimits(**{field: False}))
    send(desk, many(field, 60))
    index = ("country", "operator", "sender").index(field) + 2
    assert values(desk, index) == {"": 60}
    assert not desk.total(Total.LABEL_OVERFLOW)


def test_regions_are_counted_up_to_their_limit(desks: Desks) -> None:
    """Regions beyond the limit are ``other``; a missing one is ``unknown``."""
    desk = desks(labels=LabelLimits(region=True, max_regions=3))
    regions = ("Omsk", "", "Tomsk", "Perm", "Kursk", "Omsk")
    rows = [row(n, T0 + 1 + n, 1, status_time=T0 + 9, region=r) for n, r in enumerate(regions)]
    send(desk, rows)
    desk.apply([], T0 + 4000.0)
    found = {labels[3]: n for labels, n in desk.total(Total.REGION_MATURED).items()}
    assert found == {"Omsk": 2, "unknown": 1, "Tomsk": 1, "other": 2}
    assert desk.total(Total.LABEL_OVERFLOW) == {("region",): 2}
    desk.reopen()
    send(desk, [row("again", T0 + 4005, 1, status_time=T0 + 4006, region="Perm")])
    assert desk.total(Total.LABEL_OVERFLOW) == {("region",): 3}


def test_regions_are_not_counted_unless_asked_for(desk: Desk) -> None:
    """Regions cost series, so they are off by default."""
    send(desk, [row(1, T0 + 1, 1, status_time=T0 + 9, region="Omsk")])
    desk.apply([], T0 + 4000.0)
    assert desk.sum(Total.MATURED) == 2
    assert not desk.total(Total.REGION_MATURED)


def test_known_sets_name_their_currency(desk: Desk) -> None:
    """Every known set is in the snapshot, so that all its series can be shown from 0."""
    send(desk, [row(1, T0 - 50), row(2, T0 + 1, sender="B", cost=Decimal(0))])
    assert set(desk.ledger.snapshot().label_sets) == {
        (("a", "sms", "RU", "mts", "SHOP"), "RUB"),
        (("a", "sms", "RU", "mts", "B"), "RUB"),
    }


def test_sets_of_a_failed_page_are_not_kept(desks: Desks) -> None:
    """What a transaction was going to add is forgotten with it, and added by the next."""
    desk = desks(labels=LabelLimits(region=True, max_senders=1))
    fault = sqlite3.OperationalError("no")

    def fail(*_: object) -> None:
        raise fault

    engine = desk.ledger.store.engine
    rows = [labelled(1, T0 + 1, sender="A", region="Omsk")]
    permit_id = desk.ledger.spend("a", "head", HEAD, FREE, desk.now, mark=1)
    assert isinstance(permit_id, int)
    event.listen(engine, "commit", fail)
    with pytest.raises(LedgerError):
        desk.give(rows, T0 + 10.0, permit_id)
    event.remove(engine, "commit", fail)
    assert desk.ledger.snapshot().label_sets == ()
    send(desk, [labelled(2, T0 + 2, sender="B", region="Perm")])
    send(desk, rows)
    assert values(desk, 4) == {"B": 1, "other": 1}
    assert desk.shown() == desk.stored()


def test_networks_of_shown_operators_are_kept(desks: Desks) -> None:
    """Networks follow the operator label, so that they are bounded as it is."""
    desk = desks(labels=LabelLimits(max_operators=1))
    send(desk, [row(1, T0 + 1, mccmnc="25001"), row(2, T0 + 2, operator="t2", mccmnc="25020")])
    send(desk, [row(3, T0 + 3, mccmnc=""), row(4, T0 + 4, mccmnc="25001")])
    assert desk.ledger.snapshot().operators == (("mts", "RU", "250", "01"),)
    assert desk.shown() == desk.stored()
