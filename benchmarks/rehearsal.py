"""How long a rehearsal takes for an hour of virtual time, and where the time goes."""

import cProfile
import pstats
import re
import time
from collections import Counter

from exporter import logs
from exporter.rehearsal.briefing import Policy
from exporter.rehearsal.policies import POLICIES
from exporter.rehearsal.scenario import HOUR, Scenario, Sender
from exporter.rehearsal.stage import rehearse
from exporter.rehearsal.traces import plain_world


RATES = (20, 1000, 8000, 20_000, 40_000)
HOURS = 2.0
POLICY = "plain"
SHOWN = 8
_PACKAGE = re.compile(r"/(exporter/\w+|sqlalchemy|httpx|starlette|asyncio|numpy)\b")


def seconds_per_hour(rate: float, policy: Policy) -> float:
    """Processor time for an hour at so many messages an hour."""
    began = time.process_time()
    rehearse(_scenario(rate), policy)
    return (time.process_time() - began) / HOURS


def shares(rate: float, policy: Policy) -> Counter[str]:
    """Share of the time spent in each package, by the profiler; what C code takes is its caller's,
    but for SQLite's.
    """
    profile = cProfile.Profile()
    profile.runcall(rehearse, _scenario(rate), policy)
    found: Counter[str] = Counter()
    rows = pstats.Stats(profile).stats.items()  # type: ignore[attr-defined]
    for (path, _, name), (_, _, own, _, callers) in rows:
        if "sqlite3" in name:
            found["SQLite"] += own
        elif path != "~":
            found[_package(path)] += own
        else:
            for (caller, _, _), (_, _, part, _) in callers.items():
                found[_package(caller)] += part
    return Counter({package: time / found.total() for package, time in found.items()})


def main() -> None:
    """Print two lines for each rate."""
    logs.set_up("error")
    print(f"rehearsal, {POLICY} planner, the first {HOURS:g} hours:")
    for rate in RATES:
        seconds = seconds_per_hour(rate, POLICIES[POLICY])
        print(f"  {rate:6} messages/h {seconds:7.2f} s/h {HOUR / seconds:7.0f} times real time")
        where = shares(rate, POLICIES[POLICY]).most_common(SHOWN)
        print("    " + ", ".join(f"{package} {share:.0%}" for package, share in where))


def _scenario(rate: float) -> Scenario:
    return Scenario(name="speed", senders=(Sender(world=plain_world(rate)),), hours=HOURS)


def _package(path: str) -> str:
    found = _PACKAGE.search(path)
    return found[1].replace("/", ".") if found else "other"


if __name__ == "__main__":
    main()
