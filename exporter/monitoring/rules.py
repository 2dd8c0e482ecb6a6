"""All rule groups, and the files that Prometheus reads."""

from collections.abc import Iterable
from typing import Any

import yaml

from exporter.monitoring.alerts_delivery import delivery_alerts
from exporter.monitoring.alerts_exporter import exporter_alerts
from exporter.monitoring.alerts_money import money_alerts
from exporter.monitoring.alerts_polling import polling_alerts
from exporter.monitoring.alerts_traffic import traffic_alerts
from exporter.monitoring.model import Alert, Group
from exporter.monitoring.recording import recording_groups
from exporter.monitoring.tempo import Tempo
from exporter.monitoring.thresholds import Thresholds


ALERTS_EVERY = "30s"


def rule_groups(thresholds: Thresholds, speed: float = 1.0) -> list[dict[str, Any]]:
    """Every rule group as Prometheus' rule files have it under ``groups``.

    ``speed`` divides every length of time: ranges, offsets, ``for``, intervals and limits on ages.
    """
    tempo = Tempo(speed)
    groups = (*recording_groups(thresholds, tempo), *alert_groups(thresholds, tempo))
    return [_plain(group, thresholds) for group in groups]


def alert_groups(thresholds: Thresholds, tempo: Tempo) -> tuple[Group, ...]:
    """The alerts, by what they are about."""
    found = {
        "smsc-delivery": delivery_alerts(thresholds, tempo),
        "smsc-traffic-alerts": traffic_alerts(thresholds, tempo),
        "smsc-money": money_alerts(thresholds, tempo),
        "smsc-polling": polling_alerts(thresholds, tempo),
        "smsc-exporter": exporter_alerts(thresholds, tempo),
    }
    every = tempo(ALERTS_EVERY)
    return tuple(Group(name=name, interval=every, rules=rules) for name, rules in found.items())


def alerts(thresholds: Thresholds | None = None) -> tuple[Alert, ...]:
    """Every alert, in real time; with the default limits unless others are given."""
    groups = alert_groups(thresholds or Thresholds(), Tempo())
    return tuple(rule for group in groups for rule in group.rules if isinstance(rule, Alert))


def rule_file(groups: Iterable[dict[str, Any]]) -> str:
    """A rule file with these groups."""
    return yaml.dump(
        {"groups": list(groups)}, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True
    )


def _plain(group: Group, thresholds: Thresholds) -> dict[str, Any]:
    links = thresholds.links
    addresses = {"runbooks": links.runbook_base_url, "grafana": links.grafana_base_url}
    rules = [
        rule.rule(**addresses) if isinstance(rule, Alert) else rule.rule() for rule in group.rules
    ]
    return {"name": group.name, "interval": group.interval, "rules": rules}


class _Dumper(yaml.SafeDumper):
    """Writes expressions of several lines as they are, and lists moved in."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002
        del indentless
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
