"""``python -m tests.e2e.drills``: all drills with both deadlines, and their tables in docs/."""

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from exporter import logs
from tests.e2e.drills.catalogue import DRILLS, PAST
from tests.e2e.drills.course import Course, Plan, past, run
from tests.e2e.drills.drill import Drill
from tests.e2e.drills.monitored import CHECKOUT, rules
from tests.e2e.drills.page import put, spread_table, table
from tests.e2e.drills.spread import Told, spread
from tests.e2e.drills.verdict import complaints, strangers


PAGE = CHECKOUT / "docs" / "drills.md"
AIMS = ("operator-dies", "all-die", "funds-gone", "login-refused")
"""Drills that are played at many moments."""
MOMENTS = 12
DEADLINES = {"drills": 300, "drills 2m": 120}
"""Marks of the page, and the shortest deadline of the drills whose table stands there."""


def main() -> int:
    """Run, print, write; 1 when anything is not as it must be."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers are ended, too
    logs.set_up("error")
    chosen = [drill for drill in DRILLS if not asked.only or drill.key in asked.only]
    wrong: list[str] = []
    told: dict[int, list[Told]] = {}
    for mark, deadline in DEADLINES.items():
        if deadline in asked.deadlines:
            plan = msgspec.structs.replace(Plan(), speed=asked.speed, deadline=deadline)
            course, told[deadline] = _run(chosen, plan, asked.moments)
            wrong += [f"deadline {deadline} s, {each}" for each in _wrong(course)]
            _tell(course, None if asked.only else mark)
    if asked.moments:
        _say(spread_table(told))
        if not asked.only:
            put(PAGE, "spread", spread_table(told))
    _say("\n".join(wrong))
    return 1 if wrong else 0


def _run(drills: Sequence[Drill], plan: Plan, moments: int) -> tuple[Course, list[Told]]:
    tested = rules(plan)
    aims = [drill for drill in drills if drill.key in AIMS] if moments else []
    with tempfile.TemporaryDirectory(prefix="drills-") as place:
        folder = Path(place)
        history = past(PAST, plan, tested, tool, folder / "past")
        course = run(history, drills, plan, tested, tool, folder / "run")
        told = spread(aims, moments, plan, history, tested.real, tool, folder / "spread")
    return course, told


def _tell(course: Course, mark: str | None) -> None:
    deadline, lateness = course.plan.deadline, course.lateness
    _say(f"deadline {deadline} s, the loop was {lateness:.0f} s late at most\n{table(course)}")
    if mark is not None:
        put(PAGE, mark, table(course))


def _wrong(course: Course) -> Iterator[str]:
    for drill in course.drills:
        yield from (f"{drill.key}: {each}" for each in complaints(course, drill))
    for alert in strangers(course):
        yield f"{alert.name} is about nobody: {dict(alert.labels)}"


def tool(name: str) -> Path:
    """A program that scripts/e2e-servers provides."""
    ours = CHECKOUT / "var/tools/bin" / name
    found = ours if ours.exists() else shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is missing: run scripts/e2e-servers as root once")
    return Path(found)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.drills", description=__doc__)
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="DRILL,...")
    parser.add_argument("--moments", type=int, default=MOMENTS)
    parser.add_argument("--speed", type=float, default=Plan().speed)
    parser.add_argument(
        "--deadlines",
        type=lambda text: [int(each) for each in text.split(",")],
        default=list(DEADLINES.values()),
        metavar="SECONDS,...",
    )
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
