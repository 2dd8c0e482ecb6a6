"""When alerts would have fired, by a Prometheus that knows the whole time."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from tests.e2e.lengths import seconds
from tests.e2e.servers import Prometheus


POINTS = 10_000
"""Evaluations in one query; Prometheus gives 11,000 at most."""


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """One alert that fired, Unix seconds."""

    name: str
    severity: str
    labels: Mapping[str, str]
    start: float
    end: float


def episodes(
    server: Prometheus, rule: Mapping[str, Any], span: tuple[float, float], step: float
) -> Iterator[Episode]:
    """Each time that the rule's expression held for as long as it must, looked at every ``step``
    seconds.
    """
    wait = seconds(rule.get("for", "0s"))
    for labels, moments in _held(server, rule["expr"], span, step).items():
        for start, end in _stretches(moments, step):
            if end - start >= wait:
                yield Episode(
                    name=rule["alert"],
                    severity=rule["labels"]["severity"],
                    labels=dict(labels),
                    start=start + wait,
                    end=end,
                )


Labels = tuple[tuple[str, str], ...]


def _held(
    server: Prometheus, expr: str, span: tuple[float, float], step: float
) -> dict[Labels, list[float]]:
    """Moments at which the expression had a value, by its labels."""
    found: dict[Labels, list[float]] = {}
    start, until = span
    while start <= until:
        end = min(until, start + (POINTS - 1) * step)
        answer = server.api(
            "query_range", query=expr, start=f"{start}", end=f"{end}", step=f"{step}"
        )
        for series in answer["result"]:
            labels = tuple(sorted(series["metric"].items()))
            found.setdefault(labels, []).extend(at for at, _ in series["values"])
        start = end + step
    return found


def _stretches(moments: list[float], step: float) -> Iterator[tuple[float, float]]:
    """First and last moment of each stretch without a missing evaluation."""
    start = last = moments[0]
    for moment in moments[1:]:
        if moment > last + step:
            yield start, last
            start = moment
        last = moment
    yield start, last
