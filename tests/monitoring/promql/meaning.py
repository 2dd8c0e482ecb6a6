"""Checks of a query: it counts what it is taken to count."""

import re
from collections.abc import Iterator

from promql_parser import Expr

from tests.monitoring.promql.inference import labels_of
from tests.monitoring.promql.series import Known, Labels
from tests.monitoring.promql.tree import Selector, selectors


NO_DELIVERIES = ("hlr", "ping")
"""Channels that reach nobody: enquiries about numbers."""
OF_DELIVERIES = (
    "smsc_messages_matured_total",
    "smsc_message_failures_total",
    "smsc_messages_pending",
    "smsc_message_delivery_seconds",
    "smsc_message_final_seconds",
)
"""Families that delivery ratios and rules are made of."""

MONEY = re.compile(r"cost|account_balance|account_credit")
"""What names of series hold whose values are amounts."""
FRESHNESS = "smsc_poll_"
"""What names of series begin with that tell whether an endpoint is read."""


def enquiries_counted(tree: Expr, known: Known) -> Iterator[str]:
    """HLR requests and pings are no deliveries: they are left out, or shown as a channel."""
    if (labels_of(tree, known) or Labels()).has("channel"):
        return
    for found in selectors(tree):
        if found.name.startswith(OF_DELIVERIES) and _counts_enquiries(found):
            yield f'{found.name} with hlr and ping: add channel!~"hlr|ping"'


def mixed_currencies(tree: Expr, known: Known) -> Iterator[str]:
    """Money is added up within a currency; an account has one."""
    kept = labels_of(tree, known) or Labels()
    if kept.has("currency") or kept.has("account"):
        return
    for found in selectors(tree):
        one = [matcher.sign == "=" or matcher.variable for matcher in found.matching("currency")]
        if found.name in known and MONEY.search(found.name) and not any(one):
            yield f"{found.name} adds up currencies"


def mixed_endpoints(tree: Expr, known: Known) -> Iterator[str]:
    """The history and the balance are told apart: one that is read would hide one that is not."""
    if (labels_of(tree, known) or Labels()).has("endpoint"):
        return
    for found in selectors(tree):
        told = any(matcher.positive for matcher in found.matching("endpoint"))
        of_one = found.name in known and known[found.name].labels.has("endpoint")
        if found.name.startswith(FRESHNESS) and of_one and not told:
            yield f'{found.name} of any endpoint: add endpoint="history"'


def _counts_enquiries(found: Selector) -> bool:
    told = found.matching("channel")
    if any(matcher.variable for matcher in told):
        return False
    return any(all(m.selects(channel) for m in told) for channel in NO_DELIVERIES)
