"""The unit starts what is there, keeps it in, and keeps it alive."""

import re
from pathlib import Path

import pytest

from exporter.commands.shell import USAGE_ERROR
from exporter.config import load
from exporter.web.health import LEAST_PATIENCE
from tests.deploy.conftest import DEPLOY, Run


UNIT = DEPLOY / "systemd" / "smsc-exporter.service"
LINES = UNIT.read_text(encoding="utf-8").splitlines()
MOST_EXPOSURE = 2.0


def values(key: str) -> list[str]:
    """What a key is set to, in order."""
    return [line.partition("=")[2] for line in LINES if line.partition("=")[0] == key]


@pytest.fixture
def checkable(tmp_path: Path) -> Path:
    """The unit with a program that every machine has."""
    program = "/opt/smsc-exporter/bin/smsc-exporter"
    text = UNIT.read_text(encoding="utf-8")
    assert program in text
    path = tmp_path / UNIT.name
    path.write_text(text.replace(program, "/bin/true"), encoding="utf-8")
    return path


def test_credentials_come_from_files_alone(tmp_path: Path) -> None:
    """Every file that a variable names is loaded by systemd, and gives a working account."""
    credentials = dict(entry.split(":") for entry in values("LoadCredential"))
    environ = dict(entry.split("=") for entry in values("Environment") if "SMSC" in entry)
    assert {f"%d/{name}" for name in credentials} == set(environ.values())
    assert all(name.endswith("_FILE") for name in environ)
    for name in credentials:
        (tmp_path / name).write_text("secret\n")
        (tmp_path / name).chmod(0o400)
    given = {name: path.replace("%d", str(tmp_path)) for name, path in environ.items()}
    loaded = load(UNIT.parent / "config.yml", given | {"STATE_DIRECTORY": str(tmp_path)})
    assert loaded.warnings == ()
    assert loaded.config.ledger.path.parent == tmp_path


def test_the_watchdog_is_awake_before_it_is_needed() -> None:
    """A hanging process is noticed sooner than a hanging poller, which is given minutes."""
    (seconds,) = map(int, values("WatchdogSec"))
    assert 10 <= seconds < LEAST_PATIENCE
    assert values("Type") == ["notify"]


def test_a_wrong_configuration_is_not_tried_again() -> None:
    """The status of a usage error ends the restarts."""
    assert values("RestartPreventExitStatus") == [str(USAGE_ERROR)]
    assert values("Restart") == ["on-failure"]


@pytest.mark.e2e
def test_systemd_knows_every_key(run: Run, checkable: Path) -> None:
    """`systemd-analyze verify` is content only when it says nothing at all."""
    answer = run("systemd-analyze", "verify", checkable)
    assert (answer.returncode, answer.stdout) == (0, "")


@pytest.mark.e2e
def test_the_service_is_kept_in(run: Run, checkable: Path) -> None:
    """systemd's own measure of what a service could do stays low."""
    answer = run("systemd-analyze", "security", "--offline=true", checkable)
    (level,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", answer.stdout)
    assert float(level) < MOST_EXPOSURE, answer.stdout
