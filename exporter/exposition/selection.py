"""Which part of the page is asked for."""

from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from exporter.exposition.family import Family
from exporter.exposition.series import Rows
from exporter.ledger.snapshot import Labels, Snapshot


ACCOUNT = "account"
"""The first label of every family that tells of accounts."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What a page is narrowed to."""

    names: frozenset[str] = frozenset()
    """Only samples with these names; empty: any."""
    accounts: frozenset[str] | None = None
    """Only these accounts' series, beside those of no account; None: every account's."""
    alone: bool = False
    """Leave out the series of no account."""

    def wants(self, family: Family) -> bool:
        """Whether a family can have series here."""
        return not self.alone or is_of_accounts(family)


EVERYTHING = Selection()


def is_of_accounts(family: Family) -> bool:
    """Whether each of its series is some account's."""
    return family.labels[:1] == (ACCOUNT,)


def narrowed(snapshot: Snapshot, accounts: AbstractSet[str]) -> Snapshot:
    """A snapshot without what is measured of other accounts; totals stay as they are."""
    return msgspec.structs.replace(
        snapshot,
        streams=tuple(each for each in snapshot.streams if each.account in accounts),
        accounts=tuple(each for each in snapshot.accounts if each.account in accounts),
    )


class ByAccount:
    """Rows of families taken apart by account, once for as long as they are the same."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Rows, dict[str, Rows]]] = {}

    def rows(self, family: Family, rows: Rows, accounts: AbstractSet[str]) -> Rows:
        """Those of the accounts; all, of a family that does not tell of any."""
        if not is_of_accounts(family):
            return rows
        kept = self._kept.get(family.name)
        if kept is None or kept[0] is not rows:
            kept = self._kept[family.name] = (rows, _apart(rows))
        found = [kept[1][name] for name in sorted(accounts) if name in kept[1]]
        if len(found) == 1:
            return found[0]
        return {labels: value for each in found for labels, value in each.items()}


def _apart(rows: Rows) -> dict[str, Rows]:
    found: dict[str, dict[Labels, Any]] = {}
    for labels, value in rows.items():
        found.setdefault(labels[0], {})[labels] = value
    return dict(found)
