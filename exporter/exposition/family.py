"""What one metric family is: its name, type, labels, help and where its values come from."""

from enum import StrEnum

import msgspec

from exporter.ledger.snapshot import Distribution, Total


O = ("account", "channel", "country", "operator")  # noqa: E741 - the name the label set goes by
L = (*O, "sender")
STREAM = ("account", "channel")
POLL = (*STREAM, "endpoint")

HISTORY = "history"
BALANCE = "balance"
"""The endpoints of the gateway that are polled: get.php?get_messages=1 and balance.php."""


class Kind(StrEnum):
    """Metric types, as the exposition formats spell them."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Scope(StrEnum):
    """Whose series a counter's or histogram's are, which decides whether they are shown.

    MESSAGE: those of messages; shown once the first sync of their account and stream is done.
    STREAM: of a stream; shown while the stream is configured.
    ACCOUNT: of an account; shown while it is configured.
    PROCESS: of nobody in particular; always shown.
    """

    MESSAGE = "message"
    STREAM = "stream"
    ACCOUNT = "account"
    PROCESS = "process"


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """One metric family."""

    name: str
    """As the text format shows it: counters end in ``_total``."""
    kind: Kind
    labels: tuple[str, ...] = ()
    help: str
    unit: str = ""
    """``seconds``, ``ratio`` or nothing, as OpenMetrics declares it."""
    source: Total | Distribution | None = None
    """The ledger's total or distribution it shows; None for gauges."""
    scope: Scope = Scope.PROCESS
    preset: int = 0
    """How many leading labels name the thing whose series all exist at 0 from the start; 0: none,
    each series of this family comes with its first increment."""

    @property
    def base(self) -> str:
        """The name without a counter's suffix: what OpenMetrics calls the family."""
        return self.name.removesuffix("_total")


def counter(
    source: Total, labels: tuple[str, ...], text: str, *, scope: Scope, preset: int = 0
) -> Family:
    """A family that shows one of the ledger's totals."""
    return Family(
        name=f"smsc_{source}_total",
        kind=Kind.COUNTER,
        labels=labels,
        help=text,
        unit=_unit(source),
        source=source,
        scope=scope,
        preset=preset,
    )


def histogram(
    source: Distribution, labels: tuple[str, ...], text: str, *, scope: Scope, preset: int = 0
) -> Family:
    """A family that shows one of the ledger's distributions, in seconds."""
    return Family(
        name=f"smsc_{source}",
        kind=Kind.HISTOGRAM,
        labels=labels,
        help=text,
        unit=_unit(source),
        source=source,
        scope=scope,
        preset=preset,
    )


def gauge(name: str, labels: tuple[str, ...], text: str) -> Family:
    """A family whose values are read from the snapshot at each scrape."""
    return Family(name=name, kind=Kind.GAUGE, labels=labels, help=text, unit=_unit(name))


def _unit(name: str) -> str:
    last = name.rpartition("_")[2]
    return last if last in {"seconds", "ratio"} else ""
