"""Who is told of what: an example for Alertmanager, with the alerts that others explain."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from exporter.monitoring.model import Alert
from exporter.monitoring.promql import lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """While one of ``causes`` fires, its ``effects`` with equal labels are not told."""

    why: str
    causes: tuple[str, ...]
    effects: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    """Areas all of whose alerts are effects."""
    equal: tuple[str, ...] = ("job", "account")

    def concerns(self, alert: Alert) -> bool:
        """Whether the alert is one of the effects."""
        return alert.name in self.effects or alert.area in self.areas

    def lines(self) -> Iterable[str]:
        """The rule as Alertmanager reads it."""
        yield f"  # {self.why}"
        yield "  - source_matchers:"
        yield f"      - '{_matcher('alertname', self.causes)}'"
        yield "    target_matchers:"
        if self.areas:
            yield "      - 'alertname=~\"Smsc.+\"'"
            yield f"      - '{_matcher('area', self.areas)}'"
        else:
            yield f"      - '{_matcher('alertname', self.effects)}'"
        yield f"    equal: [{', '.join(self.equal)}]"


NOT_SEEN: Final = (
    "SmscHistoryBehind",
    "SmscHistoryCoverageLow",
    "SmscCohortsOverdue",
)
"""What follows from calls that cannot be made."""

INHIBITIONS: Final = (
    Inhibition(
        why="Without news of an account, what is known of its messages is old.",
        causes=("SmscPollStale", "SmscAuthFailed", "SmscIpBlocked", "SmscLedgerDown"),
        areas=("delivery", "traffic", "fraud"),
    ),
    Inhibition(
        why="The reason why there is no news.",
        causes=("SmscAuthFailed", "SmscIpBlocked", "SmscLedgerDown"),
        effects=("SmscPollStale", *NOT_SEEN),
    ),
    Inhibition(
        why="What was not polled cannot have been seen.",
        causes=("SmscPollStale",),
        effects=NOT_SEEN,
    ),
    Inhibition(
        why="Without money nothing is delivered.",
        causes=("SmscInsufficientFunds",),
        areas=("delivery", "traffic"),
    ),
    Inhibition(
        why="There is none left to reckon with.",
        causes=("SmscInsufficientFunds",),
        effects=("SmscBalanceRunwayLow", "SmscBalanceRunwayCritical"),
    ),
    Inhibition(
        why="A few hours are less than a day.",
        causes=("SmscBalanceRunwayCritical",),
        effects=("SmscBalanceRunwayLow",),
    ),
    Inhibition(
        why="What the gateway does not pass on cannot arrive.",
        causes=("SmscQueueStuck",),
        effects=(
            "SmscDeliveryDegraded",
            "SmscOperatorDown",
            "SmscOperatorDeliveryDegraded",
            "SmscDeliverySloBurn",
        ),
        equal=("job", "account", "channel"),
    ),
    Inhibition(
        why="The whole account is in trouble; operators that are down are still told.",
        causes=("SmscDeliveryDegraded",),
        effects=("SmscOperatorDeliveryDegraded", "SmscSlowDelivery", "SmscDeliverySloBurn"),
        equal=("job", "account", "channel"),
    ),
    Inhibition(
        why="Down is more than degraded.",
        causes=("SmscOperatorDown",),
        effects=("SmscOperatorDeliveryDegraded", "SmscSlowDelivery", "SmscReceiptsMissing"),
        equal=("job", "account", "channel", "country", "operator"),
    ),
    Inhibition(
        why="The codes that an operator in trouble sends.",
        causes=("SmscOperatorDown",),
        effects=("SmscErrorCodeSurge",),
        equal=("job", "account", "operator"),
    ),
    Inhibition(
        why="A refused sender name is the reason.",
        causes=("SmscSenderRejected",),
        effects=("SmscErrorCodeSurge", "SmscOperatorDeliveryDegraded"),
        equal=("job", "account", "operator"),
    ),
    Inhibition(
        why="One alert for a country that nobody planned.",
        causes=("SmscUnexpectedCountry",),
        effects=("SmscNewCountryTraffic", "SmscCountryVolumeSpike"),
        equal=("job", "account", "country"),
    ),
    Inhibition(
        why="The same for a country that is new.",
        causes=("SmscNewCountryTraffic",),
        effects=("SmscCountryVolumeSpike",),
        equal=("job", "account", "country"),
    ),
    Inhibition(
        why="What the money is spent on.",
        causes=("SmscUnexpectedCountry", "SmscNewCountryTraffic", "SmscCountryVolumeSpike"),
        effects=("SmscCostSpike",),
    ),
    Inhibition(
        why="Hardly any calls left is more than some that were refused.",
        causes=("SmscApiBudgetLow",),
        effects=("SmscRateLimited",),
    ),
    Inhibition(
        why="Too few calls are the reason why not all is seen in time.",
        causes=("SmscApiBudgetLow", "SmscRateLimited", "SmscBudgetSaturated"),
        effects=NOT_SEEN,
    ),
    Inhibition(
        why="Somebody else's calls are the reason why ours do not suffice.",
        causes=("SmscApiBudgetLow", "SmscRateLimited"),
        effects=("SmscBudgetSaturated",),
    ),
)

_ROUTES: Final = lines(
    """
    # An example: put your own receivers in, or take the route of Smsc alerts and the inhibitions
    # over into a configuration that you have.
    route:
      receiver: tickets
      group_by: [alertname]
      routes:
        - matchers: ['alertname=~"Smsc.+"']
          # One message for all that befalls an account at once.
          group_by: [job, account, area]
          group_wait: 30s
          group_interval: 5m
          repeat_interval: 12h
          routes:
            # Somebody has to get up: messages do not arrive, or nothing is known of them.
            - matchers: ['severity="critical"']
              receiver: on-call
              group_wait: 10s
              group_interval: 1m
              repeat_interval: 4h
            # Good to know when looking.
            - matchers: ['severity="info"']
              receiver: log
              repeat_interval: 7d
    receivers:
      - name: on-call
        webhook_configs:
          - url: http://localhost:8080/on-call
      - name: tickets
        webhook_configs:
          - url: http://localhost:8080/tickets
      - name: log
        webhook_configs:
          - url: http://localhost:8080/log
            send_resolved: false
    """
)


def alertmanager_file() -> str:
    """The example ``deploy/alertmanager/alertmanager.yml``."""
    rules = [line for inhibition in INHIBITIONS for line in inhibition.lines()]
    return "\n".join(
        [_ROUTES, "# A cause that fires silences its effects.", "inhibit_rules:", *rules, ""]
    )


def _matcher(label: str, values: tuple[str, ...]) -> str:
    if len(values) == 1:
        return f'{label}="{values[0]}"'
    return f'{label}=~"{"|".join(values)}"'
