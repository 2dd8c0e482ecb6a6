"""Numbers and texts are in no file but for pending messages whose numbers are tracked."""

import random
from pathlib import Path

import pytest

from exporter.gateway.message import Message, Personal
from tests.ledger.conftest import Desks
from tests.ledger.desk import DAY, T0, Desk, row


pytestmark = pytest.mark.file_ledger

PHONE = "79161234567"
TEXT = "canary-text-5b1f"
CLIENT = "canary-client-77aa"


def holds(desk: Desk, canary: str) -> set[str]:
    """Names of the ledger's files that hold the canary, in either encoding SQLite knows."""
    forms = [canary.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be")]
    forms.append(int(canary).to_bytes(8, "big").lstrip(b"\0") if canary.isdigit() else forms[0])
    return {
        path.name
        for path in desk.path.parent.iterdir()
        if any(form in path.read_bytes() for form in forms)
    }


def private(int_id: object, sent: int, status: int = 0, phone: str = PHONE) -> Message:
    """A row full of canaries."""
    done = sent + 5 if status else None
    return row(
        int_id,
        sent,
        status,
        status_time=done,
        phone=Personal(phone),
        text=Personal(TEXT),
        client_id=CLIENT,
    )


def test_number_is_kept_while_pending_and_no_longer(desk: Desk) -> None:
    """A number goes with the final status, from the log and for good at the next pruning."""
    desk.apply([private(1, T0 + 5)], T0 + 10.0)
    assert holds(desk, PHONE)
    desk.reopen()
    assert holds(desk, PHONE) == {Path(desk.path).name}
    desk.apply([private(1, T0 + 5, 1)], T0 + 20.0)
    desk.prune(T0 + 30.0)
    assert holds(desk, PHONE) == set()
    desk.apply([private(1, T0 + 5, 20)], T0 + 40.0)
    desk.close()
    assert holds(desk, PHONE) == set()


def test_number_of_a_reopened_message_goes_again(desk: Desk) -> None:
    """A message that is pending anew has its number kept until it is final anew."""
    for status, kept in ((0, True), (20, False), (0, True), (1, False)):
        desk.apply([private(1, T0 + 5, status)], desk.now + 10)
        desk.prune(desk.now + 11)
        assert bool(holds(desk, PHONE)) == kept


def test_number_final_at_first_sight_is_never_kept(desk: Desk) -> None:
    """What was never pending here leaves no number, not even in the log."""
    desk.apply([private(1, T0 + 5, 1), private(1, T0 + 5, 1)], T0 + 10.0)
    assert holds(desk, PHONE) == set()


def test_number_of_an_abandoned_message_goes(desk: Desk) -> None:
    """A message that is no longer waited for keeps no number."""
    desk.apply([private(1, T0 + 5)], T0 + 10.0)
    desk.prune(T0 + 4.0 * DAY)
    assert holds(desk, PHONE) == set()


def test_untracked_numbers_never_reach_the_file(desks: Desks) -> None:
    """Without ``track_phones`` no number is written."""
    desk = desks(track_phones=False)
    desk.apply([private(1, T0 + 5)], T0 + 10.0)
    assert holds(desk, PHONE) == set()
    desk.close()
    assert holds(desk, PHONE) == set()


def test_numbers_go_when_tracking_is_switched_off(desks: Desks) -> None:
    """The next start without ``track_phones`` forgets what was kept."""
    desk, other = desks(), desks(track_phones=False)
    desk.apply([private(1, T0 + 5)], T0 + 10.0)
    desk.specs = other.specs
    desk.reopen()
    desk.close()
    assert holds(desk, PHONE) == set()


def test_texts_and_client_ids_are_never_written(desk: Desk) -> None:
    """Nothing but the documented columns of a row is stored."""
    desk.apply([private(1, T0 + 5)], T0 + 10.0)
    desk.apply([private(1, T0 + 5, 20)], T0 + 20.0)
    assert holds(desk, TEXT) == holds(desk, CLIENT) == set()
    desk.close()
    assert holds(desk, TEXT) == holds(desk, CLIENT) == set()


def test_no_trace_among_thousands(desk: Desk) -> None:
    """However pages of the file were split and joined, deleted numbers are overwritten."""
    shuffler = random.Random(4)
    ids = list(range(3000))
    shuffler.shuffle(ids)
    for start in range(0, 3000, 1000):
        part = ids[start : start + 1000]
        desk.apply([private(n, T0 + n, 0, f"79{n:05d}8642") for n in part], desk.now + 10)
    shuffler.shuffle(ids)
    for start in range(0, 3000, 500):
        part = ids[start : start + 500]
        desk.apply([private(n, T0 + n, 1, f"79{n:05d}8642") for n in part], desk.now + 10)
        desk.prune(desk.now)
        left = desk.path.read_bytes()
        assert not [n for n in ids[: start + 500] if f"79{n:05d}8642".encode() in left]
        assert all(f"79{n:05d}8642".encode() in left for n in ids[start + 500 :])
