"""An account's past at a simulated gateway, read and filled without sockets."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from exporter.clock import Clock
from exporter.gateway.answers import decode
from exporter.gateway.message import Message, Page
from exporter.gateway.request import HistoryRequest
from exporter.history.course import Course, Grid
from exporter.history.openmetrics import document, write
from exporter.history.period import Period, midnight
from exporter.history.replay import Manner, Replay
from exporter.history.work import Window
from exporter.ledger.counting import Deadlines
from exporter.ledger.labels import LabelBook, LabelLimits
from exporter.ledger.permits import Denied
from exporter.simulation.presets import LIVELY
from exporter.simulation.render import row_of, rows_text
from exporter.simulation.spec import Emails, WorldSpec
from exporter.simulation.world import Query, World
from tests.crash.oracle import Amounts, shown


ZONE = "Europe/Moscow"
DAY = 86_400
T0 = midnight(datetime(2026, 3, 2, tzinfo=UTC).date(), ZONE)
"""The first day of the tests begins."""
MANNER = Manner(
    account="main",
    currency="RUB",
    deadlines=Deadlines((300, 3600, DAY), ("5m", "1h", "24h"), 30.0),
    regions=False,
)
OPERATORS = tuple(
    msgspec.structs.replace(operator, losses={6: 0.1, 255: 0.05, 1: 0.03})
    for operator in LIVELY.operators
    if operator.name != "Tele2"
)
CALM = msgspec.structs.replace(
    LIVELY,
    per_hour=6,
    operators=OPERATORS,
    emails=Emails(per_hour=2, read_share=0, click_share=0),
    types={"flash": 0.03, "hlr": 0.05, "call": 0.05, "viber": 0.05},
    click_share=0,
    correction_share=0,
    price_change_share=0,
    stopped_share=0,
    scheduled_share=0,
    late_share=0,
    history_span=60 * DAY,
    begins=T0,
    slice_seconds=600,
)
"""A world whose late look tells all: a message is final once, and stays so."""


def world_of(spec: WorldSpec = CALM, seed: int = 1) -> World:
    return World(spec, seed)


class Archive:
    """A gateway whose clock may stand still; counts what it was asked."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.world = world
        self.asked: list[HistoryRequest] = []
        self._clock = clock

    async def page(self, request: HistoryRequest) -> Page | Denied:
        self.asked.append(request)
        assert request.start is not None
        assert request.end is not None
        period = Period(first=request.start, last=request.end, zone=ZONE)
        query = Query(
            stream="email" if request.format == 8 else "sms",
            cnt=request.cnt,
            prev_id=None if request.prev_id is None else int(request.prev_id),
            since=period.start,
            until=period.end + 1,
        )
        now = self._clock.now()
        rows = [row_of(self.world, record, now) for record in self.world.page(now, query)]
        return decode(rows_text(rows, 3).encode()) if rows else Page()


class Quiet:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.windows: list[Window] = []
        self.waits: list[tuple[str, float]] = []

    def read(self, window: Window) -> None:
        self.windows.append(window)

    def waiting(self, why: str, until: float) -> None:
        self.waits.append((why, until))


def late_look(world: World, stream: str, now: float) -> list[Message]:
    """Every message as the history shows it much later, oldest first."""
    query = Query(stream="email" if stream == "email" else "sms", cnt=10**9)
    rows = [row_of(world, record, now) for record in world.page(now, query)]
    found = decode(rows_text(rows, 3).encode()).messages if rows else ()
    return sorted(found, key=lambda message: (message.send_time, message.int_id))


def book(limits: LabelLimits | None = None) -> LabelBook:
    return LabelBook(0, "main", limits or LabelLimits())


def played(
    messages: Iterable[Message],
    end: int,
    *,
    start: int = T0,
    step: int = 60,
    labels: LabelBook | None = None,
    manner: Manner = MANNER,
) -> Course:
    replay = Replay(manner, labels or book(), Grid(start, end, step))
    replay.play(m for m in messages if start <= m.send_time <= end)
    return replay.course


Samples = dict[str, list[tuple[int, float]]]
"""Name and labels of a series, as a line has them, to its (time, value)s."""


def samples_of(text: str) -> Samples:
    found: Samples = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            series, value, time = line.rsplit(" ", 2)
            found.setdefault(series, []).append((int(time), float(value)))
    return found


def written(folder: Path, *courses: Course, **extra: str) -> str:
    path = folder / "past.om"
    write(path, document(courses, extra), lambda _size: None)
    return path.read_text(encoding="utf-8")


def amounts_at_the_end(text: str) -> Amounts:
    """What the last samples come to, as the oracle of totals has it."""
    last = {series: values[-1][1] for series, values in samples_of(text).items()}
    page = "".join(f"{series} {value}\n" for series, value in last.items())
    return shown(page, "main")


def moscow(text: str) -> int:
    """Unix seconds of an ISO time in Moscow."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp())
