"""A ledger driven in virtual time, with its oracle looking on."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from exporter.gateway.message import Message, Page
from exporter.gateway.request import HistoryRequest
from exporter.ledger.counting import Deadlines
from exporter.ledger.errors import LedgerBusy, LedgerError
from exporter.ledger.labels import LabelLimits
from exporter.ledger.ledger import Ledger
from exporter.ledger.permits import Limits
from exporter.ledger.records import AccountSpec, Applied, Outcome, Rules
from exporter.ledger.snapshot import Distribution, Labels, Snapshot, Total
from tests.ledger.oracle import Counts, Observed, Oracle, Reading
from tests.ledger.places import SPAN, chosen, path_of


T0 = 1_800_000_000
"""When the streams of a desk are registered, Unix seconds."""
DAY = 86400
MOST_TRIES = 50
HEAD = HistoryRequest()
FREE = Limits(
    requests=10**6,
    window=3600.0,
    identical=10**6,
    identical_window=60.0,
    concurrency=10**6,
    call_timeout=30.0,
)
"""Limits that never deny."""
OF_MESSAGES = frozenset(Total) - {
    Total.ROWS_SKIPPED,
    Total.TRUNCATED,
    Total.UNREAD_SECONDS,
    Total.API_REQUESTS,
    Total.API_ERRORS,
    Total.PERMITS,
    Total.LABEL_OVERFLOW,
}
"""Families that the oracle recounts."""


def row(int_id: object, send_time: int, status: int = 0, **fields: object) -> Message:
    """A row with plain values where the test doesn't care."""
    plain = {"country": "RU", "operator": "mts", "sender": "SHOP", "cost": Decimal("2.50")}
    return Message(int_id=str(int_id), send_time=send_time, status=status, **{**plain, **fields})  # type: ignore[arg-type]


def page(rows: Sequence[Message], skipped: Mapping[str, int] | None = None) -> Page:
    """An answer that holds these rows."""
    count = len(rows) + sum((skipped or {}).values())
    return Page(messages=tuple(rows), rows=count, skipped=skipped or {})


class Desk:
    """One account ``a`` with a stream ``sms``, registered at `T0`.

    A ledger that is at the folder's place already is gone on with.
    """

    def __init__(
        self,
        folder: Path,
        *,
        deadlines: tuple[int, ...] = (300, 3600, DAY),
        labels: LabelLimits | None = None,
        lookback: float = DAY,
        retention: float = 7.0 * DAY,
        track_phones: bool = True,
        exemplars: bool = False,
        now: float = T0,
    ) -> None:
        names = tuple(f"{seconds}s" for seconds in deadlines)
        labels = labels or LabelLimits()
        self.rules = Rules(
            deadlines=Deadlines(deadlines, names, 30.0),
            labels=labels,
            retention=retention,
            exemplars=exemplars,
        )
        self.specs = [
            AccountSpec(
                name="a",
                channels=("sms",),
                currency="RUB",
                lookback=lookback,
                first_sync_pages=10,
                track_phones=track_phones,
            )
        ]
        self.folder = folder
        self.path = path_of(folder)
        chosen().make(folder)
        self.now = float(now)
        self.oracle = Oracle(
            "a", "RUB", now, tuple(zip(deadlines, names, strict=True)), 30.0, labels.region
        )
        self.horizon = int(now - lookback)
        self.ledger = self.another(owner=True)

    def another(self, *, owner: bool) -> Ledger:
        """A further ledger at the same place, open."""
        store = chosen().store(self.folder, owner=owner)
        made = Ledger(store, self.rules, random_bytes=lambda n: b"s" * n)
        for left in reversed(range(MOST_TRIES)):
            try:
                made.open(self.specs, self.now)
                break
            except LedgerBusy:
                if not store.is_shared or not left:
                    raise
                time.sleep(SPAN / 3)
        made.beat(self.now)
        return made

    def reopen(self) -> None:
        """Stop and start again."""
        self.close()
        self.ledger = self.another(owner=True)

    def close(self) -> None:
        """Let go of the ledger."""
        with contextlib.suppress(LedgerError):
            self.ledger.leave()
        self.ledger.close()

    def apply(
        self,
        rows: Sequence[Message],
        at: float,
        *,
        took: float = 1.0,
        request: HistoryRequest = HEAD,
        skipped: Mapping[str, int] | None = None,
    ) -> Applied:
        """Spend a permit and apply what the gateway showed at ``at``."""
        permit_id = self.ledger.spend("a", "head", request, FREE, at, mark=1)
        assert isinstance(permit_id, int)
        applied = self.give(rows, at, permit_id, took=took, request=request, skipped=skipped)
        self.note(rows, at, took=took)
        return applied

    def give(
        self,
        rows: Sequence[Message],
        at: float,
        permit_id: int,
        *,
        took: float = 1.0,
        request: HistoryRequest = HEAD,
        skipped: Mapping[str, int] | None = None,
    ) -> Applied:
        """Apply a page on a permit already spent, behind the oracle's back."""
        return self.ledger.apply(
            "a",
            "sms",
            request,
            page(rows, skipped),
            started=at,
            permit_id=permit_id,
            limits=FREE,
            outcome=Outcome(finished_at=at + took, duration=took, result="ok"),
        )

    def note(self, rows: Sequence[Message], at: float, *, took: float = 1.0) -> None:
        """Tell the oracle of a page that was applied."""
        self.now = max(self.now, at + took)
        self.oracle.readings.append(Reading(at, at + took, tuple(rows), self.horizon))

    def prune(self, now: float) -> None:
        """Forget until nothing is left to forget."""
        while self.ledger.prune("a", "sms", now).more:
            pass
        self.now = max(self.now, now)

    def check(self) -> None:
        """All totals, as shown and as stored, equal a fresh count over all readings."""
        counts, observed = self.oracle.recount()
        assert self.counted() == counts
        assert self.observed() == observed
        assert self.shown() == self.stored()

    def total(self, family: Total) -> dict[Labels, int | Decimal]:
        """One family as shown, without zeros."""
        values = self.ledger.snapshot().totals[family]
        return {labels: value for labels, value in values.items() if value}

    def sum(self, family: Total) -> int | Decimal:
        """One family over all its labels."""
        return sum(self.total(family).values())

    def counted(self) -> Counts:
        """Counters of messages as shown, without zeros."""
        return {(f, labels): v for f in OF_MESSAGES for labels, v in self.total(f).items()}

    def observed(self) -> Observed:
        """Histograms of messages as shown."""
        shown = self.ledger.snapshot().distributions
        return {
            (family, labels): (state.counts, state.sum)
            for family in Distribution
            if family is not Distribution.REQUEST_DURATION
            for labels, state in shown[family].items()
        }

    def shown(self) -> tuple[object, ...]:
        """Everything the snapshot says that must survive a restart."""
        return _lasting(self.ledger)

    def stored(self) -> tuple[object, ...]:
        """The same, read afresh from the file."""
        other = self.another(owner=False)
        try:
            return _lasting(other)
        finally:
            other.close()

    def loaded(self) -> Snapshot:
        """What a ledger opened afresh on the file shows."""
        other = self.another(owner=False)
        try:
            return other.snapshot()
        finally:
            other.close()


def _lasting(ledger: Ledger) -> tuple[object, ...]:
    shown = ledger.snapshot()
    return (
        shown.totals,
        shown.distributions,
        frozenset(shown.label_sets),
        shown.deadlines,
        shown.operators,
    )
