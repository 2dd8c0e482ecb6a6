"""Alerts about money and about who gets the messages, each within the hour."""

from collections.abc import Iterator

from exporter.monitoring import recorded as names
from tests.monitoring.scenarios.case import Case, File, Line, fires, silent
from tests.monitoring.scenarios.longterm import ALERTS_ONLY
from tests.monitoring.scenarios.tracks import gone, held, later, pages
from tests.monitoring.scenarios.worlds import SENDER, failures, gauge, recorded


FUNDS, PRICE, RANGE = "SmscInsufficientFunds", "SmscPriceRise", "SmscNumberRangeConcentration"
LOW, CRITICAL = "SmscBalanceRunwayLow", "SmscBalanceRunwayCritical"


def money() -> File:
    """From minute 30 on something costs."""
    empty = [{"account": "empty"}, {"account": "empty-again"}]
    dearer = {**SENDER, "account": "dearer", "currency": "RUB"}
    pumped = {"account": "pumped", "channel": "sms", "country": "RU"}
    checks = [
        *silent(FUNDS, 29),
        fires(FUNDS, 30, *empty),
        fires(FUNDS, 31.5, *empty),
        fires(FUNDS, 61, *empty),
        *silent(FUNDS, 70),
        *silent(PRICE, 59),
        fires(PRICE, 62, dearer),
        *silent(PRICE, 85),
        *silent(RANGE, 34),
        fires(RANGE, 36, pumped),
        *silent(RANGE, 65),
    ]
    low = [
        {"account": name, "currency": "RUB"}
        for name in ("low", "some-hours", "nearly-empty", "overdrawn")
    ]
    checks += [
        *silent(LOW, 39),
        fires(LOW, 41, *low),
        *silent(LOW, 61),
        *silent(CRITICAL, 34),
        fires(CRITICAL, 36, *low[2:]),
        *silent(CRITICAL, 61),
    ]
    lines = [*funds(), *balances(), *prices(), *blocks()]
    return File("money", [Case("money and numbers", lines, checks)], ALERTS_ONLY)


def funds() -> Iterator[Line]:
    """Messages that are refused for lack of money: a series that comes up, and what is old."""
    fresh = [*[0.0] * 3, *pages((20, 2.0), (40, 0.0))[3:]]
    old = held((90, 7))
    yield failures(later(fresh, 30), "24", "0", account="empty")
    yield failures(later(fresh, 30), "24", "0", account="empty-again", operator="tele2")
    yield failures(old, "24", "0", account="empty-again")
    yield failures(gone(old, 20, 25), "24", "0", account="long-ago")
    yield failures(later(fresh, 30), "20", "255", account="refused")


def balances() -> Iterator[Line]:
    """What is left for a while, at a pace of 100 an hour."""
    yield from left("low", 1500)
    yield from left("nearly-empty", 300)
    yield from left("overdrawn", -500)
    yield from left("on-credit", -500, credit=3500)
    yield from left("some-hours", 600)
    yield from left("idle", -10, pace=0)
    yield recorded(names.COST_1H, (90, 100), account="not-asked", currency="RUB")


def left(account: str, balance: float, pace: float = 100, credit: float = 0) -> Iterator[Line]:
    """The balance before, meanwhile, and after it was topped up."""
    money = {"account": account, "currency": "RUB"}
    pieces = ((30.0, 9000.0), (30.0, balance), (30.0, 9000.0))
    yield gauge("smsc_account_balance", *pieces, **money)
    yield gauge("smsc_account_balance", (90, -9000), **money, instance="standby:10048")
    if credit:
        yield gauge("smsc_account_credit", (90, credit), **money)
        yield gauge("smsc_account_credit", (90, 0), **money, instance="standby:10048")
    yield recorded(names.COST_1H, (90, pace), **{**money, "currency": "RUR"})


def prices() -> Iterator[Line]:
    """What a segment costs for a while, and what it cost."""
    yield from price("dearer", 2.6, 2.0)
    yield from price("a-little", 2.2, 2.0)
    yield from price("refused-for-free", 0.5, 2.0)
    yield from price("new-route", 2.6, None)


def price(account: str, now: float, past: float | None) -> Iterator[Line]:
    """The price of one sender's segments to one operator."""
    chosen = {**SENDER, "account": account, "currency": "RUB"}
    yield recorded(names.PRICE, (30, past or now), (45, now), (15, past or now), **chosen)
    if past is not None:
        yield recorded(names.PRICE_MEDIAN, (90, past), **chosen)


def blocks() -> Iterator[Line]:
    """How much goes to the busiest block of numbers, and to how many people."""
    yield from block("pumped", 0.35, 80)
    yield from block("pumped", 0.01, 3, instance="standby:10048")
    yield from block("family", 0.6, 49)
    yield from block("spread", 0.2, 200)
    yield from block("spread", 0.2, 20, instance="standby:10048")
    yield from block("enquiries", 0.6, 200, channel="hlr")
    yield from block("two-channels", 0.2, 200)
    yield from block("two-channels", 0.9, 3, channel="flash")


def block(
    account: str, share: float, people: float, channel: str = "sms", **how: str
) -> Iterator[Line]:
    """The share of the block for a while."""
    where = {"account": account, "channel": channel, "country": "RU", **how}
    pieces = ((30.0, 0.02), (30.0, share), (30.0, 0.02))
    yield gauge("smsc_recent_prefix_share_ratio", *pieces, **where)
    yield gauge("smsc_recent_recipients", (90, people), **where)
