"""Who is in trouble, and since when."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.recorded import undelivered
from exporter.monitoring.thresholds import Thresholds
from grafana import measures, words
from grafana.charts import lines, strips
from grafana.face import About
from grafana.links import to_runbook
from grafana.queries import BY_ROUTE, RECORDED_ROUTE, Query, largest, notable, select
from grafana.style import AGO, BAD, GOOD, NUMBER, RATIO, WATCH, for_name, unit
from grafana.tables import leads, table, width


ROUTES: Final = ("account", *BY_ROUTE)
NAME: Final = "{{account}}: {{operator}} {{country}}"


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw what the alerts see."""
    return [_certain_loss(thresholds), _firing_alerts(thresholds), _operator_states(thresholds)]


_CERTAIN_LOSS: Final = About(
    "The share of messages that certainly did not arrive in time, of operators that came near a"
    " limit: what the alerts look at. It is the lower end of what the counts allow, so few messages"
    " give a small number however bad they are. The largest of windows from 5 minutes to 6"
    " hours.",
    words.EVALUATED,
    words.UNDELIVERABLE + " Senders: the rules add them up.",
    "above the first line for a minute the operator's delivery is degraded, above the second one"
    " it is down. The runbooks of these alerts say what to do.",
)


def _certain_loss(thresholds: Thresholds) -> Panel:
    near = thresholds.delivery.degraded_share / 2
    return lines(
        Query(notable(_certain(thresholds), ROUTES, near), NAME),
        title="Messages certainly lost, worst operators",
        about=_CERTAIN_LOSS,
        unit=RATIO,
        maximum=1,
        limits=measures.loss_limits(thresholds),
        nothing="nothing near the limits, or no rules loaded",
    )


def _certain(thresholds: Thresholds) -> str:
    """What the alerts look at, of the channels that they watch."""
    share = undelivered(thresholds, operators=True)
    return select(share.certain_name, RECORDED_ROUTE, measures.watched(thresholds))


def _loss(thresholds: Thresholds) -> str:
    """The same by operator, and 0 where there is traffic and no loss."""
    share = undelivered(thresholds, operators=True)
    chosen = (RECORDED_ROUTE, measures.watched(thresholds), share.only, 'window="1h"')
    traffic = largest(select(share.whole_name, *chosen), ROUTES)
    return f"({largest(_certain(thresholds), ROUTES)} or 0 * ({traffic} > 0))"


_FIRING: Final = About(
    "Every alert of this rule set that fires, and since when. A click on a name opens the runbook.",
    words.EVALUATED,
    "silences: Alertmanager has those.",
    "begin with the critical ones; the others are often their consequences.",
)


def _firing_alerts(thresholds: Thresholds) -> Panel:
    labels = ("alertname", "severity", "account", "channel", "country", "operator", "sender")
    where = '"where", " ", "sender", "operator", "country", "channel"'
    mine = 'alertname=~"Smsc.+",account=~"$account|"'
    shown = "alertname, severity, account, where"
    firing = f'ALERTS{{{mine},alertstate="firing"}}'
    since = f"ALERTS_FOR_STATE{{{mine}}} and ignoring (alertstate) {firing}"
    return table(
        {"alertname": "Alert", "severity": "Severity", "account": "Account", "where": "Where"},
        Query(f"1000 * max by ({shown}) (label_join({largest(since, labels)}, {where}))", "Since"),
        sort="Since",
        title="Firing alerts",
        about=_FIRING,
        overrides=[
            for_name(
                "Alert",
                leads("Open the runbook", to_runbook(thresholds.links.runbook_base_url, "Alert")),
            ),
            for_name("Severity", width(85)),
            for_name("Account", width(100)),
            for_name("Since", *unit(AGO), width(130)),
        ],
        nothing="none fires",
    )


_STATES: Final = About(
    "Which operator was degraded or down, since when, and for how long.",
    words.EVALUATED,
    words.UNDELIVERABLE + " An operator without messages has no strip.",
    "as above. After an incident this is the picture for the report.",
)


def _operator_states(thresholds: Thresholds) -> Panel:
    loss = _loss(thresholds)
    limit = thresholds.delivery
    degraded, down = (f"({loss} > bool {at:g})" for at in (limit.degraded_share, limit.down_share))
    meaning = ((0, "as usual", GOOD), (1, "degraded", WATCH), (2, "down", BAD))
    return strips(
        Query(f"{degraded} + {down}", NAME),
        title="Operators: as usual, degraded, down",
        about=_STATES,
        unit=NUMBER,
        width=24,
        height=7,
        mappings=measures.words(meaning),
        nothing="no rules loaded, or no messages",
    )
