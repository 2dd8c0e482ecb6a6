"""What labels can hold, where that is known beforehand."""

from collections.abc import Mapping
from types import MappingProxyType

from exporter.exposition.family import BALANCE, HISTORY
from exporter.exposition.gauges import AGES, STATES
from exporter.exposition.series import (
    BOUNDED_LABELS,
    ERROR_CODES,
    PERMIT_KINDS,
    REGION_OUTCOMES,
    RESULTS,
    SKIP_REASONS,
)
from exporter.gateway.codes import CHANNELS, ERRS, OUTCOMES, OWNERS, STATUSES


DEADLINES = ("5m", "1h", "24h")
"""Those of the default configuration, which rules and boards are made for."""
SEVERITIES = ("critical", "warning", "info")

_STATUSES = tuple(str(code) for code in STATUSES)

VALUES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "age": frozenset(AGES),
        "alertstate": frozenset({"pending", "firing"}),
        "channel": frozenset(CHANNELS),
        "code": frozenset(ERROR_CODES),
        "deadline": frozenset(DEADLINES),
        "endpoint": frozenset({HISTORY, BALANCE}),
        "err": frozenset(str(code) for code in ERRS),
        "from": frozenset(_STATUSES),
        "kind": frozenset(PERMIT_KINDS),
        "label": frozenset(BOUNDED_LABELS),
        "outcome": frozenset({*OUTCOMES, *REGION_OUTCOMES}),
        "owner": frozenset(OWNERS),
        "reason": frozenset(SKIP_REASONS),
        "result": frozenset(RESULTS),
        "severity": frozenset(SEVERITIES),
        "state": frozenset(STATES),
        "status": frozenset(_STATUSES),
        "to": frozenset(_STATUSES),
    }
)
"""Label to every value that the exporter, or an alert, gives it."""
