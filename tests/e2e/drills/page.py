"""The table of what drills gave, and its place in the documentation."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.e2e.drills.course import Course
from tests.e2e.drills.drill import Drill
from tests.e2e.drills.spread import Told
from tests.e2e.drills.verdict import Line, lines


COLUMNS = ("incident", "alert", "severity", "fired after", "heard after", "kept quiet by")
SPREAD = ("incident", "alert", "deadline", "moments", "soonest", "half by", "latest", "aim")
ALIGNMENT = ("---", "---", "---", "---:", "---:", "---")


def marks(name: str) -> tuple[str, str]:
    """What stands before and after a generated part of a page."""
    return f"<!-- begin {name} -->", f"<!-- end {name} -->"


def table(course: Course) -> str:
    """A Markdown table, a line for each alert of each drill."""
    rows: list[tuple[str, ...]] = [COLUMNS, ALIGNMENT]
    for drill in course.drills:
        rows += _rows(drill, lines(course, drill))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def spread_table(told: Mapping[int, Sequence[Told]]) -> str:
    """A Markdown table, a line for each incident and deadline (seconds)."""
    rows: list[tuple[str, ...]] = [SPREAD, ("---", "---", *["---:"] * 6)]
    for deadline, found in told.items():
        rows += [_spread_row(each, deadline) for each in found]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _spread_row(told: Told, deadline: int) -> tuple[str, ...]:
    took = sorted(math.inf if seconds is None else seconds for seconds in told.took)
    shown = (took[0], took[len(took) // 2], took[-1])
    return (
        told.drill.title,
        told.alert,
        f"{deadline // 60} min",
        str(len(took)),
        *("never" if math.isinf(seconds) else minutes(seconds) for seconds in shown),
        minutes(told.aim),
    )


def put(page: Path, name: str, text: str) -> None:
    """Put text between the marks of a page."""
    begin, end = marks(name)
    before, rest = page.read_text(encoding="utf-8").split(begin)
    after = rest.split(end)[1]
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def _rows(drill: Drill, found: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    title = drill.title
    for line in found:
        yield (
            title,
            line.name if line.alerts == 1 else f"{line.name} × {line.alerts}",
            line.severity,
            minutes(line.fired),
            "nobody" if line.heard is None else minutes(line.heard),
            ", ".join(line.inhibited_by),
        )
        title = ""
    if title:
        yield title, "none", "", "", "", ""


def minutes(seconds: float) -> str:
    """A length of time as ``m:ss``."""
    whole = round(abs(seconds))
    sign = "-" if seconds < 0 else ""
    return f"{sign}{whole // 60}:{whole % 60:02}"
