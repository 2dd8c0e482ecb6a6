"""How long an incident takes to be told, at many moments: on the virtual clock, rules back-filled.

A single run meets the exporter at one moment between two of its calls; this meets it at many.
"""

from collections.abc import Container, Mapping, Sequence
from pathlib import Path

import msgspec

from exporter.simulation.clock import VirtualClock
from tests.e2e.alarms import episodes
from tests.e2e.backfill import Groups, Keeping, Scribe, create_blocks, names_read, record
from tests.e2e.drills.course import START, Plan, Tool
from tests.e2e.drills.drill import Drill
from tests.e2e.drills.history import History, fill, ledger_of, take_over
from tests.e2e.drills.play import Play, Schedule, scraped
from tests.e2e.drills.times import Times
from tests.e2e.servers import Prometheus
from tests.e2e.station import unhurried


STEP = 30.0
"""Seconds between two scrapes, and between two evaluations."""
APART = 197.0
"""Seconds between two moments: no multiple of anything that recurs."""
FIRST = 1800.0
"""Seconds from the end of the past to the first moment."""
INSTANCE = "exporter:10048"
REAL = Times(START, START, 1.0)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How long one alert took at each moment, in seconds; None where it did not fire."""

    drill: Drill
    alert: str
    aim: float
    took: tuple[float | None, ...]


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One incident of many."""

    drill: Drill
    """Under a key of its own."""
    alert: str
    at: float
    """Unix seconds."""


def spread(
    drills: Sequence[Drill],
    moments: int,
    plan: Plan,
    history: History,
    groups: Groups,
    tool: Tool,
    folder: Path,
) -> list[Told]:
    """Play each drill at so many moments; the first of its alerts with a time is looked for."""
    if not drills:
        return []
    made = {drill.key: _moments(drill, moments) for drill in drills}
    every = [moment for of_one in made.values() for moment in of_one]
    keys = [moment.drill for moment in every]
    folder.mkdir()
    data = folder / "data"
    take_over(history, keys, folder)
    fill(history, REAL, keys, INSTANCE, tool("promtool"), folder)
    with unhurried():
        for moment in every:
            _play(moment, plan, names_read(groups), folder / "raw.om", folder)
            labels = {"job": moment.drill.job, "instance": INSTANCE}
            create_blocks(tool("promtool"), folder / "raw.om", data, labels)
    span = (START, max(moment.at for moment in every) + plan.watch)
    with Keeping(tool("prometheus"), folder / "keeping", data).running() as server:
        record(tool("promtool"), server, groups, span, data)
        fired = _first_fired(server, groups, {moment.alert for moment in every}, span)
    return [_told(drill, made[drill.key], fired) for drill in drills]


def _first_fired(
    server: Prometheus, groups: Groups, alerts: Container[str], span: tuple[float, float]
) -> dict[str, float]:
    """When the first of these alerts fired for each account."""
    fired: dict[str, float] = {}
    for rule in (rule for group in groups for rule in group["rules"]):
        if rule.get("alert") in alerts:
            for episode in episodes(server, rule, span, STEP):
                account = episode.labels["account"]
                fired[account] = min(episode.start, fired.get(account, episode.start))
    return fired


def _moments(drill: Drill, count: int) -> list[Moment]:
    alert = next(iter(drill.within))
    return [
        Moment(
            drill=msgspec.structs.replace(drill, key=f"{drill.key}-{number}"),
            alert=alert,
            at=START + FIRST + number * APART,
        )
        for number in range(count)
    ]


def _play(moment: Moment, plan: Plan, names: set[str], raw: Path, ledgers: Path) -> None:
    clock = VirtualClock(START)
    play = Play(
        moment.drill,
        Schedule(start=START, moment=moment.at, end=moment.at + plan.watch),
        clock,
        ledger=ledger_of(moment.drill, ledgers),
        deadline=plan.deadline,
        seed=plan.seed,
    )
    with Scribe(raw, names) as scribe:
        clock.run(lambda: scraped(play, scribe, STEP))


def _told(drill: Drill, moments: Sequence[Moment], fired: Mapping[str, float]) -> Told:
    alert = moments[0].alert
    times = [(fired.get(moment.drill.key), moment.at) for moment in moments]
    return Told(
        drill=drill,
        alert=alert,
        aim=drill.within[alert],
        took=tuple(None if when is None else when - at for when, at in times),
    )
