from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from exporter.exposition.catalogue import BY_NAME
from exporter.exposition.collector import LedgerCollector
from exporter.exposition.metrics import values
from exporter.exposition.page import MetricsPage
from exporter.exposition.selection import Selection
from exporter.ledger.outlook import Outlook
from exporter.ledger.snapshot import (
    AccountState,
    Observations,
    Snapshot,
    StreamState,
    Total,
)
from tests.exposition.conftest import SetSource


MTS = ("main", "sms", "RU", "mts", "Shop")
NEW = ("main", "sms", "KZ", "beeline", "Shop")
SUBMITTED = "smsc_messages_submitted_total"


def read(collector: LedgerCollector) -> dict[str, dict[tuple[str, ...], Any]]:
    """Rows by family name."""
    return {family.name: dict(rows) for family, rows in collector.views()}


def replaced(snapshot: Snapshot, **changes: Any) -> Snapshot:
    return msgspec.structs.replace(snapshot, **changes)


def with_stream(snapshot: Snapshot, **changes: Any) -> Snapshot:
    first, *rest = snapshot.streams
    return replaced(snapshot, streams=(msgspec.structs.replace(first, **changes), *rest))


def test_registers_and_describes(collector: LedgerCollector) -> None:
    """A registry accepts the collector by its description, without asking for values."""
    registry = CollectorRegistry()
    registry.register(collector)
    labels = dict(zip(("account", "kind"), ("main", "head"), strict=True))
    assert registry.get_sample_value("smsc_api_permits_total", labels) == 3
    described = {metric.name for metric in collector.describe()}
    assert {metric.name for metric in collector.collect()} <= described


def test_new_label_set_has_all_its_series_at_zero_at_once(
    collector: LedgerCollector, source: Any, small: Snapshot
) -> None:
    """Every family of a label set exists from its first message."""
    collector.views()
    source.current = replaced(
        small,
        label_sets=(*small.label_sets, (NEW, "RUB")),
        totals={**small.totals, Total.SUBMITTED: {**small.totals[Total.SUBMITTED], NEW: 40}},
    )
    rows = read(collector)
    assert rows[SUBMITTED][NEW] == 0
    assert rows["smsc_segments_submitted_total"][NEW] == 0
    assert rows["smsc_cost_total"][*NEW, "RUB"] == 0
    assert rows["smsc_cost_refunded_total"][*NEW[:4], "RUB"] == 0
    assert rows["smsc_message_delivery_seconds"][NEW[:4]] == Observations((0,) * 16, Decimal(0))
    matured = {labels[5:] for labels in rows["smsc_messages_matured_total"] if labels[:5] == NEW}
    assert len(matured) == 2 * 4
    assert rows["smsc_messages_pending"][*NEW[:4], "queued", "24h+"] == 0


def test_segments_are_for_text_channels(collector: LedgerCollector) -> None:
    """A channel whose count is no count of parts has no segments."""
    assert {labels[1] for labels in read(collector)["smsc_segments_submitted_total"]} == {"sms"}


@pytest.mark.parametrize(
    "name", ["smsc_messages_submitted_total", "smsc_messages_pending", "smsc_messages_overdue"]
)
def test_nothing_of_a_stream_before_its_first_sync(
    collector: LedgerCollector, source: Any, small: Snapshot, name: str
) -> None:
    """Message series of a stream appear when its first sync is done."""
    assert {labels[1] for labels in read(collector)[name]} <= {"sms", "viber"}
    source.current = with_stream(small, synced=False)
    rows = read(collector)
    assert not rows[name]
    assert rows["smsc_api_permits_total"]
    assert not rows["smsc_status_knowledge_delay_seconds"]


def test_synced_stream_appears_at_zero(
    collector: LedgerCollector, source: Any, small: Snapshot
) -> None:
    """Series that were never shown and come up with the first sync start at 0."""
    mail = ("main", "email", "XX", "unknown", "other")
    source.current = replaced(
        small,
        streams=(
            small.streams[0],
            msgspec.structs.replace(small.streams[1], synced=True),
        ),
        label_sets=(*small.label_sets, (mail, "RUB")),
        totals={**small.totals, Total.SUBMITTED: {**small.totals[Total.SUBMITTED], mail: 5}},
    )
    rows = read(collector)[SUBMITTED]
    assert rows[mail] == 0
    assert rows["main", "email", "XX", "unknown", "shop"] == 9


def test_pending_is_withheld_while_polls_are_stale(
    collector: LedgerCollector, source: Any, clock: Any, small: Snapshot
) -> None:
    """Pending numbers older than ten minutes and three cadences are left out, not shown as now."""
    names = ("smsc_messages_pending", "smsc_recent_recipients", "smsc_recent_prefix_share_ratio")
    clock.time += 540
    assert all(read(collector)[name] for name in names)
    clock.time += 1
    assert not any(read(collector)[name] for name in names)
    source.current = with_stream(small, cadence=201.0)
    assert all(read(collector)[name] for name in names)


def test_budget_frees_itself_between_polls(collector: LedgerCollector, clock: Any) -> None:
    """What is left is reckoned at the scrape, though the snapshot stays the same."""
    remaining = "smsc_api_budget_remaining"
    assert read(collector)[remaining] == {("main",): 27}
    clock.time += 3600
    assert read(collector)[remaining] == {("main",): 29}


def test_budget_is_never_below_zero(
    collector: LedgerCollector, source: Any, clock: Any, small: Snapshot
) -> None:
    """A limit lowered below what is spent leaves 0."""
    (account,) = small.accounts
    account = msgspec.structs.replace(account, budget_limit=1)
    source.current = replaced(small, accounts=(account,))
    assert read(collector)["smsc_api_budget_remaining"] == {("main",): 0}


def test_what_is_not_known_has_no_sample(build: Any, source: Any, clock: Any) -> None:
    """Before the first poll nothing is claimed, and known sets of errors and results are 0."""
    source.current = Snapshot(
        streams=(StreamState(account="main", channel="sms"),),
        accounts=(AccountState(account="main", budget_limit=10),),
    )
    rows = read(build(source, clock))
    absent = {name for name, values in rows.items() if not values}
    assert absent >= {
        "smsc_up",
        "smsc_poll_up",
        "smsc_poll_last_success_timestamp_seconds",
        "smsc_poll_cadence_seconds",
        "smsc_history_watermark_timestamp_seconds",
        "smsc_history_coverage_ratio",
        "smsc_history_gaps",
        "smsc_tracked_messages",
        "smsc_poll_saturation_ratio",
        "smsc_exporter_state_saved_timestamp_seconds",
    }
    errors = rows["smsc_api_errors_total"]
    assert errors == {("main", "history", code): 0 for code in ("1", "2", "4", "9")}
    assert rows["smsc_api_budget_limit"] == {("main",): 10}


def test_saturation_is_not_shown_before_anything_was_read(
    collector: LedgerCollector, source: Any, small: Snapshot
) -> None:
    """An account of which no traffic is known is not one without traffic."""
    (account,) = small.accounts
    unread = Outlook(saturation=None, streams=())
    source.current = replaced(small, accounts=(msgspec.structs.replace(account, outlook=unread),))
    assert not read(collector)["smsc_poll_saturation_ratio"]


def test_accounts_no_longer_configured_are_not_shown(collector: LedgerCollector) -> None:
    """Calls of an account that left are not shown; what sums over accounts keeps them."""
    rows = read(collector)
    assert {labels[0] for labels in rows["smsc_api_requests_total"]} == {"main"}
    assert rows["smsc_exporter_label_overflow_total"]["sender",] == 7


def test_unchanged_snapshot_gives_the_same_rows(
    collector: LedgerCollector, source: Any, small: Snapshot
) -> None:
    """A scrape with nothing new does not look through the totals again, and one after a commit
    only through what changed."""
    counted = ("smsc_messages_matured_total", SUBMITTED)
    before = {family.name: rows for family, rows in collector.views()}
    after = {family.name: rows for family, rows in collector.views()}
    assert all(before[name] is after[name] for name in counted)
    grown = {**small.totals[Total.SUBMITTED], ("main", "sms", "RU", "mts", "Shop"): 1_234_568}
    source.current = replaced(small, totals={**small.totals, Total.SUBMITTED: grown})
    after = {family.name: rows for family, rows in collector.views()}
    assert after[counted[0]] is before[counted[0]]
    assert after[SUBMITTED] == {
        **before[SUBMITTED],
        ("main", "sms", "RU", "mts", "Shop"): 1_234_568,
    }


def test_looking_is_no_scrape(build: Any, source: Any, clock: Any, small: Snapshot) -> None:
    """Neither views nor collect nor a HEAD request make ripe what is held; a scrape does."""
    source.current = replaced(small, shown={})
    collector = build(source, clock)
    page = MetricsPage(collector, runtime=CollectorRegistry())
    for _ in range(3):
        list(collector.collect())
        page.render("", scrape=False)
        clock.time += 100
    assert collector.ripe() == []
    page.render("")
    clock.time += 60
    assert (Total.SUBMITTED, MTS) in collector.ripe()


def test_narrowed_scrape_counts_for_what_it_showed(
    build: Any, source: Any, clock: Any, small: Snapshot
) -> None:
    """A scraper that asks for some names only sees their zeros, and so their totals later."""
    source.current = replaced(small, shown={})
    collector = build(source, clock)
    MetricsPage(collector, runtime=CollectorRegistry()).render(
        "", Selection(names=frozenset([SUBMITTED]))
    )
    clock.time += 60
    assert {family for family, _ in collector.ripe()} == {Total.SUBMITTED}


def test_ripe_series_wait_for_the_ledger(
    build: Any, source: Any, clock: Any, small: Snapshot
) -> None:
    """However long ago the zeros were taken, they stay until a snapshot says that it is noted,
    and what is noted is not asked for again."""
    source.current = replaced(small, shown={})
    collector = build(source, clock)
    page = MetricsPage(collector, runtime=CollectorRegistry())
    for _ in range(5):
        page.render("")
        clock.time += 100
    ripe = collector.ripe()
    held = {name: rows for name, rows in read(collector).items() if BY_NAME[name].source}
    assert {float(n) for rows in held.values() for v in rows.values() for n in values(v)} == {0}
    assert len(ripe) == sum(map(len, held.values())) > 70
    source.note(ripe)
    assert collector.ripe() == []
    assert read(collector) == read(build(SetSource(small), clock))


def test_histogram_is_held_as_a_whole(build: Any, source: Any, clock: Any, small: Snapshot) -> None:
    """Buckets, count and sum of a new histogram are all 0 together."""
    source.current = replaced(small, shown={})
    rows = read(build(source, clock))["smsc_message_delivery_seconds"]
    assert set(rows.values()) == {Observations((0,) * 16, Decimal(0))}


def test_region_outcomes_come_together(collector: LedgerCollector) -> None:
    """A region has all three outcomes."""
    rows = read(collector)["smsc_region_messages_matured_total"]
    assert sorted(labels[4] for labels in rows) == ["delivered", "not_delivered", "pending"]


def test_scrapes_from_several_threads_agree(
    collector: LedgerCollector, source: Any, small: Snapshot
) -> None:
    """Pages rendered at once, while the state changes, are whole and never fall."""
    page = MetricsPage(collector, runtime=CollectorRegistry())
    mts = ("main", "sms", "RU", "mts", "Shop")

    def scrape() -> list[float]:
        values = []
        for _ in range(15):
            lines = page.render("").body.decode().splitlines()
            line = next(line for line in lines if line.startswith(SUBMITTED) and "mts" in line)
            values.append(float(line.rpartition(" ")[2]))
        return values

    with ThreadPoolExecutor(4) as pool:
        scrapes = [pool.submit(scrape) for _ in range(4)]
        for number in range(200):
            totals = {**small.totals[Total.SUBMITTED], mts: 1_234_567 + number}
            source.current = replaced(small, totals={**small.totals, Total.SUBMITTED: totals})
        seen = [running.result() for running in scrapes]
    assert all(values == sorted(values) for values in seen)


def test_no_counter_shows_before_the_ledger_is_open(
    collector: LedgerCollector, source: Any, small: Snapshot
) -> None:
    """A restart must not look like a reset: what a counter was at last is not known, not 0."""
    source.current = Snapshot(accounts=small.accounts, loaded=False, ledger_up=False)
    assert not any(rows for family, rows in collector.views() if family.source is not None)
    source.current = replaced(small, shown={Total.PERMITS: {("main", "head")}})
    assert read(collector)["smsc_api_permits_total"]["main", "head"] == 3
