"""The first row: the four questions, answered as of now."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.recorded import OBJECTIVE
from exporter.monitoring.thresholds import Thresholds
from grafana import measures, words
from grafana.charts import tiles
from grafana.face import About
from grafana.queries import (
    HOUR,
    NO_LOOKUPS,
    OLD,
    PENDING,
    RANGE,
    ROUTE,
    SENDER,
    SUBMITTED,
    Query,
    delivered_share,
    eligible,
    grown,
    of_all,
    quantile,
    select,
    spent,
    summed,
)
from grafana.style import (
    BAD,
    BESIDE,
    GOOD,
    NUMBER,
    QUIET,
    RATIO,
    SECONDS,
    WATCH,
    Property,
    for_name,
    judged,
    limits,
    money,
    no_limits,
)


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw the tiles."""
    return [
        _arriving(thresholds),
        _delivered(thresholds),
        _waiting(thresholds),
        _how_fast(thresholds),
        _submitted(),
        _spend(),
        _trusted(thresholds),
        _alerts(),
    ]


_ARRIVING: Final = About(
    "Of the messages that turned {age} old in the last hour, the share that had been delivered by"
    " then, and how many they were.",
    words.AT_AGE,
    words.UNDELIVERABLE,
    "see in the table of operators whether one is bad or all are. One: open it there. All: look at"
    " what waits (next tiles), then at the firing alerts and their runbooks.",
)


def _arriving(thresholds: Thresholds) -> Panel:
    age = measures.label(thresholds.delivery.deadline)
    wanted = (SENDER, f'deadline="{age}"')
    return tiles(
        Query(delivered_share(HOUR, (), *wanted), f"within {age}"),
        Query(eligible(HOUR, (), *wanted), "of"),
        title="Arriving, last hour",
        about=_ARRIVING._replace(counts=_ARRIVING.counts.format(age=age)),
        unit=RATIO,
        limits=measures.delivery_limits(thresholds),
        overrides=[for_name("of", *BESIDE)],
        nothing="no messages",
    )


_DELIVERED: Final = About(
    "Of the messages that turned $deadline old in the time range, the share that had been delivered"
    " by then, and how many they were.",
    words.AT_AGE,
    words.UNDELIVERABLE,
    "compare with the tile to the left: if that one is green, the trouble is over.",
)


def _delivered(thresholds: Thresholds) -> Panel:
    return tiles(
        Query(delivered_share(RANGE), "delivered"),
        Query(eligible(RANGE), "of"),
        title="Delivered in $deadline",
        about=_DELIVERED,
        unit=RATIO,
        limits=measures.delivery_limits(thresholds),
        overrides=[for_name("of", *BESIDE)],
        nothing="none that old yet",
    )


_WAITING: Final = About(
    "Messages without a final status that were sent more than 5 minutes ago: queued at the gateway,"
    " or accepted by the operator and without a receipt.",
    words.LAST_PAGE,
    words.NO_SENDER,
    "queued ones that grow mean that the gateway does not send: funds, limits or its own trouble."
    " Accepted ones are mostly phones that are switched off; they worry only if they climb.",
)


def _waiting(thresholds: Thresholds) -> Panel:
    old = select(PENDING, ROUTE, OLD, NO_LOOKUPS)
    return tiles(
        Query(summed(old.replace(OLD, f'state="queued",{OLD}')), "queued"),
        Query(summed(old.replace(OLD, f'state="accepted",{OLD}')), "accepted"),
        title="Waiting over 5 min",
        about=_WAITING,
        limits=limits(GOOD, (thresholds.queue.messages, WATCH)),
        overrides=[for_name("accepted", *BESIDE)],
        nothing="not known",
    )


_HOW_FAST: Final = About(
    "Time within which half and 95 % of the messages arrived that were delivered in the last hour.",
    words.GATEWAY,
    f"messages that were not delivered. {words.NO_SENDER}",
    "one-time codes expire. See under Speed whether all are slower or a part of them, and on the"
    " Operators dashboard which operator it is.",
)


def _how_fast(thresholds: Thresholds) -> Panel:
    return tiles(
        Query(quantile(0.5, HOUR), "half"),
        Query(quantile(0.95, HOUR), "95 %"),
        title="Speed, last hour",
        about=_HOW_FAST,
        unit=SECONDS,
        limits=measures.speed_limits(thresholds),
        overrides=[for_name("95 %", Property("thresholds", measures.tail_limits(thresholds)))],
        nothing="none delivered",
    )


_SUBMITTED: Final = About(
    "Messages that were sent in the time range, and in the same stretch a week before.",
    words.FIRST_SEEN,
    words.NOTHING,
    "far fewer than a week ago means that our own programs do not send; far more is a campaign, a"
    " loop or a fraud: see the Cost dashboard.",
)


def _submitted() -> Panel:
    sent = select(SUBMITTED, SENDER)
    return tiles(
        Query(grown(sent, RANGE), "sent"),
        Query(summed(f"increase({sent}[{RANGE}] offset 1w)"), "a week before"),
        title="Messages",
        about=_SUBMITTED,
        coloured=False,
        decimals=0,
        limits=no_limits(),
        nothing="none",
    )


_SPEND: Final = About(
    "Money charged in the time range less money given back, and what one message cost on average.",
    words.FIRST_SEEN,
    f"nothing; lookups and calls cost, too. {words.REFUNDS}",
    "the Cost dashboard shows where it goes, and what was paid for nothing.",
)


def _spend() -> Panel:
    sent = grown(select(SUBMITTED, ROUTE), RANGE)
    each = of_all(f"({spent(RANGE)})", sent)
    return tiles(
        Query(spent(RANGE), "total, {{currency}}"),
        Query(each, "each, {{currency}}"),
        title="Cost",
        about=_SPEND,
        coloured=False,
        unit=NUMBER,
        decimals=2,
        limits=no_limits(),
        overrides=money(),
        nothing="none",
    )


_TRUSTED: Final = About(
    "Whether the numbers on this page are whole. Yes: fresh, complete, stored. Partly: some history"
    " was not read, or the calls do not suffice for all of it. No: the last good page is too old,"
    " or the ledger cannot be written. Below: the age of the last good page.",
    "seconds since the last page that was read and stored, of the stream that is furthest behind.",
    words.NOTHING,
    "believe nothing else here until it is green. The Exporter dashboard shows what is missing.",
)


def _trusted(thresholds: Thresholds) -> Panel:
    return tiles(
        Query(measures.trust(thresholds), "to be trusted?"),
        Query(f"max({measures.age_of_data()})", "data age"),
        title="This page",
        about=_TRUSTED,
        unit=SECONDS,
        mappings=measures.words(measures.TRUST),
        limits=limits(GOOD, (1, WATCH), (2, BAD)),
        overrides=[
            for_name("data age", Property("mappings", []), judged(base=QUIET)),
        ],
        nothing="No: no exporter",
    )


_ALERTS: Final = About(
    "Alerts of this rule set that fire, by severity; critical ones have paged somebody.",
    words.EVALUATED,
    "alerts of severity info, and silences: Alertmanager has those.",
    "the table of firing alerts below leads to the runbook of each.",
)


def _alerts() -> Panel:
    return tiles(
        Query(_firing("critical"), "critical"),
        Query(_firing("warning"), "warning"),
        title="Firing alerts",
        about=_ALERTS,
        limits=limits(GOOD, (1, BAD)),
        overrides=[for_name("warning", judged((1, WATCH), base=GOOD))],
        nothing="no rules loaded",
    )


def _firing(severity: str) -> str:
    """Their number; 0 only if the rules are there at all."""
    alerts = select(
        "ALERTS",
        'alertname=~"Smsc.+"',
        'alertstate="firing"',
        f'severity="{severity}"',
        'account=~"$account|"',
    )
    return f"count({alerts}) or 0 * max({OBJECTIVE})"
