"""PromQL as Grafana and Prometheus read it, parsed."""

import re
from collections.abc import Mapping
from types import MappingProxyType

import promql_parser
from promql_parser import Expr


SCRAPE_INTERVAL = 60
"""Seconds between scrapes that rules and boards have to work with. A shorter one is better."""
RATE_INTERVAL = 241
"""Seconds that stand for `$__rate_interval`, which is four scrapes at least: an odd number, so that
nobody writes it by hand."""

GRAFANA: Mapping[str, str] = MappingProxyType(
    {
        "__rate_interval": f"{RATE_INTERVAL}s",
        "__interval": "61s",
        "__interval_ms": "61000",
        "__range": "86401s",
        "__range_s": "86401",
        "__range_ms": "86401000",
    }
)
"""Variables that Grafana fills in by itself: a day shown, a point a minute."""

_NAME = r"([A-Za-z_]\w*)"
_VARIABLE = re.compile(rf"\$\{{{_NAME}(?::\w+)?\}}|\[\[{_NAME}(?::\w+)?\]\]|\${_NAME}")
_STRING = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)""")
_PART = re.compile(r"(\d+)(ms|[smhdwy])")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}


class NotPromql(ValueError):
    """A query that cannot be parsed."""


def variables_of(text: str) -> frozenset[str]:
    """Names of the variables in a query, title or address."""
    return frozenset("".join(found) for found in _VARIABLE.findall(text))


def substituted(text: str, values: Mapping[str, str] | None = None) -> str:
    """The query with Grafana's variables filled in.

    Inside strings each spelling of a variable becomes ``$name``, so that matchers still tell which
    variable they follow; outside it gets its value.
    """
    known = {**GRAFANA, **(values or {})}
    parts = _STRING.split(text)
    parts[1::2] = [_VARIABLE.sub(_canonical, part) for part in parts[1::2]]
    parts[::2] = [_VARIABLE.sub(lambda m: known.get(_name(m), m[0]), part) for part in parts[::2]]
    return "".join(parts)


def parse(text: str, values: Mapping[str, str] | None = None) -> Expr:
    """The syntax tree of a query, which may hold variables of Grafana."""
    try:
        return promql_parser.parse(substituted(text, values))
    except ValueError as fault:
        raise NotPromql(f"not PromQL ({fault}): {text}") from None


def seconds(duration: str) -> float:
    """Length of a duration such as ``5m``, ``1h30m`` or ``0s``."""
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(duration))


def _name(match: re.Match[str]) -> str:
    return match[1] or match[2] or match[3]


def _canonical(match: re.Match[str]) -> str:
    return f"${_name(match)}"
