"""Sender names: how each fares, and where it is refused."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.recorded import REFUSED
from exporter.monitoring.thresholds import Thresholds
from grafana import measures, words
from grafana.charts import bars, lines
from grafana.face import About
from grafana.queries import (
    COST,
    FAILURES,
    NO_LOOKUPS,
    RANGE,
    RECORDED_ROUTE,
    SENDER,
    SUBMITTED,
    Query,
    altogether,
    delivered_share,
    eligible,
    grown,
    notable,
    per_minute,
    select,
)
from grafana.style import (
    BAD,
    NUMBER,
    PER_MINUTE,
    QUIET,
    RATIO,
    WATCH,
    for_name,
    judged,
    limits,
    unit,
)
from grafana.tables import BAR, INKED, table, width


BY_SENDER: Final = ("sender",)


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw them."""
    return [_senders(thresholds), _refused(thresholds), _certainly_refused(thresholds)]


_SENDERS: Final = About(
    "Each sender name: messages sent in the time range, the share of those that turned $deadline"
    " old in it that had been delivered by then, how many were refused because of the name (err"
    " {errs}) or by the operator (err 255), and what they cost.",
    f"{words.FIRST_SEEN} Of the share: {words.AT_AGE}",
    f"of the share: {words.UNDELIVERABLE} Shares of fewer than {measures.FEW} messages: few. Money"
    " given back.",
    "a name must be registered with each operator. A name that is refused at one operator has"
    " lapsed there; a name that is refused everywhere was never registered.",
)


def _senders(thresholds: Thresholds) -> Panel:
    errs = thresholds.refusals.errs
    enough = f"({eligible(RANGE, BY_SENDER)} >= {measures.FEW})"
    refused = select(FAILURES, SENDER, NO_LOOKUPS, f'err=~"{errs}|255"')
    return table(
        {"sender": "Sender", "currency": "Currency"},
        Query(f"{grown(select(SUBMITTED, SENDER), RANGE, BY_SENDER)} > 0", "Messages"),
        Query(f"{delivered_share(RANGE, BY_SENDER)} and {enough}", "Delivered"),
        Query(grown(refused, RANGE, BY_SENDER), "Refused"),
        Query(f"{grown(select(COST, SENDER), RANGE, (*BY_SENDER, 'currency'))} > 0", "Cost"),
        sort="Messages",
        title="Senders",
        about=_SENDERS._replace(counts=_SENDERS.counts.format(errs=errs)),
        width=24,
        height=8,
        overrides=[
            for_name("Messages", *BAR),
            measures.delivered_column(thresholds),
            for_name("Refused", INKED, judged((1, WATCH), base=QUIET), width(100)),
            for_name("Cost", *unit(NUMBER, 2), width(120)),
            for_name("Currency", width(90)),
        ],
        nothing="none",
    )


_REFUSED: Final = About(
    "Messages per minute that were refused because of their sender name (err {errs}) or by the"
    " operator (err 255): the eight most frequent pairs of sender and operator.",
    words.FIRST_FINAL,
    words.LOOKUPS,
    "look up in the gateway's cabinet whether the name is registered with this operator.",
)


def _refused(thresholds: Thresholds) -> Panel:
    errs = thresholds.refusals.errs
    refused = select(FAILURES, SENDER, NO_LOOKUPS, f'err=~"{errs}|255"')
    by = ("sender", "operator")
    most = f"topk(8, {altogether(refused, by)})"
    return bars(
        Query(
            f"{per_minute(refused, by)} > 0 and on (sender, operator) {most}",
            "{{sender}} at {{operator}}",
        ),
        title="Refused messages, by sender and operator",
        about=_REFUSED._replace(counts=_REFUSED.counts.format(errs=errs)),
        unit=PER_MINUTE,
        nothing="none refused",
    )


_CERTAINLY: Final = About(
    "The share of a sender's messages to an operator that is certainly refused because of the name:"
    " what the alert about refused senders looks at. Few messages give a small number, and pairs"
    " far below the limit are left out.",
    words.EVALUATED,
    f"{words.LOOKUPS} Refusals with other codes.",
    "above the line for a minute the alert pages: nothing with this name arrives there.",
)


def _certainly_refused(thresholds: Thresholds) -> Panel:
    found = select(REFUSED.certain_name, RECORDED_ROUTE, 'sender=~"$sender"')
    by, limit = ("account", "country", "operator", "sender"), thresholds.refusals.share
    return lines(
        Query(notable(found, by, limit / 2), "{{account}}: {{sender}} at {{operator}} {{country}}"),
        title="Certainly refused because of the sender name",
        about=_CERTAINLY,
        unit=RATIO,
        maximum=1,
        limits=limits(QUIET, (limit, BAD)),
        nothing="none near the limit, or no rules loaded",
    )
