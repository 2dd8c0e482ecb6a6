"""SMSC / Cost and fraud: what messages cost, what was paid for nothing, who profits."""

from exporter.monitoring.thresholds import Thresholds
from grafana.board import Board
from grafana.boards.cost import fraud, prices, spending, totals
from grafana.layout import Row
from grafana.variables import EVERYTHING


def board(thresholds: Thresholds) -> Board:
    """Draw it."""
    return Board(
        uid="smsc-cost",
        title="SMSC / Cost and fraud",
        question="What do messages cost, what is paid for nothing, and does anybody else profit?",
        rows=[
            Row("Money", totals.row(thresholds)),
            Row("Spending", spending.row(thresholds)),
            Row("Prices", prices.row(thresholds)),
            Row("Fraud", fraud.row(thresholds)),
        ],
        variables=EVERYTHING[:-1],
    )
