"""What rules are, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


Severity = Literal["critical", "warning", "info"]
Area = Literal["delivery", "traffic", "money", "fraud", "polling", "exporter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A recording rule."""

    name: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def rule(self) -> dict[str, Any]:
        """The rule as a rule file has it."""
        labels = {"labels": dict(self.labels)} if self.labels else {}
        return {"record": self.name, "expr": self.expr, **labels}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alerting rule, and what people must know of it."""

    name: str
    severity: Severity
    area: Area
    expr: str
    wait: str = ""
    """How long the expression must hold (``for``), as Prometheus writes it."""
    hold: str = ""
    """How long it goes on firing afterwards (``keep_firing_for``)."""
    when: str
    """When it fires, in plain words, for the documentation."""
    summary: str
    """One line for the pager; a template."""
    description: str
    """Numbers and the first thing to do; a template."""
    dashboard: str
    """uid of the dashboard to open."""
    variables: tuple[str, ...] = ("account",)
    """Labels that are handed to the dashboard as variables."""

    def rule(self, *, runbooks: str, grafana: str) -> dict[str, Any]:
        """The rule as a rule file has it, with the addresses of runbook and dashboard."""
        waits = {"for": self.wait, "keep_firing_for": self.hold}
        return {
            "alert": self.name,
            "expr": self.expr,
            **{key: value for key, value in waits.items() if value},
            "labels": {"severity": self.severity, "area": self.area},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "dashboard_url": f"{grafana}/d/{self.dashboard}{self._query()}",
                "runbook_url": f"{runbooks}/{self.name}.md",
            },
        }

    def _query(self) -> str:
        asked = [f"var-{name}={{{{ $labels.{name} | urlquery }}}}" for name in self.variables]
        return "?" + "&".join([*asked, "from=now-6h", "to=now"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules that are evaluated one after the other, in this order."""

    name: str
    interval: str
    rules: tuple[Record | Alert, ...]
