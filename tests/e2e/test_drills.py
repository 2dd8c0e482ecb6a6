"""Incidents at a simulated gateway, seen by the exporter, Prometheus and Alertmanager."""

from collections.abc import Callable
from pathlib import Path

import pytest

from exporter import logs
from tests.e2e.drills.catalogue import DRILLS, PAST
from tests.e2e.drills.course import Course, Plan, past, run
from tests.e2e.drills.drill import Drill
from tests.e2e.drills.monitored import rules
from tests.e2e.drills.verdict import complaints, strangers


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(500)]

QUICK = ("operator-dies", "all-die", "funds-gone", "login-refused", "restart", "quiet")
CHOSEN = [drill for drill in DRILLS if drill.key in QUICK]
PLAN = Plan(speed=30.0, watch=25 * 60.0)


@pytest.fixture(scope="module")
def course(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The chosen drills, beside each other; `make drills` runs all of them."""
    logs.set_up("error")
    folder, tested = tmp_path_factory.mktemp("drills"), rules(PLAN)
    history = past(PAST, PLAN, tested, tool, folder / "past")
    return run(history, CHOSEN, PLAN, tested, tool, folder / "run")


@pytest.mark.parametrize("drill", CHOSEN, ids=lambda drill: drill.key)
def test_the_right_people_hear_of_it_in_time(course: Course, drill: Drill) -> None:
    """What must be heard of is, within its time; nothing else fires, before or after."""
    assert list(complaints(course, drill)) == []


def test_no_alert_is_about_nobody(course: Course) -> None:
    """Every alert names an account or a job that there is."""
    assert strangers(course) == []
