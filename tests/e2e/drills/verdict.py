"""What the alerts of a run say of each drill: what was heard, after how long, and what is wrong."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.e2e.drills.course import Course
from tests.e2e.drills.drill import Drill
from tests.e2e.drills.record import Alert


class Line(NamedTuple):
    """All alerts of one name in a drill; times in seconds since the incident."""

    name: str
    severity: str
    alerts: int
    """How many there were, of different labels."""
    fired: float
    """The first of them."""
    heard: float | None
    """The first that anybody was told of."""
    inhibited_by: tuple[str, ...]


def lines(course: Course, drill: Drill) -> list[Line]:
    """A drill's alerts, by name, in the order in which they first fired."""
    mine = [alert for alert in course.alerts if belongs(alert, drill)]
    names = dict.fromkeys(alert.name for alert in mine)
    moment = course.moment
    return [_line([alert for alert in mine if alert.name == name], moment) for name in names]


def strangers(course: Course) -> list[Alert]:
    """Alerts of no drill at all."""
    return [
        alert
        for alert in course.alerts
        if not any(belongs(alert, drill) for drill in course.drills)
    ]


def belongs(alert: Alert, drill: Drill) -> bool:
    """Whether an alert is about a drill's account or job."""
    return alert.labels.get("account") == drill.key or alert.labels.get("job") == drill.job


def _line(alerts: Sequence[Alert], moment: float) -> Line:
    heard = [alert.heard for alert in alerts if alert.heard is not None]
    return Line(
        name=alerts[0].name,
        severity=alerts[0].severity,
        alerts=len(alerts),
        fired=min(alert.fired for alert in alerts) - moment,
        heard=min(heard) - moment if heard else None,
        inhibited_by=tuple(sorted(set().union(*(alert.inhibited_by for alert in alerts)))),
    )


def complaints(course: Course, drill: Drill) -> Iterator[str]:
    """What is not as it must be in a drill; nothing when all is well."""
    by_name = {line.name: line for line in lines(course, drill)}
    for name, seconds in drill.within.items():
        line = by_name.get(name)
        if line is None or line.heard is None:
            yield f"nobody heard of {name}"
        elif line.heard > seconds:
            yield f"{name} was heard of after {line.heard:.0f} s instead of {seconds:.0f} s"
    for name, line in by_name.items():
        if name not in {*drill.within, *drill.besides, *drill.quiet}:
            yield f"{name} must not fire"
        elif name in drill.quiet and line.heard is not None:
            yield f"{name} must not be heard of"
        if line.fired < 0:
            yield f"{name} fired {-line.fired:.0f} s before the incident"
