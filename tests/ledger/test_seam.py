"""What commands about the past see of the ledger, and that they leave no trace in it."""

from decimal import Decimal

from exporter.ledger.labels import LabelLimits
from exporter.ledger.seam import seam
from exporter.ledger.sent import Coverage, Gap, Kept, coverage, sent
from tests.ledger.desk import DAY, T0, Desk, row


def test_the_seam_is_the_baseline_and_the_labels_in_use(desk: Desk) -> None:
    """Streams that were never polled have no baseline; a label set keeps its number."""
    desk.apply([row("1", T0 + 5), row("2", T0 + 6, sender="BANK")], T0 + 10)
    found = seam(desk.ledger.store, "a", ("sms", "email"), LabelLimits())
    assert found.baselines == {"sms": T0}
    assert {known.labels for known in found.book.sets()} == {
        ("a", "sms", "RU", "mts", "SHOP"),
        ("a", "sms", "RU", "mts", "BANK"),
    }


def test_the_book_may_grow_without_the_ledger(desk: Desk) -> None:
    """New label sets get numbers of their own; limits count those in use; nothing is written."""
    desk.apply([row("1", T0 + 5)], T0 + 10)
    book = seam(desk.ledger.store, "a", ("sms",), LabelLimits(max_senders=2)).book
    for sender, shown in [("OLD", "OLD"), ("OLDER", "other"), ("SHOP", "SHOP")]:
        assert book.resolve(row("9", T0, sender=sender)).set.labels[4] == shown
    numbers = [known.id for known in book.sets()]
    assert len(numbers) == len(set(numbers)) == 3
    again = seam(desk.ledger.store, "a", ("sms",), LabelLimits()).book
    assert len(tuple(again.sets())) == 1


def test_an_account_that_was_never_polled_has_nothing(desk: Desk) -> None:
    """No baseline, no labels, no messages, and no failure."""
    found = seam(desk.ledger.store, "unknown", ("sms",), LabelLimits())
    assert (found.baselines, tuple(found.book.sets())) == ({}, ())
    assert coverage(desk.ledger.store, "unknown", "sms") is None
    assert sent(desk.ledger.store, "unknown", "sms", 0, T0, ["1"]) == {}


def test_messages_are_found_by_time_and_by_id(desk: Desk) -> None:
    """Those sent in a stretch, both ends included, and any that are asked for."""
    rows = [row(n, T0 + 10 * n, 1, cost=Decimal("2.450")) for n in range(1, 6)]
    desk.apply(rows, T0 + 100.5)
    found = sent(desk.ledger.store, "a", "sms", T0 + 20, T0 + 30, ["5", "77"])
    assert found.keys() == {"2", "3", "5"}
    assert found["2"] == Kept("2", T0 + 20, 1, Decimal("2.450"), T0 + 100.5)


def test_coverage_says_what_was_read(desk: Desk) -> None:
    """From when on, up to when, and between which times nothing is known."""
    desk.apply([row("1", T0 + 1)], T0 + 10)
    full = [row(f"b{n}", T0 + 2000 - n) for n in range(1000)]
    desk.apply(full, T0 + 2000)
    found = coverage(desk.ledger.store, "a", "sms")
    assert found == Coverage(
        baseline=T0, horizon=T0 - DAY, head_started=T0 + 2000, gaps=(Gap(T0 + 1, T0 + 1001),)
    )
