"""SMSC / Overview: are my messages arriving, how fast, at what cost, can I trust this page."""

from exporter.monitoring.thresholds import Thresholds
from grafana.board import Board
from grafana.boards.overview import delivery, now, queue, speed, trouble
from grafana.layout import Row


def board(thresholds: Thresholds) -> Board:
    """Draw it."""
    return Board(
        uid="smsc-overview",
        title="SMSC / Overview",
        question="Are my messages arriving, how fast, at what cost, and can I trust this page?",
        rows=[
            Row("Right now", now.row(thresholds)),
            Row("Delivery", delivery.row(thresholds)),
            Row("Trouble", trouble.row(thresholds)),
            Row("Speed", speed.row(thresholds)),
            Row("Queue and traffic", queue.row()),
        ],
    )
