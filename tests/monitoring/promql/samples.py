"""Rules that are right, for tests to spoil."""

from tests.monitoring.promql.rulefiles import Group, Rule


RECORD = Rule(expr="max by (job, account) (smsc_up)", record="account:smsc_ready:ratio")


def group(*rules: Rule, interval: str = "2m") -> Group:
    """Rules in a group."""
    return Group(name="smsc", rules=rules, interval=interval)
