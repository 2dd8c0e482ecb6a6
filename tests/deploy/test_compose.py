"""`docker compose up` would find all that it mounts, and start what belongs together."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer.main

from exporter import DEFAULT_PORT
from exporter.cli import app
from exporter.config.environment import VARIABLES
from tests.deploy.conftest import DEPLOY, ROOT, Run, read


FOLDER = DEPLOY / "compose"
SERVICES: dict[str, dict[str, Any]] = read(FOLDER / "compose.yml")["services"]
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+")


def mounts(service: str) -> dict[str, Path]:
    """Files and folders of the checkout by where the container sees them."""
    found = (entry.split(":") for entry in SERVICES[service]["volumes"])
    return {to: (FOLDER / source).resolve() for source, to, *_ in found if source.startswith(".")}


def as_seen_by(service: str, inside: str, folder: Path) -> Path:
    """A copy of what the container sees below a folder."""
    for to, source in mounts(service).items():
        if to.startswith(inside):
            target = folder / Path(to).relative_to(inside)
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    return folder


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_mounted_is_there(service: str) -> None:
    """Docker would make an empty folder of a file that is missing."""
    assert [str(path) for path in mounts(service).values() if not path.exists()] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_pinned_and_kept_in(service: str) -> None:
    """One version of everything; no rights; reachable from this machine alone."""
    definition = SERVICES[service]
    assert PINNED.fullmatch(definition["image"])
    assert definition["cap_drop"] == ["ALL"]
    assert definition["security_opt"] == ["no-new-privileges:true"]
    assert [port for port in definition["ports"] if not port.startswith("127.0.0.1:")] == []


def test_the_exporter_runs_a_command_that_is_there() -> None:
    """The simulation without an account, the exporter with one; credentials as it reads them."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    with_account = read(FOLDER / "account.yml")["services"]["exporter"]
    without = SERVICES["exporter"]["command"]
    options = {flag for option in commands[without[0]].params for flag in option.opts}
    assert (without[0], with_account["command"]) == ("demo", ["run"])
    assert {word for word in without if word.startswith("--")} <= options
    assert set(with_account["environment"]) <= set(VARIABLES)
    for name, value in with_account["environment"].items():
        assert value == f"${{{name}:-}}"


def test_prometheus_scrapes_services_that_are_there() -> None:
    """Every target is a service and the port that its own front door has."""
    config = read(FOLDER / "prometheus.yml")
    targets = {
        target
        for job in (*config["scrape_configs"], *config["alerting"]["alertmanagers"])
        for static in job["static_configs"]
        for target in static["targets"]
    }
    ports = {
        f"{name}:{port.rpartition(':')[2]}"
        for name, definition in SERVICES.items()
        for port in definition["ports"]
    }
    assert f"exporter:{DEFAULT_PORT}" in targets
    assert targets - {"localhost:9090"} <= ports


def test_grafana_finds_its_source_and_its_dashboards() -> None:
    """The data source is Prometheus; the first page is a dashboard that is mounted."""
    (source,) = read(FOLDER / "datasource.yml")["datasources"]
    (provider,) = read(ROOT / "grafana/provisioning/dashboards/smsc.yml")["providers"]
    scrape = read(FOLDER / "prometheus.yml")["global"]["scrape_interval"]
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    boards = mounts("grafana")[provider["options"]["path"]]
    assert (source["url"], source["isDefault"]) == ("http://prometheus:9090", True)
    assert source["jsonData"]["timeInterval"] == scrape
    assert str(home.parent) == provider["options"]["path"]
    assert (boards / home.name).exists()


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["compose.yml", "account.yml"])
def test_the_compose_schema_knows_every_key(run: Run, name: str) -> None:
    """A misspelt key would be refused, or worse, passed over."""
    schema = "vendor.compose-spec"
    answer = run("check-jsonschema", "--builtin-schema", schema, FOLDER / name)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.e2e
def test_prometheus_accepts_what_it_is_given(run: Run, tmp_path: Path) -> None:
    """The configuration with the rules where the container has them."""
    folder = as_seen_by("prometheus", "/etc/prometheus", tmp_path / "etc")
    answer = run("promtool", "check", "config", folder / "prometheus.yml")
    assert answer.returncode == 0, answer.stdout
    assert re.search(r"SUCCESS: [1-9]\d* rules found", answer.stdout)


@pytest.mark.e2e
def test_alertmanager_accepts_what_it_is_given(run: Run, tmp_path: Path) -> None:
    """The example's routes and inhibitions are those of a working configuration."""
    folder = as_seen_by("alertmanager", "/etc/alertmanager", tmp_path / "etc")
    answer = run("amtool", "check-config", folder / "alertmanager.yml")
    assert answer.returncode == 0, answer.stdout
