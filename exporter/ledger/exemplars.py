"""Exemplars: of each counter or bucket the message it counted last. They live in memory only."""

from collections.abc import Mapping, MutableMapping
from typing import TypeVar

from exporter.ledger.snapshot import Exemplar, Exemplars, Labels, Series


Place = tuple[Series, int]
"""A series and the place in it: the index of a bucket, 0 in a counter."""

_Key = TypeVar("_Key")


def offer(known: MutableMapping[_Key, Exemplar], key: _Key, found: Exemplar) -> None:
    """Keep what was found if it is later than what is known.

    Prometheus takes the exemplars of a series in the order of their times only.
    """
    before = known.get(key)
    if before is None or found.time > before.time:
        known[key] = found


def merged(before: Exemplars, found: Mapping[Place, Exemplar]) -> Exemplars:
    """Those before, replaced by later ones that were found; ``before`` itself is not changed."""
    if not found:
        return before
    after = {source: dict(series) for source, series in before.items()}
    for ((source, labels), index), exemplar in found.items():
        series: dict[Labels, Mapping[int, Exemplar]] = after.setdefault(source, {})
        places = dict(series.get(labels, {}))
        offer(places, index, exemplar)
        series[labels] = places
    return after
