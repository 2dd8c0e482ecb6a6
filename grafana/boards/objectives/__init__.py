"""SMSC / Objectives: is the promise kept, and who breaks it."""

from exporter.monitoring.thresholds import Thresholds
from grafana.board import Board
from grafana.boards.objectives import course, month
from grafana.boards.objectives.counts import Counts
from grafana.layout import Row
from grafana.variables import EVERYTHING


def board(thresholds: Thresholds) -> Board:
    """Draw it."""
    counts = Counts(thresholds)
    return Board(
        uid="smsc-objectives",
        title="SMSC / Objectives",
        question="Is the promise kept over 30 days, how fast is it being broken, and by whom?",
        rows=[
            Row(f"Delivered within {counts.age}, over 30 days", month.row(counts, thresholds)),
            Row("How fast", course.how_fast(counts, thresholds)),
            Row("Who", course.who(counts, thresholds)),
        ],
        variables=EVERYTHING[:-1],
        since="now-30d",
    )
