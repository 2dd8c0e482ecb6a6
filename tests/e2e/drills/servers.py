"""A real Prometheus and a real Alertmanager whose times are as compressed as the drills."""

import signal
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.backfill import KEPT
from tests.e2e.lengths import length, seconds
from tests.e2e.servers import Program, Prometheus, free_port


SCRAPE_SECONDS = 30.0
EVALUATION_SECONDS = 60.0
LOOKBACK_SECONDS = 300.0
RESEND_SECONDS = 60.0
RULES = "rules.yml"
SCRAPED = 20.0
"""Real seconds that Prometheus takes to begin, at most."""


class Alertmanager(Program):
    """An Alertmanager that tells one webhook of everything."""

    def __init__(self, binary: Path, folder: Path, config: Mapping[str, Any]) -> None:
        folder.mkdir()
        port = free_port()
        (folder / "alertmanager.yml").write_text(yaml.safe_dump(dict(config)))
        command = [
            str(binary),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ]
        super().__init__(command, f"http://127.0.0.1:{port}", folder / "log")


class Ruler(Prometheus):
    """A Prometheus that scrapes the drills' jobs, evaluates rules and sends alerts."""

    def __init__(
        self, binary: Path, folder: Path, config: Mapping[str, Any], desk: str, speed: float
    ) -> None:
        super().__init__(binary, folder, "")
        self.folder = folder
        self.instance = _address(desk)
        """Label of everything it scrapes."""
        (folder / "prometheus.yml").write_text(yaml.safe_dump(dict(config)))
        self._command = [
            *self._command,
            f"--query.lookback-delta={length(LOOKBACK_SECONDS, speed)}",
            f"--rules.alert.resend-delay={length(RESEND_SECONDS, speed)}",
            *KEPT,
            "--log.level=warn",
        ]

    def begin_to_rule(self, groups: Sequence[Mapping[str, Any]], targets: int) -> None:
        """Load the rules once all targets are scraped: up to five real seconds pass between the
        start and the first scrape, in which rules would see nothing but the past.
        """
        self.await_query("up", lambda found: len(found) == targets, SCRAPED)
        rules = yaml.safe_dump({"groups": list(groups)}, sort_keys=False)
        (self.folder / RULES).write_text(rules)
        self.signal(signal.SIGHUP)
        self.await_text("/api/v1/rules?type=alert", lambda text: "alerting" in text, SCRAPED)


def prometheus_config(
    jobs: Mapping[str, str], desk: str, alertmanager: str, speed: float
) -> dict[str, Any]:
    """Prometheus' configuration, whose rules come later; ``jobs`` are names and their paths at
    the ``desk``.
    """
    scrapes = [
        {
            "job_name": job,
            "metrics_path": path,
            "static_configs": [{"targets": [_address(desk)]}],
        }
        for job, path in jobs.items()
    ]
    return {
        "global": {
            "scrape_interval": length(SCRAPE_SECONDS, speed),
            "scrape_timeout": length(SCRAPE_SECONDS, speed),
            "evaluation_interval": length(EVALUATION_SECONDS, speed),
        },
        "rule_files": [f"*{RULES}"],
        "alerting": {
            "alertmanagers": [{"static_configs": [{"targets": [_address(alertmanager)]}]}]
        },
        "scrape_configs": scrapes,
    }


def alertmanager_config(example: Mapping[str, Any], hook: str, speed: float) -> dict[str, Any]:
    """The example's routes and inhibitions, compressed, with the webhook as every receiver."""
    webhook = {"url": hook, "send_resolved": True}
    return {
        "route": _compressed(example["route"], speed),
        "inhibit_rules": example["inhibit_rules"],
        "receivers": [
            {"name": receiver["name"], "webhook_configs": [webhook]}
            for receiver in example["receivers"]
        ],
    }


def _compressed(route: Mapping[str, Any], speed: float) -> dict[str, Any]:
    lengths: Iterable[str] = ("group_wait", "group_interval", "repeat_interval")
    changed = {name: length(seconds(route[name]), speed) for name in lengths if name in route}
    below = [_compressed(each, speed) for each in route.get("routes", ())]
    return {**route, **changed, **({"routes": below} if below else {})}


def _address(url: str) -> str:
    return url.removeprefix("http://")
