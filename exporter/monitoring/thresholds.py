"""Every limit of the alerts, with its default, unit and meaning.

The descriptions are the source of the comments in ``deploy/prometheus/thresholds.yml``.
"""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from exporter.config.models import Section
from exporter.config.values import Duration, WholeSeconds, Within
from exporter.ledger.snapshot import BUCKETS, Distribution


DAY = 86400.0
WEEK = 7 * DAY

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Factor = Annotated[float, Field(ge=1, le=1000)]
Age = Annotated[Duration, AfterValidator(Within(60, WEEK))]


def _bucket(seconds: float) -> float:
    edges = BUCKETS[Distribution.DELIVERY]
    if seconds not in edges:
        known = ", ".join(f"{edge:g}" for edge in edges)
        raise ValueError(f"must be a bucket of smsc_message_delivery_seconds: {known}")
    return seconds


def _alternatives(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]+(?:\|[a-z0-9_]+)*", value):
        raise ValueError("must be names or numbers with '|' between them, such as sms|email")
    return value


def _job(value: str) -> str:
    if not value or not value.isprintable() or any(mark in value for mark in "\"'\\{}"):
        raise ValueError("must be the job's name, or a regular expression without quotes")
    return value


def _base_url(value: str) -> str:
    if not value.startswith(("https://", "http://")) or not value.isprintable() or " " in value:
        raise ValueError("must begin with https:// or http:// and have no spaces")
    return value.rstrip("/")


class Links(Section):
    """Where the addresses in alerts lead to."""

    grafana_base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="http://localhost:3000",
        description="Address of Grafana; alerts add /d/<dashboard>.",
    )
    runbook_base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://github.com/smsc-exporter/smsc-exporter/blob/main/docs/runbooks",
        description="Folder of the runbooks; alerts add /<alert>.md.",
    )


class Delivery(Section):
    """When messages do not arrive: the account, or one operator."""

    deadline: WholeSeconds = Field(
        default=300,
        description="Age at which a message should have arrived. One of the exporter's deadlines.",
    )
    z: Annotated[float, Field(ge=1, le=6)] = Field(
        default=3.0,
        description="How sure an alert must be, in standard deviations: 2 is 97.7 %, 3 is 99.87 %."
        " Raise it where few people get many messages each.",
    )
    degraded_share: Share = Field(
        default=0.25, description="Share of messages certainly not arriving: delivery is degraded."
    )
    down_share: Share = Field(
        default=0.5, description="Share of messages certainly not arriving: an operator is down."
    )
    above_baseline: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.15,
        description="How far that share must be above the same share of the last 7 days.",
    )
    messages: Count = Field(default=6, description="Lost messages below which: silence.")
    channels: Annotated[str, AfterValidator(_alternatives)] = Field(
        default="sms|flash|binary|wap_push|mms|email",
        description="Channels that are watched. Calls, Viber and social networks fail too often by"
        " nature: many people do not answer or do not use them.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.down_share <= self.degraded_share:
            raise ValueError("down_share must be above degraded_share")
        return self


class Objective(Section):
    """The long-term aim, and how fast it may be missed."""

    deadline: WholeSeconds = Field(
        default=3600,
        description="Age at which a message should have arrived. One of the exporter's deadlines.",
    )
    target_share: Share = Field(
        default=0.95, description="Share of messages that should have arrived by then."
    )
    burn_factor: Factor = Field(
        default=3.0,
        description="How many times the allowed loss is too much, over a day and over two hours.",
    )
    messages_1d: Count = Field(default=100, description="Messages of a day below which: silence.")
    messages_2h: Count = Field(default=20, description="Messages of 2 hours below which: silence.")


class Refusals(Section):
    """When a sender name is refused."""

    errs: Annotated[str, AfterValidator(_alternatives)] = Field(
        default="254",
        description="Codes (err) of a refused name. 255 is often one, too, but also an operator's"
        " outage.",
    )
    share: Share = Field(
        default=0.25,
        description="Share of a sender's messages to one operator that are certainly refused.",
    )


class Queue(Section):
    """When messages stay at the gateway."""

    messages: Count = Field(
        default=10, description="Messages queued for more than 5 minutes below which: silence."
    )
    drain_share: Share = Field(
        default=0.1,
        description="Stuck while fewer than this share of the queue gets through in 10 minutes.",
    )


class Errors(Section):
    """When an error code comes up that was rare before."""

    messages_1h: Count = Field(
        default=20, description="Messages with the code in an hour below which: silence."
    )
    share: Share = Field(default=0.1, description="Share of the operator's messages with the code.")
    mean_factor: Factor = Field(
        default=3.0, description="Times the code's mean of 7 days; deviations come on top."
    )
    deviations: Factor = Field(
        default=6.0, description="Standard deviations of 7 days that are added to it."
    )


class Slow(Section):
    """When delivered messages took too long."""

    seconds: Annotated[float, AfterValidator(_bucket)] = Field(
        default=60.0,
        description="Delivery that takes longer is slow, in seconds by the gateway's clock. A"
        " bucket of smsc_message_delivery_seconds.",
    )
    share: Share = Field(
        default=0.25, description="Share of delivered messages that were certainly slow."
    )
    messages: Count = Field(default=6, description="Slow messages below which: silence.")
    above_baseline: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.15,
        description="How far that share must be above the same share of the last 7 days.",
    )


class Receipts(Section):
    """When operators leave the fate of messages open."""

    deadline: WholeSeconds = Field(
        default=86400, description="Age at which a receipt should be there. A deadline, too."
    )
    share: Share = Field(default=0.2, description="Share of messages without a final status.")
    messages_1d: Count = Field(default=100, description="Messages of a day below which: silence.")


class Numbers(Section):
    """When lists hold numbers that do not exist."""

    share: Share = Field(default=0.2, description="Share of a sender's messages in 6 hours.")
    messages_6h: Count = Field(default=50, description="Messages of 6 hours below which: silence.")


class Traffic(Section):
    """When nothing is sent although it should be."""

    messages_1h: Count = Field(
        default=20,
        description="Messages in the same hour a day and a week ago, and in the busier quarter of"
        " the week's hours, below which: silence.",
    )


class Money(Section):
    """When money runs out, or spending or prices change. Amounts are in the account's currency."""

    runway_low: Age = Field(
        default=DAY, description="How long balance and credit should last at the last day's pace."
    )
    runway_critical: Age = Field(
        default=14400.0,
        description="How long they must last at the pace of the last 6 hours.",
    )
    price_rise: Share = Field(
        default=0.2, description="How much dearer a segment may be than in the 7 days before."
    )
    segments_6h: Count = Field(default=20, description="Segments of 6 hours below which: silence.")
    cost_factor: Factor = Field(
        default=4.0, description="Times the dearest hour of 14 days that an hour may cost."
    )
    cost_1h: Annotated[float, Field(ge=0, le=1_000_000_000)] = Field(
        default=3000.0, description="Cost of an hour below which: silence."
    )


class Countries(Section):
    """When messages go where they never went."""

    unexpected_1h: Count = Field(
        default=5,
        description="Messages in an hour to a country that expected_countries does not list.",
    )
    new_1h: Count = Field(
        default=20, description="Messages in an hour to a country without messages for 7 days."
    )
    new_share: Share = Field(
        default=0.01, description="Certain share of the hour's messages that goes there."
    )
    spike_1h: Count = Field(
        default=100, description="Messages in an hour to one country below which: silence."
    )
    spike_deviations: Factor = Field(
        default=6.0, description="Standard deviations above the mean hour of 7 days."
    )
    spike_share_factor: Factor = Field(
        default=3.0,
        description="Times the country's usual share of all messages. A mailing to everybody"
        " changes no shares.",
    )
    block_share: Share = Field(
        default=0.3, description="Share of an hour's messages that one block of 1000 numbers got."
    )
    block_recipients: Count = Field(
        default=50, description="Recipients of the hour in the country below which: silence."
    )


class Polling(Section):
    """When the exporter does not see what it should."""

    stale: Age = Field(
        default=600.0,
        description="Age of the last good page beyond which nothing is known any more.",
    )
    stale_cadences: Factor = Field(
        default=3.0, description="So many times the time between two pages it must be as well."
    )
    behind: Age = Field(
        default=1800.0, description="How far the point up to which all is seen may lag."
    )
    coverage: Share = Field(
        default=0.95, description="Share of the last 24 hours that should have been read."
    )
    saturation: Annotated[float, Field(gt=0, le=10)] = Field(
        default=1.0, description="Share of the calls that reading new rows may take; 1 is all."
    )
    overdue: Count = Field(
        default=100,
        description="Messages past the deadline without an outcome, below which: silence.",
    )
    overdue_share: Share = Field(
        default=0.2, description="Share of the last hour's messages that they must be as well."
    )
    rate_limited_1h: Count = Field(
        default=2,
        description="Calls in an hour refused as too many (error 9) below which: silence.",
    )
    budget_share: Share = Field(
        default=0.6, description="Share of the usual calls that should be left."
    )
    rows_skipped_1h: Count = Field(
        default=10,
        description="Rows in an hour without an id, a status or a time below which: silence.",
    )


class Scraping(Section):
    """The exporter as Prometheus sees it."""

    job: Annotated[str, AfterValidator(_job)] = Field(
        default=".*smsc.*",
        description="Regular expression for the job label of the exporter's targets.",
    )


class Thresholds(Section):
    """All limits; what a file leaves out has its default."""

    links: Links = Links()
    delivery: Delivery = Delivery()
    objective: Objective = Objective()
    refusals: Refusals = Refusals()
    queue: Queue = Queue()
    errors: Errors = Errors()
    slow: Slow = Slow()
    receipts: Receipts = Receipts()
    numbers: Numbers = Numbers()
    traffic: Traffic = Traffic()
    money: Money = Money()
    countries: Countries = Countries()
    polling: Polling = Polling()
    scraping: Scraping = Scraping()
