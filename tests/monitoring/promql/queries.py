"""Every check of a query."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from promql_parser import Expr

from tests.monitoring.promql import existence, meaning, usage
from tests.monitoring.promql.findings import Finding
from tests.monitoring.promql.parsing import NotPromql, parse
from tests.monitoring.promql.series import Known


Check = Callable[[Expr, Known], Iterator[str]]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "unknown-series": existence.unknown_series,
        "unknown-label": existence.unknown_label,
        "unknown-value": existence.unknown_value,
        "lost-label": existence.lost_label,
        "unlike-sides": existence.unlike_sides,
        "rate-of-gauge": usage.rate_of_gauge,
        "raw-counter": usage.raw_counter,
        "rate-of-subquery": usage.rate_of_subquery,
        "short-range": usage.short_range,
        "stepless-subquery": usage.stepless_subquery,
        "quantile-without-le": usage.quantile_without_le,
        "le-one-way": usage.le_one_way,
        "enquiries-counted": meaning.enquiries_counted,
        "mixed-currencies": meaning.mixed_currencies,
        "mixed-endpoints": meaning.mixed_endpoints,
    }
)
"""Name to check; a check gives a sentence for each fault."""
SYNTAX = "syntax"


def query_findings(
    text: str, known: Known, place: str, values: Mapping[str, str] | None = None
) -> Iterator[Finding]:
    """What is wrong with a query at a place; ``values`` fills in variables of a board."""
    try:
        tree = parse(text, values)
    except NotPromql as fault:
        yield Finding(SYNTAX, place, str(fault))
        return
    for rule, check in CHECKS.items():
        for message in check(tree, known):
            yield Finding(rule, place, message)
