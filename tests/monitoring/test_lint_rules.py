"""Rules are linted, and the lint sees what it is there for."""

import re

import pytest

from tests.monitoring.promql import conventions, sources
from tests.monitoring.promql.findings import exclusions, standing
from tests.monitoring.promql.rulefiles import RULES, Rule, committed, placed, with_rules
from tests.monitoring.promql.samples import RECORD, group
from tests.monitoring.promql.series import Labels


TEXTS = {
    "summary": "{{ $labels.account }}: the queue does not move",
    "description": "{{ $value }} messages wait.",
    "runbook_url": "https://x/docs/runbooks/SmscQueueStuck.md",
    "dashboard_url": "http://g/d/smsc-overview?var-account={{ $labels.account }}",
}
NOBODYS = TEXTS | {"summary": "It does not move", "dashboard_url": "http://g/d/smsc-overview"}
ALERT = Rule(
    expr="sum by (job, account) (smsc_tracked_messages) > 5",
    alert="SmscQueueStuck",
    wait="5m",
    labels={"severity": "warning"},
    annotations=TEXTS,
)


def alert(**changes: object) -> Rule:
    """A good alert but for these changes."""
    return Rule(**{name: getattr(ALERT, name) for name in Rule.__struct_fields__} | changes)


def told(**changes: str) -> Rule:
    """A good alert but for these texts."""
    return alert(annotations=TEXTS | changes)


def renamed(name: str) -> Rule:
    """A good alert of another name, with its own runbook."""
    return alert(alert=name, annotations=TEXTS | {"runbook_url": f"/docs/runbooks/{name}.md"})


BAD_RULES = (
    ("record-name", Rule(expr=RECORD.expr, record="account_ready")),
    ("record-name", Rule(expr=RECORD.expr, record="account:smsc_ready_total:max")),
    ("record-level", Rule(expr=RECORD.expr, record="account_country:smsc_ready:ratio")),
    (
        "record-range",
        Rule(
            expr="sum by (account) (increase(smsc_poll_truncated_total[2h]))",
            record="account:smsc_poll_truncated:increase1h",
        ),
    ),
    ("same-labels", Rule(expr="max by (account) (smsc_up)", record="account:smsc_ready:ratio")),
    ("alert-name", renamed("QueueStuck")),
    ("alert-name", renamed("Smsc_queue")),
    ("alert-for", alert(wait="")),
    ("alert-for", alert(wait="0s")),
    ("alert-severity", alert(labels={"severity": "page"})),
    ("alert-severity", alert(labels={})),
    ("alert-compares", alert(expr="sum by (job, account) (smsc_tracked_messages)")),
    ("alert-identity", alert(expr="sum by (account) (smsc_tracked_messages) > 5")),
    ("alert-identity", alert(expr="sum by (job) (smsc_tracked_messages) > 5", annotations=NOBODYS)),
    ("alert-texts", told(summary="")),
    ("alert-texts", told(summary="The queue\ndoes not move")),
    ("alert-texts", told(description="{{ $value }} messages wait")),
    ("alert-texts", told(summary="{{ $value }} messages wait.")),
    ("alert-texts", told(description="Messages wait.")),
    ("alert-texts", told(description="")),
    ("alert-template-labels", told(description="{{ $labels.operator }} is down.")),
    ("alert-addresses", told(runbook_url="https://x/docs/runbooks/SmscOther.md")),
    ("alert-addresses", told(dashboard_url="http://g/d/other?var-account={{ $labels.account }}")),
    ("alert-addresses", told(dashboard_url="http://g/d/smsc-overview")),
    ("twice", ALERT),
)


@pytest.mark.parametrize(
    ("name", "rule"), BAD_RULES, ids=[f"{name} {n}" for n, (name, _) in enumerate(BAD_RULES)]
)
def test_a_fault_in_a_rule_is_found(name: str, rule: Rule) -> None:
    """The lint names the fault of a rule beside good ones, and no other."""
    found = list(conventions.rule_findings((group(RECORD, ALERT, rule),)))
    assert {one.rule for one in found} - {"twice"} <= {name}
    assert name in {one.rule for one in found}


def test_slow_groups_are_found() -> None:
    """What is recorded so rarely that a query can miss it is a fault."""
    slow = conventions.rule_findings((group(RECORD, interval="3m"),))
    assert {found.rule for found in slow} == {"group-interval"}


def test_good_rules_pass() -> None:
    """Rules that keep every convention are let alone."""
    assert standing(conventions.rule_findings((group(RECORD, ALERT),))) == []


def test_every_convention_has_a_fault_that_it_finds() -> None:
    """No check is there that nothing shows to work."""
    every = {*conventions.OF_RECORDS, *conventions.OF_ALERTS, conventions.TWICE}
    assert {name for name, _ in BAD_RULES} == every - {"group-interval"}


def test_recorded_series_have_the_labels_of_their_rules() -> None:
    """Rules may record what others read, in any order, and add labels of their own."""
    below = Rule(
        expr="sum by (account) (account:smsc_ready:ratio)", record="smsc:a:b", labels={"x": "1"}
    )
    known = with_rules((group(below), group(RECORD, interval="1m")))
    assert known["smsc:a:b"].labels == Labels(frozenset({"account", "x"}))
    assert (known["smsc:a:b"].every, known["account:smsc_ready:ratio"].every) == (120, 60)


def test_alerts_have_the_labels_of_their_rules() -> None:
    """What Prometheus keeps of alerts can be chosen by the alerts' labels."""
    labels = with_rules((group(ALERT),))["ALERTS"].labels
    assert labels.names == {"alertname", "alertstate", "severity", "job", "account"}


def test_the_rules_of_the_repository_are_clean() -> None:
    """Nothing is wrong with the recording rules and alerts."""
    kinds = [bool(found.rule.alert) for found in placed(committed())]
    assert min(kinds.count(True), kinds.count(False)) > 10
    assert standing(sources.of_rules()) == []


def test_routes_and_inhibitions_name_alerts_that_exist() -> None:
    """An inhibition of an alert that was renamed would silently do nothing."""
    alerts = {found.rule.alert for found in placed(committed())}
    text = (RULES.parents[1] / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"\bSmsc[A-Za-z]+", text))
    assert len(named) > 10
    assert named <= alerts


def test_exclusions_are_needed_and_have_a_reason() -> None:
    """What is let pass is there, and somebody wrote why."""
    findings = (*sources.of_rules(), *sources.of_boards(), *sources.of_runbooks())
    for exclusion in exclusions():
        assert len(exclusion.reason.split()) > 4, exclusion
        assert any(exclusion.covers(found) for found in findings), exclusion
