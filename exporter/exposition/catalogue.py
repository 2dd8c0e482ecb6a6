"""Every metric family of the exporter, once, grouped as the documentation shows them."""

from collections.abc import Mapping

from exporter.exposition.balance import BALANCES
from exporter.exposition.exporter_families import EXPORTER, NAMES
from exporter.exposition.family import Family
from exporter.exposition.message_families import MESSAGES, MIX, MONEY, TIMES
from exporter.exposition.polling_families import CALLS, FRESHNESS
from exporter.ledger.snapshot import Distribution, Total


GROUPS: Mapping[str, tuple[Family, ...]] = {
    "Messages": MESSAGES,
    "Times": TIMES,
    "Money": (*MONEY, *BALANCES),
    "Where messages go": MIX,
    "Freshness and completeness": FRESHNESS,
    "Calls and budget": CALLS,
    "Names": NAMES,
    "The exporter itself": EXPORTER,
}
"""Heading to families, in the order of the page and of the documentation."""

CATALOGUE: tuple[Family, ...] = tuple(family for group in GROUPS.values() for family in group)
BY_NAME: Mapping[str, Family] = {family.name: family for family in CATALOGUE}
BY_SOURCE: Mapping[Total | Distribution, Family] = {
    family.source: family for family in CATALOGUE if family.source is not None
}
SCRAPE_DURATION = BY_NAME["smsc_exporter_scrape_duration_seconds"]
"""Shown last, because it tells how long all before it took."""
