"""Planners to compare: naive ones, the plain one, the exporter's own, and one that knows all."""

from collections.abc import MutableMapping

from exporter.polling.plain import PlainPlanner
from exporter.rehearsal.briefing import Policy
from exporter.rehearsal.naive import NewestPage
from exporter.rehearsal.omniscient import omniscient, valuing


POLICIES: MutableMapping[str, Policy] = {
    "newest": lambda _: NewestPage(paging=False),
    "paging": lambda _: NewestPage(paging=True),
    "plain": lambda _: PlainPlanner(),
    "valuing": valuing,
    "omniscient": omniscient,
}
"""Policies by name."""
