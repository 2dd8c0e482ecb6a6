"""Recording rules: what alerts and dashboards read, worked out once."""

from collections.abc import Iterable, Iterator

from exporter.durations import format_duration
from exporter.monitoring import recorded
from exporter.monitoring.model import Group, Record
from exporter.monitoring.promql import DELIVERIES, bucket, deadline, increase, lines, wilson
from exporter.monitoring.recorded import ACCOUNT, OPERATOR, REFUSED, SENDER, SLOW, undelivered
from exporter.monitoring.shares import HISTORY, SETTLING
from exporter.monitoring.tempo import Tempo
from exporter.monitoring.thresholds import Thresholds


COUNTS = 'outcome!~"cancelled|invalid_number"'
"""Messages that could have arrived."""
LONG = ("1h", "6h")
"""Windows that change too little to be worked out as often as the short ones."""
MATURED = "smsc_messages_matured_total"
SUBMITTED = "smsc_messages_submitted_total"


def recording_groups(thresholds: Thresholds, tempo: Tempo) -> tuple[Group, ...]:
    """The recording rules, by how often they are worked out."""
    recordings = _Recordings(thresholds, tempo)
    return (
        Group(name="smsc-long-windows", interval=tempo("2m"), rules=(*recordings.long_windows(),)),
        Group(name="smsc-shares", interval=tempo("30s"), rules=(*recordings.shares(),)),
        Group(name="smsc-traffic", interval=tempo("1m"), rules=(*recordings.traffic(),)),
        Group(name="smsc-history", interval=tempo("2m"), rules=(*recordings.history(),)),
        Group(name="smsc-objective", interval=tempo("2m"), rules=(*recordings.objective(),)),
    )


class _Recordings:
    def __init__(self, thresholds: Thresholds, tempo: Tempo) -> None:
        self._limits = thresholds
        self._tempo = tempo
        self._operators = undelivered(thresholds, operators=True)
        self._account = undelivered(thresholds, operators=False)

    def long_windows(self) -> Iterator[Record]:
        yield from self._counts(LONG)

    def shares(self) -> Iterator[Record]:
        yield from self._counts([w for w in recorded.WINDOWS if w not in LONG])
        kept = f"{', '.join(ACCOUNT)}, deadline, window"
        for name in ("smsc_messages_eligible", "smsc_messages_ontime"):
            by_operator = f"account_country_operator:{name}:increase"
            yield Record(name=f"account:{name}:increase", expr=f"sum by ({kept}) ({by_operator})")
        yield from self._operators.limited(recorded.SENT)
        yield from SLOW.limited(recorded.SENT)
        yield from self._account.summed(self._operators)
        delivery, slow, refusals = self._limits.delivery, self._limits.slow, self._limits.refusals
        for share, limit, fewest in (
            (self._operators, delivery.degraded_share, delivery.messages),
            (self._account, delivery.degraded_share, delivery.messages),
            (SLOW, slow.share, slow.messages),
            (REFUSED, refusals.share, 0),
        ):
            yield from share.bounds(delivery.z)
            yield share.certain(limit, fewest)

    def traffic(self) -> Iterator[Record]:
        hour = self._tempo("1h")
        per_account, per_country = ("job", "account"), ("job", "account", "country")
        people = 'channel!~"hlr|ping|email"'
        failed = ('status!~"3|22|24"', 'err!~"0|245"', DELIVERIES)
        operator = ("job", "account", "operator")
        failures, cost = "smsc_message_failures_total", "smsc_cost_total"
        yield Record(
            name=recorded.SUBMITTED_1H, expr=increase(ACCOUNT, hour, SUBMITTED, DELIVERIES)
        )
        yield Record(name=recorded.COUNTRY_1H, expr=increase(per_country, hour, SUBMITTED, people))
        yield Record(
            name=recorded.OPERATOR_1H, expr=increase(operator, hour, SUBMITTED, DELIVERIES)
        )
        yield Record(
            name=recorded.ERRORS_1H, expr=increase((*operator, "err"), hour, failures, *failed)
        )
        yield Record(
            name=recorded.COUNTRY_COST_1H, expr=increase((*per_country, "currency"), hour, cost)
        )
        yield Record(
            name=recorded.COST_1H,
            expr=f"sum by ({', '.join(per_account)}, currency) ({recorded.COUNTRY_COST_1H})",
        )
        yield from self._countries()
        yield self._price()

    def history(self) -> Iterator[Record]:
        quarter, shift = f"{self._tempo(HISTORY)}:{self._tempo('15m')}", self._tempo(SETTLING)
        tiles = f"{self._tempo(HISTORY)}:{self._tempo('1h')}"
        for share in (self._operators, self._account, SLOW):
            yield share.baseline(tiles, shift)
        for source, mean, deviation in (
            (recorded.COUNTRY_1H, recorded.COUNTRY_MEAN, recorded.COUNTRY_DEVIATION),
            (recorded.ERRORS_1H, recorded.ERRORS_MEAN, recorded.ERRORS_DEVIATION),
        ):
            past = f"{source}[{quarter}] offset {shift}"
            yield Record(name=mean, expr=f"avg_over_time({past})")
            yield Record(name=deviation, expr=f"stddev_over_time({past})")
        past = f"{recorded.SUBMITTED_1H}[{quarter}] offset {shift}"
        yield Record(name=recorded.TYPICAL_1H, expr=f"quantile_over_time(0.75, {past})")
        past = f"{recorded.PRICE}[{quarter}] offset {self._tempo('6h')}"
        yield Record(name=recorded.PRICE_MEDIAN, expr=f"quantile_over_time(0.5, {past})")
        fortnight = f"{self._tempo('14d')}:{self._tempo('15m')}"
        past = f"{recorded.COST_1H}[{fortnight}] offset {shift}"
        yield Record(name=recorded.COST_MOST, expr=f"max_over_time({past})")

    def objective(self) -> Iterator[Record]:
        labels = (*ACCOUNT, "deadline")
        for length in ("2h", "1d"):
            over = self._tempo(length)
            for name, outcome in (("eligible", COUNTS), ("ontime", 'outcome="delivered"')):
                yield Record(
                    name=f"account:smsc_messages_{name}:increase{length}",
                    expr=increase(labels, over, MATURED, outcome, DELIVERIES),
                )
        objective = self._limits.objective
        label = deadline(objective.deadline).split('"')[1]
        target = f"vector({objective.target_share:g})"
        yield Record(name=recorded.OBJECTIVE, expr=target, labels={"deadline": label})

    def _counts(self, windows: Iterable[str]) -> Iterator[Record]:
        for window in windows:
            over = self._tempo(window)
            for name, expr, among in self._counted(over):
                if window in among:
                    yield Record(name=name, expr=expr, labels={"window": window})
            yield from self._sent(window, over)

    def _sent(self, window: str, over: str) -> Iterator[Record]:
        age = format_duration(self._limits.delivery.deadline)
        for ago, shift in (("0s", ""), (age, self._tempo(age))):
            sent = increase(OPERATOR, over, SUBMITTED, DELIVERIES, ago=shift)
            yield Record(name=recorded.SENT, expr=sent, labels={"window": window, "ago": ago})

    def _counted(self, over: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        operators, prompt = self._operators, bucket(self._limits.slow.seconds)
        by_deadline = (*OPERATOR, "deadline")
        eligible = increase(by_deadline, over, MATURED, COUNTS, DELIVERIES)
        ontime = increase(by_deadline, over, MATURED, 'outcome="delivered"', DELIVERIES)
        yield operators.whole_name, eligible, operators.windows
        yield operators.good_name, ontime, operators.windows
        seconds = "smsc_message_delivery_seconds"
        delivered = increase(OPERATOR, over, f"{seconds}_count", DELIVERIES)
        yield SLOW.whole_name, delivered, SLOW.windows
        in_time = increase(OPERATOR, over, f"{seconds}_bucket", prompt, DELIVERIES)
        yield SLOW.good_name, in_time, SLOW.windows
        refused = f'err=~"{self._limits.refusals.errs}"'
        yield REFUSED.whole_name, increase(SENDER, over, SUBMITTED, DELIVERIES), REFUSED.windows
        failures = increase(SENDER, over, "smsc_message_failures_total", refused, DELIVERIES)
        yield REFUSED.bad_name, failures, REFUSED.windows

    def _countries(self) -> Iterator[Record]:
        """Share of the account's messages that goes to each country."""
        hour, whole, ratio = recorded.COUNTRY_1H, recorded.COUNTRY_ALL_1H, recorded.COUNTRY_RATIO
        total = f"sum by (job, account) ({hour})"
        yield Record(name=whole, expr=f"0 * {hour} + on (job, account) group_left () {total}")
        yield Record(name=ratio, expr=f"{hour} / ({whole} > 0)")
        z = self._limits.delivery.z
        yield Record(name=recorded.COUNTRY_SHARE, expr=wilson(ratio, whole, z))

    def _price(self) -> Record:
        over = self._tempo("6h")
        cost = increase((*SENDER, "currency"), over, "smsc_cost_total")
        segments = increase(SENDER, over, "smsc_segments_submitted_total")
        fewest = self._limits.money.segments_6h
        return Record(
            name=recorded.PRICE,
            expr=lines(
                f"""
                {cost}
                / on ({", ".join(SENDER)}) group_left ()
                ({segments} >= {fewest})
                """
            ),
        )
