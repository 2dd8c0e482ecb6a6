"""What is to be expected of an account's traffic: rehearsals, one for each budget and policy."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.queues import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

import msgspec

from exporter import logs
from exporter.commands.wanted import Flags, Trouble, Wanted
from exporter.config import Budget
from exporter.rehearsal.chronicle import Times
from exporter.rehearsal.measures import Measures, length_for
from exporter.rehearsal.policies import POLICIES
from exporter.rehearsal.scenario import DAY, Scenario, Sender
from exporter.rehearsal.stage import rehearse
from exporter.rehearsal.traces import plain_world
from exporter.rehearsal.worlds import slowed
from exporter.simulation.limits import Limits
from exporter.simulation.record import Stream
from exporter.simulation.spec import Campaign, Operator, Outage, WorldError, WorldSpec


SWING = 0.5
"""Share by which the rate rises and falls over the day."""

Progress = Callable[[float], object]
"""Told how many virtual seconds went by."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What one budget and policy give."""

    permits: int
    policy: str
    measures: Measures
    knowledge: Times
    """Delays of knowledge, seconds, ascending; ``inf`` for what never came."""


class Job(NamedTuple):
    """One rehearsal to be run."""

    scenario: Scenario
    policy: str


def jobs_for(wanted: Wanted) -> list[Job]:
    """A rehearsal for each budget and policy, all of the same messages; raises `WorldError`."""
    flags, world = wanted.flags, world_of(wanted)
    return [
        Job(_scenario(flags, world, permits), policy)
        for permits in flags.permits
        for policy in flags.policies
    ]


def run_all(jobs: Sequence[Job], progress: Progress) -> list[Expected]:
    """Run rehearsals, as many at once as there are processors."""
    processes = min(len(jobs), os.cpu_count() or 1)
    if processes == 1:
        return [run(job, progress) for job in jobs]
    return list(_run_beside(jobs, processes, progress))


def run(job: Job, progress: Progress) -> Expected:
    """Run one rehearsal."""
    told = 0.0

    def tell(seconds: float) -> None:
        nonlocal told
        progress(seconds - told)
        told = seconds

    performance = rehearse(job.scenario, POLICIES[job.policy], progress=tell)
    return Expected(
        permits=job.scenario.budget.requests,
        policy=job.policy,
        measures=performance.measures(),
        knowledge=performance.delays().knowledge,
    )


def world_of(wanted: Wanted) -> WorldSpec:
    """The traffic that was asked for; raises `WorldError` when its parts don't fit together."""
    flags = wanted.flags
    spec = plain_world(flags.rate, SWING if flags.day_curve else 0.0)
    mailings = tuple(
        Campaign(at=each.at, duration=each.duration, period=DAY, size=each.size)
        for each in flags.campaign
    )
    changes: dict[str, Any] = dict(wanted.world)
    changes["campaigns"] = (*changes.get("campaigns", ()), *mailings)
    if flags.email_per_hour:
        emails = changes.get("emails", spec.emails)
        changes["emails"] = msgspec.structs.replace(emails, per_hour=flags.email_per_hour)
    if flags.outage:
        changes["operators"] = _troubled(spec.operators, flags.outage)
    try:
        return slowed(msgspec.structs.replace(spec, **changes), flags.latency_factor)
    except ValueError as error:
        raise WorldError(str(error)) from error


def _troubled(operators: Sequence[Operator], troubles: Sequence[Trouble]) -> tuple[Operator, ...]:
    """Operators of which the first have these troubles, and shares as large as these say."""
    calm = operators[len(troubles) :]
    left = 1 - sum(trouble.share for trouble in troubles)
    scale = left / sum(operator.share for operator in calm)
    failing = (
        msgspec.structs.replace(_sized(operator, trouble.share), outages=(_outage(trouble),))
        for operator, trouble in zip(operators, troubles, strict=False)
    )
    return (*failing, *(_sized(operator, operator.share * scale) for operator in calm))


def _sized(operator: Operator, share: float) -> Operator:
    population = max(1, round((operator.population or 0) * share / operator.share))
    return msgspec.structs.replace(operator, share=share, population=population)


def _outage(trouble: Trouble) -> Outage:
    return Outage(at=trouble.at, duration=trouble.duration, period=DAY)


def _scenario(flags: Flags, world: WorldSpec, permits: int) -> Scenario:
    channels: tuple[Stream, ...] = ("sms", "email") if world.emails.per_hour else ("sms",)
    return Scenario(
        name="simulate",
        senders=(Sender(world=world, seed=flags.seed, channels=channels),),
        hours=length_for(flags.hours),
        foreign=flags.other_programs,
        limits=Limits(requests=max(permits, Limits().requests)),
        budget=Budget(requests=permits),
        seed=flags.seed,
    )


Done = SimpleQueue[float | None]
"""Virtual seconds that went by in some process; None at the end."""
_done: Done


def _run_beside(jobs: Sequence[Job], processes: int, progress: Progress) -> Iterator[Expected]:
    context = multiprocessing.get_context("spawn")
    done: Done = context.SimpleQueue()
    watcher = Thread(target=_watch, args=(done, progress), daemon=True)
    watcher.start()
    with _deaf():
        pool = context.Pool(processes, _begin, (done,))
    with pool:
        yield from pool.imap(_run_here, jobs, chunksize=1)
    done.put(None)
    watcher.join()


@contextmanager
def _deaf() -> Iterator[None]:
    """Ignore Ctrl-C for a moment; processes that are started in it ignore it for good."""
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


def _watch(done: Done, progress: Progress) -> None:
    while (seconds := done.get()) is not None:
        progress(seconds)


def _begin(done: Done) -> None:
    global _done  # noqa: PLW0603  a worker's only way to the queue
    _done = done
    logs.set_up("error")


def _run_here(job: Job) -> Expected:
    return run(job, _tell)


def _tell(seconds: float) -> None:
    """Report to the parent; end with it, however it ended."""
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        os._exit(1)
    _done.put(seconds)
