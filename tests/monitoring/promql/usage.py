"""Checks of a query: counters, ranges and histograms are read as they have to be."""

from collections.abc import Iterator

import promql_parser as ast
from promql_parser import Expr

from tests.monitoring.promql.inference import labels_of
from tests.monitoring.promql.series import Known, Labels, Series
from tests.monitoring.promql.tree import Selector, selectors, walk


INCREASES = frozenset({"rate", "irate", "increase", "resets"})
ASKS_ONLY_WHETHER = frozenset(
    {
        "absent",
        "absent_over_time",
        "count",
        "count_over_time",
        "group",
        "present_over_time",
        "timestamp",
    }
)
"""What may be asked of a counter without its increase: whether, or when, there is one."""
FEWEST_SAMPLES = 4
"""Intervals between samples in a range: one may fail and one be late, and nothing is hidden."""


def rate_of_gauge(tree: Expr, known: Known) -> Iterator[str]:
    """Only counters have a rate."""
    for found, series in _read(tree, known):
        if found.function in INCREASES and not series.counter:
            yield f"{found.function} over {found.name}, which is no counter"


def raw_counter(tree: Expr, known: Known) -> Iterator[str]:
    """A counter is read as an increase."""
    for found, series in _read(tree, known):
        if series.counter and found.function not in INCREASES | ASKS_ONLY_WHETHER:
            yield f"{found.name} is a counter: take its rate or increase"


def rate_of_subquery(tree: Expr, _: Known) -> Iterator[str]:
    """The rate comes first: a sum of counters falls when one of them ends."""
    calls = (node for node, _parents in walk(tree) if isinstance(node, ast.Call))
    for call in calls:
        over = any(isinstance(part, ast.SubqueryExpr) for part in call.args)
        if over and call.func.name in INCREASES:
            yield f"{call.func.name} over a subquery: take it of the counters themselves"


def short_range(tree: Expr, known: Known) -> Iterator[str]:
    """A range holds enough samples."""
    for found, series in _read(tree, known):
        least = FEWEST_SAMPLES * series.every
        if found.seconds is not None and found.seconds < least:
            yield f"{found.seconds:g} s of {found.name} are less than {least:g} s"


def stepless_subquery(tree: Expr, _: Known) -> Iterator[str]:
    """A subquery says how far its points are apart, or the server's settings decide."""
    for node, _parents in walk(tree):
        if isinstance(node, ast.SubqueryExpr) and node.step is None:
            yield "subquery without a step"


def quantile_without_le(tree: Expr, known: Known) -> Iterator[str]:
    """A quantile is taken of rates of buckets, by their bounds."""
    for node, _parents in walk(tree):
        if not isinstance(node, ast.Call) or node.func.name != "histogram_quantile":
            continue
        if not (labels_of(node.args[1], known) or Labels()).has("le"):
            yield "histogram_quantile of something without le"
        for found in selectors(node.args[1]):
            if found.function not in INCREASES:
                yield f"histogram_quantile of {found.name} as it is: take its rate"


def le_one_way(tree: Expr, known: Known) -> Iterator[str]:
    """A bound is matched as ``60`` and as ``60.0``: servers write it differently."""
    for found, series in _read(tree, known):
        for matcher in found.matching("le"):
            bounds = [(bound, bound.removesuffix(".0")) for bound in series.bounds]
            if any(matcher.selects(one) != matcher.selects(other) for one, other in bounds):
                yield f'{matcher} of {found.name}: write le=~"60|60.0"'
            elif not any(matcher.selects(bound) for bound in series.bounds):
                yield f"{matcher}: {found.name} has no such bucket"


def _read(tree: Expr, known: Known) -> Iterator[tuple[Selector, Series]]:
    for found in selectors(tree):
        if found.name in known:
            yield found, known[found.name]
