"""Time-to-final curves as plain values, for the time between two runs."""

import zlib
from itertools import pairwise
from typing import Annotated, Any

import msgspec
import numpy as np

from exporter.polling.curves.clock import OperatorClock
from exporter.polling.curves.groups import MOST_GROUPS, Groups
from exporter.polling.curves.table import BINS, EDGES, Floats, LifeTable


DIGITS = 4
"""Significant digits kept of a weight."""
LEAST_DEATHS = 0.5
"""Weight below which a group is not worth keeping."""
BINS_MARK = zlib.crc32(EDGES.tobytes())
"""Tells the bins for which weights were kept."""

Weight = Annotated[float, msgspec.Meta(ge=0, le=1e15)]
Weights = Annotated[list[Weight], msgspec.Meta(min_length=BINS, max_length=BINS)]
Moment = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
"""Unix seconds."""


class GroupState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was learnt of one group."""

    channel: str
    operator: str
    deaths: Weights
    exposure: Weights
    expected: Weight = 0.0
    died: Weight = 0.0
    slow_since: Moment | None = None
    losses: list[tuple[Moment, Weight]] = []


class CurvesState(msgspec.Struct, frozen=True, kw_only=True):
    """What was learnt of an account."""

    bins: int
    at: Moment
    judged_at: Moment
    groups: Annotated[list[GroupState], msgspec.Meta(max_length=MOST_GROUPS)]


def write_state(groups: Groups, table: LifeTable, clock: OperatorClock) -> dict[str, Any]:
    """Plain values that `read_state` understands."""
    worth = np.flatnonzero(table.deaths_within(groups) >= LEAST_DEATHS)
    names = list(groups)
    state = CurvesState(
        bins=BINS_MARK,
        at=table.at,
        judged_at=clock.at,
        groups=[_write_group(*names[group], group, table, clock) for group in worth.tolist()],
    )
    plain: dict[str, Any] = msgspec.to_builtins(state)
    return plain


def read_state(state: object, groups: Groups, table: LifeTable, clock: OperatorClock) -> None:
    """Fill in what ``state`` says; nothing if it is not of `write_state` or of other bins."""
    try:
        told = msgspec.convert(state, CurvesState)
    except msgspec.ValidationError:
        return
    if told.bins != BINS_MARK:
        return
    table.at, clock.at = told.at, told.judged_at
    for each in told.groups:
        _read_group(each, groups.number(each.channel, each.operator), table, clock)
    clock.set_speeds(clock.at)


def _write_group(
    channel: str, operator: str, group: int, table: LifeTable, clock: OperatorClock
) -> GroupState:
    since = float(clock.slow_since[group])
    points = clock.losses.get(group, [])
    return GroupState(
        channel=channel,
        operator=operator,
        deaths=_rounded(table.deaths[group]),
        exposure=_rounded(table.exposure[group]),
        expected=_rounded(clock.expected)[group],
        died=_rounded(clock.died)[group],
        slow_since=None if np.isnan(since) else round(since, 3),
        losses=[(round(float(at), 3), round(float(lost), 3)) for at, lost in points],
    )


def _read_group(state: GroupState, group: int, table: LifeTable, clock: OperatorClock) -> None:
    table.deaths[group] = state.deaths
    table.exposure[group] = state.exposure
    clock.expected[group] = state.expected
    clock.died[group] = state.died
    clock.slow_since[group] = np.nan if state.slow_since is None else state.slow_since
    if state.losses and all(a[0] < b[0] for a, b in pairwise(state.losses)):
        clock.losses[group] = list(state.losses)


def _rounded(weights: Floats) -> list[float]:
    return [float(f"{weight:.{DIGITS}g}") for weight in weights]
