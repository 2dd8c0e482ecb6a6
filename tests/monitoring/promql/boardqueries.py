"""Checks of the queries of a board: dashboard-linter's, and our own."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from promql_parser import Expr

from tests.monitoring.promql.boardrules import structure_findings
from tests.monitoring.promql.boards import Board, Panel, Target, query_of
from tests.monitoring.promql.findings import Finding
from tests.monitoring.promql.inference import labels_of
from tests.monitoring.promql.parsing import GRAFANA, RATE_INTERVAL, NotPromql, parse, variables_of
from tests.monitoring.promql.queries import CHECKS, SYNTAX, query_findings
from tests.monitoring.promql.series import Known, Labels
from tests.monitoring.promql.tree import Matcher, selectors
from tests.monitoring.promql.usage import INCREASES


BUILT_IN = frozenset({*GRAFANA, "__from", "__to", "__all_variables", "__url_time_range"})
_LEGEND = re.compile(r"\{\{\s*([a-zA-Z_]\w*)\s*\}\}")
_LABEL_VALUES = re.compile(r"label_values\((.+),\s*(\w+)\s*\)", re.DOTALL)

TargetRule = Callable[[Expr], Iterator[str]]


def target_rate_interval(tree: Expr) -> Iterator[str]:
    """Rates follow the resolution of the panel."""
    for found in selectors(tree):
        if found.function in {"rate", "irate"} and found.seconds != RATE_INTERVAL:
            yield f"{found.function} of {found.name}: use $__rate_interval"


def target_job(tree: Expr) -> Iterator[str]:
    """Every series is one of the chosen job."""
    yield from _unmatched(tree, "job")


def target_instance(tree: Expr) -> Iterator[str]:
    """Every series is one of the chosen instance."""
    yield from _unmatched(tree, "instance")


def target_counter_agg(tree: Expr) -> Iterator[str]:
    """Counters are read by rate, irate or increase and nothing else."""
    for found in selectors(tree):
        if found.name.endswith("_total") and found.function not in INCREASES - {"resets"}:
            yield f"{found.name} without rate, irate or increase"


OF_TARGETS: Mapping[str, TargetRule] = MappingProxyType(
    {
        "target-rate-interval-rule": target_rate_interval,
        "target-job-rule": target_job,
        "target-instance-rule": target_instance,
        "target-counter-agg-rule": target_counter_agg,
    }
)
TARGET_PROMQL = "target-promql-rule"
LEGEND, UNDEFINED, UNUSED, TWICE = "legend", "undefined-variable", "unused-variable", "twice"


def board_findings(board: Board, known: Known) -> Iterator[Finding]:
    """Everything that is wrong with a board."""
    yield from structure_findings(board)
    yield from _variables(board, known)
    for panel in board.panels:
        names = Counter(target.name for target in panel.targets)
        yield from (Finding(TWICE, panel.place, f"query {n}") for n, k in names.items() if k > 1)
        for target in panel.targets:
            yield from _target(board, panel, target, known)
    for note in board.annotations:
        if expr := note.get("expr") or (note.get("target") or {}).get("expr"):
            place = f"{board.uid} / {note.get('name')}"
            yield from query_findings(str(expr), known, place, board.values)


def _target(board: Board, panel: Panel, target: Target, known: Known) -> Iterator[Finding]:
    place = panel.place_of(target)
    try:
        tree = parse(target.expr, board.values)
    except NotPromql as fault:
        yield Finding(TARGET_PROMQL, place, str(fault))
        return
    for name, rule in OF_TARGETS.items():
        yield from (Finding(name, place, message) for message in rule(tree))
    for name, check in CHECKS.items():
        yield from (Finding(name, place, message) for message in check(tree, known))
    labels = labels_of(tree, known) or Labels()
    for label in _LEGEND.findall(target.legend):
        if not labels.has(label):
            yield Finding(LEGEND, place, f"the legend uses {label}, which the result lacks")


def _variables(board: Board, known: Known) -> Iterator[Finding]:
    ids = Counter(str(panel.data.get("id")) for panel in board.panels)
    yield from (Finding(TWICE, board.uid, f"panel id {n}") for n, k in ids.items() if k > 1)
    defined = {str(one["name"]) for one in board.variables}
    text = str([panel.data for panel in board.panels])
    asked = " ".join(query_of(one) for one in board.variables)
    for name in sorted(variables_of(text + asked) - defined - BUILT_IN):
        yield Finding(UNDEFINED, board.uid, f"no variable is called {name}")
    for name in sorted(defined - variables_of(text) - {"datasource"}):
        yield Finding(UNUSED, board.uid, f"no panel follows {name}")
    for variable in board.variables:
        if call := _LABEL_VALUES.fullmatch(query_of(variable).strip()):
            place = f"{board.uid} / ${variable['name']}"
            counted = f"count by ({call[2]}) ({call[1]})"
            found = query_findings(counted, known, place, board.values)
            yield from (each for each in found if each.rule != SYNTAX)


def _unmatched(tree: Expr, label: str) -> Iterator[str]:
    wanted = Matcher(label, "=~", f"${label}")
    for found in selectors(tree):
        if wanted not in found.matchers:
            yield f"{found.name} is not matched by {wanted}"
