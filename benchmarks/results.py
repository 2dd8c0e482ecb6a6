"""What rehearsals gave, kept between runs, and the table made of it."""

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from exporter.rehearsal.measures import Delay, Measures
from exporter.rehearsal.traces import HOURS, TRACES


NAIVE = "newest"
BOUND = "omniscient"
MARKS = ("<!-- begin planner table -->", "<!-- end planner table -->")
COLUMNS = (
    "trace",
    "policy",
    "seen",
    "learnt",
    "knowledge mean",
    "p50",
    "p95",
    "discovery mean",
    "p95",
    "5m matured",
    "mean",
    "p50",
    "p95",
    "pages/h",
    "error 9",
    "to naive",
    "to bound",
)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One rehearsal of one policy."""

    key: str
    """The trace or world, see `benchmarks.planner`."""
    name: str
    policy: str
    hours: float
    measures: Measures
    cpu: float
    """Seconds of processor time."""
    peak: float
    """Most memory of the process, MiB."""

    @property
    def place(self) -> tuple[str, float, str]:
        """What it is a result of."""
        return self.key, self.hours, self.policy


class Results:
    """Results in a file, the last one of each place."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[tuple[str, float, str], Result] = {}
        if path.exists():
            for each in json.loads(path.read_text(encoding="utf-8")):
                self._keep(msgspec.convert(each, Result))

    def add(self, result: Result) -> None:
        """Keep a result, on disk as well."""
        self._keep(result)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        plain = [msgspec.to_builtins(each) for each in self._found.values()]
        unfinished = self._path.with_suffix(".new")
        unfinished.write_text(json.dumps(plain, indent=1), encoding="utf-8")
        unfinished.replace(self._path)

    def of(self, keys: Sequence[str], policies: Sequence[str], hours: float) -> list[Result]:
        """Results of these places as far as there are any, in this order."""
        places = ((key, hours, policy) for key in keys for policy in policies)
        return [self._found[place] for place in places if place in self._found]

    def _keep(self, result: Result) -> None:
        self._found[result.place] = result


def table(results: Sequence[Result]) -> str:
    """A Markdown table, a line for each result."""
    means = {(r.key, r.policy): r.measures.knowledge.mean for r in results}
    lines = [_line(COLUMNS), _line("---" if n < 2 else "---:" for n in range(len(COLUMNS)))]
    lines += [_line(_cells(result, means)) for result in results]
    return "\n".join(lines)


def write_page(page: Path, results: Results, policies: Sequence[str]) -> bool:
    """Put the whole traces' table between the marks of a page; False when there is none."""
    found = results.of(list(TRACES), policies, HOURS)
    if not found:
        return False
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    page.write_text(f"{before}{MARKS[0]}\n{table(found)}\n{MARKS[1]}{after}", encoding="utf-8")
    return True


def _cells(result: Result, means: dict[tuple[str, str], float]) -> tuple[str, ...]:
    found, mean = result.measures, result.measures.knowledge.mean
    return (
        result.name,
        result.policy,
        _percent(found.discovery),
        _percent(found.knowledge),
        *map(_time, (mean, found.knowledge.p50, found.knowledge.p95)),
        *map(_time, (found.discovery.mean, found.discovery.p95)),
        _percent(found.maturing),
        *map(_time, (found.maturing.mean, found.maturing.p50, found.maturing.p95)),
        f"{sum(found.calls.values()):.1f}",
        str(found.refused),
        _ratio(mean, means.get((result.key, NAIVE))),
        _ratio(mean, means.get((result.key, BOUND))),
    )


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _percent(delay: Delay) -> str:
    return f"{100 * delay.share:.2f} %"


def _time(seconds: float) -> str:
    if math.isinf(seconds):
        return "never"
    return f"{seconds:.0f} s" if seconds < 9999.5 else f"{seconds / 3600:.1f} h"


def _ratio(mean: float, other: float | None) -> str:
    return f"{mean / other:.2f}" if other else ""
