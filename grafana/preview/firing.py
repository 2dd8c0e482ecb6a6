"""Evaluates alerts over a past, as Prometheus would have: what fired, and since when."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exporter.durations import parse_duration
from tests.e2e.servers import Prometheus


STEP = 60.0


def fired(
    server: Prometheus, groups: Sequence[Mapping[str, Any]], start: float, end: float
) -> Iterator[str]:
    """``ALERTS`` and ``ALERTS_FOR_STATE`` from start to end (Unix seconds), as OpenMetrics."""
    for group in groups:
        for rule in group["rules"]:
            if "alert" in rule:
                yield from _samples(rule, _found(server, rule["expr"], start, end), end)
    yield "# EOF\n"


def _found(
    server: Prometheus, expr: str, start: float, end: float
) -> Iterator[tuple[dict[str, str], list[float]]]:
    """Labels of each alert, and the times at which its expression held."""
    span = {"start": f"{start:.0f}", "end": f"{end:.0f}", "step": f"{STEP:.0f}"}
    for series in server.api("query_range", query=expr, **span)["result"]:
        labels = {name: value for name, value in series["metric"].items() if name != "__name__"}
        yield labels, [at for at, _ in series["values"]]


def _samples(
    rule: Mapping[str, Any], found: Iterator[tuple[dict[str, str], list[float]]], end: float
) -> Iterator[str]:
    wait = parse_duration(rule.get("for", 0))
    hold = parse_duration(rule.get("keep_firing_for", 0))
    for labels, times in found:
        named = {"alertname": rule["alert"], **labels, **rule["labels"]}
        for since, last in _stretches(times, wait, hold):
            until = last + hold if last - since >= wait else last
            yield from _lines(named, since, min(until, end), wait)


def _lines(named: dict[str, str], since: float, until: float, wait: float) -> Iterator[str]:
    """One alert's samples from its first moment to its last."""
    for step in range(int((until - since) // STEP) + 1):
        at = since + step * STEP
        state = "firing" if at - since >= wait else "pending"
        yield f"ALERTS{_text({**named, 'alertstate': state})} 1 {at:.3f}"
        yield f"ALERTS_FOR_STATE{_text(named)} {since:.0f} {at:.3f}"


def _stretches(times: Sequence[float], wait: float, hold: float) -> Iterator[tuple[float, float]]:
    """First and last time of each stretch; what fires already goes on through short pauses."""
    if not times:
        return
    since = last = times[0]
    for at in times[1:]:
        bridged = hold if last - since >= wait else 0.0
        if at - last > max(bridged, STEP):
            yield since, last
            since = at
        last = at
    yield since, last


def _text(labels: Mapping[str, str]) -> str:
    inside = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
    return f"{{{inside}}}"
