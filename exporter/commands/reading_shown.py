"""How a person is told that reading the past goes on: a bar on a terminal, else some lines."""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from exporter.commands.asking import REASONS, Desk, Left
from exporter.commands.shell import note
from exporter.commands.wording import counted, span
from exporter.history.estimate import NOTHING, Estimate, calls_left, seconds_needed
from exporter.history.period import Period, day_of
from exporter.history.windows import first_unread
from exporter.history.work import Window, WorkFile


MINUTE = 60
LONG = 900.0
"""Waits of more seconds than this are told where there is no bar."""


class Span(msgspec.Struct, frozen=True):
    """What is to be read of a stream: the days of a period up to a moment, Unix seconds.

    Rows can turn up ``settle`` seconds late.
    """

    period: Period
    until: float
    settle: float = 0.0

    @property
    def days(self) -> int:
        """How many days there are."""
        return (day_of(self.until, self.period.zone) - self.period.first).days + 1

    def read(self, windows: Sequence[Window]) -> int:
        """How many of them are read."""
        unread = first_unread(windows, self.period, self.until, self.settle)
        return min(self.days, (unread - self.period.first).days)


class Shown:
    """Tells how far reading is, and how long the rest takes."""

    def __init__(
        self,
        work: WorkFile,
        spans: Mapping[str, Span],
        desk: Desk,
        left: Left,
        one_in: int | None,
    ) -> None:
        self._work = work
        self._spans = spans
        self._desk = desk
        self._window = left.window
        self._share = max(1, left.limit // (one_in or 1))
        self._calls = deque[float]()
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("reading"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("days, {task.description}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(self._rest(), total=sum(s.days for s in spans.values()))

    def __enter__(self) -> Self:
        self._bar.start()
        self._update("")
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def read(self, window: Window) -> None:
        """A page was read and kept."""
        self._calls.append(self._desk.clock.now())
        self._update("")
        if self._bar.disable and window.done:
            note(f"{_told(window)}; {self._rest()}")

    def waiting(self, why: str, until: float) -> None:
        """Nothing is asked until a moment."""
        words = f"waiting until {self._desk.moment(until)}: {REASONS.get(why, why)}"
        self._update(f"; {words}")
        if self._bar.disable and until - self._desk.clock.now() > LONG:
            note(words)

    def _update(self, beside: str) -> None:
        read = sum(
            stretch.read(self._work.windows(stream)) for stream, stretch in self._spans.items()
        )
        self._bar.update(self._task, completed=read, description=self._rest() + beside)

    def _rest(self) -> str:
        """How long the rest takes, in words."""
        left = self._estimate()
        if left.likely <= 0:
            return "all read"
        if left.most is None:
            return f"at least {self._time(left.least)} left"
        times = [self._time(calls) for calls in (left.likely, left.least, left.most)]
        bounds = "" if times[1] == times[2] else f" ({times[1]} to {times[2]})"
        return f"about {times[0]}{bounds} left, {counted(math.ceil(left.likely), 'call')}"

    def _estimate(self) -> Estimate:
        each = []
        for stream, stretch in self._spans.items():
            windows = self._work.windows(stream)
            each.append(calls_left(windows, stretch.days - stretch.read(windows)))
        return sum(each, start=NOTHING)

    def _time(self, calls: float) -> str:
        now = self._desk.clock.now()
        while self._calls and self._calls[0] <= now - self._window:
            self._calls.popleft()
        at_once = max(0, self._share - len(self._calls))
        seconds = seconds_needed(calls, at_once=at_once, share=self._share, window=self._window)
        return span(max(MINUTE, math.ceil(seconds / MINUTE) * MINUTE))


def _told(window: Window) -> str:
    days = f"{window.first}" if window.days == 1 else f"{window.first} to {window.last}"
    rows, pages = counted(window.rows, "row"), counted(window.pages, "call")
    return f"{window.stream} of {days}: {rows}, {pages}"
