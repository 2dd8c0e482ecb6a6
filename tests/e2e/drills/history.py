"""The days before an incident: rehearsed once, then the past of every drill."""

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from exporter.simulation.clock import VirtualClock
from tests.e2e.backfill import (
    Groups,
    Keeping,
    Scribe,
    create_blocks,
    dump,
    names_read,
    record,
    spaced,
)
from tests.e2e.drills.drill import Drill
from tests.e2e.drills.play import Play, Schedule, scraped
from tests.e2e.drills.times import Times
from tests.e2e.station import unhurried


HOUR = 3600.0
EVERY = 240.0
"""Seconds between scrapes of the past: often enough for a value to be at hand at any time."""
RECENT = 7 * HOUR
"""Length of the past that every raw series has."""
LONG_READ = ("smsc_messages_submitted_total{", "smsc_api_budget_limit{", "up{", "up ")
"""Raw series that rules look for longer ago than that."""
AT_ONCE = 2
"""Blocks that are made at the same time."""
_OWN = re.compile(r'(?:job|instance|account)="[^"]*",?')


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What a past left behind."""

    drill: Drill
    """Which account's it is."""
    ledger: Path
    raw: Path
    """Samples of scraped series without their account, each line with its fast time."""
    recorded: Path
    """The same of recorded series."""
    lines: int


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """Which past is wanted; times are Unix seconds of the fast time."""

    drill: Drill
    since: float
    until: float
    deadline: int
    seed: int


def rehearse(past: Past, groups: Groups, tool: Callable[[str], Path], folder: Path) -> History:
    """Live through it on a virtual clock; ``groups`` are the rules in real time."""
    raw, data, ledger = folder / "raw.om", folder / "data", folder / "past.sqlite"
    clock = VirtualClock(past.since)
    play = Play(
        past.drill,
        Schedule(start=past.since, moment=past.until, end=past.until),
        clock,
        ledger=ledger,
        deadline=past.deadline,
        seed=past.seed,
    )
    with unhurried(), Scribe(raw, names_read(groups)) as scribe:
        clock.run(lambda: scraped(play, scribe, EVERY))
    create_blocks(tool("promtool"), raw, data, {"job": "past"})
    with Keeping(tool("prometheus"), folder / "keeping", data).running() as server:
        seldom = spaced(groups, EVERY)
        record(tool("promtool"), server, seldom, (past.since, past.until), data)
    recent, recorded = folder / "recent.om", folder / "recorded.om"
    lines = _write(recent, _kept(raw, past.until - RECENT))
    lines += _write(recorded, dump(tool("promtool"), data, ranged(groups)))
    return History(drill=past.drill, ledger=ledger, raw=recent, recorded=recorded, lines=lines)


def ranged(groups: Groups) -> set[str]:
    """Recorded series of whose past rules read more than the last value."""
    names = {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}
    texts = [rule["expr"] for group in groups for rule in group["rules"]]
    return {
        name
        for name in names
        if any(re.search(rf"{name}(?:\{{[^}}]*\}})?(?:\[| offset)", text) for text in texts)
    }


def take_over(history: History, drills: Sequence[Drill], folder: Path) -> None:
    """Give each drill a ledger of its own with that past."""
    for drill in drills:
        ledger = ledger_of(drill, folder)
        shutil.copyfile(history.ledger, ledger)
        with sqlite3.connect(ledger) as connection:
            names = (drill.key, history.drill.key)
            connection.execute("UPDATE account SET name = ? WHERE name = ?", names)
        connection.close()


def ledger_of(drill: Drill, folder: Path) -> Path:
    """Where a drill's ledger is."""
    return folder / f"{drill.key}.sqlite"


def fill(
    history: History,
    times: Times,
    drills: Iterable[Drill],
    instance: str,
    promtool: Path,
    folder: Path,
) -> None:
    """Give Prometheus that past for each drill, in real time, below ``folder``/data."""
    data = folder / "data"
    raw, recorded = (
        _in_real_time(path, times, folder / f"filled-{path.name}")
        for path in (history.raw, history.recorded)
    )

    def create(drill: Drill) -> None:
        labels = {"job": drill.job, "account": drill.key}
        create_blocks(promtool, raw, data, {**labels, "instance": instance})
        create_blocks(promtool, recorded, data, labels)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(create, drills))


def _in_real_time(path: Path, times: Times, to: Path) -> Path:
    with path.open(encoding="utf-8") as samples, to.open("w", encoding="utf-8") as file:
        file.writelines(f"{times.sample(line)}\n" for line in samples)
        file.write("# EOF\n")
    return to


def _write(path: Path, lines: Iterable[str]) -> int:
    """Write samples without what makes them one account's; gives how many."""
    with path.open("w", encoding="utf-8") as file:
        count = 0
        for line in lines:
            file.write(f"{_OWN.sub('', line)}\n")
            count += 1
    return count


def _kept(raw: Path, since: float) -> Iterator[str]:
    """Lines of raw series that rules may still read."""
    with raw.open(encoding="utf-8") as lines:
        for line in lines:
            at = line.rpartition(" ")[2]
            if not line.startswith("#") and (line.startswith(LONG_READ) or float(at) >= since):
                yield line.rstrip("\n")
