"""Rule files of Prometheus, and the series that they make."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from tests.monitoring.promql.inference import labels_of
from tests.monitoring.promql.parsing import NotPromql, parse, seconds
from tests.monitoring.promql.series import Known, Labels, Series, alerting, exposed


RULES = Path(__file__).parents[3] / "deploy" / "prometheus" / "rules"
EVALUATION = "1m"
"""How often groups that do not say it are evaluated."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recording rule or an alert."""

    expr: str
    record: str = ""
    alert: str = ""
    wait: str = msgspec.field(name="for", default="")
    keep_firing_for: str = ""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}

    @property
    def name(self) -> str:
        """What it is called."""
        return self.record or self.alert


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules that are evaluated one after the other."""

    name: str
    rules: tuple[Rule, ...]
    interval: str = EVALUATION
    limit: int = 0
    query_offset: str = ""
    labels: Mapping[str, str] = {}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    groups: tuple[Group, ...]


class Placed(NamedTuple):
    """A rule in its group."""

    rule: Rule
    group: Group

    @property
    def place(self) -> str:
        """Group and name, and what else tells the rule from others."""
        told = "".join(f" {label}={value}" for label, value in sorted(self.rule.labels.items()))
        return f"{self.group.name} / {self.rule.name}{told if self.rule.record else ''}"


def decode(text: str | bytes) -> tuple[Group, ...]:
    """Groups of a rule file; a key that Prometheus does not know is an error."""
    return msgspec.yaml.decode(text, type=_File).groups


def committed(folder: Path = RULES) -> tuple[Group, ...]:
    """Groups of every rule file of the repository."""
    return tuple(
        group for path in sorted(folder.glob("*.yml")) for group in decode(path.read_bytes())
    )


def placed(groups: Iterable[Group]) -> Iterator[Placed]:
    """Every rule with its group."""
    return (Placed(rule, group) for group in groups for rule in group.rules)


def with_rules(groups: Iterable[Group]) -> Known:
    """All that can be read where these rules are in use."""
    rules = tuple(placed(groups))
    known = exposed()
    for _ in rules:
        grown = {**known, **_recorded(rules, known)}
        if grown == known:
            break
        known = grown
    return {**known, **alerting(_labels_of_alerts(rules, known))}


def result(found: Placed, known: Known) -> Labels:
    """Labels of the series or alerts that a rule makes; nothing is known of one without syntax."""
    try:
        labels = labels_of(parse(found.rule.expr), known) or Labels()
    except NotPromql:
        return Labels(open=True)
    return labels.plus({*found.rule.labels, *found.group.labels})


def _recorded(rules: Iterable[Placed], known: Known) -> dict[str, Series]:
    made: dict[str, Series] = {}
    for found in rules:
        if found.rule.record:
            labels = result(found, known)
            before = made.get(found.rule.record)
            every = max(seconds(found.group.interval), before.every if before else 0)
            both = labels.plus(before.labels.names) if before else labels
            made[found.rule.record] = Series(both, every=every)
    return made


def _labels_of_alerts(rules: Iterable[Placed], known: Known) -> frozenset[str]:
    every = (result(found, known).names for found in rules if found.rule.alert)
    return frozenset().union(*every)
