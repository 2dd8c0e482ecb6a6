"""What is to be expected, for people and for programs."""

import math
from collections.abc import Iterator, Sequence

import msgspec

from exporter.commands.expected import Expected
from exporter.commands.printing import Cells, aligned
from exporter.commands.wanted import Wanted
from exporter.commands.wording import counted, span
from exporter.rehearsal.measures import Delay
from exporter.rehearsal.policies import TITLES


EXPLAINED = (
    "seen: messages that a page showed. learnt: final statuses that became known. known after:\n"
    "from the final status at the gateway until it is known, on average; then for half of them,\n"
    "95 % and 99 %. seen after: from sending to the first page that shows a message, on average.\n"
    "in 5m: messages that could be counted by what they were 5 minutes after sending.\n"
)
RIGHT = frozenset(
    {"permits", "calls/h", "seen", "learnt", "known after", "half in", "95 % in", "99 % in"}
    | {"seen after", "in 5m"}
)
"""Columns of numbers, which stand to the right."""
NOTHING = "-"
"""Where there was nothing to be measured."""
OURS = "valuing"
"""The policy that the exporter has."""


def as_text(wanted: Wanted, results: Sequence[Expected]) -> str:
    """What was simulated, a table, what its columns mean, and a sentence on each budget."""
    table = aligned([_cells(result) for result in results], RIGHT)
    verdicts = "".join(f"{verdict}\n" for verdict in _verdicts(results))
    return "\n".join(filter(None, (f"{in_words(wanted)}\n", table, EXPLAINED, verdicts)))


def as_json(wanted: Wanted, results: Sequence[Expected]) -> str:
    """A JSON object; what never came is null."""
    plain = {
        "traffic": in_words(wanted),
        "hours": wanted.flags.hours,
        "seed": wanted.flags.seed,
        "results": [
            {"permits": each.permits, "policy": each.policy, **_measures(each)} for each in results
        ],
    }
    return msgspec.json.format(msgspec.json.encode(plain)).decode() + "\n"


def titled(result: Expected) -> str:
    """Policy and budget, in words."""
    return f"{TITLES[result.policy]}, {result.permits} permits an hour"


def in_words(wanted: Wanted) -> str:
    """The traffic in one line."""
    return "; ".join(_traffic(wanted))


def _traffic(wanted: Wanted) -> Iterator[str]:
    flags = wanted.flags
    curve = "more by day than by night" if flags.day_curve else "evenly"
    hours, unit = (24, "day") if flags.per_hour is None else (1, "hour")
    yield f"{flags.rate * hours:,.6g} messages {'an' if hours == 1 else 'a'} {unit}, {curve}"
    for each in flags.campaign:
        yield f"{each.size:,} more from {_clock(each.at)} within {span(each.duration)}"
    if flags.email_per_hour:
        yield f"{flags.email_per_hour:,.6g} e-mails an hour"
    if flags.latency_factor != 1:
        yield f"statuses {flags.latency_factor:g} times as late"
    for trouble in flags.outage:
        yield f"{trouble.share:.0%} stuck from {_clock(trouble.at)} for {span(trouble.duration)}"
    if flags.other_programs:
        yield f"other programs make {flags.other_programs:g} calls an hour"
    if wanted.world:
        yield "and what the file says"


def _clock(seconds: float) -> str:
    return f"{seconds // 3600:02.0f}:{seconds % 3600 // 60:02.0f}"


def _cells(result: Expected) -> Cells:
    found = result.measures
    return {
        "permits": str(result.permits),
        "polling": TITLES[result.policy],
        "calls/h": f"{found.calls_per_hour:.1f}",
        "seen": _percent(found.discovery),
        "learnt": _percent(found.knowledge),
        "known after": _time(found.knowledge, found.knowledge.mean),
        "half in": _time(found.knowledge, found.knowledge.p50),
        "95 % in": _time(found.knowledge, found.knowledge.p95),
        "99 % in": _time(found.knowledge, found.knowledge.p99),
        "seen after": _time(found.discovery, found.discovery.mean),
        "in 5m": _percent(found.maturing),
    }


def _measures(result: Expected) -> dict[str, object]:
    found = msgspec.to_builtins(result.measures)
    return {key: value for key, value in found.items() if key != "digest"}


def _verdicts(results: Sequence[Expected]) -> Iterator[str]:
    """The exporter against the best of the others, for each budget that has both."""
    for ours in (each for each in results if each.policy == OURS):
        others = [e for e in results if e.permits == ours.permits and e.policy != OURS]
        if not others or not ours.measures.knowledge.count:
            continue
        best = min(others, key=lambda each: each.measures.knowledge.mean)
        yield (
            f"With {counted(ours.permits, 'permit')} an hour the exporter knows a final status"
            f" {span(ours.measures.knowledge.mean)} after the gateway on average;"
            f" {TITLES[best.policy]}: {span(best.measures.knowledge.mean)}."
        )


def _percent(delay: Delay) -> str:
    """Rounded down, so that only all is 100 %."""
    if not delay.count:
        return NOTHING
    return f"{math.floor(delay.share * 1000) / 10:.1f} %"


def _time(delay: Delay, seconds: float) -> str:
    if not delay.count:
        return NOTHING
    return "never" if math.isinf(seconds) else span(seconds)
