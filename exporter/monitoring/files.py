"""Every file that Prometheus and Alertmanager read, as text."""

from collections.abc import Mapping
from pathlib import Path

from exporter.monitoring.alertmanager import alertmanager_file
from exporter.monitoring.promql import lines
from exporter.monitoring.rules import rule_file, rule_groups
from exporter.monitoring.thresholds import Thresholds


RECORDING = "prometheus/rules/smsc-recording.yml"
ALERTS = "prometheus/rules/smsc-alerts.yml"
PROMETHEUS = "prometheus/prometheus.yml"
ALERTMANAGER = "alertmanager/alertmanager.yml"

_PROMETHEUS = lines(
    """
    # An example. The rules have to be beside it: rule_files is relative to this file.
    global:
      scrape_interval: 30s
      evaluation_interval: 30s
    rule_files:
      - rules/smsc-*.yml
    scrape_configs:
      - job_name: smsc
        static_configs:
          - targets: ["localhost:10048"]
    alerting:
      alertmanagers:
        - static_configs:
            - targets: ["localhost:9093"]
    """
)
_HEADING = """\
# Written by `python -m exporter.monitoring` from thresholds.yml; changes here are lost.
# yamllint disable rule:line-length
"""


def monitoring_files(thresholds: Thresholds, speed: float = 1.0) -> Mapping[str, str]:
    """Text of each file by its path below ``deploy/``."""
    groups = rule_groups(thresholds, speed)
    recording = [group for group in groups if "record" in group["rules"][0]]
    alerting = [group for group in groups if "alert" in group["rules"][0]]
    return {
        RECORDING: _HEADING + rule_file(recording),
        ALERTS: _HEADING + rule_file(alerting),
        PROMETHEUS: f"{_PROMETHEUS}\n",
        ALERTMANAGER: alertmanager_file(),
    }


def write_files(folder: Path, thresholds: Thresholds) -> list[Path]:
    """Write every file below ``folder``; gives their paths."""
    written = []
    for name, text in monitoring_files(thresholds).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
