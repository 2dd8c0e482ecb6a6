"""Countries on a map and in a table; regions for those who count them."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.thresholds import Thresholds
from grafana import measures, words
from grafana.face import About
from grafana.links import to_board
from grafana.queries import (
    CHANNEL,
    NO_LOOKUPS,
    RANGE,
    SENDER,
    SUBMITTED,
    Query,
    delivered_share,
    eligible,
    grown,
    select,
    share,
)
from grafana.style import RATIO, for_name, unit
from grafana.tables import BAR, leads, table, width
from grafana.world import world


BY_COUNTRY: Final = ("country",)
REGION: Final = "smsc_region_messages_matured_total"


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw map and table."""
    return [_map(thresholds), _countries(thresholds)]


def regions(thresholds: Thresholds) -> list[Panel]:
    """Draw regions."""
    return [_regions(thresholds)]


_MAP: Final = About(
    "Countries that messages went to: the larger the spot, the more messages turned $deadline old"
    " in the time range; the greener, the larger the share delivered by then.",
    words.AT_AGE,
    f"{words.UNDELIVERABLE} Country XX, which is not known.",
    "a red spot is a country in trouble, a spot where nobody expects one may be fraud: see the Cost"
    " dashboard. The table beside it has the numbers.",
)


def _map(thresholds: Thresholds) -> Panel:
    return world(
        Query(eligible(RANGE, BY_COUNTRY), "Messages"),
        Query(delivered_share(RANGE, BY_COUNTRY), "Delivered"),
        title="Delivered within $deadline, by country",
        about=_MAP,
        unit=RATIO,
        height=10,
        limits=measures.delivery_limits(thresholds),
        overrides=[for_name("Messages", *unit("short", 0))],
        nothing="no message is old enough yet",
    )


_COUNTRIES: Final = About(
    "Messages sent to each country in the time range, and the share of those that turned $deadline"
    " old in it that had been delivered by then.",
    f"{words.FIRST_SEEN} Of the share: {words.AT_AGE}",
    f"of the share: {words.UNDELIVERABLE} Shares of fewer than {measures.FEW} messages: few.",
    "a click narrows the dashboard to the country; the operators below tell more.",
)


def _countries(thresholds: Thresholds) -> Panel:
    enough = f"({eligible(RANGE, BY_COUNTRY)} >= {measures.FEW})"
    return table(
        {"country": "Country"},
        Query(grown(select(SUBMITTED, SENDER), RANGE, BY_COUNTRY), "Messages"),
        Query(f"{delivered_share(RANGE, BY_COUNTRY)} and {enough}", "Delivered"),
        sort="Messages",
        title="Countries",
        about=_COUNTRIES,
        height=10,
        overrides=[
            for_name(
                "Country",
                leads("Only this country", to_board("smsc-operators", country="Country")),
                width(90),
            ),
            for_name("Messages", *BAR),
            measures.delivered_column(thresholds),
        ],
        nothing="none",
    )


_REGIONS: Final = About(
    "Messages that turned an hour old in the time range, by region of the number, and the share"
    " delivered by then. Only with labels.region in the exporter's configuration.",
    words.AT_AGE,
    f"{words.LOOKUPS} Stopped messages and wrong numbers count as not delivered here. The filters"
    " for operator and sender have no effect.",
    "one bad region in a good operator is a local fault of its network.",
)


def _regions(thresholds: Thresholds) -> Panel:
    by = ("country", "region")
    some = select(REGION, CHANNEL, 'country=~"$country"', NO_LOOKUPS)
    arrived = some.replace("{", '{outcome="delivered",')
    return table(
        {"country": "Country", "region": "Region"},
        Query(grown(some, RANGE, by), "Messages"),
        Query(share(grown(arrived, RANGE, by), grown(some, RANGE, by)), "Delivered"),
        sort="Messages",
        title="Regions, 1 h after sending",
        about=_REGIONS,
        width=24,
        height=10,
        overrides=[
            for_name("Country", width(90)),
            for_name("Messages", *BAR),
            measures.delivered_column(thresholds),
        ],
        nothing="not counted: labels.region is off",
    )
