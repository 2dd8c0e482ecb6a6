"""Everything is read once, through interruptions and faults, and nothing is asked in vain."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from exporter.gateway.errors import (
    BadParameters,
    GatewayError,
    RefusedLogin,
    TimedOut,
    UnreadableAnswer,
)
from exporter.gateway.message import Message, Page
from exporter.gateway.request import HistoryRequest
from exporter.history.errors import ReadingStopped
from exporter.history.period import Period, day_of
from exporter.history.reading import MOST_FAILURES, Reader, Source
from exporter.history.work import IN_MEMORY, Plan, WorkFile
from exporter.ledger.errors import LedgerBusy
from exporter.ledger.permits import Denied
from exporter.simulation.clock import VirtualClock
from tests.history.past import CALM, DAY, T0, ZONE, Archive, Quiet, late_look, world_of


FIRST = day_of(T0, ZONE)
BUSY = msgspec.structs.replace(CALM, per_hour=90, ends=T0 + 4 * DAY)
"""Some two thousand messages a day: several pages."""
PERIOD = Period(first=FIRST, last=FIRST + timedelta(days=4), zone=ZONE)
PLAN = Plan(account="main", first=FIRST, zone=ZONE)


@pytest.fixture
def work() -> Iterator[WorkFile]:
    with WorkFile(IN_MEMORY, PLAN) as file:
        yield file


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(T0 + 9 * DAY)


@pytest.fixture
def archive(clock: VirtualClock) -> Archive:
    return Archive(world_of(BUSY), clock)


def read(
    work: WorkFile,
    source: Source,
    clock: VirtualClock,
    *,
    stream: str = "sms",
    period: Period = PERIOD,
    watcher: Quiet | None = None,
) -> None:
    reader = Reader(work, source, watcher or Quiet(), clock)
    until = min(period.end, clock.now())
    clock.run(lambda: reader.read(stream, period, until))


def kept(work: WorkFile, stream: str = "sms") -> list[Message]:
    return [message for message, _ in work.sightings(stream, 0, 2**31)]


def plain(messages: list[Message]) -> list[Message]:
    return [msgspec.structs.replace(m, phone=None, client_id="", mccmnc="") for m in messages]


@pytest.mark.parametrize("stream", ["sms", "email"])
def test_every_message_is_read_once(
    work: WorkFile, archive: Archive, clock: VirtualClock, stream: str
) -> None:
    """What is kept is the whole history of the stream, in as few calls as the days allow."""
    read(work, archive, clock, stream=stream)
    assert kept(work, stream) == plain(late_look(archive.world, stream, clock.now()))
    windows = work.windows(stream)
    assert len(archive.asked) == sum(window.pages for window in windows)
    assert sum(window.rows for window in windows) == len(kept(work, stream))
    assert sum(window.misplaced for window in windows) == 0
    fingerprints = {request.fingerprint(b"") for request in archive.asked}
    assert len(fingerprints) == len(archive.asked)
    assert {request.format for request in archive.asked} == {8 if stream == "email" else 0}


class Interrupted(Exception):
    """The process died."""


class Mortal:
    """An archive that dies after so many pages, before or after the answer."""

    def __init__(self, archive: Archive, pages: int) -> None:
        self._archive, self._left = archive, pages

    async def page(self, request: HistoryRequest) -> Page | Denied:
        if self._left == 0:
            raise Interrupted
        self._left -= 1
        return await self._archive.page(request)


@settings(max_examples=5, phases=(Phase.explicit, Phase.generate))
@given(lives=st.lists(st.integers(0, 4), max_size=8))
def test_interruptions_cost_nothing_that_was_kept(
    lives: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """However often it dies, each page that was answered is asked for once."""
    path = tmp_path_factory.mktemp("lives") / "past.work"
    clock = VirtualClock(T0 + 9 * DAY)
    archive = Archive(world_of(BUSY), clock)
    for pages in lives:
        with WorkFile(path, PLAN) as work, contextlib.suppress(Interrupted):
            read(work, Mortal(archive, pages), clock)
    with WorkFile(path, PLAN) as work:
        read(work, archive, clock)
        assert kept(work) == plain(late_look(archive.world, "sms", clock.now()))
        assert len(archive.asked) == sum(window.pages for window in work.windows("sms"))


class Troubled:
    """An archive before which troubles come, one for each call."""

    def __init__(self, archive: Archive, *troubles: Exception | Denied) -> None:
        self._archive, self._troubles = archive, list(troubles)

    async def page(self, request: HistoryRequest) -> Page | Denied:
        if not self._troubles:
            return await self._archive.page(request)
        trouble = self._troubles.pop(0)
        if isinstance(trouble, Denied):
            return trouble
        raise trouble


def test_troubles_are_waited_out(work: WorkFile, archive: Archive, clock: VirtualClock) -> None:
    """Each pause is twice as long as the one before; no permit is waited for until there is one."""
    now, watcher = clock.now(), Quiet()
    troubles = (
        TimedOut("waited too long"),
        UnreadableAnswer("no page"),
        LedgerBusy("locked"),
        Denied(reason="share", until=now + 4000),
    )
    read(work, Troubled(archive, *troubles), clock, watcher=watcher)
    pauses = [(why, until - now) for why, until in watcher.waits]
    assert pauses == [
        ("waited too long", 30),
        ("no page", 30 + 60),
        ("locked", 30 + 60 + 120),
        ("share", 4000),
    ]
    assert kept(work) == plain(late_look(archive.world, "sms", clock.now()))


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (RefusedLogin(2), "login refused"),
        (BadParameters(1), "wrong parameters"),
        (Denied(reason="refused", until=0), "the login was refused; correct it"),
    ],
)
def test_what_another_call_can_not_cure_ends_it(
    work: WorkFile,
    archive: Archive,
    clock: VirtualClock,
    trouble: GatewayError | Denied,
    words: str,
) -> None:
    """A refused login above all: repeating it would lock everybody out."""
    with pytest.raises(ReadingStopped, match=words):
        read(work, Troubled(archive, trouble), clock)
    assert archive.asked == []


def test_trouble_without_end_ends_it(work: WorkFile, archive: Archive, clock: VirtualClock) -> None:
    """After some hours somebody has to look."""
    began = clock.now()
    with pytest.raises(ReadingStopped, match=f"{MOST_FAILURES} calls in a row failed: gone"):
        read(work, Troubled(archive, *[TimedOut("gone")] * MOST_FAILURES), clock)
    assert 3 * 3600 < clock.now() - began < 6 * 3600


class Deaf:
    """A gateway that ignores prev_id."""

    def __init__(self, change: Callable[[HistoryRequest], HistoryRequest], to: Archive) -> None:
        self._change, self._to = change, to

    async def page(self, request: HistoryRequest) -> Page | Denied:
        return await self._to.page(self._change(request))


def test_a_gateway_that_does_not_page_is_noticed(
    work: WorkFile, archive: Archive, clock: VirtualClock
) -> None:
    """The same page for ever must be taken neither for news nor for the end."""
    deaf = Deaf(lambda request: msgspec.structs.replace(request, prev_id=None), archive)
    with pytest.raises(ReadingStopped, match="does not get on: a full page shows nothing below"):
        read(work, deaf, clock)
    assert len(archive.asked) == 2


def test_days_of_another_time_zone_are_noticed(
    work: WorkFile, archive: Archive, clock: VirtualClock
) -> None:
    """A gateway whose days begin at other hours shows rows that were not asked for."""
    day = timedelta(days=1)

    def shifted(request: HistoryRequest) -> HistoryRequest:
        assert request.end is not None
        return msgspec.structs.replace(request, end=request.end + day)

    read(work, Deaf(shifted, archive), clock)
    assert sum(window.misplaced for window in work.windows("sms")) > 1000


def test_what_could_still_change_is_read_again_later(work: WorkFile) -> None:
    """A later run goes on from the days whose messages were pending, and from no earlier one."""
    clock = VirtualClock(T0 + 3.5 * DAY)
    archive = Archive(world_of(BUSY), clock)
    read(work, archive, clock)
    asked = len(archive.asked)
    clock.advance(DAY / 4)
    read(work, archive, clock)
    days = {request.start for request in archive.asked[asked:]}
    assert days == {FIRST + timedelta(days=n) for n in range(4)}
    asked = len(archive.asked)
    clock.advance(1.5 * DAY)
    read(work, archive, clock)
    assert kept(work) == plain(late_look(archive.world, "sms", clock.now()))
    assert min(r.start for r in archive.asked[asked:] if r.start) == FIRST
    clock.advance(9 * DAY)
    read(work, archive, clock)
    assert kept(work) == plain(late_look(archive.world, "sms", clock.now()))
    asked = len(archive.asked)
    clock.advance(DAY)
    read(work, archive, clock)
    assert len(archive.asked) == asked


def test_days_begin_at_local_midnight_in_summer_and_winter() -> None:
    """A day may have 23 or 25 hours."""
    days = [date(2026, 3, 29), date(2026, 10, 25), date(2026, 6, 1)]
    found = [Period(first=day, last=day, zone="Europe/Berlin") for day in days]
    assert [(one.end + 1 - one.start) / 3600 for one in found] == [23, 25, 24]
    assert [one.holds(one.start - 1) for one in found] == [False] * 3
    assert [one.holds(one.end) for one in found] == [True] * 3
