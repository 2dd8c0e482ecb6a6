"""From what was read of the past to the course of its series."""

from collections.abc import Mapping

import msgspec

from exporter.history.course import Course, Grid
from exporter.history.errors import NothingToDo
from exporter.history.replay import Manner, Replay, Unknown
from exporter.history.work import WorkFile
from exporter.ledger.labels import LabelBook


class Filled(msgspec.Struct, frozen=True):
    """The past of some streams."""

    courses: tuple[Course, ...]
    unknown: Unknown


def fill(
    work: WorkFile, manner: Manner, book: LabelBook, ends: Mapping[str, int], start: int, step: int
) -> Filled:
    """Play what was read of each stream from ``start`` to its end, with samples each ``step`` s.

    Raises:
        NothingToDo: there is nothing between start and end.
        WorkFileError: the work file can't be read.

    """
    courses, unknown = [], Unknown()
    for stream, end in ends.items():
        if end > start:
            replay = Replay(manner, book, Grid(start, end, step))
            replay.play(seen.message for seen in work.sightings(stream, start, end))
            courses.append(replay.course)
            unknown = unknown.plus(replay.unknown)
    if not courses:
        raise NothingToDo("there is nothing to fill: counting began before the first day")
    return Filled(tuple(courses), unknown)
