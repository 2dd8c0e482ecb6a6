"""Pages narrowed to accounts."""

from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from exporter.exposition.page import MetricsPage
from exporter.exposition.selection import Selection
from exporter.ledger.snapshot import AccountState, Snapshot, StreamState, Total


TEXT = "text/plain;version=0.0.4"
NAMES = ("a", "b", "c")


@pytest.fixture
def source(source: Any) -> Any:
    """Three accounts, of one message each."""
    sets = [(name, "sms", "RU", "mts", "Shop") for name in NAMES]
    source.current = Snapshot(
        totals={Total.SUBMITTED: dict.fromkeys(sets, 1), Total.API_REQUESTS: {}},
        label_sets=tuple((labels, "RUB") for labels in sets),
        streams=tuple(
            StreamState(account=name, channel="sms", synced=True, last_success=1.0)
            for name in NAMES
        ),
        accounts=tuple(AccountState(account=name, up=True) for name in NAMES),
    )
    return source


@pytest.fixture
def page(build: Any, source: Any, clock: Any) -> MetricsPage:
    """Their page."""
    return MetricsPage(build(source, clock), runtime=CollectorRegistry())


def samples(page: MetricsPage, selection: Selection) -> set[tuple[str, tuple[Any, ...]]]:
    """Series of a page, but not their values."""
    body = page.render(TEXT, selection).body.decode()
    return {
        (sample.name, tuple(sample.labels.items()))
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }


def accounts(series: set[tuple[str, tuple[Any, ...]]]) -> set[str | None]:
    """Whose they are."""
    return {dict(labels).get("account") for _, labels in series}


@pytest.mark.parametrize("asked", [{"a"}, {"a", "c"}, {"a", "b", "c"}, {"nobody"}, set()])
def test_the_page_of_some_is_a_part_of_the_whole(page: MetricsPage, asked: set[str]) -> None:
    """Exactly the series of these accounts and of none are left."""
    whole = samples(page, Selection())
    wanted = {one for one in whole if dict(one[1]).get("account") in {*asked, None}}
    assert samples(page, Selection(accounts=frozenset(asked))) == wanted


def test_an_account_alone(page: MetricsPage) -> None:
    """Nothing but the account's series; with those of no account they make up the whole page."""
    each = [samples(page, Selection(accounts=frozenset({n}), alone=True)) for n in NAMES]
    assert [accounts(one) for one in each] == [{"a"}, {"b"}, {"c"}]
    rest = samples(page, Selection(accounts=frozenset()))
    assert set().union(*each, rest) == samples(page, Selection())


def test_names_and_accounts(page: MetricsPage) -> None:
    """Both narrow the page at once."""
    found = samples(page, Selection(names=frozenset({"smsc_up"}), accounts=frozenset({"b"})))
    assert found == {("smsc_up", (("account", "b"),))}


def test_only_the_accounts_asked_for_ripen(source: Any, clock: Any, build: Any) -> None:
    """A 0 was seen of those accounts whose page was taken, and of no other."""
    collector = build(source, clock, zero_hold=60)
    page = MetricsPage(collector, runtime=CollectorRegistry())
    page.render(TEXT, Selection(accounts=frozenset({"b"}), alone=True))
    clock.time += 60
    page.render(TEXT)
    submitted = {labels[0] for total, labels in collector.ripe() if total is Total.SUBMITTED}
    assert submitted == {"b"}


def test_what_accounts_begin_their_lines_with_is_kept(
    page: MetricsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accounts asked for in turn don't push one another out; those that went are forgotten."""
    monkeypatch.setattr("exporter.exposition.text._FEW", 1)
    alone = [Selection(accounts=frozenset({name}), alone=True) for name in NAMES]
    for _ in range(40):
        for selection in alone:
            page.render(TEXT, selection)
    writer = next(iter(page._writers.values()))
    kept = writer._starts["smsc_messages_submitted_total"]
    seen = {labels[0] for labels in (*kept.known, *kept._older)}
    assert seen == set(NAMES)
    for _ in range(40):
        page.render(TEXT, alone[0])
    seen = {labels[0] for labels in (*kept.known, *kept._older)}
    assert seen == {"a"}


def test_a_changed_total_is_shown(page: MetricsPage, source: Any) -> None:
    """What was taken apart before is not shown again once it changed."""
    one = Selection(accounts=frozenset({"a"}), names=frozenset({"smsc_messages_submitted_total"}))
    page.render(TEXT, one)
    labels = ("a", "sms", "RU", "mts", "Shop")
    noted = {Total.SUBMITTED: frozenset({labels})}
    totals = {Total.SUBMITTED: {labels: 7}}
    source.current = msgspec.structs.replace(source.current, totals=totals, shown=noted)
    assert b" 7.0\n" in page.render(TEXT, one).body
