"""Small charts as SVG within a page: drawn by the server, coloured by the page, without text.

Texts stand beside them, for a chart is as wide as the reader's screen and would stretch them. Each
has a title and a description for those who don't see it, and each column one to be pointed at.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

import msgspec

from exporter.web.colours import coloured
from exporter.web.words import number, percent


HEIGHT = 100
STEP, BAR = 10, 8
"""Width of a column with and without the space to the next one."""
WIDTH = 1000
"""Of a strip."""


class Part(msgspec.Struct, frozen=True):
    """A piece of a column or strip; ``name`` gives its colour."""

    name: str
    words: str
    value: int


class Column(msgspec.Struct, frozen=True):
    """Pieces on top of one another, the lowest first."""

    words: str
    parts: tuple[Part, ...]

    @property
    def total(self) -> int:
        """How high it is."""
        return sum(part.value for part in self.parts)


def bars(title: str, columns: Sequence[Column], *, least: int, blank: int = 0) -> str:
    """Columns side by side; ``least`` is the lowest value that may fill the height.

    Of the first ``blank`` columns nothing is known; their ground shows it.
    """
    top = max([least, *(column.total for column in columns)])
    width = len(columns) * STEP
    drawn = (_column(place, column, top) for place, column in enumerate(columns))
    ground = f'<rect class="blank" width="{blank * STEP}" height="{HEIGHT}"/>' if blank else ""
    lines = f'<path class="grid" d="M0 0H{width}M0 {HEIGHT // 2}H{width}M0 {HEIGHT}H{width}"/>'
    return (
        f'<div class="plot"><span aria-hidden="true">{number(top)}</span>'
        f"{_opening('bars', width, HEIGHT, title, _in_words(sums(columns)))}"
        f"{ground}{lines}{''.join(drawn)}</svg></div>"
    )


def strip(title: str, parts: Sequence[Part]) -> str:
    """Pieces side by side that fill the width together; nothing if there are none."""
    total = sum(part.value for part in parts)
    if not total:
        return ""
    drawn, at = [], 0
    for part in parts:
        left, right = (f"{WIDTH * edge / total:.5g}" for edge in (at, at + part.value))
        width = f"{float(right) - float(left):.5g}"
        drawn.append(
            f'<rect class="{coloured(part.name)}" x="{left}" width="{width}" height="10">'
            f"<title>{escape(_in_words([part]))}</title></rect>"
        )
        at += part.value
    return f"{_opening('strip', WIDTH, 10, title, _in_words(parts))}{''.join(drawn)}</svg>"


def legend(parts: Iterable[Part], *, shares: bool) -> str:
    """What the colours mean, and how much of each there is; with its share of the whole."""
    shown = [part for part in parts if part.value]
    total = sum(part.value for part in shown)
    entries = (
        f'<li><i class="{coloured(part.name)}"></i>{escape(part.words)} <b>{number(part.value)}</b>'
        + (f" <small>{escape(percent(part.value / total))}</small></li>" if shares else "</li>")
        for part in shown
    )
    return f'<ul class="legend">{"".join(entries)}</ul>' if shown else ""


def sums(columns: Iterable[Column]) -> tuple[Part, ...]:
    """What the columns hold together, in the order of the first that holds it."""
    totals: dict[str, Part] = {}
    for part in (part for column in columns for part in column.parts):
        before = totals.get(part.name, Part(part.name, part.words, 0))
        totals[part.name] = Part(part.name, part.words, before.value + part.value)
    return tuple(totals.values())


def _column(place: int, column: Column, top: int) -> str:
    if not column.total:
        return ""
    words = f"{column.words}: {_in_words(column.parts)}"
    return f"<g><title>{escape(words)}</title>{''.join(_boxes(place, column, top))}</g>"


def _boxes(place: int, column: Column, top: int) -> Iterator[str]:
    below = 0
    for part in column.parts:
        if part.value:
            upper, lower = (HEIGHT * (1 - n / top) for n in (below + part.value, below))
            yield (
                f'<rect class="{coloured(part.name)}" x="{place * STEP + 1}" y="{upper:.4g}"'
                f' width="{BAR}" height="{lower - upper:.4g}"/>'
            )
        below += part.value


def _opening(kind: str, width: int, height: int, title: str, description: str) -> str:
    return (
        f'<svg class="{kind}" role="img" viewBox="0 0 {width} {height}" preserveAspectRatio="none">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    )


def _in_words(parts: Iterable[Part]) -> str:
    told = [f"{part.words} {number(part.value)}" for part in parts if part.value]
    return ", ".join(told) or "nothing"
