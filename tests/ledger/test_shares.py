"""Calls of one kind may be held to a share of the permits, whoever makes them."""

from exporter.gateway.request import HistoryRequest
from exporter.ledger.ledger import Ledger
from exporter.ledger.permits import Denied, Limits, Share
from exporter.ledger.records import Outcome
from tests.ledger.desk import T0, Desk


LIMITS = Limits(
    requests=9,
    window=3600.0,
    identical=100,
    identical_window=60.0,
    concurrency=100,
    call_timeout=30.0,
)
THIRD = Share("backfill", 3)


def spend(ledger: Ledger, kind: str, at: float, share: Share | None = None) -> int | Denied:
    """A permit whose call ends at once."""
    request = HistoryRequest()
    found = ledger.spend("a", kind, request, LIMITS, at, mark=1, share=share)
    if isinstance(found, int):
        ledger.finish(found, LIMITS, Outcome(finished_at=at, duration=0.0, result="ok"))
    return found


def test_a_share_is_full_when_others_have_permits_left(desk: Desk) -> None:
    """The fourth of a third is refused until the first is free again; other kinds are not."""
    for n in range(3):
        assert isinstance(spend(desk.ledger, "backfill", T0 + n, THIRD), int)
    denied = spend(desk.ledger, "backfill", T0 + 10, THIRD)
    assert denied == Denied(reason="share", until=T0 + 3601.0)
    assert isinstance(spend(desk.ledger, "head", T0 + 10), int)
    assert isinstance(spend(desk.ledger, "backfill", T0 + 3601.0, THIRD), int)


def test_a_share_is_one_for_all_processes(desk: Desk) -> None:
    """What another process spent of the kind counts; what was spent of other kinds does not."""
    other = desk.another(owner=False)
    for n in range(4):
        spend(other, "head", T0 + n)
    for n in range(2):
        spend(other, "backfill", T0 + n)
    assert isinstance(spend(desk.ledger, "backfill", T0 + 10, THIRD), int)
    assert isinstance(spend(desk.ledger, "backfill", T0 + 10, THIRD), Denied)
    other.close()


def test_the_whole_budget_comes_first(desk: Desk) -> None:
    """A share that is free does not stretch the budget."""
    for n in range(9):
        spend(desk.ledger, "head", T0 + n)
    denied = spend(desk.ledger, "backfill", T0 + 10, THIRD)
    assert isinstance(denied, Denied)
    assert denied.reason == "budget"
