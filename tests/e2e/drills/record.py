"""Which alerts fired during drills, who heard of them, and which were inhibited."""

import json
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self

import msgspec

from tests.e2e.drills.desk import Notice
from tests.e2e.drills.servers import Alertmanager
from tests.e2e.drills.times import Times


LOOK_EVERY = 0.5
"""Real seconds between two looks at Alertmanager."""


class Alert(msgspec.Struct, kw_only=True):
    """One alert with all its labels; times are Unix seconds of the fast time."""

    name: str
    severity: str
    labels: Mapping[str, str]
    fired: float
    heard: float | None = None
    """When somebody was told of it; None if nobody was."""
    inhibited_by: set[str] = msgspec.field(default_factory=set)
    """Names of the alerts that kept it quiet at some time."""


class Record:
    """Looks at Alertmanager again and again, from a thread of its own, while the block runs."""

    def __init__(self, alertmanager: Alertmanager, times: Times) -> None:
        self._alertmanager = alertmanager
        self._times = times
        self._alerts: dict[str, Alert] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def alerts(self, notices: Iterable[Notice]) -> list[Alert]:
        """Every alert there was, in the order of time, with who heard of it."""
        for notice in notices:
            alert = self._alerts.get(_key(notice.labels))
            if alert is not None and alert.heard is None and notice.status == "firing":
                alert.heard = self._times.fast(notice.at)
        return sorted(self._alerts.values(), key=lambda alert: alert.fired)

    def _run(self) -> None:
        while not self._done.wait(LOOK_EVERY):
            self.look()

    def look(self) -> None:
        """Take note of what Alertmanager knows now."""
        found = json.loads(self._alertmanager.get("/api/v2/alerts", "application/json"))
        names = {each["fingerprint"]: each["labels"]["alertname"] for each in found}
        for each in found:
            alert = self._alerts.setdefault(_key(each["labels"]), self._alert(each))
            quiet = each["status"]["inhibitedBy"]
            alert.inhibited_by |= {names[source] for source in quiet if source in names}

    def _alert(self, found: Mapping[str, Any]) -> Alert:
        labels = found["labels"]
        started = datetime.fromisoformat(found["startsAt"]).timestamp()
        return Alert(
            name=labels["alertname"],
            severity=labels.get("severity", ""),
            labels=labels,
            fired=self._times.fast(started),
        )


def _key(labels: Mapping[str, str]) -> str:
    return json.dumps(labels, sort_keys=True)
