"""A month of one account: rehearsed, back-filled, and looked through for alarms."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import msgspec

from exporter.simulation.clock import VirtualClock
from tests.e2e.alarms import Episode, episodes
from tests.e2e.backfill import Groups, Keeping, Scribe, create_blocks, names_read, record, spaced
from tests.e2e.drills.drill import Drill
from tests.e2e.drills.play import Play, Schedule, scraped
from tests.e2e.station import unhurried


START = 1_699_995_600.0
"""Midnight in Moscow, a Wednesday."""
DAY = 86_400.0
STEP = 60.0
"""Seconds between two scrapes, and between two evaluations."""
DEADLINE = 300
SEED = 7


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    account: Drill
    days: float
    messages: int
    """What the gateway sent."""
    calls: int
    alerts: int
    """Rules that were looked at."""
    episodes: Sequence[Episode]

    def of(self, severity: str) -> list[Episode]:
        """Alarms of a severity."""
        return [episode for episode in self.episodes if episode.severity == severity]


def live(
    account: Drill, groups: Groups, days: float, tool: Callable[[str], Path], folder: Path
) -> Month:
    """Live through so many days from the very first start on, evaluating each minute."""
    groups = spaced(groups, STEP)
    span = (START, START + days * DAY)
    data = folder / "data"
    with Days(folder / "raw.om", names_read(groups), tool("promtool"), data) as days_past:
        play = _rehearse(account, span, days_past, folder)
    with Keeping(tool("prometheus"), folder / "keeping", data).running() as server:
        record(tool("promtool"), server, groups, span, data)
        rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
        found = [episode for rule in rules for episode in episodes(server, rule, span, STEP)]
    return Month(
        account=account,
        days=days,
        messages=len(play.world.truth(*span)),
        calls=len(play.gateway.calls),
        alerts=len(rules),
        episodes=sorted(found, key=lambda episode: episode.start),
    )


class Days:
    """Takes scrapes down and makes blocks of them, a day at a time, while the block runs."""

    def __init__(self, path: Path, names: set[str], promtool: Path, data: Path) -> None:
        self._path = path
        self._names = names
        self._promtool = promtool
        self._data = data
        self._day = -1
        self._scribe: Scribe | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def scrape(self, page: str | None, at: float) -> None:
        """A scrape at a Unix time; without a page it failed."""
        if self._scribe is None or at // DAY > self._day:
            self._close()
            self._day = int(at // DAY)
            self._scribe = Scribe(self._path, self._names)
        self._scribe.scrape(page, at)

    def _close(self) -> None:
        if self._scribe is not None:
            self._scribe.close()
            self._scribe = None
            labels = {"job": "smsc", "instance": "one"}
            create_blocks(self._promtool, self._path, self._data, labels)


def _rehearse(account: Drill, span: tuple[float, float], scribe: Days, folder: Path) -> Play:
    clock = VirtualClock(span[0])
    play = Play(
        account,
        Schedule(start=span[0], moment=span[0], end=span[1]),
        clock,
        ledger=folder / "ledger.sqlite",
        deadline=DEADLINE,
        seed=SEED,
    )
    with unhurried(STEP):
        clock.run(lambda: scraped(play, scribe, STEP))
    return play
