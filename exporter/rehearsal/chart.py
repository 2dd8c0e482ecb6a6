"""A chart of how soon things are known: the share of them over time, as SVG."""

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exporter.rehearsal.chronicle import Times


WIDTH, HEIGHT = 860, 440
"""Pixels, without the legend."""
LEFT, RIGHT, TOP, BOTTOM = 64, 28, 82, 56
"""Pixels between the edges and the plot."""
LEGEND_LINE = 24
SAMPLES = 240
"""Points of a curve."""
EARLY = 0.02
"""Share of the fastest curve that may lie left of the plot."""
TICKS = {
    1.0: "1 s",
    3.0: "3 s",
    10.0: "10 s",
    30.0: "30 s",
    60.0: "1 min",
    120.0: "2 min",
    300.0: "5 min",
    900.0: "15 min",
    1800.0: "30 min",
    3600.0: "1 h",
    10800.0: "3 h",
    21600.0: "6 h",
}
"""Seconds at which the axis may begin and end, and where it has lines."""
SHARES = (0, 25, 50, 75, 95, 100)
"""Per cent at which the plot has lines."""
COLOURS = (
    ("#1668b0", "#6cb2f5"),
    ("#c94f0a", "#ff9a52"),
    ("#14804f", "#4fce95"),
    ("#8446ba", "#c79bf2"),
    ("#5f6875", "#a9b1bc"),
)
"""Of the curves, on a light and on a dark ground."""
DASHES = ("none", "8 5", "2 4", "12 4 2 4")
STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #4a5360 }
.title { font-size: 17px; font-weight: 600; fill: #16202c }
.ground { fill: #ffffff }
.grid { stroke: #dfe3e8 }
.axis { stroke: #8b95a1 }
.curve { fill: none; stroke-width: 2.2; stroke-linejoin: round }
"""
DARK = """
text { fill: #b4bdc8 }
.title { fill: #eef1f5 }
.ground { fill: #14181e }
.grid { stroke: #2b323b }
.axis { stroke: #6d7783 }
"""


class Curve(NamedTuple):
    """One distribution of delays."""

    name: str
    delays: Times
    """Seconds, ascending; ``inf`` for what never came."""
    colour: int
    """Which of `COLOURS`."""
    dash: int
    """Which of `DASHES`."""


class Axis(NamedTuple):
    """The logarithmic axis of time, from ``low`` to ``high`` seconds."""

    low: float
    high: float

    def place(self, seconds: float) -> float:
        """Where a time is, 0-1 from left to right."""
        return math.log(seconds / self.low) / math.log(self.high / self.low)

    def moments(self, count: int) -> Times:
        """So many times, evenly spaced on the axis, in seconds."""
        return np.geomspace(self.low, self.high, count)

    def ticks(self) -> Iterator[tuple[float, str]]:
        """Times on the axis that have a name."""
        return ((at, name) for at, name in TICKS.items() if self.low <= at <= self.high)


def axis_for(curves: Sequence[Curve], longest: float) -> Axis:
    """An axis on which all curves are seen, up to ``longest`` seconds at least where it can."""
    ticks = list(TICKS)
    early = [curve.delays[int(EARLY * len(curve.delays))] for curve in curves if len(curve.delays)]
    low = max((at for at in ticks[:-1] if at <= min(early, default=0.0)), default=ticks[0])
    high = min((at for at in ticks if at >= longest and at > low), default=ticks[-1])
    return Axis(low, high)


def shares(delays: Times, moments: Times) -> NDArray[np.float64]:
    """Share of the delays that are over at each moment, 0-1; 0 when there are none."""
    return np.searchsorted(delays, moments, side="right") / max(1, len(delays))


def draw(title: str, subtitle: str, curves: Sequence[Curve], longest: float) -> str:
    """An SVG document of the curves, for light and dark grounds; ``longest`` in seconds."""
    axis = axis_for(curves, longest)
    height = HEIGHT + LEGEND_LINE * math.ceil(len(curves) / 2) + 20
    size = f'width="{WIDTH}" height="{height}"'
    box = f'viewBox="0 0 {WIDTH} {height}"'
    parts = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {box} {size}>',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(subtitle)}</desc>",
        f"<style>{STYLE}{_colours(0)}",
        f"@media (prefers-color-scheme: dark) {{{DARK}{_colours(1)} }}</style>",
        f'<rect class="ground" {size} rx="6"/>',
        _text(LEFT, 34, title, "title"),
        _text(LEFT, 57, subtitle),
        *_grid(axis),
        *(_path(curve, axis) for curve in curves),
        *_legend(curves),
        "</svg>",
    )
    return "\n".join(parts) + "\n"


def _x(place: float) -> float:
    return LEFT + place * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _grid(axis: Axis) -> Iterator[str]:
    for percent in SHARES:
        y = _y(percent / 100)
        kind = "grid" if percent else "axis"
        yield f'<path class="{kind}" d="M{_x(0):.1f} {y:.1f}H{_x(1):.1f}"/>'
        yield _text(LEFT - 10, y + 4.5, f"{percent} %", anchor="end")
    for seconds, name in axis.ticks():
        x = _x(axis.place(seconds))
        yield f'<path class="grid" d="M{x:.1f} {_y(0):.1f}V{_y(1):.1f}"/>'
        yield _text(x, _y(0) + 21, name, anchor="middle")
    yield _text(_x(0.5), _y(0) + 45, "after it became final at the gateway", anchor="middle")


def _path(curve: Curve, axis: Axis) -> str:
    moments = axis.moments(SAMPLES)
    points = " ".join(
        f"{_x(axis.place(moment)):.1f},{_y(share):.1f}"
        for moment, share in zip(moments, shares(curve.delays, moments), strict=True)
    )
    return f'<polyline {_looks(curve)} points="{points}"/>'


def _legend(curves: Sequence[Curve]) -> Iterator[str]:
    rows = math.ceil(len(curves) / 2)
    for place, curve in enumerate(curves):
        x = LEFT + place // rows * (WIDTH - LEFT) / 2
        y = HEIGHT + LEGEND_LINE * (place % rows) + 22
        yield f'<path {_looks(curve)} d="M{x:.1f} {y - 4.5:.1f}h36"/>'
        yield _text(x + 46, y, curve.name)


def _looks(curve: Curve) -> str:
    dash = DASHES[curve.dash % len(DASHES)]
    return f'class="curve c{curve.colour % len(COLOURS)}" stroke-dasharray="{dash}"'


def _colours(ground: int) -> str:
    return " ".join(f".c{n} {{ stroke: {pair[ground]} }}" for n, pair in enumerate(COLOURS))


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    looks = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{looks}>{escape(words)}</text>'
