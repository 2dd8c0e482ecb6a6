"""promtool's word on the rules: syntax, lint, and the unit tests of every alert."""

import subprocess
from pathlib import Path

import pytest

from tests.monitoring.tools import DEPLOY, older_promtool, tool


RULES = sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))
UNIT_TESTS = sorted((DEPLOY / "prometheus" / "tests").glob("*.yml"))

pytestmark = pytest.mark.e2e


@pytest.fixture(params=["promtool", "promtool-2.53"])
def promtool(request: pytest.FixtureRequest) -> str:
    """promtool of the present line and of the older one, which reads ranges otherwise."""
    return str(tool("promtool") if request.param == "promtool" else older_promtool())


def test_rules_pass_the_lint(promtool: str) -> None:
    """Prometheus loads the rules and promtool has nothing to say about them."""
    found = run(promtool, "check", "rules", "--lint=all", "--lint-fatal", *map(str, RULES))
    assert found.count("SUCCESS") == len(RULES) == 2


def test_the_example_of_prometheus_is_taken(promtool: str) -> None:
    """The example loads and finds the rules."""
    found = run(promtool, "check", "config", str(DEPLOY / "prometheus" / "prometheus.yml"))
    assert "2 rule files found" in found


@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", UNIT_TESTS, ids=[path.stem for path in UNIT_TESTS])
def test_alerts_fire_when_they_must_and_only_then(promtool: str, path: Path) -> None:
    """Every alert fires in time, is silent where it only looks like it, and ends."""
    run(promtool, "test", "rules", str(path))


def run(*command: str) -> str:
    """What a command prints; it must succeed."""
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout + found.stderr
