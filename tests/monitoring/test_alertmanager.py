"""Who is told of what: routes and inhibitions of the Alertmanager example."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import pytest

from exporter.monitoring.alertmanager import INHIBITIONS
from exporter.monitoring.rules import alerts
from tests.e2e.servers import Program, free_port
from tests.monitoring.tools import DEPLOY, tool


CONFIG = DEPLOY / "alertmanager" / "alertmanager.yml"
ALERTS = {alert.name: alert for alert in alerts()}
LABELS = {
    "job": "smsc",
    "account": "main",
    "channel": "sms",
    "country": "RU",
    "operator": "mts",
    "sender": "SHOP",
}

Labels = frozenset[tuple[str, str]]


def test_inhibitions_name_alerts_that_there_are() -> None:
    """No cause and no effect is misspelt or gone."""
    for inhibition in INHIBITIONS:
        assert {*inhibition.causes, *inhibition.effects} <= set(ALERTS)


def test_no_alert_silences_itself_or_what_silences_it() -> None:
    """Two alerts that hide each other would both be lost."""
    hides = {
        (cause, alert.name)
        for inhibition in INHIBITIONS
        for cause in inhibition.causes
        for alert in ALERTS.values()
        if inhibition.concerns(alert)
    }
    assert not {(one, other) for one, other in hides if (other, one) in hides}


def test_nothing_critical_is_hidden_by_what_is_less() -> None:
    """Whoever would have to get up is told, or is told the cause as urgently."""
    for inhibition in INHIBITIONS:
        for alert in filter(inhibition.concerns, ALERTS.values()):
            if alert.severity == "critical":
                assert {ALERTS[cause].severity for cause in inhibition.causes} == {"critical"}


@pytest.mark.e2e
def test_amtool_takes_the_example() -> None:
    """The example is a configuration that Alertmanager loads."""
    assert f"{len(INHIBITIONS)} inhibit rules" in amtool("check-config", str(CONFIG))


@pytest.mark.e2e
@pytest.mark.parametrize("name", sorted(ALERTS))
def test_routes(name: str) -> None:
    """Critical alerts wake somebody, warnings are tickets, the rest is written down."""
    severity = ALERTS[name].severity
    receiver = {"critical": "on-call", "warning": "tickets", "info": "log"}[severity]
    assert route(dict(labels_of(name))) == receiver


@pytest.mark.e2e
def test_alerts_of_others_take_the_way_they_took() -> None:
    """The route does not draw in alerts that are not ours."""
    assert route({"alertname": "NodeDown", "severity": "critical"}) == "tickets"


def amtool(*arguments: str) -> str:
    """What amtool says; it must not complain."""
    command = [str(tool("amtool")), *arguments]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def route(labels: Mapping[str, str]) -> str:
    """The receiver of an alert."""
    matchers = [f"{label}={value}" for label, value in labels.items()]
    return amtool("config", "routes", "test", f"--config.file={CONFIG}", *matchers).strip()


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A running Alertmanager with the example; its receivers are not there."""
    folder = tmp_path_factory.mktemp("alertmanager")
    port = free_port()
    command = [
        str(tool("alertmanager")),
        f"--config.file={CONFIG}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    program = Program(command, f"http://127.0.0.1:{port}", folder / "log")
    with program.running():
        program.await_text("/-/ready", lambda text: "OK" in text, 30)
        yield program


@pytest.mark.e2e
def test_effects_are_silent_while_a_cause_fires(alertmanager: Program) -> None:
    """Each cause silences each of its effects with the same labels, and none that differs."""
    expected: dict[Labels, bool] = {}
    for inhibition in INHIBITIONS:
        for cause in inhibition.causes:
            for alert in filter(inhibition.concerns, ALERTS.values()):
                same = {"account": f"account-{len(expected)}"}
                expected[labels_of(cause, **same)] = False
                expected[labels_of(alert.name, **same)] = True
                for label in inhibition.equal:
                    other = {**same, label: f"other-{len(expected)}"}
                    expected[labels_of(alert.name, **other)] = False
    assert sum(expected.values()) > 50
    post(alertmanager, expected)
    assert differences(alertmanager, expected) == {}


def labels_of(name: str, **changed: str) -> Labels:
    """Labels of an alert as Prometheus sends it."""
    alert = ALERTS[name]
    own = {"alertname": name, "severity": alert.severity, "area": alert.area}
    return frozenset({**LABELS, **own, **changed}.items())


def post(alertmanager: Program, alerts: Iterable[Labels]) -> None:
    """Let these alerts fire."""
    now = datetime.now(UTC).isoformat()
    body = json.dumps([{"labels": dict(labels), "startsAt": now} for labels in alerts])
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{alertmanager.url}/api/v2/alerts", body.encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def differences(alertmanager: Program, expected: Mapping[Labels, bool]) -> dict[Labels, bool]:
    """What is inhibited otherwise than expected, when all has been taken in."""
    end = time.monotonic() + 20
    while True:
        answer = json.loads(alertmanager.get("/api/v2/alerts", "application/json"))
        found = {
            frozenset(one["labels"].items()): bool(one["status"]["inhibitedBy"]) for one in answer
        }
        if found == expected or time.monotonic() > end:
            return {each: is_so for each, is_so in expected.items() if found.get(each) != is_so}
        time.sleep(0.25)
