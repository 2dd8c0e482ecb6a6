"""Variables at the top of a dashboard, each one narrowing the next."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from grafana_foundation_sdk.builders.dashboard import DatasourceVariable, QueryVariable
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import VariableOption, VariableRefresh, VariableSort

from grafana.queries import ACCOUNT, CHANNEL, COUNTRY, EXPORTER, ROUTE, SUBMITTED


SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
"""The Prometheus that the reader chose."""
NOT_EMPTY, ANYTHING = ".+", ".*"

Variable = DatasourceVariable | QueryVariable
Name = Literal["job", "instance", "account", "channel", "country", "operator", "sender", "deadline"]
EVERYTHING: Final[tuple[Name, ...]] = (
    "job",
    "instance",
    "account",
    "channel",
    "country",
    "operator",
    "sender",
    "deadline",
)
"""From the widest to the narrowest; the deadline is of no use where no panel judges by it."""


class _Label(NamedTuple):
    """Where a variable's values come from, and what All stands for."""

    series: str
    everything: str
    about: str


_LABELS: Final[dict[Name, _Label]] = {
    "job": _Label("smsc_exporter_build_info", NOT_EMPTY, "Scrape job of the exporter."),
    "instance": _Label(
        'smsc_exporter_build_info{job=~"$job"}', NOT_EMPTY, "Address of the exporter."
    ),
    "account": _Label(
        f"smsc_up{{{EXPORTER}}}", NOT_EMPTY, "Account, as the exporter's configuration calls it."
    ),
    "channel": _Label(
        f"{SUBMITTED}{{{ACCOUNT}}}",
        ANYTHING,
        "Kind of message. HLR requests and pings count in volume and cost, never in ratios.",
    ),
    "country": _Label(
        f"{SUBMITTED}{{{CHANNEL}}}", ANYTHING, "Country of the number's network; XX: unknown."
    ),
    "operator": _Label(f"{SUBMITTED}{{{COUNTRY}}}", ANYTHING, "Network of the number."),
    "sender": _Label(
        f"{SUBMITTED}{{{ROUTE}}}",
        ANYTHING,
        "Sender name. Panels about times, queues and refunds cannot tell senders apart.",
    ),
}


def variables(names: Sequence[Name] = EVERYTHING) -> list[Variable]:
    """The data source, and these."""
    return [_source(), *(_deadline() if name == "deadline" else _label(name) for name in names)]


def _source() -> DatasourceVariable:
    return (
        DatasourceVariable("datasource")
        .label("Data source")
        .description("The Prometheus that scrapes the exporter and evaluates its rules.")
        .type("prometheus")
    )


def _label(name: Name) -> QueryVariable:
    """Several values may be chosen; All also finds labels that are switched off."""
    series, everything, about = _LABELS[name]
    return (
        _values(name, f"label_values({series}, {name})")
        .description(about)
        .multi(True)
        .include_all(True)
        .all_value(everything)
        .current(VariableOption(selected=True, text=["All"], value=["$__all"]))
        .sort(VariableSort.ALPHABETICAL_ASC)
    )


def _deadline() -> QueryVariable:
    return (
        _values("deadline", f"label_values(smsc_exporter_deadline_seconds{{{EXPORTER}}}, deadline)")
        .description("Age at which a message is judged: delivered by then, or not.")
        .current(VariableOption(selected=True, text="1h", value="1h"))
        .sort(VariableSort.NUMERICAL_ASC)
    )


def _values(name: Name, query: str) -> QueryVariable:
    return (
        QueryVariable(name)
        .label(name.capitalize())
        .datasource(SOURCE)
        .query(query)
        .definition(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    )
