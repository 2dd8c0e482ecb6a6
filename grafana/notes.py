"""Annotations: what happened meanwhile, drawn into every graph."""

from typing import Final

from grafana_foundation_sdk.builders.dashboard import AnnotationQuery

from grafana.queries import EXPORTER, RECORDED, STEP
from grafana.variables import SOURCE


_ALERTS: Final = (
    "max by (alertname, account, country, operator)"
    ' (ALERTS{alertname=~"Smsc.+",alertstate="firing",severity="critical",account=~"$account|"})'
)
_RESTARTS: Final = (
    f"changes(process_start_time_seconds{{{EXPORTER}}}[{STEP}]) > 0"
    f" and on (job, instance) smsc_exporter_build_info{{{EXPORTER}}}"
)
_OUTAGES: Final = f"max by (account) (smsc_up{{{RECORDED}}}) == 0"


def notes() -> list[AnnotationQuery]:
    """Critical alerts, restarts, and stretches without a working poll."""
    return [
        _note("Critical alerts", "red", _ALERTS, "{{alertname}} {{account}} {{operator}}"),
        _note("Restarts", "blue", _RESTARTS, "Exporter {{instance}} started"),
        _note("Failing polls", "orange", _OUTAGES, "Polls of {{account}} fail"),
    ]


def _note(name: str, colour: str, expr: str, title: str) -> AnnotationQuery:
    return (
        AnnotationQuery()
        .name(name)
        .datasource(SOURCE)
        .enable(enable=True)
        .icon_color(colour)
        .expr(expr)
        .title_format(title)
        .step("60s")
    )
