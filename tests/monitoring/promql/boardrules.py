"""The rules of Grafana's dashboard-linter about boards and panels."""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from tests.monitoring.promql.boards import (
    DECORATION,
    LOKI,
    Board,
    Json,
    Panel,
    query_of,
    source_of,
)
from tests.monitoring.promql.findings import Finding
from tests.monitoring.promql.parsing import NotPromql, parse


UNITS = frozenset(
    {
        *(
            "none",
            "short",
            "string",
            "percent",
            "percentunit",
            "bool",
            "bool_yes_no",
            "bool_on_off",
        ),
        *("s", "ms", "m", "h", "d", "dtdurations", "dthms", "dtdhms", "dateTimeFromNow"),
        *("dateTimeAsIso", "dateTimeAsLocal", "dateTimeAsSystem", "cps", "ops", "reqps", "rps"),
        *("cpm", "opm", "rpm", "bytes", "decbytes", "Bps", "locale", "sci"),
        *("currencyRUB", "currencyUSD", "currencyEUR", "currencyUAH"),
    }
)
"""Units of the linter's list that can make sense here."""

_LABEL_QUERY = re.compile(r"(label_values|label_names|metrics|query_result)\((.+)\)", re.DOTALL)
_LAST_ARGUMENT = re.compile(r",\s*\w+\s*$")

BoardRule = Callable[[Board], Iterator[str]]
PanelRule = Callable[[Board, Panel], Iterator[str]]


def template_datasource(board: Board) -> Iterator[str]:
    """The reader chooses the data source by a variable with the usual name."""
    sources = [one for one in board.variables if one.get("type") == "datasource"]
    if not sources:
        yield "no variable for the data source"
    for source in sources:
        usual = {"datasource": "Data source", "prometheus_datasource": "Prometheus data source"}
        if source.get("name") not in usual:
            yield f"the data source is called {source.get('name')}, not datasource"
        elif source.get("label") not in usual.values():
            yield f"the data source is labelled {source.get('label')}, not Data source"


def template_job(board: Board) -> Iterator[str]:
    """The reader chooses the job."""
    yield from _template(board, "job")


def template_instance(board: Board) -> Iterator[str]:
    """The reader chooses the instance."""
    yield from _template(board, "instance")


def template_label_promql(board: Board) -> Iterator[str]:
    """Variables ask for their values with a query that can be parsed."""
    for variable in _asked(board):
        call = _LABEL_QUERY.fullmatch(query_of(variable).strip())
        if call is None:
            yield f"{variable['name']} is asked with no function: {query_of(variable)}"
            continue
        try:
            parse(_LAST_ARGUMENT.sub("", call[2]), board.values)
        except NotPromql as fault:
            yield f"{variable['name']}: {fault}"


def template_on_time_change_reload(board: Board) -> Iterator[str]:
    """Values of variables are those of the time that is shown."""
    for variable in _asked(board):
        if variable.get("refresh") != 2:
            yield f"{variable['name']} does not reload when the time changes"


def uneditable(board: Board) -> Iterator[str]:
    """What is provisioned is not edited in the browser."""
    if board.data.get("editable", True):
        yield "editable"


def panel_datasource(board: Board, panel: Panel) -> Iterator[str]:
    """Panels and their queries ask the data source that was chosen."""
    names = [one.get("name") for one in board.variables if one.get("type") == "datasource"]
    chosen = {spelt for name in names for spelt in (f"${name}", f"${{{name}}}")}
    named = [panel.data, *(target.data for target in panel.targets if "datasource" in target.data)]
    for source in {source_of(data) for data in named} - chosen:
        yield f"asks {source or 'the default data source'}, not the one that was chosen"


def panel_title_description(_: Board, panel: Panel) -> Iterator[str]:
    """Each panel says what it shows, and how to read it."""
    for text in ("title", "description"):
        if not str(panel.data.get(text) or "").strip():
            yield f"no {text}"


def panel_units(_: Board, panel: Panel) -> Iterator[str]:
    """Each panel has a unit."""
    unit = panel.data.get("fieldConfig", {}).get("defaults", {}).get("unit")
    if unit not in UNITS:
        yield f"the unit {unit} is none"


def panel_no_targets(_: Board, panel: Panel) -> Iterator[str]:
    """Each panel asks for something."""
    if not panel.targets:
        yield "no query"


def target_logql(_: Board, panel: Panel) -> Iterator[str]:
    """No query is LogQL, which nothing here could check."""
    for target in panel.targets:
        source = target.data.get("datasource")
        if isinstance(source, Mapping) and source.get("type") == LOKI:
            yield f"{target.name} asks Loki"


OF_BOARDS: Mapping[str, BoardRule] = MappingProxyType(
    {
        "template-datasource-rule": template_datasource,
        "template-job-rule": template_job,
        "template-instance-rule": template_instance,
        "template-label-promql-rule": template_label_promql,
        "template-on-time-change-reload-rule": template_on_time_change_reload,
        "uneditable-dashboard-rule": uneditable,
    }
)
OF_PANELS: Mapping[str, PanelRule] = MappingProxyType(
    {
        "panel-datasource-rule": panel_datasource,
        "panel-title-description-rule": panel_title_description,
        "panel-units-rule": panel_units,
        "panel-no-targets-rule": panel_no_targets,
        "target-logql-rule": target_logql,
        "target-logql-auto-rule": target_logql,
    }
)


def structure_findings(board: Board) -> Iterator[Finding]:
    """What is wrong with a board beside its queries."""
    for name, rule in OF_BOARDS.items():
        yield from (Finding(name, board.uid, message) for message in rule(board))
    for panel in board.panels:
        if panel.kind not in DECORATION:
            for name, check in OF_PANELS.items():
                yield from (Finding(name, panel.place, text) for text in check(board, panel))


def _template(board: Board, name: str) -> Iterator[str]:
    found = next((one for one in board.variables if one.get("name") == name), None)
    if found is None:
        yield f"no variable for the {name}"
        return
    wanted = {"type": "query", "label": name.title(), "multi": True, "allValue": ".+"}
    for key, value in wanted.items():
        if found.get(key) != value:
            yield f"{key} of {name} is {found.get(key)}, not {value}"
    if source_of(found) not in {"$datasource", "${datasource}"}:
        yield f"{name} is not asked of the data source that was chosen"


def _asked(board: Board) -> Iterator[Json]:
    return (one for one in board.variables if one.get("type") == "query")
