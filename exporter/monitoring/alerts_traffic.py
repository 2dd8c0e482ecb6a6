"""Alerts about what is sent: too little, with a code that was rare, to numbers that are wrong."""

from exporter.monitoring import recorded
from exporter.monitoring.model import Alert
from exporter.monitoring.promql import DELIVERIES, deadline, increase, lines, on, selector
from exporter.monitoring.tempo import Tempo
from exporter.monitoring.thresholds import Thresholds


def traffic_alerts(thresholds: Thresholds, tempo: Tempo) -> tuple[Alert, ...]:
    """What the account's own programs and lists may be the cause of."""
    return (
        traffic_dropped(thresholds, tempo),
        error_code_surge(thresholds, tempo),
        wrong_numbers(thresholds, tempo),
    )


def known_for(tempo: Tempo, age: str) -> str:
    """Accounts that sent something so long ago, and whose past can be compared with."""
    submitted = selector("smsc_messages_submitted_total", DELIVERIES)
    return f"count by (job, account) ({submitted} offset {tempo(age)})"


def traffic_dropped(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """Nothing sent at a time at which something always is."""
    fewest, hour = thresholds.traffic.messages_1h, recorded.SUBMITTED_1H
    polled = selector("smsc_poll_last_success_timestamp_seconds", 'endpoint="history"')
    return Alert(
        name="SmscTrafficDropped",
        severity="warning",
        area="traffic",
        expr=lines(
            f"""
            {hour} < 1
            and {hour} offset {tempo("1d")} >= {fewest}
            and {hour} offset {tempo("7d")} >= {fewest}
            and {recorded.TYPICAL_1H} >= {fewest}
            and on (job, account) (
              time() - max by (job, account) ({polled}) < {tempo.seconds("20m")}
            )
            """
        ),
        wait=tempo("15m"),
        when=f"Not one message in an hour that had {fewest} or more yesterday and a week ago, on an"
        " account that is that busy for a quarter of the week.",
        summary="{{ $labels.account }}: nothing is being sent ({{ $labels.channel }})",
        description="No {{ $labels.channel }} message was sent for an hour; at this hour yesterday"
        " and a week ago there were many. Polling works, so look at what sends.",
        dashboard="smsc-overview",
    )


def error_code_surge(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """A code that was rare, and that is not the recipients' own fault."""
    limits, errors = thresholds.errors, recorded.ERRORS_1H
    operator = on(("job", "account", "operator"))
    past = (
        f"{limits.mean_factor:g} * {recorded.ERRORS_MEAN}"
        f" + {limits.deviations:g} * {recorded.ERRORS_DEVIATION}"
    )
    recipients = selector("smsc_error_info", 'owner="recipient"')
    return Alert(
        name="SmscErrorCodeSurge",
        severity="warning",
        area="delivery",
        expr=lines(
            f"""
            {errors} >= {limits.messages_1h}
            and
            {errors}
              > {operator} group_left () ({limits.share:g} * {recorded.OPERATOR_1H})
            and on (job, account) {known_for(tempo, "1d")}
            unless
            {errors}
              <= {past}
            unless on (err) {recipients}
            """
        ),
        wait=tempo("2m"),
        when=f"An error code hits {limits.messages_1h} messages and {limits.share:.0%} of an"
        " operator's messages in an hour, far more than in the last 7 days. Not codes that are up"
        " to the recipient, expired messages, or missing receipts.",
        summary="{{ $labels.account }}: error {{ $labels.err }} at {{ $labels.operator }}",
        description="{{ $value | humanize }} messages to {{ $labels.operator }} failed in the last"
        " hour with err {{ $labels.err }}, which was rare before.",
        dashboard="smsc-errors",
        variables=("account", "operator"),
    )


def wrong_numbers(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """A list that is out of date."""
    limits, over = thresholds.numbers, tempo("6h")
    labels = ("job", "account", "channel", "sender")
    chosen = (deadline(thresholds.delivery.deadline), DELIVERIES)
    matured = "smsc_messages_matured_total"
    wrong = increase(labels, over, matured, 'outcome="invalid_number"', *chosen)
    whole = increase(labels, over, matured, *chosen)
    return Alert(
        name="SmscWrongNumbers",
        severity="info",
        area="traffic",
        expr=lines(
            f"""
            {wrong}
            / ({whole} >= {limits.messages_6h})
            > {limits.share:g}
            """
        ),
        wait=tempo("15m"),
        when=f"Of a sender's messages in 6 hours, more than {limits.share:.0%} went to numbers that"
        " do not exist.",
        summary="{{ $labels.account }}: {{ $labels.sender }} sends to wrong numbers",
        description="{{ $value | humanizePercentage }} of the messages from {{ $labels.sender }}"
        " went to numbers that do not exist.",
        dashboard="smsc-errors",
        variables=("account", "sender"),
    )
