"""Checks of rules: names, labels, times, texts and addresses."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import promql_parser as ast
from promql_parser import Expr

from tests.monitoring.promql.findings import Finding
from tests.monitoring.promql.parsing import NotPromql, parse, seconds
from tests.monitoring.promql.queries import query_findings
from tests.monitoring.promql.rulefiles import Group, Placed, placed, result, with_rules
from tests.monitoring.promql.series import Known
from tests.monitoring.promql.tree import operation, selectors, walk
from tests.monitoring.promql.values import SEVERITIES


LONGEST_INTERVAL = 120
"""Seconds between evaluations. Prometheus looks back five minutes for a value: with more than half
of that between values, one evaluation that fails leaves a hole in all that reads them."""
ANNOTATIONS = ("summary", "description", "runbook_url", "dashboard_url")

_RECORD = re.compile(r"([a-z][a-z0-9_]*):([a-z][a-z0-9_]*):([a-z][a-z0-9_]*)")
_DURATION = re.compile(r"(\d+[smhdw])$")
_LABEL = re.compile(r"\$labels\.([a-zA-Z_]\w*)")
_COMPARISONS = frozenset({">", "<", ">=", "<=", "==", "!="})

Convention = Callable[[Placed, Known], Iterator[str]]


def record_name(found: Placed, _: Known) -> Iterator[str]:
    """Recorded series are called level:metric:operation, and no longer ``_total``."""
    parts = _RECORD.fullmatch(found.rule.record)
    if parts is None:
        yield "a recorded series is called level:metric:operation"
    elif parts[2].endswith("_total"):
        yield "what was made of a counter is no total: leave _total out of the name"


def record_level(found: Placed, known: Known) -> Iterator[str]:
    """The level names labels that the series have."""
    labels = result(found, known)
    level = found.rule.record.partition(":")[0]
    named = _RECORD.fullmatch(found.rule.record) is not None and level != "smsc"
    if named and not all(labels.has(word) for word in level.split("_")):
        yield f"the level {level} names labels that the result lacks"


def record_range(found: Placed, _: Known) -> Iterator[str]:
    """A duration in the name is one of the expression."""
    written = _DURATION.search(found.rule.record)
    made = found.rule.expr
    if written and f"[{written[1]}" not in made and not _reads(written[1], made):
        yield f"called {written[1]}, but made of another range"


def group_interval(found: Placed, _: Known) -> Iterator[str]:
    """What is recorded has no holes."""
    if seconds(found.group.interval) > LONGEST_INTERVAL:
        yield f"evaluated each {found.group.interval}, which is more than {LONGEST_INTERVAL} s"


def same_labels(found: Placed, known: Known) -> Iterator[str]:
    """All rules that record one name give it the same labels."""
    lacking = known[found.rule.record].labels.names - result(found, known).names
    if lacking:
        yield f"lacks {', '.join(sorted(lacking))}, which other rules of this name have"


def alert_name(found: Placed, _: Known) -> Iterator[str]:
    """Alerts are called Smsc and words in capitals."""
    if not re.fullmatch(r"Smsc([A-Z][a-z0-9]+)+", found.rule.alert):
        yield "an alert is called Smsc and what happened: SmscQueueStuck"


def alert_for(found: Placed, _: Known) -> Iterator[str]:
    """One evaluation is no alert: what has to last says for how long."""
    if seconds(found.rule.wait) <= 0:
        yield "no for: a single bad evaluation fires"


def alert_severity(found: Placed, _: Known) -> Iterator[str]:
    """The severity is one that routes know."""
    severity = found.rule.labels.get("severity")
    if severity not in SEVERITIES:
        yield f"severity {severity} is none of {', '.join(SEVERITIES)}"


def alert_compares(found: Placed, _: Known) -> Iterator[str]:
    """An alert fires under a condition."""
    tree = parse(found.rule.expr)
    signs = {str(node.op) for node, _ in walk(tree) if isinstance(node, ast.BinaryExpr)}
    if not signs & _COMPARISONS and not _asks_for_absence(tree):
        yield "fires as soon as there is a series"


def alert_identity(found: Placed, known: Known) -> Iterator[str]:
    """An alert tells whose it is, so that it is routed and inhibited with its account's others."""
    tree, labels = parse(found.rule.expr), result(found, known)
    if _asks_for_absence(tree):
        return
    read = [known[each.name] for each in selectors(tree) if each.name in known]
    for label in ("job", "account"):
        if read and all(series.labels.has(label) for series in read) and not labels.has(label):
            yield f"the label {label} got lost on the way"


def alert_texts(found: Placed, _: Known) -> Iterator[str]:
    """Each alert has a summary of one line that stays, and a description that tells the facts."""
    texts = found.rule.annotations
    for name in ANNOTATIONS:
        if not texts.get(name, "").strip():
            yield f"no {name}"
    if "{{ $value" in texts.get("summary", ""):
        yield "the summary changes with the value: mails of one alert no longer thread"
    if "{{" not in texts.get("description", "{{"):
        yield "the description tells nothing of this very alert"
    if texts.get("description", ".").strip()[-1:] not in {".", "!", "?"}:
        yield "the description is no sentence"
    if len(texts.get("summary", "").splitlines()) > 1:
        yield "the summary has more than one line"


def alert_template_labels(found: Placed, known: Known) -> Iterator[str]:
    """Texts and addresses use labels that the alert has: others would be empty."""
    labels = result(found, known)
    for name, text in found.rule.annotations.items():
        for label in _LABEL.findall(text):
            if not labels.has(label):
                yield f"{name} uses the label {label}, which is not there"


def alert_addresses(found: Placed, known: Known) -> Iterator[str]:
    """The runbook is the alert's own, the board opens on the alert's account."""
    texts = found.rule.annotations
    if not texts.get("runbook_url", "").endswith(f"/docs/runbooks/{found.rule.alert}.md"):
        yield "runbook_url is not that of the alert"
    address = texts.get("dashboard_url", "")
    if not re.search(r"/d/smsc-[a-z]+(\?|$)", address):
        yield "dashboard_url opens none of the boards"
    if result(found, known).has("account") and "var-account={{ $labels.account" not in address:
        yield "dashboard_url does not choose the account"


OF_RECORDS: Mapping[str, Convention] = MappingProxyType(
    {
        "record-name": record_name,
        "record-level": record_level,
        "record-range": record_range,
        "group-interval": group_interval,
        "same-labels": same_labels,
    }
)
OF_ALERTS: Mapping[str, Convention] = MappingProxyType(
    {
        "alert-name": alert_name,
        "alert-for": alert_for,
        "alert-severity": alert_severity,
        "alert-compares": alert_compares,
        "alert-identity": alert_identity,
        "alert-texts": alert_texts,
        "alert-template-labels": alert_template_labels,
        "alert-addresses": alert_addresses,
    }
)
TWICE = "twice"


def rule_findings(groups: tuple[Group, ...]) -> Iterator[Finding]:
    """What is wrong with the rules of some files, which may read what each other record."""
    known = with_rules(groups)
    names = Counter(found.place.partition(" / ")[2] for found in placed(groups))
    for name, times in names.items():
        if times > 1:
            yield Finding(TWICE, name, f"there are {times} of this name")
    for found in placed(groups):
        yield from query_findings(found.rule.expr, known, found.place)
        yield from _unconventional(found, known)


def _unconventional(found: Placed, known: Known) -> Iterator[Finding]:
    conventions = OF_RECORDS if found.rule.record else OF_ALERTS
    for name, convention in conventions.items():
        try:
            faults = list(convention(found, known))
        except NotPromql:
            continue
        for message in faults:
            yield Finding(name, found.place, message)


def _reads(duration: str, expr: str) -> bool:
    return any(found.name.endswith(duration) for found in selectors(parse(expr)))


def _asks_for_absence(tree: Expr) -> bool:
    return any(operation(node).startswith("absent") for node, _ in walk(tree))
