"""The money left, as the gateway told it."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.recorded import COST_1H
from exporter.monitoring.thresholds import Thresholds
from grafana.charts import tiles
from grafana.face import About
from grafana.queries import ACCOUNT, RECORDED, Query, largest, select, summed
from grafana.style import BAD, GOOD, HOURS, NUMBER, WATCH, limits, money


TOLD: Final = "asked of the gateway each ten minutes."
BY_ACCOUNT: Final = ("account", "currency")
_LEFT: Final = About(
    "Money left at the gateway, of all accounts chosen.",
    TOLD,
    "credit; channel, country, operator and sender have no effect.",
    "empty is not 0: the balance is unknown.",
)
_LASTS: Final = About(
    "How long balance and credit last at the pace of the last day; of several accounts the one"
    " whose money ends first.",
    TOLD,
    "what is still to be sent; channel, country, operator and sender have no effect.",
    "top up in working hours what ends within a day.",
)


def left(width: int) -> Panel:
    """Draw the tile of the balance."""
    return tiles(
        Query(summed(_largest("balance"), ("currency",)), "{{currency}}"),
        title="Balance",
        about=_LEFT,
        coloured=False,
        unit=NUMBER,
        decimals=2,
        width=width,
        overrides=money(),
        nothing="not known",
    )


def lasts(thresholds: Thresholds, width: int) -> Panel:
    """Draw the tile of the time that it suffices for."""
    low, critical = thresholds.money.runway_low / 3600, thresholds.money.runway_critical / 3600
    whole = f"({_largest('balance')} + ({_largest('credit')} or 0 * {_largest('balance')}))"
    pace = summed(f"avg_over_time({select(COST_1H, RECORDED)}[1d])", BY_ACCOUNT)
    return tiles(
        Query(f"min by (currency) ({whole} / ({pace} > 0))", "{{currency}}"),
        title="Lasts",
        about=_LASTS,
        unit=HOURS,
        decimals=0,
        width=width,
        limits=limits(BAD, (critical, WATCH), (low, GOOD)),
        nothing="not known",
    )


def _largest(what: str) -> str:
    """The same account may be scraped twice."""
    return largest(select(f"smsc_account_{what}", ACCOUNT), BY_ACCOUNT)
