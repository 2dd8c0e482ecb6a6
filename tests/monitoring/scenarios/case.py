"""A case: series as the exporter would show them, and when which alert fires."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from exporter.exposition.catalogue import BY_NAME
from exporter.monitoring.rules import alerts, rule_file, rule_groups
from exporter.monitoring.thresholds import Thresholds
from tests.monitoring.scenarios.tracks import EVERY, Track, written


JOB = "smsc"
INSTANCE = "exporter:10048"
HEADING = """\
# Written by `python -m tests.monitoring.scenarios`; run with promtool test rules.
# yamllint disable rule:line-length
"""
BOTH = ("smsc-recording.yml", "smsc-alerts.yml")
_RECORDED = re.compile(r"[a-z_]+:[a-z_]+:[a-z0-9_]+")
AREAS = {alert.name: (alert.severity, alert.area) for alert in alerts()}


@dataclass(frozen=True)
class Line:
    """One series and how it goes on."""

    name: str
    labels: Mapping[str, str]
    track: Sequence[float | None]

    def plain(self, every: float) -> dict[str, str]:
        """As a test file has it, with a sample ``every`` so many minutes."""
        inside = ",".join(f'{label}="{value}"' for label, value in self.labels.items())
        sampled = self.track[:: round(every / EVERY)]
        return {"series": f"{self.name}{{{inside}}}", "values": written(sampled)}


def line(name: str, track: Track, /, **labels: str) -> Line:
    """A series of the catalogue with every label that it has; KeyError for one that is missing."""
    family = BY_NAME[
        name.removesuffix("_bucket").removesuffix("_count") if name not in BY_NAME else name
    ]
    order = {label: labels.pop(label) for label in family.labels}
    return Line(name, {"job": JOB, "instance": INSTANCE, **order, **labels}, track)


@dataclass(frozen=True)
class Fires:
    """What fires of one alert at a minute; nothing when ``whose`` is empty."""

    at: float
    alert: str
    whose: Sequence[Mapping[str, str]] = ()

    def plain(self) -> dict[str, Any]:
        """As a test file has it."""
        severity, area = AREAS[self.alert]
        common = {
            "alertname": self.alert,
            "alertstate": "firing",
            "severity": severity,
            "area": area,
        }
        samples = [{"labels": _alert(common | dict(one)), "value": 1} for one in self.whose]
        expr = f'ALERTS{{alertname="{self.alert}",alertstate="firing"}}'
        return {"expr": expr, "eval_time": _time(self.at), "exp_samples": samples}


@dataclass(frozen=True)
class Gives:
    """What an expression gives at a minute: labels and value of each sample."""

    at: float
    expr: str
    samples: Sequence[tuple[Mapping[str, str], float]]

    def plain(self) -> dict[str, Any]:
        """As a test file has it."""
        samples = [{"labels": _labels(labels), "value": value} for labels, value in self.samples]
        return {"expr": self.expr, "eval_time": _time(self.at), "exp_samples": samples}


@dataclass(frozen=True)
class Case:
    """One test of a file."""

    name: str
    lines: Sequence[Line]
    checks: Sequence[Fires | Gives]
    every: float = field(default=EVERY)
    """Minutes between samples."""

    def plain(self) -> dict[str, Any]:
        """As a test file has it."""
        return {
            "name": self.name,
            "interval": _time(self.every),
            "input_series": [one.plain(self.every) for one in self.lines],
            "promql_expr_test": [check.plain() for check in self.checks],
        }


@dataclass(frozen=True)
class File:
    """Cases that a test file has."""

    name: str
    cases: Sequence[Case]
    rules: Sequence[str] = BOTH
    alone: bool = False
    """Whether no more rules are worked out than are asked about: for tests of days and weeks."""

    @property
    def alerts(self) -> frozenset[str]:
        """Alerts that are asked about."""
        checks = (check for case in self.cases for check in case.checks)
        return frozenset(check.alert for check in checks if isinstance(check, Fires))

    def texts(self) -> Mapping[str, str]:
        """What promtool reads, by path."""
        rules = f"rules/{self.name}.yml"
        document: dict[str, Any] = {
            "rule_files": [rules] if self.alone else [f"../rules/{name}" for name in self.rules],
            "evaluation_interval": "30s",
            "group_eval_order": [str(group["name"]) for group in reversed(self.groups())],
            "tests": [case.plain() for case in self.cases],
        }
        test = yaml.dump(document, Dumper=Indented, sort_keys=False, width=10**6)
        texts = {f"{self.name}.yml": HEADING + test}
        return texts | {rules: HEADING + rule_file(self.groups())} if self.alone else texts

    def groups(self) -> list[dict[str, Any]]:
        """The rules that are asked about and those that they read, as they are."""
        groups = [group for group in rule_groups(Thresholds()) if _file_of(group) in self.rules]
        wanted = self._wanted([rule for group in groups for rule in group["rules"]])
        chosen = (
            {**group, "rules": [rule for rule in group["rules"] if _name(rule) in wanted]}
            for group in groups
        )
        return [group for group in chosen if group["rules"]]

    def _wanted(self, rules: Sequence[dict[str, Any]]) -> set[str]:
        checks = (check for case in self.cases for check in case.checks)
        asked = [check.expr for check in checks if isinstance(check, Gives)]
        wanted, names = set[str](), {*self.alerts, *_RECORDED.findall(" ".join(asked))}
        while names:
            wanted |= names
            read = [rule["expr"] for rule in rules if _name(rule) in names]
            names = set(_RECORDED.findall(" ".join(read))) - wanted
        return wanted


def fires(alert: str, at: float, *whose: Mapping[str, str]) -> Fires:
    """The alert fires for each of ``whose`` at minute ``at``, and for nobody else."""
    return Fires(at, alert, [{"job": JOB, **one} for one in whose])


def nobody(alert: str, at: float) -> Fires:
    """The alert fires, for nothing in particular."""
    return Fires(at, alert, [{}])


def silent(alert: str, *at: float) -> Iterator[Fires]:
    """The alert does not fire at any of these minutes."""
    for minute in at:
        yield Fires(minute, alert)


class Indented(yaml.SafeDumper):
    """Moves lists in."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002
        """Never leave a list at its parent's margin."""
        del indentless
        super().increase_indent(flow, indentless=False)


def _name(rule: Mapping[str, Any]) -> str:
    return str(rule.get("alert") or rule["record"])


def _file_of(group: Mapping[str, Any]) -> str:
    return BOTH["alert" in group["rules"][0]]


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{label}="{value}"' for label, value in sorted(labels.items())) + "}"


def _alert(labels: Mapping[str, str]) -> str:
    return f"ALERTS{_labels(labels)}"


def _time(minutes: float) -> str:
    seconds = round(minutes * 60)
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"
