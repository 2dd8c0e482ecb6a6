"""Where panels stand: rows of them, from left to right and from top to bottom."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final, NamedTuple

from grafana_foundation_sdk.models.dashboard import GridPos, Panel, RowPanel


COLUMNS: Final = 24
"""Grid units in the width of a dashboard."""
HEADING: Final = 1
"""Height of a row's heading."""


class Row(NamedTuple):
    """A heading and what stands below it; the widths of its panels should add up to whole lines."""

    title: str
    panels: Sequence[Panel]
    collapsed: bool = False
    """Shown, and asked for, only when somebody opens it."""
    repeat: str | None = None
    """The row comes once for each chosen value of this variable."""


def laid_out(rows: Sequence[Row]) -> list[Panel | RowPanel]:
    """Headings and panels with places and numbers of their own."""
    numbers = count(1)
    top = 0
    found: list[Panel | RowPanel] = []
    for row in rows:
        heading = _heading(row, next(numbers), top)
        below = list(_placed(row.panels, top + HEADING, numbers))
        heading.panels = below if row.collapsed else []
        found += [heading] if row.collapsed else [heading, *below]
        top = top + HEADING if row.collapsed else max(_end(panel) for panel in below)
    return found


def _heading(row: Row, number: int, top: int) -> RowPanel:
    return RowPanel(
        collapsed=row.collapsed,
        title=row.title,
        grid_pos=GridPos(h=HEADING, w=COLUMNS, x=0, y=top),
        id_val=number,
        repeat=row.repeat,
    )


def _placed(panels: Sequence[Panel], top: int, numbers: Iterator[int]) -> Iterator[Panel]:
    """A line breaks where the next panel does not fit."""
    left, bottom = 0, top
    for panel in panels:
        place = panel.grid_pos or GridPos()
        if left + place.w > COLUMNS:
            left, top = 0, bottom
        place.x, place.y = left, top
        left, bottom = left + place.w, max(bottom, top + place.h)
        panel.id_val = next(numbers)
        yield panel


def _end(panel: Panel) -> int:
    place = panel.grid_pos or GridPos()
    return place.y + place.h
