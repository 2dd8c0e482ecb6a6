"""What happened lately, as a person looks at it: calls, outcomes and troubles, a bounded number."""

from collections.abc import Mapping

import msgspec


SPAN = 300
"""Seconds of one `Outcomes`."""
KEPT_SPANS = 73
"""Six hours, and the span that has begun."""
KEPT_TROUBLES = 10
LONGEST_TEXT = 400
"""Most characters of a trouble's text; the rest is cut off."""


class Call(msgspec.Struct, frozen=True):
    """A history call of which the permit still counts."""

    kind: str
    at: float
    """When its permit was spent, Unix seconds."""
    result: str | None
    """ok, api_error, http_error or timeout; None while no end of it is known."""


class Outcomes(msgspec.Struct, frozen=True):
    """What became of messages by their first deadline, as far as it was learnt within a span."""

    start: int
    """Unix seconds, a multiple of `SPAN`."""
    counts: Mapping[tuple[str, str], int]
    """(channel of the stream, outcome) to messages."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """An error, and how often it came."""

    source: str
    """The stream's channel, ``balance``, ``ledger`` or ``exporter``."""
    kind: str
    text: str
    """Free of secrets and personal data, as of the last time."""
    first: float
    last: float
    """Unix seconds."""
    times: int = 1


def with_outcomes(
    before: tuple[Outcomes, ...], channel: str, learnt: Mapping[str, int], now: float
) -> tuple[Outcomes, ...]:
    """The spans, oldest first, after ``learnt`` messages by outcome; a span without any is absent.

    Those that lie ahead of a clock that was set back are dropped.
    """
    start = int(now // SPAN) * SPAN
    oldest = start - (KEPT_SPANS - 1) * SPAN
    kept = [span for span in before if oldest <= span.start < start]
    counts = {key: n for span in before if span.start == start for key, n in span.counts.items()}
    for outcome, count in learnt.items():
        counts[channel, outcome] = counts.get((channel, outcome), 0) + count
    return (*kept, Outcomes(start, counts)) if counts else tuple(kept)


def with_trouble(
    before: tuple[Trouble, ...], source: str, kind: str, text: str, now: float
) -> tuple[Trouble, ...]:
    """The troubles, the last first, after one more; one that was there already counts on."""
    known = [each for each in before if (each.source, each.kind) == (source, kind)]
    others = [each for each in before if (each.source, each.kind) != (source, kind)]
    cut = text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "..."
    newest = Trouble(
        source=source,
        kind=kind,
        text=cut,
        first=known[0].first if known else now,
        last=now,
        times=1 + sum(each.times for each in known),
    )
    return (newest, *others)[:KEPT_TROUBLES]
