"""Queries are read as Prometheus reads them, and the lint sees what is wrong with them."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.monitoring.promql.inference import labels_of
from tests.monitoring.promql.parsing import parse, seconds, substituted
from tests.monitoring.promql.queries import CHECKS, SYNTAX, query_findings
from tests.monitoring.promql.rulefiles import with_rules
from tests.monitoring.promql.samples import RECORD, group
from tests.monitoring.promql.series import Labels, exposed
from tests.monitoring.promql.tree import selectors


class Case(NamedTuple):
    """A fault, and the same thing done right."""

    rule: str
    bad: str
    good: str


MATURED = 'smsc_messages_matured_total{channel!~"hlr|ping"}'
QUERIES = (
    Case(SYNTAX, "sum(up", "sum(up)"),
    Case(SYNTAX, "rate(smsc_poll_truncated_total[$window])", "up"),
    Case("unknown-series", "smsc_message_delivery_seconds", "smsc_exporter_ledger_up"),
    Case("unknown-series", "account:smsc_sent:ratio", "account:smsc_ready:ratio"),
    Case("unknown-series", '{job="smsc"}', 'up{job="smsc"}'),
    Case("unknown-label", 'smsc_up{operator="mts"}', 'smsc_up{account="main",instance="a"}'),
    Case("unknown-label", 'account:smsc_ready:ratio{country="RU"}', "account:smsc_ready:ratio"),
    Case("unknown-value", 'smsc_poll_up{channel="smss"}', 'smsc_poll_up{channel="sms"}'),
    Case("unknown-value", 'smsc_poll_up{channel!~"hlr|pong"}', 'smsc_poll_up{channel=~"$channel"}'),
    Case("unknown-value", 'smsc_poll_up{endpoint=~"hist"}', 'smsc_poll_up{endpoint=~"hist.*"}'),
    Case("unknown-value", 'smsc_poll_up{endpoint=~"stat.*"}', 'smsc_poll_up{endpoint!=""}'),
    Case("unknown-value", 'smsc_poll_up{endpoint!~"status.*"}', 'smsc_poll_up{endpoint!=""}'),
    Case("lost-label", "sum by (sender) (smsc_up)", "sum by (account) (smsc_up)"),
    Case("lost-label", "sum without (sender) (smsc_up)", "sum without (account) (smsc_up)"),
    Case(
        "lost-label", "sum by (job) (smsc_up) * on (account) smsc_up", "smsc_up * on (job) smsc_up"
    ),
    Case(
        "lost-label",
        "smsc_poll_up * on (channel) group_left smsc_up",
        "smsc_poll_up * on (account) group_left smsc_up",
    ),
    Case(
        "lost-label",
        "smsc_poll_up * on (account) group_left (version) smsc_up",
        "smsc_poll_up * on (job) group_left (version) smsc_exporter_build_info",
    ),
    Case(
        "lost-label",
        "smsc_up / ignoring (sender) smsc_up",
        "smsc_poll_up / ignoring () smsc_poll_up",
    ),
    Case("unlike-sides", "smsc_up / smsc_poll_up", "smsc_up / on (account) smsc_up"),
    Case(
        "unlike-sides",
        "smsc_poll_up / ignoring (endpoint) group_left smsc_up",
        "smsc_poll_up / ignoring (endpoint, channel) group_left smsc_up",
    ),
    Case("unlike-sides", "smsc_up and sum(smsc_up)", "smsc_up or sum(smsc_up)"),
    Case("rate-of-gauge", "rate(smsc_history_gaps[5m])", "rate(smsc_poll_truncated_total[5m])"),
    Case("rate-of-gauge", "increase(account:smsc_ready:ratio[1h])", "changes(smsc_up[5m])"),
    Case(
        "raw-counter",
        "smsc_poll_truncated_total > 0",
        "increase(smsc_poll_truncated_total[5m]) > 0",
    ),
    Case("raw-counter", "delta(smsc_poll_truncated_total[5m])", "count(smsc_poll_truncated_total)"),
    Case("raw-counter", "sum(process_cpu_seconds_total)", "absent(process_cpu_seconds_total)"),
    Case(
        "rate-of-subquery",
        "rate(sum(smsc_poll_truncated_total)[5m:1m])",
        "sum(rate(smsc_poll_truncated_total[5m]))",
    ),
    Case(
        "short-range", "rate(smsc_poll_truncated_total[3m])", "rate(smsc_poll_truncated_total[4m])"
    ),
    Case(
        "short-range",
        "avg_over_time(account:smsc_ready:ratio[5m])",
        "avg_over_time(account:smsc_ready:ratio[8m])",
    ),
    Case("short-range", "max_over_time(up[$__interval])", "max_over_time(up[$__rate_interval])"),
    Case("stepless-subquery", "max_over_time(up[1h:])", "max_over_time(up[1h:5m])"),
    Case(
        "quantile-without-le",
        "histogram_quantile(0.9, sum(rate(smsc_api_request_duration_seconds_bucket[5m])))",
        "histogram_quantile(0.9, sum by (le) (rate(smsc_api_request_duration_seconds_bucket[5m])))",
    ),
    Case(
        "quantile-without-le",
        "histogram_quantile(0.9, group(smsc_api_request_duration_seconds_bucket) by (le))",
        "histogram_quantile(0.9, rate(smsc_api_request_duration_seconds_bucket[5m]))",
    ),
    Case(
        "le-one-way",
        'rate(smsc_api_request_duration_seconds_bucket{le="1"}[5m])',
        'rate(smsc_api_request_duration_seconds_bucket{le=~"1|1.0"}[5m])',
    ),
    Case(
        "le-one-way",
        'rate(smsc_api_request_duration_seconds_bucket{le="1.0"}[5m])',
        'rate(smsc_api_request_duration_seconds_bucket{le="0.5"}[5m])',
    ),
    Case(
        "le-one-way",
        'rate(smsc_api_request_duration_seconds_bucket{le=~"7|7.0"}[5m])',
        'rate(smsc_api_request_duration_seconds_bucket{le="+Inf"}[5m])',
    ),
    Case(
        "enquiries-counted",
        "sum(rate(smsc_messages_matured_total[5m]))",
        f"sum(rate({MATURED}[5m]))",
    ),
    Case(
        "enquiries-counted",
        'sum(smsc_messages_pending{channel!="hlr"})',
        'sum(smsc_messages_pending{channel=~"sms|flash"})',
    ),
    Case(
        "enquiries-counted",
        "sum by (account) (smsc_messages_pending)",
        "sum by (channel) (smsc_messages_pending)",
    ),
    Case(
        "mixed-currencies",
        "sum(increase(smsc_cost_total[1h]))",
        "sum by (currency) (increase(smsc_cost_total[1h]))",
    ),
    Case(
        "mixed-currencies",
        "sum by (country) (increase(smsc_cost_total[1h]))",
        'sum by (country) (increase(smsc_cost_total{currency="RUB"}[1h]))',
    ),
    Case(
        "mixed-currencies",
        "sum by (job) (increase(smsc_cost_refunded_total[1h]))",
        "sum by (account) (increase(smsc_cost_refunded_total[1h]))",
    ),
    Case(
        "mixed-currencies",
        "sum(smsc_account_balance)",
        "sum by (account) (smsc_account_balance)",
    ),
    Case(
        "mixed-endpoints",
        "max by (account) (smsc_poll_last_success_timestamp_seconds)",
        'max by (account) (smsc_poll_last_success_timestamp_seconds{endpoint="history"})',
    ),
    Case(
        "mixed-endpoints",
        "min by (account) (smsc_poll_up)",
        "min by (account, endpoint) (smsc_poll_up)",
    ),
)
KNOWN = with_rules((group(RECORD),))


def rules_broken(query: str) -> set[str]:
    """Names of the rules that a query breaks."""
    return {found.rule for found in query_findings(query, KNOWN, "here")}


@pytest.mark.parametrize("case", QUERIES, ids=lambda case: f"{case.rule}: {case.bad}")
def test_a_fault_in_a_query_is_found(case: Case) -> None:
    """The lint names the fault in a query, and nothing in one that is right."""
    assert case.rule in rules_broken(case.bad)
    assert rules_broken(case.good) == set()


def test_every_check_has_a_fault_that_it_finds() -> None:
    """No check is there that nothing shows to work."""
    assert {case.rule for case in QUERIES} == {*CHECKS, SYNTAX}


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("smsc_up", "job instance account"),
        ("rate(smsc_api_request_duration_seconds_bucket[5m])", "job instance endpoint le"),
        (
            "histogram_quantile(0.5, smsc_api_request_duration_seconds_bucket)",
            "job instance endpoint",
        ),
        ("sum(smsc_up)", ""),
        ("sum by (account, sender) (smsc_up)", "account"),
        ("topk by (account) (3, smsc_up)", "job instance account"),
        ('count_values by (job) ("state", smsc_up)', "job state"),
        ("smsc_up / on (account) smsc_poll_up", "account"),
        ("smsc_up > ignoring (instance) smsc_up", "job account"),
        ("smsc_up unless on (account) smsc_poll_up", "job instance account"),
        (
            "smsc_up * on (job) group_left (version) smsc_exporter_build_info",
            "job instance account version",
        ),
        (
            "smsc_exporter_build_info * on (job) group_right (version) smsc_up",
            "job instance account version",
        ),
        ("2 * smsc_up - time()", "job instance account"),
        ("vector(1)", ""),
        ("vector(0) or smsc_up", "job instance account"),
        ("sum without (instance) (smsc_up)", "job account"),
        ("smsc_up / on (account, sender) smsc_poll_up", "account"),
        ('absent(smsc_up{account="a",job=~"b"})', "account"),
        ('label_replace(smsc_up, "short", "$1", "account", "(.).*")', "job instance account short"),
        ("max_over_time((-smsc_up)[1h:5m])", "job instance account"),
        ("account:smsc_ready:ratio", "job account"),
    ],
)
def test_labels_of_results(query: str, labels: str) -> None:
    """What labels a result has is told as Prometheus does it."""
    assert labels_of(parse(query), KNOWN) == Labels(frozenset(labels.split()))


@given(st.sampled_from(["$x", "${x}", "${x:regex}", "[[x]]"]), st.sampled_from(['"', "'", "`"]))
def test_variables_are_filled_in(spelling: str, quote: str) -> None:
    """Each spelling of a variable is understood, inside strings and outside."""
    text = f"a{{b=~{quote}{spelling}{quote}}}[{spelling}]"
    assert substituted(text, {"x": "5m"}) == f"a{{b=~{quote}$x{quote}}}[5m]"


@given(st.sampled_from(sorted(exposed())), st.integers(1, 4000))
def test_selectors_are_read_as_written(name: str, length: int) -> None:
    """Name, matchers, range and what is done with them are told of any selector."""
    (found,) = selectors(parse(f'sum(max_over_time({name}{{a!~"b|c"}}[{length}s] offset 1d))'))
    assert (found.name, found.seconds, found.above) == (name, length, ("max_over_time", "sum"))
    assert str(found.matchers[0]) == 'a!~"b|c"'
    assert [found.matchers[0].selects(value) for value in ("b", "bc", "")] == [False, True, True]


def test_intervals_of_groups_are_durations() -> None:
    """Lengths of time are read as Prometheus reads them."""
    assert (seconds("1h30m"), seconds("2m")) == (5400, 120)
