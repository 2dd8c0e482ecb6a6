"""SMSC / Errors and senders: why messages fail, and who has to act."""

from exporter.monitoring.thresholds import Thresholds
from grafana.board import Board
from grafana.boards.errors import codes, quality, senders
from grafana.layout import Row


def board(thresholds: Thresholds) -> Board:
    """Draw it."""
    return Board(
        uid="smsc-errors",
        title="SMSC / Errors and senders",
        question="Why do messages fail, whose problem is it, and which sender names are refused?",
        rows=[
            Row("Errors", codes.row()),
            Row("Senders", senders.row(thresholds)),
            Row("Data quality", quality.row(thresholds)),
        ],
    )
