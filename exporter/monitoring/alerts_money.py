"""Alerts about money, and about traffic that somebody else profits from."""

from exporter.durations import format_duration
from exporter.monitoring import recorded
from exporter.monitoring.alerts_traffic import known_for
from exporter.monitoring.model import Alert
from exporter.monitoring.promql import DELIVERIES, by, increase, lines, selector
from exporter.monitoring.tempo import Tempo
from exporter.monitoring.thresholds import Thresholds


NEW_HISTORY = 0.1
"""Messages an hour, on average of 7 days, below which a country is new."""


def money_alerts(thresholds: Thresholds, tempo: Tempo) -> tuple[Alert, ...]:
    """Funds, spending, prices, and countries that cost money."""
    return (
        insufficient_funds(thresholds, tempo),
        balance_runway_low(thresholds, tempo),
        balance_runway_critical(thresholds, tempo),
        cost_spike(thresholds, tempo),
        price_rise(thresholds, tempo),
        unexpected_country(thresholds, tempo),
        new_country_traffic(thresholds, tempo),
        country_volume_spike(thresholds, tempo),
        number_range_concentration(thresholds, tempo),
    )


def insufficient_funds(_: Thresholds, tempo: Tempo) -> Alert:
    """No money left.

    A series that stands at 0 is one whose first messages are still held back.
    """
    labels, failures = ("job", "account"), "smsc_message_failures_total"
    no_funds = 'status="24"'
    return Alert(
        name="SmscInsufficientFunds",
        severity="critical",
        area="money",
        expr=lines(
            f"""
            {increase(labels, tempo("15m"), failures, no_funds)} > 0
            or
            count by ({", ".join(labels)}) ({selector(failures, no_funds)} == 0)
            """
        ),
        when="A message was refused because the account has no money (status 24).",
        summary="{{ $labels.account }}: no money left, messages are refused",
        description="smsc.ru refuses messages of {{ $labels.account }} because its balance is used"
        " up. Top it up; nothing is sent until then.",
        dashboard="smsc-cost",
    )


def balance_runway_low(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """Money for some hours, at the pace of a day."""
    limit = thresholds.money.runway_low
    return Alert(
        name="SmscBalanceRunwayLow",
        severity="warning",
        area="money",
        expr=_runway(tempo("1d"), limit),
        wait=tempo("10m"),
        when=f"Balance and credit last for less than {format_duration(limit)} at the pace of the"
        " last day.",
        summary="{{ $labels.account }}: the money will soon be used up",
        description="At the last day's pace the money of {{ $labels.account }} lasts for"
        " {{ $value | humanize }} hours. Top it up in working hours.",
        dashboard="smsc-cost",
    )


def balance_runway_critical(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """The same at the pace of some hours: a mailing can use up in one what lasts for a week."""
    limit = thresholds.money.runway_critical
    return Alert(
        name="SmscBalanceRunwayCritical",
        severity="critical",
        area="money",
        expr=_runway(tempo("6h"), limit),
        wait=tempo("5m"),
        when=f"Balance and credit last for less than {format_duration(limit)} at the pace of the"
        " last 6 hours.",
        summary="{{ $labels.account }}: the money is nearly used up",
        description="At the pace of the last 6 hours the money of {{ $labels.account }} lasts for"
        " {{ $value | humanize }} hours. Then every message is refused.",
        dashboard="smsc-cost",
    )


def cost_spike(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """An hour that costs far more than any other."""
    limits, hour = thresholds.money, recorded.COST_1H
    return Alert(
        name="SmscCostSpike",
        severity="warning",
        area="money",
        expr=lines(
            f"""
            {hour} > {limits.cost_factor:g} * {recorded.COST_MOST}
            and {hour} > {limits.cost_1h:g}
            and on (job, account) {known_for(tempo, "7d")}
            """
        ),
        wait=tempo("2m"),
        when=f"An hour costs over {limits.cost_factor:g} times as much as the dearest hour of 14"
        f" days, and over {limits.cost_1h:g}. Not in the first week.",
        summary="{{ $labels.account }}: spending far more than usual",
        description="{{ $value | humanize }} {{ $labels.currency }} in the last hour, more than"
        f" {limits.cost_factor:g} times the dearest hour of two weeks. Is it an announced mailing?",
        dashboard="smsc-cost",
    )


def price_rise(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """A dearer tariff or route.

    Falls are no news: refused messages are free, so that outages lower the price of a segment.
    """
    limits = thresholds.money
    return Alert(
        name="SmscPriceRise",
        severity="warning",
        area="money",
        expr=f"{recorded.PRICE} / {recorded.PRICE_MEDIAN} - 1 > {limits.price_rise:g}",
        wait=tempo("30m"),
        when=f"A segment to one operator from one sender costs over {limits.price_rise:.0%} more"
        " than in the 7 days before.",
        summary="{{ $labels.account }}: {{ $labels.operator }} ({{ $labels.country }}) has become"
        " dearer",
        description="A segment from {{ $labels.sender }} to {{ $labels.operator }} costs"
        " {{ $value | humanizePercentage }} more than in the week before.",
        dashboard="smsc-cost",
        variables=("account", "country", "operator", "sender"),
    )


def unexpected_country(thresholds: Thresholds, _: Tempo) -> Alert:
    """A country that is not on the list of an account that has one."""
    fewest = thresholds.countries.unexpected_1h
    expected = selector("smsc_country_expected")
    return Alert(
        name="SmscUnexpectedCountry",
        severity="warning",
        area="fraud",
        expr=lines(
            f"""
            {recorded.COUNTRY_1H} >= {fewest}
            unless on (job, account, country) {expected} == 1
            and on (job, account) count by (job, account) ({expected})
            """
        ),
        when=f"{fewest} messages or more in an hour to a country that expected_countries does not"
        " list, on an account that has this list.",
        summary="{{ $labels.account }}: messages to {{ $labels.country }}, which is not expected",
        description="{{ $value | humanize }} messages in the last hour went to"
        " {{ $labels.country }}. If nobody planned this, somebody is pumping: close the form.",
        dashboard="smsc-cost",
        variables=("account", "country"),
    )


def new_country_traffic(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """A country that nothing went to before."""
    limits, hour = thresholds.countries, recorded.COUNTRY_1H
    return Alert(
        name="SmscNewCountryTraffic",
        severity="warning",
        area="fraud",
        expr=lines(
            f"""
            {hour} >= {limits.new_1h}
            and {recorded.COUNTRY_SHARE} > {limits.new_share:g}
            and on (job, account) {known_for(tempo, "1d")}
            unless {recorded.COUNTRY_MEAN} > {NEW_HISTORY:g}
            unless on (job, account, country) {selector("smsc_country_expected")} == 1
            """
        ),
        wait=tempo("2m"),
        when=f"{limits.new_1h} messages or more in an hour, and certainly over"
        f" {limits.new_share:.0%} of all, to a country that had none for 7 days and is not"
        " expected. Not on the first day.",
        summary="{{ $labels.account }}: messages to {{ $labels.country }} for the first time",
        description="{{ $value | humanize }} messages in the last hour went to"
        " {{ $labels.country }}, which had none for a week. A new market, or somebody is pumping.",
        dashboard="smsc-cost",
        variables=("account", "country"),
    )


def country_volume_spike(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """A country that gets far more than its share."""
    limits, hour = thresholds.countries, recorded.COUNTRY_1H
    past = f"{recorded.COUNTRY_MEAN} + {limits.spike_deviations:g} * {recorded.COUNTRY_DEVIATION}"
    usual = (
        f"{recorded.COUNTRY_MEAN} / on (job, account) group_left ()"
        f" sum by (job, account) ({recorded.COUNTRY_MEAN})"
    )
    return Alert(
        name="SmscCountryVolumeSpike",
        severity="warning",
        area="fraud",
        expr=lines(
            f"""
            {hour} > {past}
            and {hour} >= {limits.spike_1h}
            and
            {recorded.COUNTRY_SHARE}
              > {limits.spike_share_factor:g} * ({usual})
            and on (job, account) {known_for(tempo, "1d")}
            """
        ),
        wait=tempo("5m"),
        when=f"{limits.spike_1h} messages or more in an hour to one country,"
        f" {limits.spike_deviations:g} standard deviations above its mean of 7 days, and certainly"
        f" {limits.spike_share_factor:g} times its usual share of all messages. Not on the first"
        " day.",
        summary="{{ $labels.account }}: far more messages to {{ $labels.country }} than usual",
        description="{{ $value | humanize }} messages in the last hour went to"
        " {{ $labels.country }}, while other countries get no more than usual.",
        dashboard="smsc-cost",
        variables=("account", "country"),
    )


def number_range_concentration(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """Many recipients with neighbouring numbers."""
    limits = thresholds.countries
    labels = by(("job", "account", "channel", "country"))
    share = selector("smsc_recent_prefix_share_ratio", DELIVERIES)
    people = selector("smsc_recent_recipients", DELIVERIES)
    return Alert(
        name="SmscNumberRangeConcentration",
        severity="warning",
        area="fraud",
        expr=lines(
            f"""
            max {labels} ({share}) > {limits.block_share:g}
            and
            max {labels} ({people}) >= {limits.block_recipients}
            """
        ),
        wait=tempo("5m"),
        when=f"{limits.block_recipients} recipients or more in a country in an hour, and over"
        f" {limits.block_share:.0%} of the messages went to one block of 1000 numbers.",
        summary="{{ $labels.account }}: one block of numbers in {{ $labels.country }} gets most"
        " messages",
        description="{{ $value | humanizePercentage }} of the last hour's {{ $labels.channel }}"
        " messages to {{ $labels.country }} went to one block of 1000 numbers. Pumping walks"
        " through ranges.",
        dashboard="smsc-cost",
        variables=("account", "country"),
    )


def _runway(over: str, limit: float) -> str:
    """Hours that balance and credit last, if they are fewer than ``limit`` seconds."""
    labels = by(("job", "account", "currency"))
    balance = f"max {labels} ({selector('smsc_account_balance')})"
    credit = f"max {labels} ({selector('smsc_account_credit')})"
    return lines(
        f"""
        ({balance} + ({credit} or 0 * {balance}))
        / on (job, account) group_left ()
          (sum by (job, account) (avg_over_time({recorded.COST_1H}[{over}])) > 0)
        < {limit / 3600:g}
        """
    )
