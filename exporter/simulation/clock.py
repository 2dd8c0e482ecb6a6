"""Virtual time for asyncio: the event loop jumps to the next timer as soon as nothing can run."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Executor
from contextvars import Context
from random import Random
from typing import Any, TypeVar, TypeVarTuple


T = TypeVar("T")
Ts = TypeVarTuple("Ts")
START = 1_700_000_000.0
TIE = 1e-6
"""Timers due at the same time are told apart by less than this many seconds."""


RESOLUTION = 1e-6
"""Timers due within this many seconds fire together, in the order of their times."""


class DeadlockError(RuntimeError):
    """Everything waits and no timer is set: virtual time can't go on."""


class VirtualClock:
    """A `Clock` whose seconds cost nothing, and the runner of code that lives by it.

    All of asyncio's own waiting (``sleep``, ``timeout``, ``wait_for``) is virtual inside `run`.
    Work handed to executors runs at once in the loop's own thread; real sockets are not waited
    for. With a ``seed``, timers due at the same time fire in an order drawn from it; without,
    asyncio's own (fixed) order holds. Time goes on from one `run` to the next.
    """

    def __init__(self, start: float = START, seed: int | None = None) -> None:
        self._start = start
        self._elapsed = 0.0
        self._random = None if seed is None else Random(seed)

    def now(self) -> float:
        """Unix time in seconds."""
        return self._start + self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Wait; negative waits return at once."""
        await asyncio.sleep(max(0.0, seconds))

    def run(
        self,
        main: Callable[[], Coroutine[Any, Any, T]],
        until: float | None = None,
    ) -> T | None:
        """Run to the end, or cancel at Unix time ``until`` and return None.

        Raises what ``main`` raises, and `DeadlockError` when nothing is left to wait for.
        """
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(self)) as runner:
            return runner.run(self._bounded(main, until))

    async def _bounded(
        self, main: Callable[[], Coroutine[Any, Any, T]], until: float | None
    ) -> T | None:
        task = asyncio.ensure_future(main())
        try:
            left = None if until is None else max(0.0, until - self.now())
            await asyncio.wait((task,), timeout=left)
            if task.done():
                return task.result()
            return None
        finally:
            await _end(task)

    def elapsed(self) -> float:
        """Virtual seconds since the start: the time of the event loop."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Move on; meant for the event loop, and for code that uses no loop."""
        self._elapsed += seconds

    def due(self, when: float) -> float:
        """A timer's time with its tie broken."""
        return when if self._random is None else when + self._random.random() * TIE


async def _end(task: Awaitable[object]) -> None:
    if isinstance(task, asyncio.Task) and not task.done():
        task.cancel()
        await asyncio.wait((task,))


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: time jumps by the wait instead."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; if nothing is, let the time-out pass."""
        events = super().select(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        if timeout is None:
            raise DeadlockError(f"nothing left to wait for at {self._clock.now():.3f}")
        self._clock.advance(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that lives in a `VirtualClock`."""

    def __init__(self, clock: VirtualClock) -> None:
        self._virtual = clock
        super().__init__(_JumpingSelector(clock))
        # asyncio's nanosecond drowns in the rounding of large times: timers would never be due
        self._clock_resolution = RESOLUTION

    def time(self) -> float:
        """Virtual seconds since the clock's start."""
        return self._virtual.elapsed()

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Set a timer, its tie broken by the clock."""
        return super().call_at(self._virtual.due(when), callback, *args, context=context)

    def run_in_executor(
        self,
        _executor: Executor | None,
        func: Callable[[*Ts], T],
        *args: *Ts,
    ) -> asyncio.Future[T]:
        """Run at once: threads would race with virtual time."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - handed to whoever awaits
            future.set_exception(error)
        return future
