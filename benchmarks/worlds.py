"""The planner against the plain one in worlds drawn afresh: ``python -m benchmarks.worlds``.

No constant was chosen by these worlds. Exits with 1 when the planner lost anything anywhere, with
the command that runs the world again.
"""

import argparse
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmarks.planner import Job, run_all
from benchmarks.results import Result
from exporter.rehearsal.measures import Delay
from exporter.rehearsal.worlds import NAMES


OURS, BASELINE = "valuing", "plain"
TOLERANCE = 1.05
"""How many times the baseline's mean delay still counts as no loss, with `SLACK` seconds on top:
chance decides which of two equal planners comes out ahead.
"""
SLACK = 5.0
CLEAR = 0.8
"""A mean delay below so many times the baseline's is a clear win."""
MISSED = 0.001
"""Share of messages that may be missed beyond those that the baseline misses."""
MEASURES = ("discovery", "knowledge", "maturing")
SEEDS = 1_000_000


class Match(NamedTuple):
    """One world, both planners."""

    ours: Result
    baseline: Result

    def losses(self) -> list[str]:
        """Measures that are worse than the baseline's."""
        return [name for name in MEASURES if _is_lost(*self._delays(name))]

    def wins(self) -> list[str]:
        """Measures that are clearly better."""
        return [name for name in MEASURES if _is_won(*self._delays(name))]

    def line(self) -> str:
        """A row of a Markdown table."""
        pairs = [self._delays(name) for name in MEASURES]
        cells = [f"{ours.mean:.0f} s / {base.mean:.0f} s" for ours, base in pairs]
        shares = f"{100 * pairs[1][0].share:.2f} / {100 * pairs[1][1].share:.2f} %"
        verdict = "lost: " + ", ".join(self.losses()) if self.losses() else ""
        verdict = verdict or ("won: " + ", ".join(self.wins()) if self.wins() else "even")
        return f"| {self.ours.name} | {' | '.join(cells)} | {shares} | {verdict} |"

    def _delays(self, name: str) -> tuple[Delay, Delay]:
        return getattr(self.ours.measures, name), getattr(self.baseline.measures, name)


def main() -> None:
    """Run all worlds and print who won."""
    chosen = arguments()
    keys = [
        f"{name}#{chosen.seed + turn}" for turn in range(chosen.rounds) for name in chosen.names
    ]
    print(f"worlds drawn from seed {chosen.seed}, {chosen.hours:g} h each; ours / plain\n")
    print("| world | seen after | known after | 5m matured after | learnt | |")
    print("| --- | ---: | ---: | ---: | ---: | --- |", flush=True)
    matches = []
    for match in _matches(keys, chosen.hours, chosen.processes):
        matches.append(match)
        print(match.line(), flush=True)
    lost = [match for match in matches if match.losses()]
    won = sum(bool(match.wins()) for match in matches)
    print(f"\nof {len(matches)} worlds: {won} clearly won, {len(lost)} lost in some measure")
    for match in lost:
        print(
            f"again: python -m benchmarks.planner --hours {chosen.hours:g}"
            f" --policies {BASELINE},{OURS} --traces '{match.ours.key}'"
        )
    sys.exit(bool(lost))


def arguments(line: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worlds", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(SEEDS))
    parser.add_argument("--rounds", type=int, default=1, help="times that every world is drawn")
    parser.add_argument("--names", type=_names, default=NAMES, metavar="NAME,...")
    parser.add_argument("--hours", type=float, default=16.0)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(line)
    if unknown := set(chosen.names) - set(NAMES):
        parser.error(f"no such world: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    return chosen


def _matches(keys: Sequence[str], hours: float, processes: int) -> Iterator[Match]:
    jobs = [Job(key, policy, hours) for key in keys for policy in (BASELINE, OURS)]
    found: dict[str, dict[str, Result]] = {}
    for result in run_all(jobs, processes):
        both = found.setdefault(result.key, {})
        both[result.policy] = result
        if len(both) == 2:
            yield _match(both)


def _match(both: Mapping[str, Result]) -> Match:
    return Match(both[OURS], both[BASELINE])


def _is_lost(ours: Delay, baseline: Delay) -> bool:
    is_late = ours.mean > TOLERANCE * baseline.mean + SLACK
    return is_late or ours.share < baseline.share - MISSED


def _is_won(ours: Delay, baseline: Delay) -> bool:
    return ours.mean < CLEAR * baseline.mean


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


if __name__ == "__main__":
    main()
