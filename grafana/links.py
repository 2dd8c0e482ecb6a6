"""Ways from one dashboard to another, and to the runbooks."""

from typing import Final

from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

from grafana.variables import EVERYTHING


TAG: Final = "smsc"
"""Every dashboard has it, and the list at the top shows those that have it."""
KEPT: Final = ("datasource", "job", "instance", "account", "channel")
"""Variables that stay as they are on the way to another dashboard."""


def siblings() -> DashboardLink:
    """All dashboards of this set, with the same time and variables."""
    return (
        DashboardLink("SMSC dashboards")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .include_vars(include_vars=True)
        .keep_time(keep_time=True)
    )


def to_board(uid: str, **fields: str) -> str:
    """Address of another dashboard; ``fields`` name the table's column for a variable's value."""
    assert set(fields) <= set(EVERYTHING)  # noqa: S101
    kept = [f"${{{name}:queryparam}}" for name in KEPT if name not in fields]
    chosen = [f"var-{name}=${{__data.fields.{column}}}" for name, column in fields.items()]
    return f"/d/{uid}?{'&'.join(['${__url_time_range}', *kept, *chosen])}"


def to_runbook(base: str, column: str) -> str:
    """Address of the runbook of the alert that a table's column names."""
    return f"{base}/${{__data.fields.{column}}}.md"
