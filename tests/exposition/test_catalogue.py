import re
from pathlib import Path

import pytest

from exporter.exposition.catalogue import BY_NAME, BY_SOURCE, CATALOGUE
from exporter.exposition.family import Family, Kind
from exporter.exposition.reference import metrics_page
from exporter.ledger.snapshot import Distribution, Total


EVERY = pytest.mark.parametrize("family", CATALOGUE, ids=lambda family: family.name)


def test_each_family_is_there_once() -> None:
    """No name is used twice, and every total and distribution of the ledger is shown."""
    assert len(BY_NAME) == len(CATALOGUE)
    assert set(BY_SOURCE) == set(Total) | set(Distribution)


@EVERY
def test_names_follow_the_conventions(family: Family) -> None:
    """Prefix, suffix of counters only, and units as Prometheus expects them."""
    assert re.fullmatch(r"smsc_[a-z_]+", family.name)
    assert (family.kind is Kind.COUNTER) == family.name.endswith("_total")
    assert not re.search(r"_(count|sum|bucket|created)$", family.name)
    if family.kind is Kind.HISTOGRAM:
        assert family.unit == "seconds"
    if family.unit:
        assert family.base.endswith(f"_{family.unit}")


@EVERY
def test_help_is_a_sentence_of_its_own(family: Family) -> None:
    """Help is there, ends as a sentence and is not shared with another family."""
    assert family.help.endswith(".")
    assert "\n" not in family.help
    assert [other.name for other in CATALOGUE if other.help == family.help] == [family.name]


@EVERY
def test_labels_never_name_a_person(family: Family) -> None:
    """No label can hold a number, a text or an id."""
    assert not {"phone", "message", "text", "id", "int_id", "email", "le"} & set(family.labels)
    assert len(set(family.labels)) == len(family.labels)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("smsc_messages_submitted_total", "account channel country operator sender"),
        ("smsc_messages_final_total", "account channel country operator sender status"),
        ("smsc_cost_total", "account channel country operator sender currency"),
        ("smsc_cost_refunded_total", "account channel country operator currency"),
        ("smsc_messages_pending", "account channel country operator state age"),
        ("smsc_message_final_seconds", "account channel country outcome"),
        ("smsc_messages_overdue", "account channel deadline"),
        ("smsc_poll_up", "account channel endpoint"),
        ("smsc_poll_truncated_total", "account channel"),
        ("smsc_status_knowledge_delay_seconds", "account"),
        ("smsc_api_request_duration_seconds", "endpoint"),
        ("smsc_exporter_label_overflow_total", "label"),
    ],
)
def test_label_sets(name: str, labels: str) -> None:
    """The label sets that rules and dashboards rely on."""
    assert BY_NAME[name].labels == tuple(labels.split())


def test_documentation_is_current() -> None:
    """docs/metrics.md is what the catalogue gives: python -m exporter.exposition.reference."""
    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    assert page.read_text() == metrics_page()
