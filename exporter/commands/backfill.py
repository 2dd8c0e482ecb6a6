"""``smsc-exporter backfill``: the past as blocks of Prometheus would have it."""

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from exporter import wiring
from exporter.clock import Clock
from exporter.commands.asking import NEW_LEDGER, open_desk
from exporter.commands.backfill_shown import done, megabytes, remarks
from exporter.commands.choices import Filling
from exporter.commands.past import ONE_IN, Pages, period_of
from exporter.commands.questions import QuestionError, choose_account
from exporter.commands.reading_shown import Shown, Span
from exporter.commands.shell import fail, note, run_to_end
from exporter.commands.wording import counted, span
from exporter.config import Account, Config
from exporter.durations import parse_duration
from exporter.gateway.client import GatewayClient
from exporter.history.errors import HistoryError, NothingToDo
from exporter.history.filling import Filled, fill
from exporter.history.openmetrics import document, is_label, write
from exporter.history.period import Period
from exporter.history.reading import Reader
from exporter.history.replay import Manner
from exporter.history.work import Plan, WorkFile
from exporter.ledger.errors import LedgerError
from exporter.ledger.labels import LabelBook
from exporter.ledger.seam import Seam, seam
from exporter.ledger.store import Store


WORK = ".work"
"""Ends the name of the file beside the output that keeps what was read."""
LONGEST_STEP = 300
"""Seconds after which Prometheus takes a series for gone."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, checked."""

    config: Config
    account: Account
    period: Period
    output: Path
    step: int
    labels: Mapping[str, str]
    one_in: int | None
    ignore_baseline: bool

    @property
    def work(self) -> Path:
        """Where what was read is kept."""
        return self.output.with_name(self.output.name + WORK)

    @property
    def plan(self) -> Plan:
        """What the work file is about."""
        period = self.period
        return Plan(account=self.account.name, first=period.first, zone=period.zone)


def backfill(
    config: Config, asked: Filling, clock: Clock, *, client: GatewayClient | None = None
) -> None:
    """Read, write, say what to do with it; exit status 1 when it ended early, 2 for wrong flags."""
    try:
        job = _job(config, asked, clock.now())
    except QuestionError as error:
        fail(str(error))
    try:
        with WorkFile(job.work, job.plan) as work:
            _write(job, work, run_to_end(gather(job, work, clock, client)), clock.now())
    except KeyboardInterrupt:
        note(f"interrupted; the same command goes on from {job.work}")
        raise
    except (HistoryError, LedgerError) as error:
        fail(str(error), status=1)


class Gathered(msgspec.Struct, frozen=True):
    """What was read: of each stream up to when, and the labels that are in use already."""

    spans: Mapping[str, Span]
    book: LabelBook


async def gather(
    job: Job, work: WorkFile, clock: Clock, client: GatewayClient | None = None
) -> Gathered:
    """Read what is missing.

    Raises:
        HistoryError, LedgerError: reading ended early; what was read is kept.

    """
    async with open_desk(job.config, job.account, clock, client=client) as desk:
        if desk.made_ledger:
            note(NEW_LEDGER.format(path=job.config.ledger.path))
        found = await desk.look(partial(_seam, job))
        await _settle(job, found, clock)
        spans = _spans(job, found, clock.now())
        await desk.skip_own_pause()
        with Shown(work, spans, desk, await desk.left(), job.one_in) as shown:
            reader = Reader(work, Pages(desk, job.one_in), shown, clock)
            for stream, stretch in spans.items():
                await reader.read(stream, stretch.period, stretch.until, stretch.settle)
        note(f"{counted(desk.spent, 'history call')} spent, {await desk.left()}")
        return Gathered(spans, found.book)


def _seam(job: Job, store: Store, account: str) -> Seam:
    """Where the past ends, and the labels it has to keep to."""
    found = seam(store, account, job.account.channels, wiring.rules(job.config).labels)
    return msgspec.structs.replace(found, baselines={}) if job.ignore_baseline else found


async def _settle(job: Job, found: Seam, clock: Clock) -> None:
    """Wait, after an exporter's first start, for rows that turn up late."""
    begun = max(found.baselines.values(), default=0.0)
    left = begun + wiring.rules(job.config).settle - clock.now()
    if left > 0:
        note(f"the exporter was first started a moment ago: waiting {span(left)} for late rows")
        await clock.sleep(left)


def _spans(job: Job, found: Seam, now: float) -> dict[str, Span]:
    """What is to be read of each stream: up to where counting began live."""
    settle = wiring.rules(job.config).settle
    ends = {
        stream: min(job.period.end, found.baselines.get(stream, now - settle))
        for stream in job.account.channels
    }
    spans: dict[str, Span] = {
        stream: Span(job.period, end, settle)
        for stream, end in ends.items()
        if end > job.period.start
    }
    if not spans:
        raise NothingToDo(
            "there is nothing to fill: the exporter counts since before --from; where its numbers"
            " are lost, --ignore-baseline fills that time, too"
        )
    return spans


def _write(job: Job, work: WorkFile, gathered: Gathered, now: float) -> None:
    """From the work file to the output."""
    filled = _filled(job, work, gathered)
    made = document(filled.courses, job.labels)
    note(f"writing {made.samples} samples of {made.series} series, {megabytes(made.size)}")
    columns = (
        TextColumn("writing"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task("", total=made.size)
        write(job.output, made, lambda size: bar.advance(task, size))
    windows = [window for stream in job.account.channels for window in work.windows(stream)]
    for remark in remarks(filled, windows, job.labels, job.account.timezone):
        note(remark)
    note(done(filled, job.output, job.work, job.account.timezone, now))


def _filled(job: Job, work: WorkFile, gathered: Gathered) -> Filled:
    rules = wiring.rules(job.config)
    manner = Manner(
        account=job.account.name,
        currency=job.account.currency,
        deadlines=rules.deadlines,
        regions=rules.labels.region,
    )
    ends = {stream: math.floor(each.until) for stream, each in gathered.spans.items()}
    with Console(stderr=True).status("counting"):
        return fill(work, manner, gathered.book, ends, job.period.start, job.step)


def _job(config: Config, asked: Filling, now: float) -> Job:
    account = choose_account(config, asked.account)
    return Job(
        config=config,
        account=account,
        period=period_of(account, asked.since, asked.until, now),
        output=_output(asked.output),
        step=_step(asked.step),
        labels=dict(_label(text) for text in asked.labels),
        one_in=None if asked.all_permits else ONE_IN,
        ignore_baseline=asked.ignore_baseline,
    )


def _output(path: Path) -> Path:
    if not path.parent.is_dir():
        raise QuestionError(f"--output: there is no folder {path.parent}")
    if path.is_dir():
        raise QuestionError(f"--output: {path} is a folder; name a file in it")
    if path.exists() and not path.with_name(path.name + WORK).exists():
        raise QuestionError(f"--output: {path} exists already; remove it or name another file")
    return path


def _step(text: str) -> int:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise QuestionError(f"--step {error}") from error
    if not seconds.is_integer() or not 1 <= seconds <= LONGEST_STEP:
        raise QuestionError(
            "--step must be whole seconds from 1s to 5m: after 5 minutes without a sample"
            " Prometheus takes a series for gone"
        )
    return int(seconds)


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not value or not is_label(name):
        raise QuestionError(
            "--label must be NAME=VALUE, with a name that the exporter's own series don't have:"
            " --label job=smsc"
        )
    return name, value
