"""``smsc-exporter simulate``: how fresh an account's numbers will be, before it is connected."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from exporter import logs
from exporter.commands.expected import Expected, Job, jobs_for, run_all
from exporter.commands.forecast_shown import as_json, as_text, in_words, titled
from exporter.commands.shell import USAGE_ERROR, emit, fail, note
from exporter.commands.wanted import Wanted, read_wanted
from exporter.config import ConfigError
from exporter.rehearsal.chart import Curve, draw
from exporter.rehearsal.measures import span_of
from exporter.simulation.spec import WorldError


CHART_TITLE = "Share of final statuses that are known"


def forecast(
    given: Mapping[str, Any], file: Path | None, *, chart: Path | None, json: bool
) -> None:
    """Rehearse, print what came of it, draw it; exit status 2 for wrong flags, before anything."""
    wanted = _read(given, file, chart)
    try:
        jobs = jobs_for(wanted)
    except WorldError as error:
        fail(f"the world can't be: {error}")
    logs.set_up("error")
    results = _run(jobs)
    emit(as_json(wanted, results) if json else as_text(wanted, results))
    if chart is not None:
        _write(chart, wanted, results, jobs[0].scenario.hours)


def _read(given: Mapping[str, Any], file: Path | None, chart: Path | None) -> Wanted:
    chosen = {key: value for key, value in given.items() if value is not None}
    try:
        return read_wanted(chosen, file, chart)
    except ConfigError as error:
        for problem in error.problems:
            note(f"error: {problem}")
        raise SystemExit(USAGE_ERROR) from error


def _run(jobs: Sequence[Job]) -> list[Expected]:
    columns = (
        TextColumn("rehearsing"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task("", total=sum(job.scenario.seconds for job in jobs))
        return run_all(jobs, lambda seconds: bar.advance(task, seconds))


def _write(path: Path, wanted: Wanted, results: Sequence[Expected], hours: float) -> None:
    flags = wanted.flags
    curves = [
        Curve(
            titled(result),
            result.knowledge,
            flags.policies.index(result.policy),
            flags.permits.index(result.permits),
        )
        for result in results
    ]
    try:
        drawn = draw(CHART_TITLE, in_words(wanted), curves, span_of(hours).cap)
        path.write_text(drawn, encoding="utf-8")
    except OSError as error:
        fail(f"the chart can't be written to {path}: {error.strerror}", status=1)
    note(f"chart: {path}")
