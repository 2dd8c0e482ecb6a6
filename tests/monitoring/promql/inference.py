"""Which labels the result of a query has."""

from collections.abc import Callable, Mapping

import promql_parser as ast
from promql_parser import Expr

from tests.monitoring.promql.series import Known, Labels
from tests.monitoring.promql.tree import operation, selector


KEEPS_ALL = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
_ABSENT = frozenset({"absent", "absent_over_time"})
_NO_LABELS = frozenset({"vector", "scalar", "time", "pi"})


def labels_of(node: Expr, known: Known) -> Labels | None:
    """Labels of what an expression gives; None for numbers and strings.

    Series that nobody knows may have any label.
    """
    found: Labels | None = None
    match node:
        case ast.VectorSelector():
            found = _of_series(node.name or "", known)
        case ast.MatrixSelector():
            found = _of_series(node.vector_selector.name or "", known)
        case ast.ParenExpr() | ast.UnaryExpr() | ast.SubqueryExpr():
            found = labels_of(node.expr, known)
        case ast.AggregateExpr():
            found = _aggregated(node, labels_of(node.expr, known) or Labels())
        case ast.Call():
            found = _called(node, known)
        case ast.BinaryExpr():
            found = _joined(node, labels_of(node.lhs, known), labels_of(node.rhs, known))
    return found


def _of_series(name: str, known: Known) -> Labels:
    return known[name].labels if name in known else Labels(open=True)


def _aggregated(node: ast.AggregateExpr, inner: Labels) -> Labels:
    kept = inner if operation(node) in KEEPS_ALL else Labels()
    if node.modifier is not None:
        named = node.modifier.labels
        if node.modifier.type == ast.AggModifierType.Without:
            kept = inner.minus(named)
        elif operation(node) not in KEEPS_ALL:
            kept = Labels(frozenset(label for label in named if inner.has(label)))
    return kept.plus({node.param.val}) if operation(node) == "count_values" and node.param else kept


def _called(node: ast.Call, known: Known) -> Labels | None:
    name = node.func.name
    if name in _NO_LABELS:
        return Labels() if name == "vector" else None
    vectors = [found for part in node.args if (found := labels_of(part, known)) is not None]
    if name in _ABSENT:
        return _told_by_matchers(node.args[0])
    inner = vectors[0] if vectors else Labels()
    return _CHANGED.get(name, _unchanged)(node, inner)


def _told_by_matchers(node: Expr) -> Labels:
    """What is missing has the labels that it was asked for by."""
    vector = node.vector_selector if isinstance(node, ast.MatrixSelector) else node
    if not isinstance(vector, ast.VectorSelector):
        return Labels()
    return Labels(
        frozenset(found.label for found in selector(vector).matchers if found.sign == "=")
    )


def _unchanged(_: ast.Call, inner: Labels) -> Labels:
    return inner


def _without_le(_: ast.Call, inner: Labels) -> Labels:
    return inner.minus({"le"})


def _labelled(node: ast.Call, inner: Labels) -> Labels:
    return inner.plus({node.args[1].val})


_CHANGED: Mapping[str, Callable[[ast.Call, Labels], Labels]] = {
    "histogram_quantile": _without_le,
    "label_replace": _labelled,
    "label_join": _labelled,
}


def _joined(node: ast.BinaryExpr, left: Labels | None, right: Labels | None) -> Labels | None:
    if left is None or right is None:
        return left or right
    if str(node.op) == "or":
        return left.plus(right.names)
    if str(node.op) in {"and", "unless"} or node.modifier is None:
        return left
    return _matched(node.modifier, left, right)


def _matched(modifier: ast.BinModifier, left: Labels, right: Labels) -> Labels:
    extra = modifier.group_labels or ()
    if modifier.card == ast.VectorMatchCardinality.ManyToOne:
        return left.plus(extra)
    if modifier.card == ast.VectorMatchCardinality.OneToMany:
        return right.plus(extra)
    named = modifier.matching.labels if modifier.matching else ()
    if modifier.matching and modifier.matching.type == ast.LabelModifierType.Include:
        return Labels(frozenset(label for label in named if left.has(label)))
    return left.minus(named)
