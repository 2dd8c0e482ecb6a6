"""Planners to compare: naive ones, the plain one, the exporter's own, and one that knows all."""

from collections.abc import Mapping, MutableMapping

from exporter.polling.plain import PlainPlanner
from exporter.rehearsal.briefing import Briefing, Policy
from exporter.rehearsal.naive import NewestPage
from exporter.rehearsal.omniscient import omniscient, valuing


def _pace(briefing: Briefing) -> float:
    """Seconds between a naive program's pages: it spreads its calls evenly."""
    budget = briefing.account.budget
    return budget.window / budget.requests


POLICIES: MutableMapping[str, Policy] = {
    "newest": lambda briefing: NewestPage(paging=False, period=_pace(briefing)),
    "paging": lambda briefing: NewestPage(paging=True, period=_pace(briefing)),
    "plain": lambda _: PlainPlanner(),
    "valuing": valuing,
    "omniscient": omniscient,
}
"""Policies by name."""
TITLES: Mapping[str, str] = {
    "valuing": "exporter",
    "newest": "newest page",
    "paging": "newest page, paging back",
    "plain": "even pace",
    "omniscient": "exporter that knows the future",
}
"""What people call them."""
