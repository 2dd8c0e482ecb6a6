"""What the totals must come to, reckoned from the gateway's truth alone.

Shares no code with the exporter. Holds for worlds whose truth is unique: only prices
change after the end, and nothing is stopped.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from prometheus_client.parser import text_string_to_metric_families

from exporter.simulation.record import Truth


Series = tuple[str, frozenset[tuple[str, str]]]
Amounts = dict[Series, Decimal]

CHANNELS = {0: "sms", 1: "flash", 4: "hlr", 7: "call", 8: "email", 10: "viber"}
OPERATORS = {
    "МТС": "mts",
    "МегаФон": "megafon",
    "Билайн": "beeline",
    "Tele2": "tele2",
    "Kcell": "kcell",
    "": "unknown",
}
BILLED_BY_PART = {"sms", "flash"}
OUTCOMES = {
    1: "delivered",
    3: "expired",
    6: "rejected",
    20: "undeliverable",
    22: "invalid_number",
    23: "rejected",
    25: "undeliverable",
}
REFUSALS = {254, 255}
BOUNDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 10800, 43200, 86400)
PER_SENDER = ("account", "channel", "country", "operator", "sender")


@dataclass(frozen=True, kw_only=True)
class Oracle:
    """Knows the rules of counting for one account."""

    account: str
    baselines: Mapping[str, float]
    """Unix seconds by stream, before which nothing is counted."""
    deadlines: Sequence[tuple[str, int]]
    """Label and seconds, ascending."""
    until: float
    """Unix seconds of the last reading; only prices change up to then."""

    def totals(self, truths: Iterable[Truth]) -> Amounts:
        """Every counter and histogram sample that only messages decide; zeros are left out."""
        amounts: Amounts = defaultdict(Decimal)
        for truth in truths:
            self._count(amounts, truth)
        return {series: amount for series, amount in amounts.items() if amount}

    def _count(self, amounts: Amounts, truth: Truth) -> None:
        baseline = self.baselines[truth.stream]
        where = self._labels(truth)
        route = {name: value for name, value in where.items() if name != "sender"}
        outcome = _outcome(truth)
        ended = truth.transitions[-1]
        cost = truth.cost(self.until)
        if truth.send > baseline:
            add(amounts, "smsc_messages_submitted_total", where)
            add(amounts, "cost", {**route, "currency": "RUB"}, cost)
            if where["channel"] in BILLED_BY_PART:
                add(amounts, "smsc_segments_submitted_total", where, truth.segments)
        if max(truth.send, ended.time) > baseline:
            status = {"status": str(ended.status)}
            add(amounts, "smsc_messages_final_total", where | status)
            if outcome != "delivered":
                err = {"err": str(ended.err)}
                add(amounts, "smsc_message_failures_total", where | status | err)
            self._time(amounts, truth, where, outcome)
        for label, seconds in self.deadlines:
            if truth.send + seconds > baseline:
                known = outcome if ended.time <= truth.send + seconds else "pending"
                cohort = where | {"deadline": label, "outcome": known}
                add(amounts, "smsc_messages_matured_total", cohort)
                if seconds == self.deadlines[-1][1]:
                    paid = route | {"currency": "RUB", "outcome": known}
                    add(amounts, "smsc_matured_cost_total", paid, cost)

    def _time(self, amounts: Amounts, truth: Truth, where: Mapping[str, str], outcome: str) -> None:
        took = max(0, truth.transitions[-1].time - truth.send)
        ended = {name: where[name] for name in PER_SENDER[:3]} | {"outcome": outcome}
        observe(amounts, "smsc_message_final_seconds", ended, took)
        if outcome == "delivered":
            route = {name: where[name] for name in PER_SENDER[:4]}
            observe(amounts, "smsc_message_delivery_seconds", route, took)

    def _labels(self, truth: Truth) -> dict[str, str]:
        sender = truth.sender
        values = (
            self.account,
            CHANNELS[truth.type],
            truth.country or "XX",
            OPERATORS[truth.operator],
            sender[sender.index("@") :] if "@" in sender else sender,
        )
        return dict(zip(PER_SENDER, values, strict=True))


def add(amounts: Amounts, name: str, labels: Mapping[str, str], amount: Decimal | int = 1) -> None:
    """Raise one sample."""
    amounts[name, frozenset(labels.items())] += amount


def observe(amounts: Amounts, name: str, labels: Mapping[str, str], seconds: int) -> None:
    """Raise a histogram's samples; bounds are written as Prometheus's text format does."""
    add(amounts, f"{name}_count", labels)
    add(amounts, f"{name}_sum", labels, seconds)
    written = [*(f"{float(bound)}" for bound in BOUNDS), "+Inf"]
    for bound in written[bisect_left(BOUNDS, seconds) :]:
        add(amounts, f"{name}_bucket", {**labels, "le": bound})


def _outcome(truth: Truth) -> str:
    ended = truth.transitions[-1]
    refused = ended.status == 20 and ended.err in REFUSALS
    return "rejected" if refused else OUTCOMES[ended.status]


def shown(page: str, account: str) -> Amounts:
    """The same samples as a page of /metrics shows them; ``cost`` is what was charged and kept."""
    amounts: Amounts = defaultdict(Decimal)
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.labels.get("account") != account or not sample.value:
                continue
            value = Decimal(repr(sample.value))
            if sample.name in JUDGED:
                add(amounts, sample.name, sample.labels, value)
            elif sample.name in KEPT:
                labels = {n: v for n, v in sample.labels.items() if n != "sender"}
                add(amounts, "cost", labels, value * KEPT[sample.name])
    return {series: amount for series, amount in amounts.items() if amount}


HISTOGRAMS = ("smsc_message_delivery_seconds", "smsc_message_final_seconds")
JUDGED = frozenset(
    {
        "smsc_messages_submitted_total",
        "smsc_segments_submitted_total",
        "smsc_messages_final_total",
        "smsc_message_failures_total",
        "smsc_messages_matured_total",
        "smsc_matured_cost_total",
        *(f"{name}_{part}" for name in HISTOGRAMS for part in ("bucket", "count", "sum")),
    }
)
KEPT = {"smsc_cost_total": 1, "smsc_cost_refunded_total": -1}
