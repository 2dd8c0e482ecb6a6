"""Fraud: countries nobody planned, jumps in volume, blocks of numbers, repeats."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.recorded import COUNTRY_1H, COUNTRY_DEVIATION, COUNTRY_MEAN
from exporter.monitoring.thresholds import Thresholds
from grafana import words
from grafana.charts import lines
from grafana.face import About
from grafana.measures import FEW
from grafana.queries import (
    ACCOUNT,
    COST,
    COUNTRY,
    NO_LOOKUPS,
    RANGE,
    RECORDED_COUNTRY,
    SENDER,
    SUBMITTED,
    Query,
    grown,
    largest,
    select,
    share,
    summed,
)
from grafana.style import (
    BAD,
    DASHED,
    NUMBER,
    QUIET,
    RATIO,
    WATCH,
    colour,
    for_name,
    for_names,
    limits,
    unit,
)
from grafana.tables import BAR, table, width


BY_COUNTRY: Final = ("account", "country")
NAME: Final = "{{country}} {{channel}} {{account}}"
PHONES: Final = 'channel!~"hlr|ping|email"'
"""Channels that write to a phone: only their country says anything."""
RECIPIENTS: Final = "smsc_recent_recipients"


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw it."""
    return [_unexpected(), _volume(thresholds), _blocks(thresholds), _repeats()]


_UNEXPECTED: Final = About(
    "Countries that messages went to in the time range and that the account's expected_countries"
    " does not list. Accounts without a list are left out. Empty is good.",
    words.FIRST_SEEN,
    "lookups and e-mail.",
    "if nobody planned it, somebody is pumping: close the form, block the country in the gateway's"
    " cabinet. If it is wanted, add it to the list.",
)


def _unexpected() -> Panel:
    listed = f"{largest(select('smsc_country_expected', ACCOUNT), BY_COUNTRY)} == 1"
    keeps = f"count by (account) ({select('smsc_country_expected', ACCOUNT)})"
    new = f"unless on (account, country) ({listed}) and on (account) {keeps}"
    by, sent = (*BY_COUNTRY, "currency"), (SENDER, PHONES)
    return table(
        {"account": "Account", "country": "Country", "currency": "Currency"},
        Query(f"({grown(select(SUBMITTED, *sent), RANGE, BY_COUNTRY)} > 0) {new}", "Messages"),
        Query(f"({grown(select(COST, *sent), RANGE, by)} > 0) {new}", "Cost"),
        sort="Messages",
        title="Countries that nobody expects",
        about=_UNEXPECTED,
        overrides=[for_name("Messages", *BAR), for_name("Cost", *unit(NUMBER, 2), width(120))],
        nothing="none: every country is on the list, or there is no list",
    )


_VOLUME: Final = About(
    "Messages in the hour before each moment, by country, and where the alert begins: the mean hour"
    " of 7 days and {deviations:g} standard deviations.",
    words.EVALUATED,
    "lookups and e-mail; filters for channel, operator and sender have no effect. The alert also"
    " wants the country's share of all messages to have grown.",
    "a mailing that was announced, or somebody who sends through our forms.",
)


def _volume(thresholds: Thresholds) -> Panel:
    by, deviations = ("country",), thresholds.countries.spike_deviations
    mean, spread = (select(name, RECORDED_COUNTRY) for name in (COUNTRY_MEAN, COUNTRY_DEVIATION))
    return lines(
        Query(summed(select(COUNTRY_1H, RECORDED_COUNTRY), by), "{{country}}"),
        Query(summed(f"{mean} + {deviations:g} * {spread}", by), "limit of {{country}}"),
        title="Messages per hour against their own week",
        about=_VOLUME._replace(counts=_VOLUME.counts.format(deviations=deviations)),
        overrides=[for_names("^limit", colour(BAD), DASHED)],
        nothing="no rules loaded, or no messages",
    )


_BLOCKS: Final = About(
    "Of the last hour's messages to a country, the share that went to the busiest block of 1000"
    " neighbouring numbers. No number leaves the exporter.",
    words.LAST_PAGE,
    f"{words.LOOKUPS} Countries with fewer than {{people}} recipients in the hour.",
    "pumping walks through number ranges: limit messages to a range, ask for a captcha.",
)


def _blocks(thresholds: Thresholds) -> Panel:
    found = thresholds.countries
    blocks = select("smsc_recent_prefix_share_ratio", COUNTRY, NO_LOOKUPS)
    enough = f"{select(RECIPIENTS, COUNTRY, NO_LOOKUPS)} >= {found.block_recipients}"
    return lines(
        Query(largest(f"{blocks} and {enough}", (*BY_COUNTRY, "channel")), NAME),
        title="Busiest block of numbers",
        about=_BLOCKS._replace(without=_BLOCKS.without.format(people=found.block_recipients)),
        unit=RATIO,
        limits=limits(QUIET, (found.block_share, WATCH)),
        nothing="not known: few recipients, stale polls, or track_phones is off",
    )


_REPEATS: Final = About(
    "Messages of the last hour for each distinct recipient, by country.",
    words.LAST_PAGE,
    f"{words.LOOKUPS} Countries with fewer than {FEW} recipients.",
    "far above its usual level: a retry loop of our own, or a bot that asks for codes.",
)


def _repeats() -> Panel:
    by = ("country",)
    sent = grown(select(SUBMITTED, COUNTRY, NO_LOOKUPS), "1h", by)
    people = summed(select(RECIPIENTS, COUNTRY, NO_LOOKUPS), by)
    return lines(
        Query(share(sent, f"({people} >= {FEW})"), "{{country}}"),
        title="Messages per recipient, last hour",
        about=_REPEATS,
        unit=NUMBER,
        decimals=2,
        floor=1,
        nothing="not known: stale polls, or track_phones is off",
    )
