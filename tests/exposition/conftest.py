"""A small world to expose, and a clock and a source that are set by hand."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec
import pytest

from exporter.exposition.collector import LedgerCollector
from exporter.exposition.gauges import Facts, Names
from exporter.ledger.outlook import Outlook
from exporter.ledger.snapshot import (
    AccountState,
    BalanceState,
    Distribution,
    Labels,
    Observations,
    Series,
    Snapshot,
    StreamState,
    Total,
)


NOW = 1_700_000_000.0
FACTS = Facts(version="1.2.3", python="3.11.7", config_loaded=NOW - 500)
NAMES = Names(
    statuses=(
        (1, "delivered", "delivered", ""),
        (20, "cannot be delivered", "undeliverable", "operator"),
    ),
    errors=((6, "phone off or out of coverage", "recipient"),),
    outcomes=("delivered", "undeliverable", "pending", "unknown"),
)
MTS = ("main", "sms", "RU", "mts", "Shop")
ODD = ("main", "viber", "RU", "tele2", 'say "hi"\\\nback')
MAIL = ("main", "email", "XX", "unknown", "shop")


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += max(0.0, seconds)


class SetSource:
    """A source whose snapshot is set by hand."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.current = snapshot

    def snapshot(self) -> Snapshot:
        return self.current

    def note(self, series: Iterable[Series]) -> None:
        """Show these from now on, as a ledger that noted it does."""
        shown = {source: set(labels) for source, labels in self.current.shown.items()}
        for source, labels in series:
            shown.setdefault(source, set()).add(labels)
        self.current = msgspec.structs.replace(self.current, shown=shown)


def _small() -> Snapshot:
    delivered = Observations((0, 1, 2, *([0] * 12), 1), Decimal("100003.5"))
    requests = Observations((0, 3, 0, 0, 0, 0, 0, 0, 0), Decimal("0.612"))
    totals: dict[Total, dict[tuple[str, ...], int | Decimal]] = {
        Total.SUBMITTED: {MTS: 1_234_567, ODD: 2, MAIL: 9},
        Total.SEGMENTS: {MTS: 2_000_000},
        Total.COST: {(*MTS, "RUB"): Decimal("12345.670"), (*ODD, "RUB"): Decimal("0.10")},
        Total.FINAL: {(*MTS, "1"): 1_000_000, (*MTS, "20"): 5},
        Total.FAILURES: {(*MTS, "20", "6"): 5},
        Total.MATURED: {(*MTS, "5m", "delivered"): 7, (*MTS, "1h", "undeliverable"): 5},
        Total.MATURED_COST: {(*MTS[:4], "RUB", "delivered"): Decimal("3.30")},
        Total.CHANGES: {("main", "sms", "20", "1"): 1},
        Total.REGION_MATURED: {("main", "sms", "RU", "Москва", "delivered"): 3},
        Total.ROWS_SKIPPED: {("main", "sms", "id"): 1},
        Total.API_REQUESTS: {
            ("main", "history", "ok"): 3,
            ("main", "balance", "ok"): 2,
            ("gone", "history", "ok"): 8,
        },
        Total.PERMITS: {("main", "head"): 3},
        Total.LABEL_OVERFLOW: {("sender",): 7},
    }
    return Snapshot(
        totals=totals,
        distributions={
            Distribution.DELIVERY: {MTS[:4]: delivered},
            Distribution.REQUEST_DURATION: {("history",): requests},
        },
        label_sets=((MTS, "RUB"), (ODD, "RUB"), (MAIL, "RUB")),
        deadlines={"5m": 300, "1h": 3600},
        streams=(
            StreamState(
                account="main",
                channel="sms",
                synced=True,
                last_success=NOW - 60,
                cadence=150.0,
                poll_up=True,
                watermark=NOW - 70,
                gaps=1,
                gap_seconds=12.5,
                coverage=0.99,
                tracked=17,
                overdue={"5m": 2},
                pending={("sms", "RU", "mts", "accepted", "0-5m"): 11},
            ),
            StreamState(account="main", channel="email"),
        ),
        accounts=(
            AccountState(
                account="main",
                up=True,
                state="ok",
                budget_limit=29,
                permits_free_at=(NOW - 1, NOW, NOW + 1, NOW + 3600),
                expected_countries=("RU",),
                outlook=Outlook(saturation=0.275, streams=()),
                balance=BalanceState(
                    amount=Decimal("-1871.620"),
                    credit=Decimal(5000),
                    currency="KZT",
                    read_at=NOW - 301,
                    cadence=600.0,
                    poll_up=True,
                    state="ok",
                ),
            ),
        ),
        operators=(("mts", "RU", "250", "01"),),
        recent={("main", "sms", "RU"): (5, 0.25)},
        ledger_saved=NOW - 59,
    )


def with_all_shown(snapshot: Snapshot) -> Snapshot:
    """The snapshot of a ledger in which every series, counted or not, is noted as shown."""
    collector = LedgerCollector(
        SetSource(snapshot), clock=SetClock(), facts=lambda: FACTS, names=NAMES
    )
    views = [(f.source, rows) for f, rows in collector.views() if f.source is not None]
    shown: dict[Total | Distribution, set[Labels]] = defaultdict(set)
    for source, rows in views:
        shown[source].update(rows)
    for counted in (snapshot.totals, snapshot.distributions):
        for family, values in counted.items():
            shown[family].update(values)
    return msgspec.structs.replace(snapshot, shown=shown)


@pytest.fixture
def small() -> Snapshot:
    """One account: its SMS are synced, its e-mail is not; all series were shown before."""
    return with_all_shown(_small())


@pytest.fixture
def clock() -> SetClock:
    """A clock at a fixed time."""
    return SetClock()


@pytest.fixture
def source(small: Snapshot) -> SetSource:
    """A source of the small world."""
    return SetSource(small)


@pytest.fixture
def build() -> Callable[..., LedgerCollector]:
    """Makes a collector."""

    def make(source: SetSource, clock: SetClock, **settings: object) -> LedgerCollector:
        return LedgerCollector(
            source,
            clock=clock,
            facts=lambda: FACTS,
            names=NAMES,
            **settings,  # type: ignore[arg-type]
        )

    return make


@pytest.fixture
def collector(
    build: Callable[..., LedgerCollector], source: SetSource, clock: SetClock
) -> LedgerCollector:
    """A collector over the small world."""
    return build(source, clock)
