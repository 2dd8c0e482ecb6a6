"""Time that runs faster than the machine's."""

import asyncio
import time

import pytest

from exporter.simulation.haste import FastClock


START = 1_700_000_000.0


def test_the_clock_multiplies_its_timer() -> None:
    """So many fast seconds are over for each of the timer's."""
    seconds = [100.0]
    clock = FastClock(START, 30.0, timer=lambda: seconds[0])
    seconds[0] += 2.0
    assert (clock.now(), clock.elapsed()) == (START + 60.0, 60.0)


def test_waiting_takes_a_part_of_the_time() -> None:
    """Sleeps, time-outs and timers of the loop pass in fast seconds, one after the other."""
    clock = FastClock(START, 1000.0)

    async def main() -> list[float]:
        moments = [clock.now()]
        await clock.sleep(60.0)
        moments.append(clock.now())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30.0):
                await asyncio.Event().wait()
        await clock.sleep(-5.0)
        return [*moments, clock.now()]

    began = time.monotonic()
    first, second, third = clock.run(main)
    took = time.monotonic() - began
    assert second - first >= 60.0
    assert third - second >= 30.0
    assert third - first <= took * 1000.0


def test_threads_answer_in_time() -> None:
    """Work handed to a thread wakes the loop as soon as it is done, long before its next timer."""
    clock = FastClock(START, 10.0)

    async def main() -> str:
        async with asyncio.timeout(600.0):
            return await asyncio.to_thread(str, 7)

    assert clock.run(main) == "7"


def test_what_fails_is_raised() -> None:
    """An error of the code that runs comes out."""

    async def main() -> None:
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        FastClock(START, 10.0).run(main)
