"""The worked examples of docs/counting.md are what the ledger does."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from exporter import wiring
from exporter.config import Account, Config, Credentials, LedgerConfig, Secret
from exporter.exposition.catalogue import BY_SOURCE
from exporter.gateway.message import Message, Page
from exporter.gateway.request import HistoryRequest
from exporter.ledger.ledger import Ledger
from exporter.ledger.records import Outcome
from exporter.ledger.snapshot import Snapshot, Total
from tests.ledger.desk import FREE


MIDNIGHT = 1_800_000_000 // 86400 * 86400
SHOWN = ("status", "err", "deadline", "outcome", "from", "to")
"""Labels that the examples write out."""
OF_CALLS = frozenset({Total.PERMITS, Total.API_REQUESTS})

_LINE = re.compile(r"^\| ([\d:]{8}) \| (.*) \| (.*) \|$", re.MULTILINE)


class Step(NamedTuple):
    """One line of an example."""

    at: float
    shows: str
    added: frozenset[str]


def moment(clock: str) -> float:
    hours, minutes, seconds = map(int, clock.split(":"))
    return MIDNIGHT + hours * 3600 + minutes * 60 + seconds


def steps(table: str) -> Iterator[Step]:
    for clock, shows, added in _LINE.findall(table):
        changes = re.findall(r"`(smsc_[^`]+)` (observes [\d.]+|[\d.]+)", added)
        yield Step(moment(clock), shows, frozenset(f"{name} {by}" for name, by in changes))


def message(shows: str) -> Message | None:
    status = re.search(r"status (-?\d+)", shows)
    if status is None:
        return None
    err, since, cost = (
        re.search(pattern, shows) for pattern in (r"err (\d+)", r"since ([\d:]+)", r"cost ([\d.]+)")
    )
    return Message(
        int_id="1",
        status=int(status[1]),
        send_time=int(moment("12:00:00")),
        status_time=int(moment(since[1])) if since else None,
        err=int(err[1]) if err else 0,
        country="RU",
        operator="mts",
        sender="SHOP",
        segments=2,
        cost=Decimal(cost[1]) if cost else None,
    )


def totals(snapshot: Snapshot) -> dict[str, tuple[Decimal, bool]]:
    """Each series of messages as the examples name it, with its value; True for a histogram."""
    found = {}
    for family, values in snapshot.totals.items():
        for labels, value in values.items() if family not in OF_CALLS else ():
            found[series(family, labels)] = Decimal(value), False
    for distribution, observed in snapshot.distributions.items():
        for labels, state in observed.items() if distribution.value[:3] != "api" else ():
            found[series(distribution, labels)] = state.sum, True
    return found


def series(family: object, labels: tuple[str, ...]) -> str:
    known = BY_SOURCE[family]  # type: ignore[index]
    pairs = zip(known.labels, labels, strict=True)
    shown = ",".join(f'{name}="{value}"' for name, value in pairs if name in SHOWN)
    return known.name + (f"{{{shown}}}" if shown else "")


def added(before: Snapshot, after: Snapshot) -> frozenset[str]:
    old = totals(before)
    changes = set()
    for name, (value, observes) in totals(after).items():
        by = value - old.get(name, (Decimal(0), False))[0]
        if by:
            changes.add(f"{name} {'observes ' if observes else ''}{by.normalize():f}")
    return frozenset(changes)


def plain(change: str) -> str:
    name, _, number = change.rpartition(" ")
    return f"{name} {Decimal(number).normalize():f}"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """The ledger of an exporter that is told nothing but its account."""
    account = Account(name="main", credentials=Credentials(apikey=Secret("none")))
    config = Config(accounts=(account,), ledger=LedgerConfig(path=tmp_path / "ledger.sqlite"))
    opened = wiring.ledger(config, owner=True)
    opened.open(wiring.specs(config), moment("11:00:00"))
    yield opened
    opened.close()


def apply(ledger: Ledger, step: Step) -> None:
    request = HistoryRequest()
    permit = ledger.spend("main", "head", request, FREE, step.at, mark=1)
    assert isinstance(permit, int)
    shown = message(step.shows)
    rows = () if shown is None else (shown,)
    ledger.apply(
        "main",
        "sms",
        request,
        Page(messages=rows, rows=len(rows)),
        started=step.at,
        permit_id=permit,
        limits=FREE,
        outcome=Outcome(finished_at=step.at, duration=0.0, result="ok"),
    )


@pytest.mark.parametrize("heading", ["one message, delivered late", "failed, then delivered"])
def test_each_line_of_an_example_is_what_the_ledger_adds(
    root: Path, ledger: Ledger, heading: str
) -> None:
    """Whoever follows an example by hand gets the exporter's totals."""
    page = (root / "docs" / "counting.md").read_text(encoding="utf-8")
    table = page.partition(f"## Example: {heading}")[2].partition("\n## ")[0]
    lines = list(steps(table))
    assert len(lines) > 5
    for line in lines:
        before = ledger.snapshot()
        apply(ledger, line)
        expected = {plain(change) for change in line.added}
        assert added(before, ledger.snapshot()) == expected, line.shows
