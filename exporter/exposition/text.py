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
_SPARE = 64


class Just(Collector):
    """A collector of metrics that are at hand."""

    def __init__(self, *metrics: Metric) -> None:
        self._metrics = metrics

    def collect(self) -> Sequence[Metric]:
        """The metrics."""
        return self._metrics


class TextWriter:
    """Writes families as one encoder would; not thread-safe."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._heads: dict[str, str] = {}
        self._starts: dict[str, dict[Labels, tuple[str, ...]]] = {}

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
        starts = self._starts.setdefault(family.name, {})
        if len(starts) > 2 * len(rows) + _SPARE:
            for labels in starts.keys() - rows.keys():
                del starts[labels]
        unknown = [labels for labels in rows if labels not in starts]
        if unknown:
            self._learn(family, unknown)
        return starts

    def _learn(self, family: Family, unknown: Sequence[Labels]) -> None:
        text = self.encoded(metric(family, dict.fromkeys(unknown, zero(family))))
        lines = text.removesuffix("\n").split("\n")
        samples = [line.removesuffix(_ZERO) for line in lines if not line.startswith("# ")]
        comments = [f"{line}\n" for line in lines if line.startswith("# ")]
        self._heads[family.name] = "".join(comments)
        width = len(samples) // len(unknown)
        starts = self._starts[family.name]
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
