"""SMSC / Operators and countries: where messages go, and where they do not arrive."""

from exporter.monitoring.thresholds import Thresholds
from grafana.board import Board
from grafana.boards.operators import compare, one, where
from grafana.layout import Row


def board(thresholds: Thresholds) -> Board:
    """Draw it."""
    return Board(
        uid="smsc-operators",
        title="SMSC / Operators and countries",
        question="Which operator or country is in trouble, and is it worse than usual?",
        rows=[
            Row("Where", where.row(thresholds)),
            Row("Operators side by side", compare.row(thresholds)),
            Row("$operator", one.row(thresholds), collapsed=True, repeat="operator"),
            Row("Regions", where.regions(thresholds), collapsed=True),
        ],
    )
