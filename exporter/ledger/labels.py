"""Label sets: which values messages are counted under, bounded for good.

A value that finds its limit reached is folded into ``other``, and stays folded: values are never
given up, so that a series means the same for ever.
"""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, insert, select

from exporter.gateway.message import Message
from exporter.ledger.schema import label_set, region
from exporter.ledger.snapshot import Labels


OTHER = "other"
REMEMBERED = 10_000
"""Raw label values whose label set is remembered; beyond it they are looked up anew."""


class LabelLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Which labels are kept, and how many values of each an account may have."""

    operator: bool = True
    country: bool = True
    sender: bool = True
    region: bool = False
    max_operators: int = 50
    max_countries: int = 40
    max_senders: int = 20
    max_regions: int = 100
    max_sets: int = 200


class LabelSet(msgspec.Struct, frozen=True):
    """L of a message with the numbers it is stored under."""

    id: int
    labels: Labels
    """account, channel, country, operator, sender"""

    @property
    def route(self) -> Labels:
        """O: L without the sender."""
        return self.labels[:4]


class Resolved(msgspec.Struct, frozen=True):
    """The label set of a message and the labels whose value was folded to get it."""

    set: LabelSet
    folded: tuple[str, ...] = ()


class LabelBook:
    """All label sets and regions of an account; what a transaction adds is staged until it ends."""

    def __init__(self, account_id: int, account: str, limits: LabelLimits) -> None:
        self._account_id = account_id
        self._account = account
        self._limits = limits
        self._sets: dict[Labels, LabelSet] = {}
        self._by_id: dict[int, LabelSet] = {}
        self._resolved: dict[Labels, Resolved] = {}
        self._regions: set[str] = set()
        self._staged_sets: list[LabelSet] = []
        self._staged_regions: list[str] = []

    def load(self, connection: Connection) -> None:
        """Read the account's label sets and regions."""
        query = select(label_set).where(label_set.c.account_id == self._account_id)
        for row in connection.execute(query):
            labels = (self._account, row.channel, row.country, row.operator, row.sender)
            self._keep(LabelSet(row.id, labels))
        names = select(region.c.name).where(region.c.account_id == self._account_id)
        self._regions = set(connection.scalars(names))

    def __getitem__(self, set_id: int) -> LabelSet:
        return self._by_id[set_id]

    def sets(self) -> Iterable[LabelSet]:
        """Every label set known, as of this moment."""
        return tuple(self._by_id.values())

    def resolve(self, message: Message) -> Resolved:
        """The label set of a message; a new one is staged."""
        raw = (self._account, message.channel, message.country, message.operator, message.sender)
        found = self._resolved.get(raw)
        if found is None:
            if len(self._resolved) >= REMEMBERED:
                self._resolved.clear()
            found = self._resolved[raw] = self._fold(raw)
        return found

    def region(self, name: str) -> tuple[str, bool]:
        """The region label for a name, and whether it was folded."""
        name = name or "unknown"
        if name in self._regions:
            return name, False
        if len(self._regions) >= self._limits.max_regions:
            return OTHER, True
        self._regions.add(name)
        self._staged_regions.append(name)
        return name, False

    @property
    def staged(self) -> int:
        """How many new label sets wait for the transaction to end."""
        return len(self._staged_sets)

    def write(self, connection: Connection) -> None:
        """Store what is staged."""
        if self._staged_sets:
            connection.execute(insert(label_set), [self._row(new) for new in self._staged_sets])
        if self._staged_regions:
            rows = [{"account_id": self._account_id, "name": n} for n in self._staged_regions]
            connection.execute(insert(region), rows)

    def commit(self) -> None:
        """The transaction is through: what was staged is known."""
        self._staged_sets.clear()
        self._staged_regions.clear()

    def rollback(self) -> None:
        """The transaction failed: forget what was staged."""
        if not self._staged_sets and not self._staged_regions:
            return
        for new in self._staged_sets:
            del self._sets[new.labels], self._by_id[new.id]
        self._regions.difference_update(self._staged_regions)
        self._resolved.clear()
        self.commit()

    def _fold(self, raw: Labels) -> Resolved:
        limits = self._limits
        account, channel, country, operator, sender = raw
        wanted = {
            "country": country if limits.country else "",
            "operator": operator if limits.operator else "",
            "sender": sender if limits.sender else "",
        }
        folded = [name for name, value in wanted.items() if self._is_full(name, value)]
        for name in folded:
            wanted[name] = OTHER
        for name in ("sender", "operator", "country"):
            labels = (account, channel, wanted["country"], wanted["operator"], wanted["sender"])
            if labels in self._sets or len(self._sets) < limits.max_sets or not wanted[name]:
                continue
            wanted[name] = OTHER
            if name not in folded:
                folded.append(name)
        labels = (account, channel, wanted["country"], wanted["operator"], wanted["sender"])
        return Resolved(self._sets.get(labels) or self._stage(labels), tuple(folded))

    def _is_full(self, name: str, value: str) -> bool:
        index, limit = {
            "country": (2, self._limits.max_countries),
            "operator": (3, self._limits.max_operators),
            "sender": (4, self._limits.max_senders),
        }[name]
        values = {labels[index] for labels in self._sets} - {OTHER}
        return bool(value) and value not in values and len(values) >= limit

    def _stage(self, labels: Labels) -> LabelSet:
        new = LabelSet(max(self._by_id, default=0) + 1, labels)
        self._staged_sets.append(new)
        self._keep(new)
        return new

    def _keep(self, known: LabelSet) -> None:
        self._sets[known.labels] = known
        self._by_id[known.id] = known

    def _row(self, new: LabelSet) -> dict[str, object]:
        _, channel, country, operator, sender = new.labels
        return {
            "id": new.id,
            "account_id": self._account_id,
            "channel": channel,
            "country": country,
            "operator": operator,
            "sender": sender,
        }
