"""A dashboard: what it is called, what it asks, and its rows."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard, DashboardCursorSync

from grafana.layout import Row, laid_out
from grafana.links import TAG, siblings
from grafana.notes import notes
from grafana.variables import EVERYTHING, Name, variables


class Board(NamedTuple):
    """One dashboard."""

    uid: str
    title: str
    question: str
    """What it answers."""
    rows: Sequence[Row]
    variables: Sequence[Name] = EVERYTHING
    since: str = "now-24h"
    """Where the time range begins, until the reader chooses."""


def drawn(board: Board) -> dict[str, Any]:
    """The dashboard as Grafana's classic JSON."""
    found: dict[str, Any] = json.loads(JSONEncoder().encode(_model(board)))
    for shown in (*found["links"], *found["annotations"]["list"]):
        del shown["placement"]  # the SDK would have them in a menu, out of sight
    return found


def _model(board: Board) -> Dashboard:
    builder = (
        build.Dashboard(board.title)
        .uid(board.uid)
        .description(board.question)
        .tags([TAG])
        .readonly()
        .time(board.since, "now")
        .timezone("browser")
        .refresh("1m")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(siblings())
    )
    for note in notes():
        builder.annotation(note)
    for variable in variables(board.variables):
        builder.with_variable(variable)
    model = builder.build()
    model.panels = laid_out(board.rows)
    return model
