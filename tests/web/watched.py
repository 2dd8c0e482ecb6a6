"""An account with something to show in every place of the status page."""

from datetime import datetime
from decimal import Decimal

from exporter.ledger.lately import SPAN, Call, Outcomes, Trouble
from exporter.ledger.outlook import GapOutlook, Outlook, StreamOutlook
from exporter.ledger.snapshot import AccountState, BalanceState, Snapshot, StreamState
from exporter.polling.decisions import Decision


def at(clock: str) -> float:
    return datetime.fromisoformat(f"2026-11-23T{clock}+00:00").timestamp()


NOW = at("12:30:10")
STARTED = at("08:02:00")
KINDS = ("head", "head", "window", "lookup", "head", "backfill")
CALLS = tuple(
    Call(KINDS[place % len(KINDS)], NOW - 70 - 130 * place, "ok" if place % 9 else "timeout")
    for place in reversed(range(27))
)
SHARES = {
    "delivered": 610,
    "pending": 40,
    "undeliverable": 21,
    "expired": 9,
    "rejected": 12,
    "no_funds": 3,
    "invalid_number": 17,
    "cancelled": 6,
    "unknown": 2,
}
OUTCOMES = tuple(
    Outcomes(
        start,
        {
            ("sms", outcome): count * (6 + (place * 7 + len(outcome)) % 9) // 12
            for outcome, count in SHARES.items()
        },
    )
    for place, start in enumerate(range(int(STARTED // SPAN) * SPAN, int(NOW), SPAN))
)
GAP = GapOutlook(kind="gap", lower=at("09:12:40"), upper=at("09:15:02"), rows=316.2)
BASELINE = GapOutlook(kind="baseline", lower=at("02:02:00"), upper=at("04:10:00"), rows=9000)
SMS = StreamOutlook(
    channel="sms",
    head_at=NOW - 61.2,
    rate=8012 / 3600,
    period=214.52,
    chain=1,
    pending=512,
    gaps=(GAP, BASELINE),
)
EMAIL = StreamOutlook(channel="email", head_at=NOW - 400, rate=0.01, period=900, chain=1, pending=0)
DECISIONS = tuple(
    Decision(at=NOW - 49 * place - 9, action=action, channel=channel, reason=reason).plain()
    for place, (action, channel, reason) in enumerate(
        (
            ("wait", "", "price"),
            ("head", "sms", "its turn"),
            ("wait", "", "price"),
            ("lookup", "sms", "pending"),
            ("window", "sms", "gap"),
            ("head", "email", "its turn"),
        )
    )
)
TROUBLES = (
    Trouble(
        source="sms",
        kind="timeout",
        text="the gateway did not answer within 30 s",
        first=at("10:01:12"),
        last=at("12:11:09"),
        times=3,
    ),
    Trouble(
        source="balance",
        kind="refused",
        text="the gateway refused the login (error 2)",
        first=at("09:11:09"),
        last=at("09:11:09"),
    ),
)
MAIN = AccountState(
    account="main",
    state="ok",
    budget_limit=29,
    permits_free_at=tuple(call.at + 3600 for call in CALLS),
    last_turn=NOW - 9,
    next_poll=at("12:31:12"),
    outlook=Outlook(saturation=0.2851, streams=(SMS, EMAIL)),
    decisions=DECISIONS,
    balance=BalanceState(
        amount=Decimal("1871.62"),
        currency="RUB",
        read_at=at("12:27:00"),
        cadence=600.0,
        poll_up=True,
        state="ok",
        next_poll=at("12:37:00"),
    ),
    calls=CALLS,
    watched_since=STARTED,
    outcomes=OUTCOMES,
    troubles=TROUBLES,
)
STREAMS = (
    StreamState(
        account="main",
        channel="sms",
        synced=True,
        last_success=NOW - 61.2,
        cadence=214.5,
        poll_up=True,
        watermark=at("09:12:40"),
        gaps=1,
        gap_seconds=142.0,
        earlier_seconds=6 * 3600.0,
        earlier_unread=7680.0,
        coverage=0.9983,
        tracked=9120,
        pending={
            ("sms", "RU", "mts", "accepted", "0-5m"): 233,
            ("sms", "RU", "mts", "queued", "0-5m"): 12,
            ("sms", "RU", "tele2", "accepted", "5m-1h"): 180,
            ("sms", "RU", "tele2", "accepted", "1h-24h"): 74,
            ("sms", "KZ", "other", "accepted", "24h+"): 13,
        },
    ),
    StreamState(
        account="main",
        channel="email",
        synced=True,
        last_success=NOW - 400,
        cadence=900.0,
        poll_up=True,
        coverage=1.0,
    ),
)
WATCHED = Snapshot(
    accounts=(MAIN,),
    streams=STREAMS,
    deadlines={"5m": 300, "1h": 3600, "24h": 86400},
    ledger_saved=NOW - 61.0,
)
