"""Writes the page of one exposition format, remembering what never changes in it.

What each line begins with is taken from prometheus-client's encoder once for each series, so that
escaping and format are its own; afterwards only the number behind it is written.
"""

from collections.abc import Callable, Mapping, Sequence

from prometheus_client import Metric
from prometheus_client.registry import Collector

from exporter.exposition.exemplars import NONE, BySeries
from exporter.exposition.family import Family, Kind
from exporter.exposition.metrics import exemplified, metric, values
from exporter.exposition.series import Rows, zero
from exporter.ledger.snapshot import Labels


Encoder = Callable[[Collector], bytes]
"""What ``prometheus_client.exposition.choose_encoder`` gives."""

END = "# EOF\n"
_ZERO = "0.0"
_ROUNDS = 4
"""What was not written while all that comes again was written so many times is forgotten."""
_FEW = 1000
"""So many rows at least are taken to come again."""


class Just(Collector):
    """A collector of metrics that are at hand."""

    def __init__(self, *metrics: Metric) -> None:
        self._metrics = metrics

    def collect(self) -> Sequence[Metric]:
        """The metrics."""
        return self._metrics


class _Starts:
    """What the lines of a family's series begin with; forgets those no longer written."""

    def __init__(self) -> None:
        self.known: dict[Labels, tuple[str, ...]] = {}
        self._older: dict[Labels, tuple[str, ...]] = {}
        self._written = 0
        self._again = 0

    def unknown(self, rows: Rows) -> list[Labels]:
        """Make known what was written lately; gives the rest."""
        if self._written > _ROUNDS * max(self._again, len(rows), _FEW):
            self._older, self.known = self.known, {}
            self._written = self._again = 0
        self._written += len(rows)
        known, older = self.known, self._older
        missing = [labels for labels in rows if labels not in known]
        again = {labels: older[labels] for labels in missing if labels in older}
        known.update(again)
        self._again += len(again)
        return [labels for labels in missing if labels not in older]


class TextWriter:
    """Writes families as one encoder would; not thread-safe."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._heads: dict[str, str] = {}
        self._starts: dict[str, _Starts] = {}

    def encoded(self, *metrics: Metric) -> str:
        """What the encoder makes of metrics, without the end mark."""
        return self._encoder(Just(*metrics)).decode().removesuffix(END)

    def family(self, family: Family, rows: Rows, exemplars: BySeries = NONE) -> str:
        """A family's part of the page; empty without rows. Exemplars are for OpenMetrics only."""
        if not rows:
            return ""
        starts = self._starts_of(family, rows)
        if exemplars:
            lines = _with_exemplars(rows, starts, exemplars)
        elif family.kind is Kind.HISTOGRAM:
            lines = [
                f"{start}{number}\n"
                for labels, value in rows.items()
                for start, number in zip(starts[labels], values(value), strict=True)
            ]
        else:
            lines = [
                f"{starts[labels][0]}{next(values(value))}\n" for labels, value in rows.items()
            ]
        return self._heads[family.name] + "".join(lines)

    def _starts_of(self, family: Family, rows: Rows) -> dict[Labels, tuple[str, ...]]:
        starts = self._starts.setdefault(family.name, _Starts())
        unknown = starts.unknown(rows)
        if unknown:
            self._learn(family, unknown)
        return starts.known

    def _learn(self, family: Family, unknown: Sequence[Labels]) -> None:
        text = self.encoded(metric(family, dict.fromkeys(unknown, zero(family))))
        lines = text.removesuffix("\n").split("\n")
        samples = [line.removesuffix(_ZERO) for line in lines if not line.startswith("# ")]
        comments = [f"{line}\n" for line in lines if line.startswith("# ")]
        self._heads[family.name] = "".join(comments)
        width = len(samples) // len(unknown)
        starts = self._starts[family.name].known
        for index, labels in enumerate(unknown):
            starts[labels] = tuple(samples[index * width : (index + 1) * width])


def _with_exemplars(
    rows: Rows, starts: Mapping[Labels, tuple[str, ...]], exemplars: BySeries
) -> list[str]:
    return [
        f"{start}{number}\n"
        for labels, value in rows.items()
        for start, number in zip(
            starts[labels], exemplified(value, exemplars.get(labels, {})), strict=True
        )
    ]
