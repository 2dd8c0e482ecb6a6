"""Pieces of expressions that several rules are made of."""

from collections.abc import Sequence
from textwrap import dedent, indent

from exporter.durations import format_duration
from exporter.exposition.catalogue import BY_NAME


DELIVERIES = 'channel!~"hlr|ping"'
"""Requests about numbers are no deliveries."""


def selector(name: str, *matchers: str, over: str = "") -> str:
    """A metric of the catalogue; ``over`` is a range. KeyError for a name that does not exist."""
    family = name.removesuffix("_bucket").removesuffix("_count")
    if name not in BY_NAME and family not in BY_NAME:
        raise KeyError(name)
    return chosen(name, *matchers) + (f"[{over}]" if over else "")


def chosen(name: str, *matchers: str) -> str:
    """Series of a name; empty matchers count for nothing."""
    given = [matcher for matcher in matchers if matcher]
    return f"{name}{{{','.join(given)}}}" if given else name


def increase(labels: Sequence[str], over: str, name: str, *matchers: str, ago: str = "") -> str:
    """How much counters grew until ``ago``, summed by ``labels``."""
    offset = f" offset {ago}" if ago else ""
    return f"sum {by(labels)} (increase({selector(name, *matchers, over=over)}{offset}))"


def by(labels: Sequence[str]) -> str:
    """What is kept in an aggregation."""
    return f"by ({', '.join(labels)})"


def on(labels: Sequence[str]) -> str:
    """What must be equal for two samples to match."""
    return f"on ({', '.join(labels)})"


def deadline(seconds: float) -> str:
    """Matcher for a deadline, by the label that the exporter gives it."""
    return f'deadline="{format_duration(seconds)}"'


def bucket(edge: float) -> str:
    """Matcher for a bucket's bound, as either major version of Prometheus writes it."""
    return f'le=~"{edge:g}|{edge:.1f}"'


def wilson(share: str, count: str, z: float, *, upper: bool = False) -> str:
    """Bound of Wilson's interval for a share of ``count``: what it certainly is at least, or most.

    ``z`` is how sure, in standard deviations; both operands must have the same labels.
    """
    sign = "+" if upper else "-"
    return lines(
        f"""
        (
          {share} + {z**2 / 2:g} / {count}
          {sign} {z:g} * sqrt(
            {share} * (1 - {share}) / {count}
            + {z**2 / 4:g} / {count} ^ 2
          )
        )
        / (1 + {z**2:g} / {count})
        """
    )


def lines(text: str) -> str:
    """An expression of several lines, as rule files show it."""
    return dedent(text).strip("\n").rstrip()


def nested(text: str, depth: int) -> str:
    """Lines of an expression that stands within another one, all but the first moved in."""
    return indent(text, " " * depth).lstrip()
