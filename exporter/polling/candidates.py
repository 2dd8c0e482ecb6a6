"""The two ways to read pending messages again, and which of each is worth most.

A window shows up to a page of rows below one row; a lookup shows all rows of chosen numbers on one
or two days. Worth is in row-seconds: how long final statuses have probably been waiting to be
learnt, and deadlines to be judged.
"""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from exporter.polling.sketch import RowsByNumber
from exporter.polling.watch import NO_KEY, Floats, Watch, key_of


PAGE_ROWS = 950
"""Rows that a lookup is to bring at most, so that none of what it asks for is cut off."""
SCREENED = 6
"""How many times as many messages as a lookup has room for are looked at closely."""


class Window(msgspec.Struct, frozen=True):
    """The page below one row."""

    worth: float
    finals: float
    """Final statuses that it is expected to show."""
    anchor: str


class Span(msgspec.Struct, frozen=True):
    """The part of one or two days that a lookup is to show: answers begin with the newest rows."""

    first: int
    last: int
    """Days since 1970 in the gateway's time zone."""
    since: float
    until: float
    """Only messages sent between these moments are asked for, Unix seconds."""
    share: float
    """Share of the days' rows that were sent between them."""


class Lookup(msgspec.Struct, frozen=True):
    """All rows of some numbers on one or two days."""

    worth: float
    finals: float
    span: Span
    phones: NDArray[np.uint64]


class Windows(msgspec.Struct, frozen=True):
    """Windows that begin with a pending message each, and end with an older one."""

    upper: NDArray[np.intp]
    """Places of the first messages, ascending."""
    lower: NDArray[np.intp]


class Weights(msgspec.Struct, frozen=True):
    """What reading each pending message is worth, one entry a message, the oldest first; the
    newest may be left out.
    """

    worth: Floats
    """Row-seconds."""
    finals: Floats
    """Probability that it is final."""


def windows_of(watch: Watch, ranks: Floats, page_rows: float) -> Windows:
    """The windows that can be asked for; ``ranks`` says how many rows were sent before each
    message, ``page_rows`` how many a window shows.
    """
    upper = np.flatnonzero(watch.anchor_key != NO_KEY)
    return Windows(upper, np.searchsorted(ranks, ranks[upper] - page_rows, side="right"))


def best_window(
    watch: Watch, weights: Weights, windows: Windows, resting: frozenset[str] = frozenset()
) -> Window | None:
    """The window with the highest worth, but none below a resting anchor."""
    weighed = int(np.searchsorted(windows.upper, weights.worth.size))
    upper, lower = windows.upper[:weighed], windows.lower[:weighed]
    if resting:
        keys = np.array([key_of(anchor) for anchor in resting], np.uint64)
        kept = ~np.isin(watch.anchor_key[upper], keys)
        upper, lower = upper[kept], lower[kept]
    if not upper.size:
        return None
    summed = np.concatenate([[0.0], np.cumsum(weights.worth)])
    worth = summed[upper + 1] - summed[lower]
    best = int(np.argmax(worth))
    first, last = int(lower[best]), int(upper[best])
    finals = float(weights.finals[first : last + 1].sum())
    return Window(float(worth[best]), finals, str(watch.anchors[last]))


def best_lookup(
    watch: Watch, weights: Weights, spans: Sequence[Span], sketch: RowsByNumber, longest: int
) -> Lookup | None:
    """The lookup of at most ``longest`` numbers with the highest worth."""
    if longest < 1:
        return None
    asked = np.flatnonzero((watch.phone[: weights.worth.size] > 0) & (weights.worth > 0))
    sent = watch.sent[asked]
    found: list[Lookup] = []
    for span in spans:
        first, last = np.searchsorted(sent, (span.since, span.until))
        found += _lookup(watch, weights, asked[first:last], span, sketch, longest)
    return max(found, key=lambda one: one.worth, default=None)


def _screened(weights: Weights, mine: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    if mine.size <= most:
        return mine
    return np.sort(mine[np.argpartition(-weights.worth[mine], most)[:most]])


def _lookup(
    watch: Watch,
    weights: Weights,
    within: NDArray[np.intp],
    span: Span,
    sketch: RowsByNumber,
    longest: int,
) -> Iterator[Lookup]:
    mine = _screened(weights, within, SCREENED * longest)
    if not mine.size:
        return
    phones, places = np.unique(watch.phone[mine], return_inverse=True)
    worth = np.bincount(places, weights.worth[mine], phones.size)
    finals = np.bincount(places, weights.finals[mine], phones.size)
    days = range(span.first, span.last + 1)
    known = np.sum([sketch.rows(day, phones) for day in days], axis=0)
    rows = np.maximum(1 + (known - 1) * span.share, np.bincount(places, minlength=phones.size))
    order = np.argsort(-worth / (1 / longest + rows / PAGE_ROWS), kind="stable")
    order = order[rows[order] < PAGE_ROWS][:longest]
    chosen = order[np.cumsum(rows[order]) <= PAGE_ROWS]
    if chosen.size:
        yield Lookup(float(worth[chosen].sum()), float(finals[chosen].sum()), span, phones[chosen])
