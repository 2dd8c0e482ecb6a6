"""The shares that are recorded, and the names of what is recorded beside them."""

from typing import Final

from exporter.monitoring.promql import deadline
from exporter.monitoring.shares import Share
from exporter.monitoring.thresholds import Thresholds


ACCOUNT: Final = ("job", "account", "channel")
OPERATOR: Final = (*ACCOUNT, "country", "operator")
SENDER: Final = (*ACCOUNT, "country", "operator", "sender")
WINDOWS: Final = ("5m", "15m", "1h", "6h")
SLOW_WINDOWS: Final = ("15m", "1h")
REFUSED_WINDOWS: Final = ("5m", "15m", "1h")

SENT: Final = "account_country_operator:smsc_messages_sent:increase"
"""By window, and by how long ago the window ended (label ``ago``)."""
SUBMITTED_1H: Final = "account:smsc_messages_submitted:increase1h"
"""By channel."""
TYPICAL_1H: Final = "account:smsc_messages_submitted:p75_7d"
COUNTRY_1H: Final = "account_country:smsc_messages_submitted:increase1h"
COUNTRY_ALL_1H: Final = "account_country:smsc_messages_all:increase1h"
"""Messages to all countries, beside those to each."""
COUNTRY_RATIO: Final = "account_country:smsc_country_share:ratio"
COUNTRY_SHARE: Final = "account_country:smsc_country_share:wilson_lower"
COUNTRY_MEAN: Final = "account_country:smsc_messages_submitted:avg7d"
COUNTRY_DEVIATION: Final = "account_country:smsc_messages_submitted:stddev7d"
OPERATOR_1H: Final = "account_operator:smsc_messages_submitted:increase1h"
ERRORS_1H: Final = "account_operator_err:smsc_message_failures:increase1h"
ERRORS_MEAN: Final = "account_operator_err:smsc_message_failures:avg7d"
ERRORS_DEVIATION: Final = "account_operator_err:smsc_message_failures:stddev7d"
COUNTRY_COST_1H: Final = "account_country:smsc_cost:increase1h"
COST_1H: Final = "account:smsc_cost:increase1h"
COST_MOST: Final = "account:smsc_cost:max14d"
PRICE: Final = "account_country_operator_sender:smsc_price_per_segment:ratio6h"
PRICE_MEDIAN: Final = "account_country_operator_sender:smsc_price_per_segment:median7d"
OBJECTIVE: Final = "smsc:delivery_slo:ratio"


def undelivered(thresholds: Thresholds, *, operators: bool) -> Share:
    """Messages that had not arrived at the deadline, by operator or of the whole account."""
    return Share(
        level="account_country_operator" if operators else "account",
        labels=OPERATOR if operators else ACCOUNT,
        name="smsc_undelivered",
        of="smsc_messages_eligible",
        good="smsc_messages_ontime",
        judged="smsc_messages_timely",
        bad="smsc_messages_lost",
        windows=WINDOWS,
        only=deadline(thresholds.delivery.deadline),
    )


SLOW: Final = Share(
    level="account_country_operator",
    labels=OPERATOR,
    name="smsc_slow",
    of="smsc_messages_delivered",
    good="smsc_messages_prompt",
    judged="smsc_messages_arrived",
    bad="smsc_messages_late",
    windows=SLOW_WINDOWS,
)
"""Delivered messages that took too long, by operator."""

REFUSED: Final = Share(
    level="account_country_operator_sender",
    labels=SENDER,
    name="smsc_refused",
    of="smsc_messages_submitted",
    judged="smsc_messages_submitted",
    bad="smsc_messages_refused",
    windows=REFUSED_WINDOWS,
)
"""Messages that were refused because of their sender name, by sender and operator."""
