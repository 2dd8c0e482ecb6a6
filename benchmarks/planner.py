"""Planners compared on the traces, and on any other world: ``python -m benchmarks.planner``.

A scenario is named by a trace's number ("4"), with other seeds by number and offset ("4+1000"), or
by a world's name and seed ("any#3"). Results are kept in var/, so that single ones can be run anew.
"""

import argparse
import multiprocessing
import resource
import time
from collections.abc import Iterator, Sequence
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from benchmarks.results import Result, Results, table, write_page
from exporter import logs
from exporter.rehearsal.policies import POLICIES
from exporter.rehearsal.scenario import HOUR, Scenario
from exporter.rehearsal.stage import rehearse
from exporter.rehearsal.traces import HOURS, TRACES, trace
from exporter.rehearsal.worlds import NAMES, world


ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "var" / "bench" / "planner.json"
PAGE = ROOT / "docs" / "freshness.md"


class Job(NamedTuple):
    """One rehearsal to be run."""

    key: str
    policy: str
    hours: float


Done = SimpleQueue[float | None]
"""Virtual seconds that went by in some process; None at the end."""
_done: Done


def scenario_of(key: str, hours: float) -> Scenario:
    """The scenario of a name; `KeyError` or `ValueError` when there is none."""
    if "#" in key:
        name, _, seed = key.partition("#")
        return world(name, int(seed), hours=hours)
    number, _, offset = key.partition("+")
    return trace(number, hours=hours, offset=int(offset or 0))


def run(job: Job) -> Result:
    """Rehearse; in a process of its own."""
    logs.set_up("error")
    told = 0.0

    def progress(seconds: float) -> None:
        nonlocal told
        _done.put(seconds - told)
        told = seconds

    scenario = scenario_of(job.key, job.hours)
    began = time.process_time()
    performance = rehearse(scenario, POLICIES[job.policy], progress=progress)
    return Result(
        key=job.key,
        name=scenario.name,
        policy=job.policy,
        hours=job.hours,
        measures=performance.measures(),
        cpu=time.process_time() - began,
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def run_all(jobs: Sequence[Job], processes: int) -> Iterator[Result]:
    """Rehearse all, several at a time, with a bar of progress; results come as they are done."""
    context = multiprocessing.get_context("spawn")
    done: Done = context.SimpleQueue()
    columns = (BarColumn(), TextColumn("{task.completed:.1f}/{task.total:.0f} h"))
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("", total=sum(job.hours for job in jobs))
        watcher = Thread(target=_watch, args=(done, bar, task), daemon=True)
        watcher.start()
        with context.Pool(processes, _begin, (done,), maxtasksperchild=1) as pool:
            yield from pool.imap_unordered(run, jobs)
        done.put(None)
        watcher.join()


def _begin(done: Done) -> None:
    global _done  # noqa: PLW0603  a worker's only way to the queue
    _done = done


def _watch(done: Done, bar: Progress, task: TaskID) -> None:
    while (seconds := done.get()) is not None:
        bar.advance(task, seconds / HOUR)


def arguments(line: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planner", description=__doc__)
    parser.add_argument("--traces", type=_names, default=list(TRACES), metavar="NAME,...")
    parser.add_argument("--policies", type=_names, default=list(POLICIES), metavar="NAME,...")
    parser.add_argument("--hours", type=float, default=HOURS)
    parser.add_argument("--seeds", type=_names, default=["0"], metavar="OFFSET,...")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--table", action="store_true", help="run nothing, show what is kept")
    chosen = parser.parse_args(line)
    chosen.traces = [_seeded(key, seed) for key in chosen.traces for seed in chosen.seeds]
    try:
        for key in chosen.traces:
            scenario_of(key, chosen.hours)
    except (KeyError, ValueError) as error:
        known = ", ".join([*TRACES, *(f"{name}#1" for name in NAMES)])
        parser.error(f"no such trace or world: {error}; there are {known}")
    unknown = set(chosen.policies) - set(POLICIES)
    if unknown:
        parser.error(f"no such policy: {', '.join(unknown)}; there are {', '.join(POLICIES)}")
    return chosen


def main() -> None:
    """Run what was asked for, print the table, and write the whole traces' one into the page."""
    chosen = arguments()
    results = Results(KEPT)
    if not chosen.table:
        jobs = [Job(key, name, chosen.hours) for key in chosen.traces for name in chosen.policies]
        for result in run_all(jobs, chosen.processes):
            results.add(result)
            speed = result.hours * HOUR / result.cpu
            print(
                f"{result.name}, {result.policy}: {result.cpu:.0f} s, "
                f"{speed:.0f} times real time, {result.peak:.0f} MiB",
                flush=True,
            )
    print(table(results.of(chosen.traces, chosen.policies, chosen.hours)))
    if write_page(PAGE, results, list(POLICIES)):
        print(f"written: {PAGE.relative_to(ROOT)}")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _seeded(key: str, offset: str) -> str:
    return key if offset == "0" or "#" in key else f"{key}+{offset}"


if __name__ == "__main__":
    main()
