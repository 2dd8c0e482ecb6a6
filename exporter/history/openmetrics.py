"""The course of series as OpenMetrics text with times, which promtool makes blocks of."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from prometheus_client import Metric
from prometheus_client.samples import Sample

from exporter.exposition.catalogue import BY_SOURCE, CATALOGUE
from exporter.exposition.family import Family
from exporter.exposition.metrics import metric, values
from exporter.exposition.page import OPENMETRICS, negotiate
from exporter.exposition.series import zero
from exporter.exposition.text import END, TextWriter
from exporter.history.course import Course
from exporter.history.errors import OutputError, of_output
from exporter.ledger.snapshot import Labels, Series


RESERVED = frozenset({"le", *(label for family in CATALOGUE for label in family.labels)})
"""Labels that the exporter's own series have."""
PART = ".part"
"""Ends the name of a file that is being written."""
BATCH = 1000
"""Moments of a series that are written at once."""

_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
_NUMBER = 17
"""About how many characters follow what a line begins with: value, time, end."""


class Told(msgspec.Struct, frozen=True):
    """One series to be written and what its lines begin with."""

    series: Series
    starts: tuple[str, ...]
    course: Course

    @property
    def moments(self) -> int:
        """How many times it is shown at."""
        return self.course.grid.last - self.course.born(self.series) + 1

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return self.moments * sum(len(start) + _NUMBER for start in self.starts)

    def lines(self) -> Iterator[str]:
        """Its samples, many lines at a time."""
        times = self.course.times
        points = [(at, values(value)) for at, value in self.course.points(self.series)]
        bounds = [*(at for at, _ in points[1:]), len(times)]
        for (first, texts), bound in zip(points, bounds, strict=True):
            heads = [f"{s}{text} " for s, text in zip(self.starts, texts, strict=True)]
            for at in range(first, bound, BATCH):
                batch = times[at : min(at + BATCH, bound)]
                yield "".join(f"{head}{time}" for time in batch for head in heads)


class Document(msgspec.Struct, frozen=True):
    """Everything to be written, by family, each with the lines that come before its samples."""

    families: tuple[tuple[str, tuple[Told, ...]], ...]

    @property
    def series(self) -> int:
        """How many series there are, as Prometheus counts them."""
        return sum(len(told.starts) for _, family in self.families for told in family)

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return sum(t.moments * len(t.starts) for _, family in self.families for t in family)

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return sum(told.size for _, family in self.families for told in family)


def is_label(name: str) -> bool:
    """Whether a label may be added to every series."""
    return _LABEL.fullmatch(name) is not None and name not in RESERVED


def document(courses: Sequence[Course], extra: Mapping[str, str]) -> Document:
    """Courses put together; the labels in ``extra`` go to each series."""
    found: dict[str, list[tuple[Series, Course]]] = {}
    for course in courses:
        for series in course.series():
            found.setdefault(BY_SOURCE[series[0]].name, []).append((series, course))
    writer = TextWriter(negotiate(OPENMETRICS)[0])
    families = []
    for family in CATALOGUE:
        if family.name in found:
            head, starts = _written(writer, family, found[family.name], extra)
            told = (Told(s, starts[s[1]], course) for s, course in found[family.name])
            families.append((head, tuple(told)))
    return Document(tuple(families))


def write(path: Path, made: Document, progress: Callable[[int], None]) -> None:
    """Write the file as a whole or not at all; ``progress`` is told of bytes as they come.

    Raises:
        OutputError: it can't be written.

    """
    part = path.with_name(path.name + PART)
    try:
        _check_room(path, made.size)
        with part.open("w", encoding="utf-8") as file:
            for text in _texts(made):
                progress(file.write(text))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise of_output(error, path) from error


def _texts(made: Document) -> Iterator[str]:
    for head, family in made.families:
        yield head
        for told in family:
            yield from told.lines()
    yield END


def _written(
    writer: TextWriter,
    family: Family,
    rows: Sequence[tuple[Series, Course]],
    extra: Mapping[str, str],
) -> tuple[str, dict[Labels, tuple[str, ...]]]:
    """What comes before a family's samples, and what each series' lines begin with.

    Both are the encoder's own, taken from the family with every series at 0.
    """
    labels = [series[1] for series, _ in rows]
    shown = metric(family, dict.fromkeys(labels, zero(family)))
    lines = writer.encoded(_with(shown, extra)).removesuffix("\n").split("\n")
    starts = [line[: line.rindex(" ") + 1] for line in lines if not line.startswith("# ")]
    width = len(starts) // len(labels)
    each = (tuple(starts[at : at + width]) for at in range(0, len(starts), width))
    head = "".join(f"{line}\n" for line in lines if line.startswith("# "))
    return head, dict(zip(labels, each, strict=True))


def _with(shown: Metric, extra: Mapping[str, str]) -> Metric:
    shown.samples = [
        Sample(sample.name, {**sample.labels, **extra}, sample.value) for sample in shown.samples
    ]
    return shown


def _check_room(path: Path, size: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if free < size:
        raise OutputError(
            f"{path} would take about {size / 1e9:.1f} GB and {free / 1e9:.1f} GB are free;"
            " a longer --step or fewer days take less"
        )
