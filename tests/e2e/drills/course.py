"""One run of all drills: their past, their servers, and what came of it."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from exporter.simulation.haste import FastClock
from exporter.simulation.serve import serving
from tests.e2e.drills.desk import Desk
from tests.e2e.drills.drill import Drill
from tests.e2e.drills.history import History, Past, fill, ledger_of, rehearse, take_over
from tests.e2e.drills.play import Play, Schedule, play_all
from tests.e2e.drills.record import Alert, Record
from tests.e2e.drills.servers import (
    Alertmanager,
    Ruler,
    alertmanager_config,
    prometheus_config,
)
from tests.e2e.drills.times import Times
from tests.e2e.station import unhurried


START = 1_700_028_000.0
"""Unix time at which drills begin: nine in the morning in Moscow, a Wednesday."""
MINUTE = 60.0
HOUR = 3600.0
MEMORY = Path("/dev/shm")
FILLED = 150_000
"""Samples of the past that are made blocks of in a real second, at least."""
BEGUN = 3.0
"""Real seconds that an exporter takes to read its past, as a rule."""
SEEN = 20 * MINUTE
"""Ordinary life that Prometheus must have seen before the incidents."""

Tool = Callable[[str], Path]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How drills are run."""

    speed: float = 20.0
    past: float = 30 * HOUR
    """Fast seconds of ordinary life before the drills begin."""
    warm_up: float = 30 * MINUTE
    """More of it that Prometheus sees in full."""
    watch: float = 45 * MINUTE
    """Fast seconds from the incidents to the end."""
    deadline: int = 300
    """The shortest deadline, seconds."""
    seed: int = 1
    """Of the worlds."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What is under test."""

    real: Sequence[Mapping[str, Any]]
    """Rule groups in real time."""
    fast: Sequence[Mapping[str, Any]]
    """The same, as fast as the plan."""
    alertmanager: Mapping[str, Any]


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run."""

    plan: Plan
    moment: float
    """Of the incidents, Unix seconds of the fast time."""
    drills: Sequence[Drill]
    alerts: Sequence[Alert]
    lateness: float
    """Longest time that the fast loop was late, fast seconds: how sure the delays are."""


def past(drill: Drill, plan: Plan, rules: Rules, tool: Tool, folder: Path) -> History:
    """What the plan's drills have in common."""
    wanted = Past(
        drill=drill,
        since=START - plan.past,
        until=START,
        deadline=plan.deadline,
        seed=plan.seed,
    )
    folder.mkdir()
    return rehearse(wanted, rules.real, tool, folder)


def run(
    history: History, drills: Sequence[Drill], plan: Plan, rules: Rules, tool: Tool, folder: Path
) -> Course:
    """Run drills beside each other, after a common past."""
    folder.mkdir()
    memory = MEMORY if MEMORY.is_dir() else None
    with unhurried(), tempfile.TemporaryDirectory(dir=memory) as ledgers:
        take_over(history, drills, Path(ledgers))
        return _Stage(history, drills, plan, rules, tool, folder).run(Path(ledgers))


class _Stage:
    def __init__(
        self,
        history: History,
        drills: Sequence[Drill],
        plan: Plan,
        rules: Rules,
        tool: Tool,
        folder: Path,
    ) -> None:
        self._history = history
        self._drills = drills
        self._plan = plan
        self._rules = rules
        self._tool = tool
        self._folder = folder
        gathering = max(BEGUN, history.lines / FILLED) * len(drills)
        ready = START + gathering * plan.speed
        moment = ready + plan.warm_up
        self._ready = ready
        self._schedule = Schedule(
            start=START, moment=moment, end=moment + plan.watch, stagger=BEGUN * plan.speed
        )
        self._times = Times(START, time.time(), plan.speed)
        self._clock = FastClock(START, plan.speed)

    def run(self, ledgers: Path) -> Course:
        """Make ready, run, and tell."""
        plays = [self._play(drill, ledgers) for drill in self._drills]
        desk = Desk({play.drill.key: play.station for play in plays}, self._times)
        with ExitStack() as stack:
            url = stack.enter_context(serving(desk.app()))
            alertmanager = stack.enter_context(self._alertmanager(url).running())
            ruler = self._ruler(url, alertmanager)
            record = stack.enter_context(Record(alertmanager, self._times))
            lateness = self._clock.run(lambda: self._play_all(plays, ruler, stack))
            record.look()
        return Course(
            plan=self._plan,
            moment=self._schedule.moment,
            drills=self._drills,
            alerts=record.alerts(desk.notices),
            lateness=lateness,
        )

    async def _play_all(self, plays: list[Play], ruler: Ruler, servers: ExitStack) -> float:
        playing = asyncio.create_task(play_all(plays, self._schedule))
        await asyncio.to_thread(self._fill, ruler)
        await self._clock.sleep(self._ready - self._clock.now())
        await self._all_read(plays)
        servers.enter_context(ruler.running())
        await asyncio.to_thread(ruler.begin_to_rule, self._rules.fast, len(plays))
        return await playing

    async def _all_read(self, plays: list[Play]) -> None:
        """Wait for the slowest exporter, and for the first page of each, which takes longer than a
        fast scrape may.
        """
        while not all(play.station.has_read(START) for play in plays):
            if self._clock.now() > self._schedule.moment - SEEN:
                raise TimeoutError("exporters are not up in time: drill fewer of them, or slower")
            await self._clock.sleep(10.0)
        for play in plays:
            await asyncio.to_thread(play.station.page, "")

    def _fill(self, ruler: Ruler) -> None:
        """Give Prometheus the past while exporters come up."""
        promtool = self._tool("promtool")
        fill(self._history, self._times, self._drills, ruler.instance, promtool, ruler.folder)

    def _play(self, drill: Drill, ledgers: Path) -> Play:
        return Play(
            drill,
            self._schedule,
            self._clock,
            ledger=ledger_of(drill, ledgers),
            deadline=self._plan.deadline,
            seed=self._plan.seed,
        )

    def _alertmanager(self, desk: str) -> Alertmanager:
        config = alertmanager_config(self._rules.alertmanager, f"{desk}/notify", self._plan.speed)
        return Alertmanager(self._tool("alertmanager"), self._folder / "alertmanager", config)

    def _ruler(self, desk: str, alertmanager: Alertmanager) -> Ruler:
        folder = self._folder / "prometheus"
        jobs = {drill.job: f"/{drill.key}/metrics" for drill in self._drills}
        speed = self._plan.speed
        config = prometheus_config(jobs, desk, alertmanager.url, speed)
        return Ruler(self._tool("prometheus"), folder, config, desk, speed)
