"""What one page says of the gaps known so far."""

from exporter.gateway.message import Message
from exporter.gateway.request import HistoryRequest
from exporter.ledger import gaps
from exporter.ledger.gaps import Frontier, Gap
from tests.ledger.desk import T0, page, row


HORIZON = T0 - 1000


def rows(newest: int, count: int) -> list[Message]:
    """So many rows, a second apart, the newest numbered and sent at ``newest`` past the start."""
    return [row(n, T0 + n) for n in range(newest, newest - count, -1)]


def read(
    known: tuple[Gap, ...], frontier: Frontier, below: str | None, found: list[Message], cnt: int
) -> gaps.Change:
    """Read a page late enough for all its rows."""
    return gaps.read(known, frontier, HistoryRequest(cnt=cnt, prev_id=below), page(found), T0 + 9e5)


KNOWN = Frontier("100", T0 + 100, HORIZON, T0 + 101.0)
GAP = Gap(
    upper_id="150",
    upper_time=T0 + 150,
    lower_id="100",
    lower_time=T0 + 100,
    opened_at=T0 + 200.0,
)


def test_page_that_meets_the_newest_row_opens_no_gap() -> None:
    """All rows above the newest one known are on the page."""
    change = read((), KNOWN, None, rows(110, 11), 11)
    assert not change.opened
    assert change.newest is not None
    assert change.newest.int_id == "110"


def test_page_that_misses_the_newest_row_opens_a_gap() -> None:
    """The gap reaches from the page's last row to the newest one known."""
    change = read((), KNOWN, None, rows(150, 40), 40)
    (opened,) = change.opened
    assert (opened.upper_id, opened.lower_id) == ("111", "100")
    assert opened.seconds == 11
    assert not opened.announced
    assert not change.truncated


def test_rows_sent_about_as_late_do_not_prove_that_the_newest_was_passed() -> None:
    """Only rows sent long before it do, and all of the page's tail."""
    same = [row(f"x{n}", T0 + 100) for n in range(20)]
    assert read((), KNOWN, None, same, 20).opened
    queued = [row(f"x{n}", T0 + 100 - gaps.SLACK) for n in range(20)]
    assert read((), KNOWN, None, queued, 20).opened
    before = [row(f"x{n}", T0 + 99 - gaps.SLACK) for n in range(20)]
    assert read((), KNOWN, None, before, 20).opened == ()
    assert read((), KNOWN, None, [*before, *same[:1]], 21).opened


def test_short_page_ends_the_history() -> None:
    """A page that is not full has nothing below it: no gap, and those it meets are closed."""
    assert read((), KNOWN, None, rows(150, 20), 21).opened == ()
    assert read((GAP,), KNOWN, "150", rows(149, 3), 20).closed == (GAP,)


def test_first_sync_reads_down_to_its_end_in_time() -> None:
    """Without a known row, rows sent before the horizon end the gap."""
    first = Frontier(None, None, HORIZON)
    (opened,) = read((), first, None, rows(50, 20), 20).opened
    assert opened.baseline
    assert read((opened,), KNOWN, "31", rows(30, 20), 20).kept[0].upper_id == "11"
    assert read((opened,), KNOWN, "31", rows(-1001, 20), 20).closed == (opened,)


def test_page_that_holds_the_upper_end_narrows_the_gap() -> None:
    """A head page counts as one that began above the gap."""
    change = read((GAP,), KNOWN, None, rows(160, 30), 30)
    assert change.kept[0].upper_id == "131"
    assert change.kept[0].seconds == 31


def test_gap_is_announced_when_a_later_head_page_finds_it_open() -> None:
    """Following down at once keeps it out of the count; it is counted once."""
    change = read((GAP,), KNOWN, None, rows(300, 20), 20)
    assert change.truncated == 1
    assert change.kept[0].announced
    assert read(change.kept, KNOWN, None, rows(300, 20), 20).truncated == 0


def test_empty_window_closes_only_the_gap_that_may_end_nowhere() -> None:
    """Below an id that the gateway doesn't know it finds nothing, which proves nothing."""
    assert read((GAP,), KNOWN, "150", [], 20).kept == (GAP,)
    endless = Gap(upper_id="150", upper_time=9, lower_id=None, lower_time=5, opened_at=9.0)
    assert read((endless,), KNOWN, "150", [], 20).closed == (endless,)


def test_window_elsewhere_is_no_newest_row() -> None:
    """Before the first head page, only what joins onto a gap tells where the history begins."""
    unread = Frontier(None, None, HORIZON)
    assert read((), unread, "50", rows(49, 20), 20).newest is None


def test_overtaken_head_page_moves_nothing_back() -> None:
    """The answer to an older question, applied after a newer one, opens no gap."""
    later = Frontier("200", T0 + 200, HORIZON, T0 + 1e6)
    change = read((), later, None, rows(110, 20), 20)
    assert change == gaps.Change()


def test_scheduled_row_is_not_the_newest() -> None:
    """A row sent in the future would let everything sent before it pass for known."""
    found = [row("ahead", T0 + 10**6), *rows(110, 20)]
    change = read((), KNOWN, None, found, 30)
    assert change.newest is not None
    assert change.newest.int_id == "110"
