"""Dashboards are linted, and the lint sees what it is there for."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.monitoring.promql import boardqueries, boardrules, boards, sources
from tests.monitoring.promql.boardqueries import board_findings
from tests.monitoring.promql.boards import Board
from tests.monitoring.promql.findings import standing
from tests.monitoring.promql.series import exposed


UIDS = {
    "smsc-overview",
    "smsc-operators",
    "smsc-errors",
    "smsc-cost",
    "smsc-objectives",
    "smsc-exporter",
}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
CHOSEN = 'job=~"$job",instance=~"$instance"'
PANEL = {
    "id": 2,
    "type": "timeseries",
    "title": "Polls that work",
    "description": "1 if the last poll gave a page.",
    "datasource": SOURCE,
    "fieldConfig": {"defaults": {"unit": "bool_yes_no"}},
    "targets": [
        {
            "refId": "A",
            "expr": f"sum by (account) (smsc_up{{{CHOSEN}}})",
            "legendFormat": "{{account}}",
        }
    ],
}
GOOD = {
    "uid": "smsc-overview",
    "title": "SMSC / Overview",
    "editable": False,
    "templating": {
        "list": [
            {
                "name": "datasource",
                "type": "datasource",
                "label": "Data source",
                "query": "prometheus",
            },
            *(
                {
                    "name": name,
                    "type": "query",
                    "label": name.title(),
                    "multi": True,
                    "allValue": ".+",
                    "refresh": 2,
                    "datasource": SOURCE,
                    "query": {
                        "query": f"label_values(smsc_exporter_build_info, {name})",
                        "refId": "x",
                    },
                    "current": {"value": ["$__all"]},
                }
                for name in ("job", "instance")
            ),
        ]
    },
    "annotations": {
        "list": [{"name": "Restarts", "expr": "changes(process_start_time_seconds[5m])"}]
    },
    "panels": [
        {"id": 1, "type": "row", "title": "Collapsed", "panels": [PANEL]},
        {"id": 3, "type": "text", "title": ""},
    ],
}

Spoil = Callable[[Any], object]


def panel(board: Any) -> Any:
    """The panel of the good board, which lies in a collapsed row."""
    return board["panels"][0]["panels"][0]


def variable(board: Any, name: str) -> Any:
    """A variable of the good board."""
    return next(one for one in board["templating"]["list"] if one["name"] == name)


def asking(expr: str, legend: str = "") -> Spoil:
    """Gives the panel another query."""
    return lambda board: panel(board)["targets"][0].update(expr=expr, legendFormat=legend)


def asked(query: str) -> Spoil:
    """Gives the variable for the instance another query."""
    return lambda board: variable(board, "instance").update(query=query)


FAULTS: tuple[tuple[str, Spoil], ...] = (
    ("template-datasource-rule", lambda b: b["templating"]["list"].pop(0)),
    ("template-datasource-rule", lambda b: variable(b, "datasource").update(name="ds")),
    ("template-datasource-rule", lambda b: variable(b, "datasource").update(label="DS")),
    ("template-job-rule", lambda b: b["templating"]["list"].pop(1)),
    ("template-job-rule", lambda b: variable(b, "job").update(multi=False)),
    ("template-job-rule", lambda b: variable(b, "job").update(datasource={"uid": "abc"})),
    ("template-instance-rule", lambda b: b["templating"]["list"].pop(2)),
    ("template-instance-rule", lambda b: variable(b, "instance").update(allValue=".*")),
    ("template-instance-rule", lambda b: variable(b, "instance").update(label="Where")),
    ("template-label-promql-rule", asked("label_values(smsc_up{, instance)")),
    ("template-label-promql-rule", asked("values(smsc_up)")),
    ("template-on-time-change-reload-rule", lambda b: variable(b, "job").update(refresh=1)),
    ("uneditable-dashboard-rule", lambda b: b.update(editable=True)),
    ("uneditable-dashboard-rule", lambda b: b.pop("editable")),
    ("panel-datasource-rule", lambda b: panel(b).update(datasource={"uid": "abc"})),
    ("panel-datasource-rule", lambda b: panel(b).pop("datasource")),
    ("panel-datasource-rule", lambda b: panel(b)["targets"][0].update(datasource={"uid": "abc"})),
    ("panel-title-description-rule", lambda b: panel(b).update(title=" ")),
    ("panel-title-description-rule", lambda b: panel(b).pop("description")),
    ("panel-units-rule", lambda b: panel(b)["fieldConfig"]["defaults"].pop("unit")),
    ("panel-units-rule", lambda b: panel(b)["fieldConfig"]["defaults"].update(unit="messages")),
    ("panel-no-targets-rule", lambda b: panel(b).update(targets=[])),
    (
        "target-logql-rule",
        lambda b: panel(b)["targets"][0].update(datasource=SOURCE | {"type": "loki"}),
    ),
    (
        "target-logql-auto-rule",
        lambda b: panel(b)["targets"][0].update(datasource=SOURCE | {"type": "loki"}),
    ),
    ("target-promql-rule", asking("sum(smsc_up{")),
    ("target-rate-interval-rule", asking(f"rate(smsc_poll_truncated_total{{{CHOSEN}}}[5m])")),
    (
        "target-rate-interval-rule",
        asking(f"irate(smsc_poll_truncated_total{{{CHOSEN}}}[$__range])"),
    ),
    ("target-job-rule", asking('smsc_up{instance=~"$instance"}')),
    ("target-job-rule", asking('smsc_up{job="$job",instance=~"$instance"}')),
    ("target-instance-rule", asking('smsc_up{job=~"$job"}')),
    ("target-counter-agg-rule", asking(f"count(smsc_poll_truncated_total{{{CHOSEN}}})")),
    ("unknown-series", asking(f"smsc_down{{{CHOSEN}}}")),
    ("unknown-series", asked("label_values(smsc_down, instance)")),
    ("unknown-label", lambda b: b["annotations"]["list"][0].update(expr='up{account="main"} == 0')),
    ("lost-label", asked("label_values(smsc_up, sender)")),
    ("short-range", lambda b: b["annotations"]["list"][0].update(expr="changes(up[2m])")),
    ("legend", asking(f"sum(smsc_up{{{CHOSEN}}})", "{{account}}")),
    ("undefined-variable", asking(f'smsc_up{{{CHOSEN},account=~"$account"}}')),
    ("undefined-variable", lambda b: panel(b).update(title="Polls of ${account:csv}")),
    ("unused-variable", lambda b: b["templating"]["list"].append({"name": "x", "type": "custom"})),
    ("twice", lambda b: panel(b).update(id=3)),
    ("twice", lambda b: panel(b)["targets"].append(panel(b)["targets"][0])),
)


def rules_broken(board: Any) -> set[str]:
    """Names of the rules that a board breaks."""
    return {found.rule for found in board_findings(Board(board), exposed())}


@pytest.mark.parametrize(
    ("rule", "spoil"), FAULTS, ids=[f"{rule} {n}" for n, (rule, _) in enumerate(FAULTS)]
)
def test_a_fault_in_a_board_is_found(rule: str, spoil: Spoil) -> None:
    """The lint names the fault, wherever in the board it is."""
    spoilt = copy.deepcopy(GOOD)
    spoil(spoilt)
    assert rule in rules_broken(spoilt)


def test_a_good_board_passes() -> None:
    """Nothing is found where nothing is wrong."""
    assert rules_broken(GOOD) == set()


def test_every_rule_of_the_dashboard_linter_is_kept() -> None:
    """All 17 rules of Grafana's dashboard-linter are checked, and each check is shown to work."""
    linter = {
        *boardrules.OF_BOARDS,
        *boardrules.OF_PANELS,
        *boardqueries.OF_TARGETS,
        boardqueries.TARGET_PROMQL,
    }
    assert len(linter) == 17
    ours = {boardqueries.LEGEND, boardqueries.UNDEFINED, boardqueries.UNUSED, boardqueries.TWICE}
    assert linter | ours <= {rule for rule, _ in FAULTS}


def test_variables_outside_strings_have_their_first_value() -> None:
    """A query that takes its range from a variable is read with what is chosen first."""
    board = copy.deepcopy(GOOD)
    chosen = {"name": "window", "type": "custom", "current": {"value": "5m"}}
    board["templating"]["list"].append(chosen)  # type: ignore[index]
    asking(f"increase(smsc_poll_truncated_total{{{CHOSEN}}}[$window])")(board)
    assert rules_broken(board) == set()
    chosen["current"] = {"value": ["1m"]}
    assert rules_broken(board) == {"short-range"}


def test_the_dashboards_of_the_repository_are_clean() -> None:
    """Nothing is wrong with any board."""
    assert {board.uid for board in boards.committed()} == UIDS
    assert standing(sources.of_boards()) == []
