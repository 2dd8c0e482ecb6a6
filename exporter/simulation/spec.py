"""What a traffic world is made of, as plain data that loads from a mapping or a YAML file.

Durations are seconds and shrink with `WorldSpec.time_scale`; rates are messages per hour of real
time and do not. Shares are 0-1.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from exporter.simulation.events import Campaign, Outage, Part, Recurrence, Refusal
from exporter.simulation.funds import Funds


__all__ = [
    "Campaign",
    "Emails",
    "Funds",
    "Latency",
    "Operator",
    "Outage",
    "Part",
    "Recurrence",
    "Refusal",
    "WorldError",
    "WorldSpec",
    "load_world",
    "read_world",
]

HALF_A_YEAR = 184 * 86400.0
"""The longest history the gateway answers for, in seconds."""


class WorldError(ValueError):
    """A file that holds no world."""


class Latency(Part, frozen=True, kw_only=True):
    """Time to final status: log-normal, with a slow tail and absent subscribers."""

    fast_median: float = 7.0
    fast_sigma: float = 0.6
    slow_share: float = 0.08
    slow_median: float = 90.0
    slow_sigma: float = 1.3
    absent_share: float = 0.02
    absent_median: float = 10800.0
    absent_sigma: float = 1.5
    unreported_share: float = 0.0
    """Messages no receipt ever comes for: they expire with err 245."""
    refusal_median: float = 3.0
    refusal_sigma: float = 0.5


class Operator(Part, frozen=True, kw_only=True):
    """A mobile operator as the gateway writes it."""

    name: str
    mccmnc: str
    share: float
    country: str = "Россия"
    iso: str = "RU"
    prefix: str = "7900"
    """Leading digits of its numbers."""
    digits: int = 7
    """Digits after the prefix."""
    population: int | None = None
    """Numbers that everyday messages go to; None: as many as `WorldSpec.population` says."""
    regions: tuple[str, ...] = ("",)
    price: Decimal = Decimal("2.45")
    """Price of one segment."""
    latency: Latency = Latency()
    losses: dict[int, float] = msgspec.field(default_factory=dict)
    """``err`` to the share of messages that end in status 20 with it."""
    outages: tuple[Outage, ...] = ()


class Emails(Part, frozen=True, kw_only=True):
    """The e-mail stream; ``per_hour`` 0 means there is none."""

    per_hour: float = 0.0
    price: Decimal = Decimal("0.05")
    senders: tuple[str, ...] = ("noreply@shop.example",)
    median: float = 20.0
    sigma: float = 1.2
    spam_share: float = 0.01
    losses: dict[int, float] = msgspec.field(
        default_factory=lambda: {1: 0.02, 2: 0.005, 3: 0.01, 4: 0.003}
    )
    read_share: float = 0.3
    click_share: float = 0.05


DEFAULT_OPERATOR = Operator(name="МТС", mccmnc="25001", share=1.0, prefix="7916")


class WorldSpec(Part, frozen=True, kw_only=True):
    """A world of messages; with a seed it fixes the history at every moment of time."""

    per_hour: float = 100.0
    """Mean rate of messages outside campaigns and e-mail."""
    day_amplitude: float = 0.6
    """Swing of the rate over the day, 0-1."""
    peak_hour: float = 14.0
    """Moscow hour of the highest rate."""
    weekend: float = 1.0
    """Factor of the rate on Saturdays and Sundays."""
    noise: float = 0.1
    """Coefficient of variation of the rate from slice to slice."""
    campaigns: tuple[Campaign, ...] = ()
    operators: tuple[Operator, ...] = (DEFAULT_OPERATOR,)
    senders: dict[str, float] = msgspec.field(default_factory=lambda: {"SHOP": 0.7, "BANK": 0.3})
    """Sender name to weight."""
    emails: Emails = Emails()
    types: dict[Literal["flash", "hlr", "call", "viber"], float] = msgspec.field(
        default_factory=dict
    )
    """Shares of messages that are not plain SMS."""
    segments: dict[int, float] = msgspec.field(
        default_factory=lambda: {1: 0.82, 2: 0.12, 3: 0.04, 5: 0.02}
    )
    """Parts of a text to weight."""
    population: int = 20000
    """Phone numbers of an operator that everyday messages go to; some far more often."""
    popularity: float | None = None
    """Log-normal sigma of how often each of them is written to; None: a steeper law, in which a
    quarter of the numbers gets half of the messages."""
    regulars: int = 10
    """Numbers of an operator that monitoring and test messages, 2 % of all, go to."""
    nasty_share: float = 0.05
    """Texts with commas, quotes, newlines, emoji and ``' = '``."""
    validity: float = 86400.0
    """After this a message without a final status expires."""
    invalid_share: float = 0.0
    """Status 22 err 249."""
    unregistered_share: float = 0.0
    """Status 23 err 254."""
    no_route_share: float = 0.0
    """Status 25 err 248."""
    no_funds: tuple[Recurrence, ...] = ()
    """Stretches in which everything sent ends in status 24, and the balance is 0."""
    funds: Funds = Funds()
    refusals: tuple[Refusal, ...] = ()
    holds: tuple[Recurrence, ...] = ()
    """Stretches in which nothing is passed on: what is sent waits (-1) until they end."""
    click_share: float = 0.0
    read_share: float = 0.0
    reaction_median: float = 600.0
    """From delivery to reading or clicking."""
    correction_share: float = 0.0
    """Of statuses 20 and 3, how many turn into 1 later."""
    correction_median: float = 3600.0
    price_change_share: float = 0.0
    """Messages whose cost rises or falls later."""
    queued_share: float = 0.05
    """Messages that wait (-1) for some seconds before they are passed on."""
    scheduled_share: float = 0.0
    """Messages created ahead of their send time, added to ``per_hour``."""
    lead_median: float = 14400.0
    max_lead: float = 3 * 86400.0
    stopped_share: float = 0.0
    """Messages in status -2: half of them resume, the others stay."""
    late_share: float = 0.0
    """Rows that show up in the history some time after their creation, below newer ids."""
    late_median: float = 120.0
    max_late: float = 3600.0
    order: Literal["int_id", "send_time"] = "int_id"
    """What newest first means."""
    history_span: float = 2 * 86400.0
    """How far back the history answers, real seconds; at most half a year."""
    begins: float | None = None
    """Unix time before which nothing was created."""
    ends: float | None = None
    """Unix time from which nothing is created."""
    time_scale: float = 1.0
    """Factor of every duration above except ``history_span``: 1/1440 lives a day in a minute."""
    slice_seconds: float = 60.0
    """Creation time generated in one piece; shrinks with ``time_scale`` down to a second."""

    def __post_init__(self) -> None:
        """Refuse what no world can be made of."""
        for problem, message in self._problems():
            if problem:
                raise ValueError(message)

    def _problems(self) -> tuple[tuple[bool, str], ...]:
        refused = self.invalid_share + self.unregistered_share + self.no_route_share
        shares = [refused + _used_share(operator) for operator in self.operators]
        named = {event.operator for event in self.campaigns}
        named |= {event.operator for event in self.refusals}
        unknown = sorted(named - {"", *(operator.name for operator in self.operators)})
        shared = sum(operator.share for operator in self.operators)
        return (
            (not self.operators, "operators must not be empty"),
            (bool(self.operators) and shared <= 0, "an operator must have a share above 0"),
            (bool(unknown), f"no operator is called {', '.join(unknown)}"),
            (not self.senders, "senders must not be empty"),
            (not self.segments, "segments must not be empty"),
            (any(share > 1 for share in shares), "outcome shares of an operator exceed 1"),
            (sum(self.types.values()) > 1, "shares of types exceed 1"),
            (self.read_share + self.click_share > 1, "read_share and click_share exceed 1"),
            (self.time_scale <= 0, "time_scale must be above 0"),
            (self.slice_seconds <= 0, "slice_seconds must be above 0"),
            (not 0 < self.history_span <= HALF_A_YEAR, "history_span must be within half a year"),
            (not 0 <= self.day_amplitude <= 1, "day_amplitude must be within 0 and 1"),
        )

    @property
    def slice_length(self) -> float:
        """Real seconds of creation time in one slice."""
        return max(1.0, self.slice_seconds * self.time_scale)


def _used_share(operator: Operator) -> float:
    latency = operator.latency
    tails = latency.slow_share + latency.absent_share + latency.unreported_share
    return sum(operator.losses.values()) + tails


def load_world(data: Mapping[str, Any]) -> WorldSpec:
    """Build a world from plain data; raises `msgspec.ValidationError` naming the field."""
    return msgspec.convert(data, WorldSpec, strict=False)


def read_world(path: Path) -> WorldSpec:
    """Read a world from a YAML file of `WorldSpec`'s fields.

    Raises `OSError` when it can't be read, `WorldError` naming file and field when it is no world.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        return load_world({} if data is None else data)
    except (yaml.YAMLError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise WorldError(f"{path}: {error}") from error
