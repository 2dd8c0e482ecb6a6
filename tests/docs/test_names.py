"""Metrics, labels, configuration keys and words on the pages are those of the code."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from exporter.config.models import Budget
from exporter.config.written import WrittenConfig
from exporter.exposition.catalogue import BY_NAME
from exporter.exposition.family import Kind
from exporter.ledger.errors import LedgerError
from exporter.simulation.faults import FaultKind
from exporter.simulation.presets import PRESETS
from exporter.web.landing import STATE_WORDS


_METRIC = re.compile(r"(?<![:\w])smsc_[a-z0-9_]*[a-z0-9]\b(?!\*)")
"""Not recorded series, which have a level before their name."""
_SELECTOR = re.compile(r"\b(smsc_[a-z0-9_]+)\{([^}]*)\}")
_SUFFIXES = ("_bucket", "_count", "_sum")


def family_of(name: str) -> str:
    """The family of a sample: a histogram has three kinds of them."""
    for suffix in _SUFFIXES:
        base = name.removesuffix(suffix)
        if base != name and base in BY_NAME and BY_NAME[base].kind is Kind.HISTOGRAM:
            return base
    return name


def first_cells(page: str, heading: str) -> set[str]:
    """Names in the first column of the tables under a heading."""
    section = re.split(rf"^##+ .*{heading}.*$", page, flags=re.MULTILINE)[1].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_metrics_on_the_pages_exist(prose: str) -> None:
    """No page names a metric that is not exposed."""
    named = set(map(family_of, _METRIC.findall(prose)))
    assert len(named) > 20
    assert named - BY_NAME.keys() - {"smsc_recent"} == set()


def test_labels_in_selectors_exist(prose: str) -> None:
    """A query that is copied from a page selects by labels that the metric has."""
    selectors = _SELECTOR.findall(prose)
    assert selectors
    for name, inside in selectors:
        labels = set(re.findall(r"([a-z]+)(?:[=!]|,|$)", re.sub(r'"[^"]*"', "", inside)))
        assert labels <= {*BY_NAME[family_of(name)].labels, "le"}, f"{name}{{{inside}}}"


def test_configuration_keys_on_the_pages_exist(code: list[str]) -> None:
    """A dotted key names a section and a key of it; a star stands for the end of a name."""
    fields = {**WrittenConfig.model_fields, "budget": None}
    checked = 0
    for text in code:
        match = re.fullmatch(r"(budget|web|ledger|labels|log)\.([a-z_]+)(\*?)(: \w+)?", text)
        if match is None:
            continue
        section = Budget if match[1] == "budget" else fields[match[1]].annotation  # type: ignore[union-attr]
        assert isinstance(section, type)
        assert issubclass(section, BaseModel)
        known = section.model_fields
        assert match[2] in known or (match[3] and any(k.startswith(match[2]) for k in known)), text
        checked += 1
    assert checked > 5


def test_the_budget_page_has_every_key_and_its_default(pages: dict[Path, str], root: Path) -> None:
    """The limits on the page are those in force."""
    page = pages[root / "docs" / "budget.md"]
    shown = dict(re.findall(r"^\| `budget\.(\w+)` \| `?(\w+)`? \|", page, re.MULTILINE))
    written = {"window": "1h", "identical_window": "1m"}
    defaults = {name: str(field.default) for name, field in Budget.model_fields.items()}
    assert shown == defaults | written
    assert (Budget().window, Budget().identical_window) == (3600, 60)


@pytest.mark.parametrize(
    ("page", "heading", "names"),
    [
        ("simulation.md", "Faults", set(FaultKind)),
        ("simulation.md", "Worlds", set(PRESETS)),
        ("operations.md", "Troubleshooting", set(STATE_WORDS)),
        (
            "operations.md",
            "When it cannot be used",
            {LedgerError.kind, *(error.kind for error in LedgerError.__subclasses__())},
        ),
    ],
)
def test_tables_are_complete(
    pages: dict[Path, str], root: Path, page: str, heading: str, names: set[str]
) -> None:
    """Every fault, world, state and kind of ledger error is explained, and none that is gone."""
    shown = first_cells(pages[root / "docs" / page], heading)
    words = {name for name in shown if re.fullmatch(r"[a-z0-9_]+", name)}
    assert {name for name in words if not name.startswith("smsc_")} == names
