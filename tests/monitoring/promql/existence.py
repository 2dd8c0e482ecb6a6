"""Checks of a query: what it names is there."""

from collections.abc import Iterable, Iterator

import promql_parser as ast
from promql_parser import Expr

from tests.monitoring.promql.inference import labels_of
from tests.monitoring.promql.series import Known, Labels
from tests.monitoring.promql.tree import Matcher, Selector, selectors, walk
from tests.monitoring.promql.values import VALUES


def unknown_series(tree: Expr, known: Known) -> Iterator[str]:
    """Series are those of the exporter, of Prometheus or of a recording rule."""
    for found in selectors(tree):
        if not found.name:
            yield "series chosen by matchers alone: name them"
        elif found.name not in known:
            yield f"no series is called {found.name}"


def unknown_label(tree: Expr, known: Known) -> Iterator[str]:
    """Series are chosen by labels that they have."""
    for found in _known_selectors(tree, known):
        for matcher in found.matchers:
            if not known[found.name].labels.has(matcher.label):
                yield f"{found.name} has no label {matcher.label}"


def unknown_value(tree: Expr, known: Known) -> Iterator[str]:
    """Labels are compared with values that they can have."""
    for found in _known_selectors(tree, known):
        for matcher in found.matchers:
            if matcher.label in VALUES and not matcher.variable:
                yield from _unknown_values(found.name, matcher)


def lost_label(tree: Expr, known: Known) -> Iterator[str]:
    """Groups and matches are made by labels that are still there."""
    for node, _ in walk(tree):
        if isinstance(node, ast.AggregateExpr) and node.modifier is not None:
            inside = labels_of(node.expr, known) or Labels()
            yield from _missing(node.modifier.labels, inside, f"what {node.op} is taken over")
        elif isinstance(node, ast.BinaryExpr) and node.modifier is not None:
            yield from _missing_in_match(node, node.modifier, known)


def unlike_sides(tree: Expr, known: Known) -> Iterator[str]:
    """Two sides that are matched by all their labels have the same ones."""
    for node, _ in walk(tree):
        if not isinstance(node, ast.BinaryExpr) or str(node.op) == "or":
            continue
        left, right = labels_of(node.lhs, known), labels_of(node.rhs, known)
        if left is None or right is None or left.open or right.open:
            continue
        unlike = (left.names ^ right.names) - set(_ignored(node))
        if not _matched_by_name(node) and unlike:
            yield f"the sides of {node.op} never match: one has no {', '.join(sorted(unlike))}"


def _known_selectors(tree: Expr, known: Known) -> Iterator[Selector]:
    return (found for found in selectors(tree) if found.name in known)


def _unknown_values(name: str, matcher: Matcher) -> Iterator[str]:
    possible = VALUES[matcher.label]
    wrong = [word for word in matcher.alternatives() if word not in possible]
    taken = {value for value in possible if matcher.selects(value)}
    if wrong:
        yield f"{matcher.label} of {name} is never {', '.join(wrong)}"
    elif not taken:
        yield f"{matcher} takes nothing of {name}"
    elif not matcher.positive and matcher.value and taken == possible:
        yield f"{matcher} leaves nothing of {name} out"


def _missing(labels: Iterable[str], there: Labels, where: str) -> Iterator[str]:
    for label in labels:
        if not there.has(label):
            yield f"{where} has no label {label}"


def _missing_in_match(
    node: ast.BinaryExpr, modifier: ast.BinModifier, known: Known
) -> Iterator[str]:
    left, right = labels_of(node.lhs, known) or Labels(), labels_of(node.rhs, known) or Labels()
    one = right if modifier.card == ast.VectorMatchCardinality.ManyToOne else left
    yield from _missing(modifier.group_labels or (), one, f"the single side of {node.op}")
    if modifier.matching is None:
        return
    if modifier.matching.type == ast.LabelModifierType.Include:
        yield from _missing(modifier.matching.labels, left, f"the left side of {node.op}")
        yield from _missing(modifier.matching.labels, right, f"the right side of {node.op}")
    else:
        either = Labels(left.names | right.names, open=left.open or right.open)
        yield from _missing(modifier.matching.labels, either, f"neither side of {node.op}")


def _matched_by_name(node: ast.BinaryExpr) -> bool:
    matching = node.modifier.matching if node.modifier else None
    return matching is not None and matching.type == ast.LabelModifierType.Include


def _ignored(node: ast.BinaryExpr) -> Iterable[str]:
    matching = node.modifier.matching if node.modifier else None
    return matching.labels if matching and not _matched_by_name(node) else ()
