"""Reading the past: page after page, however long it takes, within what may be spent."""

from typing import Protocol

import msgspec

from exporter.clock import Clock
from exporter.gateway.errors import BadParameters, GatewayError, RefusedLogin
from exporter.gateway.message import Page
from exporter.gateway.request import HistoryRequest
from exporter.history.errors import ReadingStopped
from exporter.history.period import Period
from exporter.history.windows import next_window
from exporter.history.work import Window, WorkFile
from exporter.ledger.errors import LedgerError
from exporter.ledger.permits import Denied


PAUSE_FIRST, PAUSE_MOST = 30.0, 900.0
"""Seconds to wait after a call that gave no page; doubled from one to the other."""
MOST_FAILURES = 20
"""Calls in a row that may give no page before reading stops: some hours of trouble."""
MOMENT = 1.0
"""Seconds to wait at least when there is no permit."""


class Source(Protocol):
    """Where pages come from."""

    async def page(self, request: HistoryRequest) -> Page | Denied:
        """A page of the history, or why there is no permit.

        Raises:
            GatewayError: the call gave no page.
            LedgerError: the ledger can't be used.

        """
        ...


class Watcher(Protocol):
    """Told how reading goes on."""

    def read(self, window: Window) -> None:
        """A page of this window was read and kept."""
        ...

    def waiting(self, why: str, until: float) -> None:
        """Nothing is asked until a moment, Unix seconds; ``why`` is a word or a sentence."""
        ...


class Reader:
    """Reads days of streams into a work file."""

    def __init__(self, work: WorkFile, source: Source, watcher: Watcher, clock: Clock) -> None:
        self._work = work
        self._source = source
        self._watcher = watcher
        self._clock = clock

    async def read(self, stream: str, period: Period, until: float, settle: float = 0.0) -> None:
        """Read what is left of a stream's period up to a moment that has passed.

        Raises:
            ReadingStopped: asking on makes no sense now.
            WorkFileError: a page can't be kept.

        """
        while window := next_window(self._work.windows(stream), stream, period, until, settle):
            await self._go_on(window)

    async def _go_on(self, window: Window) -> None:
        request = HistoryRequest(
            start=window.first,
            end=window.last,
            prev_id=window.prev_id,
            format=8 if window.stream == "email" else 0,
        )
        asked_at, page = await self._ask(request)
        after = _after(window, request, page, self._work.plan.zone)
        after = msgspec.structs.replace(after, asked_at=window.asked_at or asked_at)
        self._work.keep(after, page.messages, asked_at)
        self._watcher.read(after)

    async def _ask(self, request: HistoryRequest) -> tuple[float, Page]:
        """A page and when it was asked for, whatever comes between."""
        failures = 0
        while True:
            asked_at = self._clock.now()
            try:
                found = await self._source.page(request)
            except (RefusedLogin, BadParameters) as error:
                raise ReadingStopped(str(error)) from error
            except (GatewayError, LedgerError) as error:
                failures += 1
                if failures >= MOST_FAILURES:
                    raise ReadingStopped(f"{failures} calls in a row failed: {error}") from error
                pause = min(PAUSE_FIRST * 2.0 ** (failures - 1), PAUSE_MOST)
                await self._wait(str(error), asked_at + pause)
                continue
            if not isinstance(found, Denied):
                return asked_at, found
            if found.reason == "refused":
                raise ReadingStopped("the login was refused; correct it, then go on")
            await self._wait(found.reason, found.until)

    async def _wait(self, why: str, until: float) -> None:
        now = self._clock.now()
        until = max(until, now + MOMENT)
        self._watcher.waiting(why, until)
        await self._clock.sleep(until - now)


def _after(window: Window, request: HistoryRequest, page: Page, zone: str) -> Window:
    """How far the window is read with this page."""
    full = page.rows >= request.cnt
    last_id = page.messages[-1].int_id if page.messages else None
    if full and last_id in (None, window.prev_id):
        raise ReadingStopped(
            f"reading {window.stream} from {window.first} to {window.last} does not get on: a full"
            " page shows nothing below the one before"
        )
    days = Period(first=window.first, last=window.last, zone=zone)
    return msgspec.structs.replace(
        window,
        prev_id=last_id or window.prev_id,
        rows=window.rows + page.rows,
        pages=window.pages + 1,
        misplaced=window.misplaced + sum(not days.holds(m.send_time) for m in page.messages),
        skipped=window.skipped + sum(page.skipped.values()),
        done=not full,
    )
