import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from exporter.simulation.clock import START, DeadlockError, VirtualClock


Log = list[tuple[str, float]]


def crowd(clock: VirtualClock, log: Log) -> Callable[[], Coroutine[Any, Any, list[None]]]:
    async def worker(name: str, period: float) -> None:
        for _ in range(20):
            await clock.sleep(period)
            log.append((name, round(clock.now(), 3)))

    async def main() -> list[None]:
        return await asyncio.gather(*(worker(f"w{n}", 1 + n % 3) for n in range(6)))

    return main


def test_sleep_takes_virtual_time_only() -> None:
    """A year of sleeping ends at once and at the right moment."""
    clock = VirtualClock(1000.0)
    began = time.monotonic()
    clock.run(lambda: clock.sleep(365 * 86400))
    assert clock.now() == pytest.approx(1000.0 + 365 * 86400, abs=1e-3)
    assert time.monotonic() - began < 60


def test_asyncio_timeouts_are_virtual() -> None:
    """asyncio's own timeouts and the clock share one time line."""
    clock = VirtualClock()

    async def main() -> str:
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 3600)
        except TimeoutError:
            return "late"
        return "never"

    assert clock.run(main) == "late"
    assert clock.now() == pytest.approx(START + 3600, abs=1e-3)


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_runs_repeat_exactly(seed: int | None) -> None:
    """The same code with the same seed sees the same order of events."""
    logs: list[Log] = []
    for _ in range(2):
        log: Log = []
        clock = VirtualClock(seed=seed)
        clock.run(crowd(clock, log))
        logs.append(log)
    assert logs[0] == logs[1]
    assert len(logs[0]) == 120


def test_seeds_order_simultaneous_timers() -> None:
    """Different seeds break ties between timers differently."""
    orders = set()
    for seed in range(5):
        log: Log = []
        clock = VirtualClock(seed=seed)
        clock.run(crowd(clock, log))
        orders.add(tuple(name for name, _ in log))
    assert len(orders) > 1


def test_until_cancels_and_time_goes_on() -> None:
    """A run that is cut at a moment stops there; the next run starts there."""
    clock = VirtualClock(0.0)
    ended = []

    async def main() -> None:
        try:
            await clock.sleep(100)
        finally:
            ended.append(clock.now())

    assert clock.run(main, until=40.0) is None
    assert ended == [pytest.approx(40.0, abs=1e-3)]
    clock.run(main)
    assert clock.now() == pytest.approx(140.0, abs=1e-3)


def test_errors_come_out() -> None:
    """What the main coroutine raises is raised by the run."""
    clock = VirtualClock()

    async def main() -> None:
        await clock.sleep(1)
        raise LookupError("lost")

    with pytest.raises(LookupError, match="lost"):
        clock.run(main)


def test_deadlock_is_told() -> None:
    """Waiting for something that no timer can bring is an error, not a hang."""
    clock = VirtualClock()

    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(DeadlockError, match="nothing left"):
        clock.run(main)


def test_executor_work_takes_no_virtual_time() -> None:
    """Work handed to threads is done before time goes on."""
    clock = VirtualClock(0.0)

    async def main() -> tuple[int, float]:
        return await asyncio.to_thread(lambda: 6 * 7), clock.now()

    assert clock.run(main) == (42, 0.0)
