"""Walking through the syntax tree of a query."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import promql_parser as ast
from promql_parser import Expr


_SIGNS = (
    (ast.MatchOp.Equal, "="),
    (ast.MatchOp.NotEqual, "!="),
    (ast.MatchOp.Re, "=~"),
    (ast.MatchOp.NotRe, "!~"),
)


class Spot(NamedTuple):
    """A node and what it stands in."""

    node: Expr
    parents: tuple[Expr, ...]
    """The outermost first."""


class Matcher(NamedTuple):
    """A condition on a label."""

    label: str
    sign: str
    """``=``, ``!=``, ``=~`` or ``!~``"""
    value: str

    @property
    def positive(self) -> bool:
        """Whether it says what the label is, not what it is not."""
        return self.sign in {"=", "=~"}

    @property
    def variable(self) -> bool:
        """Whether a variable of the board decides."""
        return "$" in self.value

    def selects(self, value: str) -> bool:
        """Whether a series with this value of the label is taken."""
        same = (
            re.fullmatch(self.value, value) is not None if "~" in self.sign else self.value == value
        )
        return same is self.positive

    def alternatives(self) -> tuple[str, ...]:
        """The plain words that it names: all sides of ``a|b``; none where there is more to it."""
        if "~" not in self.sign:
            return (self.value,) if self.value else ()
        words = tuple(self.value.split("|"))
        return words if all(re.fullmatch(r"[\w.+-]+", word) for word in words) else ()

    def __str__(self) -> str:
        return f'{self.label}{self.sign}"{self.value}"'


class Selector(NamedTuple):
    """A place in a query that reads series."""

    name: str
    """Empty where series are chosen by matchers alone."""
    matchers: tuple[Matcher, ...]
    seconds: float | None
    """Length of the range that is read; None for an instant."""
    above: tuple[str, ...]
    """Functions and aggregations around it, the innermost first."""

    @property
    def function(self) -> str:
        """What is done first with the series."""
        return self.above[0] if self.above else ""

    def matching(self, label: str) -> tuple[Matcher, ...]:
        """Conditions on a label."""
        return tuple(matcher for matcher in self.matchers if matcher.label == label)


def children(node: Expr) -> tuple[Expr, ...]:
    """The expressions that a node is made of."""
    match node:
        case ast.BinaryExpr():
            return (node.lhs, node.rhs)
        case ast.Call():
            return tuple(part for part in node.args if isinstance(part, Expr))
        case ast.MatrixSelector():
            return (node.vector_selector,)
        case ast.AggregateExpr():
            return tuple(part for part in (node.param, node.expr) if isinstance(part, Expr))
        case ast.ParenExpr() | ast.UnaryExpr() | ast.SubqueryExpr():
            return (node.expr,)
    return ()


def walk(node: Expr, parents: tuple[Expr, ...] = ()) -> Iterator[Spot]:
    """Every node of a tree, each before what it is made of."""
    yield Spot(node, parents)
    for child in children(node):
        yield from walk(child, (*parents, node))


def selectors(tree: Expr) -> Iterator[Selector]:
    """Every place that reads series."""
    for node, parents in walk(tree):
        if isinstance(node, ast.VectorSelector):
            yield selector(node, parents)


def selector(node: ast.VectorSelector, parents: tuple[Expr, ...] = ()) -> Selector:
    """What a node reads, and what is done with it."""
    around = parents[-1] if parents else None
    return Selector(
        name=node.name or "",
        matchers=tuple(_matchers(node)),
        seconds=around.range.total_seconds() if isinstance(around, ast.MatrixSelector) else None,
        above=tuple(name for parent in reversed(parents) if (name := operation(parent))),
    )


def operation(node: Expr) -> str:
    """Name of a function or aggregation, sign of an operator; empty for anything else."""
    match node:
        case ast.Call():
            return node.func.name
        case ast.AggregateExpr():
            return str(node.op)
    return ""


def _matchers(node: ast.VectorSelector) -> Iterator[Matcher]:
    groups = (node.matchers.matchers, *node.matchers.or_matchers)
    for found in (matcher for group in groups for matcher in group):
        sign = next(sign for operator, sign in _SIGNS if operator == found.op)
        yield Matcher(found.name, sign, found.value)
