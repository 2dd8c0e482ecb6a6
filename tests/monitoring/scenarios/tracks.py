"""How a series goes on: values at each scrape, as promtool's unit tests write them."""

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from math import floor


Piece = tuple[float, float]
"""Minutes, and what is the case for so long: a rate a minute, or a value."""
Track = Sequence[float | None]
"""A value for each scrape, None where there was no sample."""

EVERY = 0.5
"""Minutes between scrapes."""


def pages(*pieces: Piece, period: float = 3, start: float = 0, phase: float = 0) -> Track:
    """A counter that grows by ``pieces`` (minutes, so many a minute), but is seen by pages only.

    Each page, ``period`` minutes after the last and ``phase`` late, shows all up to it at once.
    """
    scrapes = round(sum(minutes for minutes, _ in pieces) / EVERY) + 1
    times = (at * EVERY for at in range(scrapes))
    return [start + floor(_grown(pieces, _page(at, period, phase)) + 1e-6) for at in times]


def held(*pieces: Piece) -> Track:
    """A gauge with these values, each for its minutes."""
    values = [[value] * round(minutes / EVERY) for minutes, value in pieces]
    return [value for piece in values for value in piece] + [pieces[-1][1]]


def stamps(*pieces: tuple[float, bool], period: float = 3) -> Track:
    """Time of the last page in seconds, in pieces in which pages come, or don't."""
    last, begun, track = 0.0, 0.0, list[float]()
    for minutes, works in pieces:
        for at in range(round(minutes / EVERY)):
            now = begun + at * EVERY
            last = _page(now, period, 0) if works else last
            track.append(last * 60)
        begun += minutes
    return [*track, track[-1]]


def gone(track: Track, begin: float, end: float) -> Track:
    """The same, but without samples from minute ``begin`` until ``end``."""
    first, last = round(begin / EVERY), round(end / EVERY)
    return [None if first <= at < last else value for at, value in enumerate(track)]


def filled(track: Track) -> list[float]:
    """The same with 0 where there was no sample."""
    return [value or 0.0 for value in track]


def later(track: Track, minutes: float, before: float | None = None) -> Track:
    """The same, beginning later; ``before`` is what is there until then."""
    return [*[before] * round(minutes / EVERY), *track]


def written(track: Sequence[float | None]) -> str:
    """The track in promtool's short form."""
    return " ".join(_runs(track))


def _runs(track: Sequence[float | None]) -> Iterable[str]:
    for value, group in groupby(track):
        more = len(list(group)) - 1
        text = "_" if value is None else f"{value:.10g}"
        if value is None:
            yield f"_x{more + 1}" if more else "_"
        else:
            yield f"{text}x{more}" if more else text


def _page(at: float, period: float, phase: float) -> float:
    return max(0.0, floor((at - phase) / period + 1e-9) * period + phase)


def _grown(pieces: Sequence[Piece], until: float) -> float:
    ends = [0.0]
    for minutes, _ in pieces:
        ends.append(ends[-1] + minutes)
    grown = 0.0
    for (begin, end), (_, rate) in zip(pairwise(ends), pieces, strict=True):
        grown += max(0.0, min(until, end) - begin) * rate
    return grown
