"""Time that runs faster than the machine's: a clock and an event loop that live by it."""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar


T = TypeVar("T")


class FastClock:
    """A `Clock` that goes ``speed`` times as fast as real time, and the runner of code in it.

    All of asyncio's own waiting inside `run` is as much shorter, sockets and executors included:
    only the work itself takes as long as ever. ``start`` is the Unix time at which it begins.
    """

    def __init__(
        self, start: float, speed: float, *, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._start = start
        self._timer = timer
        self._began = timer()
        self.speed = speed

    def now(self) -> float:
        """Unix time in seconds."""
        return self._start + self.elapsed()

    def elapsed(self) -> float:
        """Fast seconds since the start: the time of the event loop."""
        return (self._timer() - self._began) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait; negative waits return at once."""
        await asyncio.sleep(max(0.0, seconds))

    def run(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run to the end; raises what ``main`` raises."""
        with asyncio.Runner(loop_factory=lambda: _FastLoop(self)) as runner:
            return runner.run(main())


class _FastSelector(selectors.DefaultSelector):
    """Waits for fast seconds."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready within the time-out."""
        return super().select(None if timeout is None else timeout / self._speed)


class _FastLoop(asyncio.SelectorEventLoop):
    """An event loop that lives in a `FastClock`."""

    def __init__(self, clock: FastClock) -> None:
        self._fast = clock
        super().__init__(_FastSelector(clock.speed))

    def time(self) -> float:
        """Fast seconds since the clock's start."""
        return self._fast.elapsed()
