"""One module or package a dashboard; each has one function that draws it."""

from collections.abc import Callable
from typing import Final

from exporter.monitoring.thresholds import Thresholds
from grafana.board import Board
from grafana.boards import cost, errors, exporter, objectives, operators, overview


DRAWERS: Final[tuple[Callable[[Thresholds], Board], ...]] = (
    overview.board,
    operators.board,
    errors.board,
    cost.board,
    objectives.board,
    exporter.board,
)


def boards(thresholds: Thresholds) -> list[Board]:
    """All dashboards, with the limits that the alerts have."""
    return [draw(thresholds) for draw in DRAWERS]
