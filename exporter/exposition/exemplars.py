"""Exemplars: behind the sample of a counter or bucket, the id of the message it counted last.

OpenMetrics allows 128 characters for an exemplar's labels; the gateway's ids are shorter than that.
"""

from collections.abc import Mapping

from prometheus_client.samples import Exemplar as ClientExemplar

from exporter.exposition.family import Family
from exporter.exposition.series import Rows, zero
from exporter.ledger.snapshot import Exemplar, Exemplars, Labels


LABEL = "int_id"
_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})

Places = Mapping[int, Exemplar]
"""Index of the bucket, 0 in a counter, to its exemplar."""
BySeries = Mapping[Labels, Places]
NONE: BySeries = {}


def of_rows(family: Family, rows: Rows, exemplars: Exemplars) -> BySeries:
    """Exemplars of these rows; those at 0, which may be held there, have counted nothing yet."""
    found = exemplars.get(family.source, {}) if family.source is not None else {}
    nothing = zero(family)
    return {labels: found[labels] for labels in found if rows.get(labels, nothing) != nothing}


def of_client(exemplar: Exemplar) -> ClientExemplar:
    """As prometheus-client's encoders take it."""
    return ClientExemplar({LABEL: exemplar.int_id}, exemplar.value, exemplar.time)


def written(exemplar: Exemplar, value: str) -> str:
    """What stands behind a sample's number in OpenMetrics; ``value`` is the exemplar's, written."""
    return f' # {{{LABEL}="{exemplar.int_id.translate(_ESCAPED)}"}} {value} {exemplar.time}'
