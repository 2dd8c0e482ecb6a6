"""Thirty days in four numbers."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.recorded import OBJECTIVE
from exporter.monitoring.thresholds import Thresholds
from grafana import words
from grafana.boards.objectives.counts import LEFT_OUT, Counts, allowed
from grafana.charts import tiles
from grafana.face import About
from grafana.queries import (
    Query,
)
from grafana.style import BAD, GOOD, QUIET, RATIO, WATCH, limits


def row(counts: Counts, thresholds: Thresholds) -> list[Panel]:
    """Draw the tiles."""
    return [_objective(), _kept(counts, thresholds), _left(counts), _messages(counts)]


_OBJECTIVE: Final = About(
    "The share of messages that are to be delivered in time.",
    words.EVALUATED,
    words.NOTHING,
    "it is set in thresholds.yml, with the limits of the alerts.",
)


def _objective() -> Panel:
    return tiles(
        Query(f"max({OBJECTIVE})"),
        title="Objective",
        about=_OBJECTIVE,
        coloured=False,
        unit=RATIO,
        width=6,
        nothing="no rules loaded",
    )


_KEPT: Final = About(
    "The share of messages that were delivered in time, of 30 days or as many as are known. Every"
    " message counts alike, not every hour.",
    words.EVALUATED,
    LEFT_OUT,
    "the promise is broken over 30 days: plan the work, and see below who spent the budget.",
)


def _kept(counts: Counts, thresholds: Thresholds) -> Panel:
    return tiles(
        Query(counts.kept(), ""),
        title="Delivered in time",
        about=_KEPT,
        unit=RATIO,
        decimals=2,
        width=6,
        limits=limits(BAD, (thresholds.objective.target_share, GOOD)),
        nothing="no messages yet",
    )


_LEFT: Final = About(
    "What is left of the loss that the objective allows in 30 days. Below 0 it is used up.",
    words.EVALUATED,
    LEFT_OUT,
    "while it is used up, take no risks with routes and senders.",
)


def _left(counts: Counts) -> Panel:
    return tiles(
        Query(counts.left(), ""),
        title="Error budget left",
        about=_LEFT,
        unit=RATIO,
        decimals=0,
        width=6,
        limits=limits(BAD, (0, WATCH), (0.25, GOOD)),
        nothing="no messages yet",
    )


_MESSAGES: Final = About(
    "How many more messages may be lost or late before the budget of 30 days is used up.",
    words.EVALUATED,
    LEFT_OUT,
    "a number that one bad hour can eat is no budget.",
)


def _messages(counts: Counts) -> Panel:
    lost = f"({counts.month('eligible')} - {counts.month('ontime')})"
    return tiles(
        Query(f"{counts.month('eligible')} * {allowed(())} - {lost}", ""),
        title="Messages that may still be lost",
        about=_MESSAGES,
        decimals=0,
        width=6,
        limits=limits(BAD, (0, QUIET)),
        nothing="no messages yet",
    )
