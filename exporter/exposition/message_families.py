"""Families about messages, what became of them, and money."""

from exporter.exposition.family import STREAM, L, O, Scope, counter, gauge, histogram
from exporter.ledger.snapshot import Distribution, Total


MESSAGES = (
    counter(
        Total.SUBMITTED,
        L,
        "Messages seen in the history, each once when first seen, whatever its status"
        " (rows of get_messages, told apart by int_id).",
        scope=Scope.MESSAGE,
        preset=5,
    ),
    counter(
        Total.FINAL,
        (*L, "status"),
        "Messages by their first final status (field status, named by smsc_status_info),"
        " each once.",
        scope=Scope.MESSAGE,
    ),
    counter(
        Total.MATURED,
        (*L, "deadline", "outcome"),
        "Messages by the outcome they had at the deadline after send_timestamp, by the gateway's"
        " clock (status, err, last_timestamp); each once per deadline, when a reading tells.",
        scope=Scope.MESSAGE,
        preset=5,
    ),
    counter(
        Total.FAILURES,
        (*L, "status", "err"),
        "Messages whose first final status is not delivered, read or clicked, by the gateway's"
        " raw codes (fields status and err, named by smsc_status_info and smsc_error_info).",
        scope=Scope.MESSAGE,
    ),
    counter(
        Total.CHANGES,
        (*STREAM, "from", "to"),
        "Messages whose field status changed after it was final; read or clicked after delivered"
        " is not counted.",
        scope=Scope.MESSAGE,
    ),
    counter(
        Total.DISCOVERED_LATE,
        STREAM,
        "Messages first seen later after send_timestamp than the shortest deadline.",
        scope=Scope.MESSAGE,
        preset=2,
    ),
    counter(
        Total.REGION_MATURED,
        ("account", "channel", "country", "region", "outcome"),
        "Messages by region (field region) and what was known of them one hour after"
        " send_timestamp: delivered, not_delivered or pending. Only when labels.region is on.",
        scope=Scope.MESSAGE,
        preset=4,
    ),
    gauge(
        "smsc_messages_pending",
        (*O, "state", "age"),
        "Messages without a final status by field status (queued -1, accepted 0, stopped -2) and"
        " age since send_timestamp; a queued one is as old as it was when last read, for it may"
        " have been passed on since. Cached: as of the last good page; absent while polls are"
        " stale.",
    ),
    gauge(
        "smsc_messages_overdue",
        (*STREAM, "deadline"),
        "Messages past the deadline after send_timestamp that no reading has matured yet."
        " Cached: as of the last good page.",
    ),
    gauge(
        "smsc_tracked_messages",
        STREAM,
        "Messages of which something is still to come: pending, or with a deadline ahead."
        " Cached: as of the last good page.",
    ),
)

TIMES = (
    histogram(
        Distribution.DELIVERY,
        O,
        "Time from send_timestamp to last_timestamp of delivered messages, by the gateway's clock.",
        scope=Scope.MESSAGE,
        preset=4,
    ),
    histogram(
        Distribution.FINAL,
        ("account", "channel", "country", "outcome"),
        "Time from send_timestamp to last_timestamp at the first final status, for every outcome,"
        " by the gateway's clock.",
        scope=Scope.MESSAGE,
    ),
    histogram(
        Distribution.DISCOVERY,
        STREAM,
        "Time from send_timestamp to the reading that first showed the message.",
        scope=Scope.MESSAGE,
        preset=2,
    ),
    histogram(
        Distribution.KNOWLEDGE,
        ("account",),
        "Time from the final status (last_timestamp) to its reading, of messages read pending"
        " before.",
        scope=Scope.MESSAGE,
        preset=1,
    ),
)

MONEY = (
    counter(
        Total.COST,
        (*L, "currency"),
        "Money charged (field cost): at first sight, and what a later price rise adds.",
        scope=Scope.MESSAGE,
        preset=5,
    ),
    counter(
        Total.COST_REFUNDED,
        (*O, "currency"),
        "Money given back when field cost of a message fell.",
        scope=Scope.MESSAGE,
        preset=4,
    ),
    counter(
        Total.MATURED_COST,
        (*O, "currency", "outcome"),
        "Money charged (field cost) for messages by their outcome at the last deadline.",
        scope=Scope.MESSAGE,
        preset=4,
    ),
    counter(
        Total.SEGMENTS,
        L,
        "Billable parts (field sms_cnt) of submitted messages; text channels only.",
        scope=Scope.MESSAGE,
        preset=5,
    ),
)

MIX = (
    gauge(
        "smsc_country_expected",
        ("account", "country"),
        "1 for each country that the configuration expects the account to send to.",
    ),
    gauge(
        "smsc_recent_recipients",
        ("account", "channel", "country"),
        "Distinct recipients (field phone, by keyed hash) of the last hour. Cached: as of the last"
        " good page; absent while polls are stale or track_phones is off.",
    ),
    gauge(
        "smsc_recent_prefix_share_ratio",
        ("account", "channel", "country"),
        "Share of the last hour's messages that went to the busiest block of 1000 numbers (field"
        " phone, by keyed hash). Cached: as of the last good page; absent while polls are stale or"
        " track_phones is off.",
    ),
)
