"""PromQL of the dashboards: selectors, and the few shapes that every query is made of.

Time series use ``$__rate_interval``, tables and tiles ``$__range`` or a window of their own.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple


EXPORTER: Final = 'job=~"$job",instance=~"$instance"'
ACCOUNT: Final = f'{EXPORTER},account=~"$account"'
CHANNEL: Final = f'{ACCOUNT},channel=~"$channel"'
COUNTRY: Final = f'{CHANNEL},country=~"$country"'
ROUTE: Final = f'{COUNTRY},operator=~"$operator"'
SENDER: Final = f'{ROUTE},sender=~"$sender"'
RECORDED: Final = 'job=~"$job",account=~"$account"'
"""Recorded series are sums over instances."""
RECORDED_COUNTRY: Final = f'{RECORDED},country=~"$country"'
"""Of those by country, which are sums over channels, too."""
RECORDED_CHANNEL: Final = f'{RECORDED},channel=~"$channel"'
RECORDED_ROUTE: Final = f'{RECORDED_CHANNEL},country=~"$country",operator=~"$operator"'

HISTORY: Final = 'endpoint="history"'
"""The endpoint that messages come from."""

NO_LOOKUPS: Final = 'channel!~"hlr|ping"'
"""HLR requests and pings look a number up; nothing is delivered."""
ELIGIBLE: Final = 'outcome!~"cancelled|invalid_number"'
"""What could have been delivered: not stopped by the sender, and a number that exists."""
DEADLINE: Final = 'deadline="$deadline"'

OLD: Final = 'age!="0-5m"'
BY_ROUTE: Final = ("country", "operator")

STEP: Final = "$__rate_interval"
RANGE: Final = "$__range"
HOUR: Final = "1h"

SUBMITTED: Final = "smsc_messages_submitted_total"
MATURED: Final = "smsc_messages_matured_total"
FAILURES: Final = "smsc_message_failures_total"
DELIVERY: Final = "smsc_message_delivery_seconds"
PENDING: Final = "smsc_messages_pending"
COST: Final = "smsc_cost_total"
REFUNDED: Final = "smsc_cost_refunded_total"
MATURED_COST: Final = "smsc_matured_cost_total"
SEGMENTS: Final = "smsc_segments_submitted_total"

By = Sequence[str]


class Query(NamedTuple):
    """One query of a panel."""

    expr: str
    legend: str = ""
    """Name of the series, or heading of the column; ``{{label}}`` is filled in."""


def summed(expr: str, by: By = ()) -> str:
    """The sum, by these labels."""
    return f"sum by ({', '.join(by)}) ({expr})" if by else f"sum({expr})"


def largest(expr: str, by: By = ()) -> str:
    """The maximum, by these labels."""
    return f"max by ({', '.join(by)}) ({expr})" if by else f"max({expr})"


def select(metric: str, *matchers: str) -> str:
    """A selector of a metric's series."""
    return f"{metric}{{{','.join(matchers)}}}"


def grown(series: str, window: str = STEP, by: By = (), *, ago: str = "") -> str:
    """By how much counters rose in a window that ends now, or so long ago."""
    back = f" offset {ago}" if ago else ""
    return summed(f"increase({series}[{window}]{back})", by)


def altogether(series: str, by: By = ()) -> str:
    """By how much counters rose in the whole time range, at each of its moments the same."""
    return summed(f"increase({series}[{RANGE}] @ end())", by)


def notable(series: str, by: By, above: float) -> str:
    """The largest of gauges by these labels, of those that were above a value in the range."""
    highest = largest(f"max_over_time({series}[{RANGE}] @ end())", by)
    return f"{largest(series, by)} and on ({', '.join(by)}) {highest} > {above:g}"


def per_minute(series: str, by: By = ()) -> str:
    """How fast counters rise, a minute."""
    return f"{summed(f'rate({series}[{STEP}])', by)} * 60"


def share(part: str, whole: str) -> str:
    """A ratio that is absent, not NaN, where there is nothing."""
    return f"{part} / ({whole} > 0)"


def of_all(parts: str, whole: str) -> str:
    """Each part as a ratio of one whole."""
    return f"{parts} / on () group_left () ({whole} > 0)"


def matured(*matchers: str) -> str:
    """Messages that came of an age, without lookups."""
    return select(MATURED, *matchers, NO_LOOKUPS)


def eligible(window: str = STEP, by: By = (), *matchers: str, ago: str = "") -> str:
    """Messages that came of an age and could have been delivered."""
    chosen = matured(*(matchers or (SENDER, DEADLINE)), ELIGIBLE)
    return grown(chosen, window, by, ago=ago)


def delivered(window: str = STEP, by: By = (), *matchers: str, ago: str = "") -> str:
    """Messages that were delivered at that age."""
    chosen = matured(*(matchers or (SENDER, DEADLINE)), 'outcome="delivered"')
    return grown(chosen, window, by, ago=ago)


def delivered_share(window: str = STEP, by: By = (), *matchers: str, ago: str = "") -> str:
    """Delivered ones among those that could have been, all of the same age."""
    arrived = delivered(window, by, *matchers, ago=ago)
    return share(arrived, eligible(window, by, *matchers, ago=ago))


def quantile(share_of: float, window: str = STEP, by: By = (), *matchers: str) -> str:
    """The time (s) within which this share of the delivered messages arrived."""
    buckets = select(f"{DELIVERY}_bucket", *(matchers or (ROUTE,)), NO_LOOKUPS)
    inner = summed(f"increase({buckets}[{window}])", ("le", *by))
    return f"histogram_quantile({share_of}, {inner})"


def spent(window: str, by: By = ("currency",)) -> str:
    """Money charged less money given back; refunds know no sender, so neither does this."""
    charged = grown(select(COST, ROUTE), window, by)
    back = grown(select(REFUNDED, ROUTE), window, by)
    return f"{charged} - ({back} or {charged} * 0)"


def explained(series: str, window: str = RANGE) -> str:
    """Failures by status and err, with the error's name and whose problem it is.

    Where the error is 0 the status tells; codes that nobody knows come without words.
    """
    failed = f"({grown(series, window, ('status', 'err'))} > 0)"
    named = largest(select("smsc_error_info", EXPORTER, 'err!="0"'), ("err", "name", "owner"))
    told = largest(select("smsc_status_info", EXPORTER), ("status", "owner"))
    by_error = f"{failed} * on (err) group_left (name, owner) {named}"
    by_status = f"{failed} * on (status) group_left (owner) {told}"
    return f"({by_error} or on (status, err) {by_status} or on (status, err) {failed})"


def named_error(expr: str, *labels: str) -> str:
    """Something by ``err`` with these labels of the error, such as its name, where it has one."""
    info = largest(select("smsc_error_info", EXPORTER), ("err", *labels))
    return f"({expr} * on (err) group_left ({', '.join(labels)}) {info} or on (err) {expr})"


def named_status(expr: str, heading: str) -> str:
    """Something by ``status`` with the status' name as a label of this name, where it has one."""
    info = largest(select("smsc_status_info", EXPORTER), ("status", "name"))
    renamed = f'label_replace({info}, "{heading}", "$1", "name", "(.*)")'
    return f"({expr} * on (status) group_left ({heading}) {renamed} or on (status) {expr})"


def owned(*matchers: str) -> str:
    """Failures per minute by whose problem they are: the error says so, or else the status."""
    parts = []
    for label, metric, which in (
        ("err", "smsc_error_info", 'err!="0"'),
        ("status", "smsc_status_info", 'err="0"'),
    ):
        failed = per_minute(select(FAILURES, *matchers, which), (label,))
        owners = largest(select(metric, EXPORTER), (label, "owner"))
        parts.append(f"{failed} * on ({label}) group_left (owner) {owners}")
    return summed(" or ".join(parts), ("owner",))
