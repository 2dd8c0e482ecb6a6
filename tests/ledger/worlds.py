"""Random worlds: messages whose statuses and prices move, and the order in which they are read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import hypothesis.strategies as st

from exporter.gateway.message import Message, Personal
from tests.ledger.desk import DAY, T0


OVER = T0 + 4 * DAY
"""By then nothing moves any more and every deadline has passed."""
ENDS = ((1, 0), (1, 0), (1, 0), (20, 1), (20, 254), (3, 0), (22, 249), (24, 0), (77, 991))
MOVES = {1: (2, 4, 3), 20: (1, 25), 3: (1, 0), 77: (20,)}
PRICES = (None, Decimal(0), Decimal("2.5"), Decimal("2.50"), Decimal("7.125"))


@dataclass(frozen=True)
class Stage:
    """What a message looks like from ``since`` on."""

    since: int
    status: int
    err: int
    cost: Decimal | None


@dataclass(frozen=True)
class Life:
    """One message from its first to its last stage."""

    message: Message
    stages: tuple[Stage, ...]

    def at(self, moment: float) -> Message | None:
        """The row that the gateway shows, None before the message exists."""
        begun = [stage for stage in self.stages if stage.since <= moment]
        if not begun:
            return None
        now = begun[-1]
        fields = {name: getattr(self.message, name) for name in self.message.__struct_fields__}
        moved = {"status": now.status, "status_time": now.since, "err": now.err, "cost": now.cost}
        return Message(**{**fields, **moved})


@dataclass(frozen=True)
class Step:
    """One reading: which messages, in which order, at what time; ``restart`` comes before it."""

    at: int
    took: float
    chosen: tuple[int, ...]
    restart: bool


@dataclass(frozen=True)
class World:
    """Lives and the readings of them."""

    lives: tuple[Life, ...]
    steps: tuple[Step, ...]

    def rows(self, chosen: Sequence[int], moment: float) -> list[Message]:
        """The rows of those of the chosen messages that exist."""
        shown = (self.lives[index % len(self.lives)].at(moment) for index in chosen)
        return [row for row in shown if row is not None]

    def everything(self) -> list[Message]:
        """All messages as they are in the end."""
        return self.rows(range(len(self.lives)), OVER)


_waits = st.sampled_from((1, 5, 29, 60, 299, 300, 301, 331, 1800, 3600, 3640, 20_000, DAY, 90_000))
_sendings = st.one_of(
    st.integers(-DAY - 50, -1), st.integers(0, 4000), st.sampled_from((-DAY, -300, 0, 1, 20_000))
)


@st.composite
def lives(draw: st.DrawFn, index: int, *, fickle: bool) -> Life:
    """One message; a ``fickle`` one may change after its final status."""
    send_time = T0 + draw(_sendings)
    pending = draw(st.sampled_from((0, 0, -1, -2) if fickle else (0, -1)))
    costs = st.sampled_from(PRICES)
    if not fickle:  # a price that moved before the baseline, or vanished, can't be told later
        costs = st.just(draw(costs)) if send_time <= T0 else st.sampled_from(PRICES[1:])
    moment = send_time - draw(st.sampled_from((0, 0, 0, 400)))
    stages = [Stage(moment, pending, 0, draw(costs))]
    if draw(st.integers(0, 5)):
        moment = max(moment, send_time) + draw(_waits)
        status, err = draw(st.sampled_from(ENDS))
        stages.append(Stage(moment, status, err, draw(costs)))
        while fickle and stages[-1].status in MOVES and draw(st.booleans()):
            moment += draw(_waits)
            status = draw(st.sampled_from(MOVES[stages[-1].status]))
            stages.append(Stage(moment, status, 0, draw(costs)))
    message = Message(
        int_id=str(10**9 - index),
        status=pending,
        send_time=send_time,
        channel=draw(st.sampled_from(("sms", "sms", "hlr"))),
        country=draw(st.sampled_from(("RU", "KZ"))),
        operator=draw(st.sampled_from(("mts", "tele2"))),
        region=draw(st.sampled_from(("", "Omsk"))),
        sender=draw(st.sampled_from(("A", "B"))),
        mccmnc=draw(st.sampled_from(("", "25001"))),
        segments=draw(st.integers(1, 3)),
        phone=Personal(f"79{index:09d}"),
    )
    return Life(message, tuple(stages))


@st.composite
def worlds(draw: st.DrawFn, *, fickle: bool = True) -> World:
    """A few messages and overlapping, repeated, late readings, some overtaken by the next."""
    count = draw(st.integers(1, 6))
    made = tuple(draw(lives(index, fickle=fickle)) for index in range(count))
    moment, steps = T0, []
    for _ in range(draw(st.integers(1, 8))):
        moment += draw(_waits)
        chosen = tuple(draw(st.lists(st.integers(0, count - 1), max_size=2 * count)))
        took = draw(st.sampled_from((0.0, 0.25, 1.5, 40.0)))
        steps.append(Step(moment, took, chosen, draw(st.booleans())))
    for index in range(len(steps) - 1):
        if draw(st.integers(0, 3)) == 0:
            slow, quick = steps[index], steps[index + 1]
            late = replace(slow, took=max(slow.took, quick.at + quick.took - slow.at))
            steps[index : index + 2] = [quick, late]
    return World(made, tuple(steps))
