"""Alerts about messages that do not arrive, or arrive late."""

from exporter.monitoring.model import Alert
from exporter.monitoring.promql import (
    DELIVERIES,
    by,
    chosen,
    deadline,
    increase,
    lines,
    nested,
    on,
    selector,
)
from exporter.monitoring.recorded import ACCOUNT, OBJECTIVE, OPERATOR, REFUSED, SLOW, undelivered
from exporter.monitoring.shares import Share
from exporter.monitoring.tempo import Tempo
from exporter.monitoring.thresholds import Thresholds


MATURED = "smsc_messages_matured_total"
LINGERS = "10m"
"""How long after the last sign of trouble an alert goes on, so that it does not come and go."""
DRAINS = "1h"
"""How long after an outage late messages are no news."""


def delivery_alerts(thresholds: Thresholds, tempo: Tempo) -> tuple[Alert, ...]:
    """From the whole account to a single sender name."""
    return (
        delivery_degraded(thresholds, tempo),
        operator_down(thresholds, tempo),
        operator_delivery_degraded(thresholds, tempo),
        sender_rejected(thresholds, tempo),
        queue_stuck(thresholds, tempo),
        slow_delivery(thresholds, tempo),
        delivery_slo_burn(thresholds, tempo),
        receipts_missing(thresholds, tempo),
    )


def delivery_degraded(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """Messages of a whole account."""
    share = undelivered(thresholds, operators=False)
    limits = thresholds.delivery
    return Alert(
        name="SmscDeliveryDegraded",
        severity="critical",
        area="delivery",
        expr=_above_history(
            share, limits.degraded_share, limits.above_baseline, _channels(thresholds)
        ),
        wait=tempo("30s"),
        hold=tempo(LINGERS),
        when=f"More than {limits.degraded_share:.0%} of an account's messages certainly have not"
        " arrived by the deadline, and more than usual.",
        summary="{{ $labels.account }}: messages do not arrive ({{ $labels.channel }})",
        description="At least {{ $value | humanizePercentage }} of the {{ $labels.channel }}"
        " messages of {{ $labels.account }} had not arrived in time. Look whether it is one"
        " operator or all of them.",
        dashboard="smsc-overview",
    )


def operator_delivery_degraded(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """Messages to one operator."""
    share = undelivered(thresholds, operators=True)
    limits = thresholds.delivery
    return Alert(
        name="SmscOperatorDeliveryDegraded",
        severity="warning",
        area="delivery",
        expr=_above_history(
            share, limits.degraded_share, limits.above_baseline, _channels(thresholds)
        ),
        wait=tempo("1m"),
        hold=tempo(LINGERS),
        when=f"More than {limits.degraded_share:.0%} of the messages to one operator certainly have"
        " not arrived by the deadline, and more than usual.",
        summary="{{ $labels.account }}: trouble with {{ $labels.operator }}"
        " ({{ $labels.country }})",
        description="At least {{ $value | humanizePercentage }} of the {{ $labels.channel }}"
        " messages to {{ $labels.operator }} had not arrived in time. The total can look well"
        " meanwhile.",
        dashboard="smsc-operators",
        variables=("account", "country", "operator"),
    )


def operator_down(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """Most messages to one operator."""
    share = undelivered(thresholds, operators=True)
    limits = thresholds.delivery
    return Alert(
        name="SmscOperatorDown",
        severity="critical",
        area="delivery",
        expr=_above_history(share, limits.down_share, limits.above_baseline, _channels(thresholds)),
        wait=tempo("1m"),
        hold=tempo(LINGERS),
        when=f"More than {limits.down_share:.0%} of the messages to one operator certainly have not"
        " arrived by the deadline, and more than usual.",
        summary="{{ $labels.account }}: {{ $labels.operator }} ({{ $labels.country }}) is down",
        description="At least {{ $value | humanizePercentage }} of the {{ $labels.channel }}"
        " messages to {{ $labels.operator }} had not arrived in time.",
        dashboard="smsc-operators",
        variables=("account", "country", "operator"),
    )


def sender_rejected(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """A sender name that is not taken."""
    limits = thresholds.refusals
    return Alert(
        name="SmscSenderRejected",
        severity="critical",
        area="delivery",
        expr=f"{REFUSED.certain_name} > {limits.share:g}",
        wait=tempo("1m"),
        hold=tempo(LINGERS),
        when=f"More than {limits.share:.0%} of a sender's messages to one operator are certainly"
        f" refused with err {limits.errs.replace('|', ' or ')}.",
        summary="{{ $labels.account }}: sender {{ $labels.sender }} is refused by"
        " {{ $labels.operator }}",
        description="At least {{ $value | humanizePercentage }} of the messages from"
        " {{ $labels.sender }} to {{ $labels.operator }} are refused because of the sender name.",
        dashboard="smsc-errors",
        variables=("account", "operator", "sender"),
    )


def queue_stuck(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """Messages that the gateway does not pass on."""
    limits = thresholds.queue
    queued = selector("smsc_messages_pending", 'state="queued"', 'age!="0-5m"', DELIVERIES)
    waiting = f"sum {by(ACCOUNT)} ({queued})"
    done = increase(ACCOUNT, tempo("10m"), "smsc_messages_final_total", DELIVERIES)
    return Alert(
        name="SmscQueueStuck",
        severity="critical",
        area="delivery",
        expr=lines(
            f"""
            {waiting} >= {limits.messages}
            unless
              {done}
              >= {limits.drain_share:g} * {waiting}
            """
        ),
        wait=tempo("5m"),
        when=f"{limits.messages} messages or more have been waiting at the gateway for over 5"
        f" minutes, and in 10 minutes fewer than {limits.drain_share:.0%} of as many came to an"
        " end.",
        summary="{{ $labels.account }}: messages are stuck at smsc.ru",
        description="{{ $value | humanize }} {{ $labels.channel }} messages have been waiting to be"
        " sent for more than 5 minutes, and hardly any get through.",
        dashboard="smsc-overview",
    )


def slow_delivery(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """Messages that arrive, but late."""
    limits, channels = thresholds.slow, _channels(thresholds)
    late = _above_history(SLOW, limits.share, limits.above_baseline, channels)
    lost = undelivered(thresholds, operators=True)
    lately = f"max_over_time({lost.certain_name}{{{channels}}}[{tempo(DRAINS)}])"
    return Alert(
        name="SmscSlowDelivery",
        severity="warning",
        area="delivery",
        expr=lines(
            f"""
            {nested(late, 12)}
            unless {on(SLOW.labels)} (
              {lately} > {thresholds.delivery.degraded_share:g}
            )
            """
        ),
        wait=tempo("2m"),
        hold=tempo(LINGERS),
        when=f"More than {limits.share:.0%} of the messages that an operator delivered certainly"
        f" took over {limits.seconds:g} s, and more than usual. Not during an outage and an hour"
        " after, when what was stuck arrives.",
        summary="{{ $labels.account }}: {{ $labels.operator }} ({{ $labels.country }}) is slow",
        description=f"At least {{{{ $value | humanizePercentage }}}} of the delivered messages took"
        f" over {limits.seconds:g} s. Codes may arrive after they have expired.",
        dashboard="smsc-operators",
        variables=("account", "country", "operator"),
    )


def delivery_slo_burn(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """The objective, missed for long."""
    limits, channels = thresholds.objective, _channels(thresholds)
    allowed = f"{limits.burn_factor:g} * (1 - {OBJECTIVE})"

    def lost(length: str, fewest: int) -> str:
        part = chosen(f"account:smsc_messages_ontime:increase{length}", channels)
        whole = chosen(f"account:smsc_messages_eligible:increase{length}", channels)
        return f"(1 - {part} / ({whole} >= {fewest}))"

    return Alert(
        name="SmscDeliverySloBurn",
        severity="warning",
        area="delivery",
        expr=lines(
            f"""
            {lost("1d", limits.messages_1d)}
              > on (deadline) group_left () ({allowed})
            and
            {lost("2h", limits.messages_2h)}
              > on (deadline) group_left () ({allowed})
            """
        ),
        wait=tempo("15m"),
        when=f"Over a day and over two hours, more than {limits.burn_factor:g} times the loss that"
        f" the objective ({limits.target_share:.0%}) allows.",
        summary="{{ $labels.account }}: the delivery objective is being missed",
        description="{{ $value | humanizePercentage }} of a day's {{ $labels.channel }} messages"
        " did not arrive within {{ $labels.deadline }}. No need to get up: plan the work.",
        dashboard="smsc-objectives",
    )


def receipts_missing(thresholds: Thresholds, tempo: Tempo) -> Alert:
    """Messages of which nobody knows."""
    limits = thresholds.receipts
    among = (deadline(limits.deadline), _channels(thresholds))
    day = tempo("1d")
    pending = increase(OPERATOR, day, MATURED, 'outcome="pending"', *among)
    whole = increase(OPERATOR, day, MATURED, *among)
    return Alert(
        name="SmscReceiptsMissing",
        severity="warning",
        area="delivery",
        expr=lines(
            f"""
            {pending}
            / ({whole} >= {limits.messages_1d})
            > {limits.share:g}
            """
        ),
        wait=tempo("30m"),
        when=f"Of a day's messages to one operator, more than {limits.share:.0%} have no final"
        " status at the longest deadline.",
        summary="{{ $labels.account }}: {{ $labels.operator }} sends no receipts",
        description="{{ $value | humanizePercentage }} of a day's messages to"
        " {{ $labels.operator }} have no final status. Its delivery share cannot be trusted.",
        dashboard="smsc-operators",
        variables=("account", "country", "operator"),
    )


def _above_history(share: Share, limit: float, above: float, channels: str) -> str:
    certain = f"{share.certain_name}{{{channels}}}"
    labels = on(share.labels)
    return lines(
        f"""
        {certain} > {limit:g}
        unless {labels} (
          {certain} < {labels} ({share.baseline_name} + {above:g})
        )
        """
    )


def _channels(thresholds: Thresholds) -> str:
    return f'channel=~"{thresholds.delivery.channels}"'
