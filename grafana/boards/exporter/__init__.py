"""SMSC / Exporter: can the numbers be trusted, and what does it take to know them."""

from exporter.monitoring.thresholds import Thresholds
from grafana.board import Board
from grafana.boards.exporter import calls, knowledge, process, streams, trust
from grafana.layout import Row


def board(thresholds: Thresholds) -> Board:
    """Draw it."""
    return Board(
        uid="smsc-exporter",
        title="SMSC / Exporter",
        question="Can the numbers be trusted, what is missing, and how are the calls spent?",
        rows=[
            Row("Can I trust the data", trust.row(thresholds)),
            Row("History", streams.row(thresholds)),
            Row("Calls of the gateway", calls.row(thresholds)),
            Row("How late things are known", knowledge.row()),
            Row("Process", process.row(), collapsed=True),
        ],
        variables=("job", "instance", "account"),
    )
