"""What planning learnt of an account, for the next start."""

from typing import Annotated

import msgspec

from exporter.polling.curves import Curves
from exporter.polling.trust import Trust


LATE_PRIOR = (1.0, 500.0)
"""Late rows in so many rows that are read again, before anything is known."""
LATE_ROWS = 100_000.0
"""Rows read again after which what was learnt of late ones begins to fade."""

Count = Annotated[float, msgspec.Meta(ge=0)]


class Notes(msgspec.Struct):
    """What survives a restart, beside the curves."""

    trust: Trust = msgspec.field(default_factory=Trust)
    burst_at: float | None = None
    late: Count = 0.0
    """Late rows that were found where rows were read again."""
    settled: Count = 0.0
    """Rows that were read again."""

    def set_back(self, now: float) -> None:
        """Take nothing to have happened after ``now``."""
        self.trust.set_back(now)
        if self.burst_at is not None:
            self.burst_at = min(self.burst_at, now)

    def note_settled(self, rows: int, late: int) -> None:
        """Rows that had been read early were read again."""
        self.settled += rows
        self.late += late
        if self.settled > LATE_ROWS:
            self.settled, self.late = self.settled / 2, self.late / 2

    @property
    def late_share(self) -> float:
        """Share of the rows read early that had others turn up among them."""
        late, rows = LATE_PRIOR
        return (late + self.late) / (rows + self.settled)


def written(notes: Notes, curves: Curves) -> str:
    """All of it, as JSON."""
    return msgspec.json.encode({"notes": notes, "curves": curves.to_state()}).decode()


def read(learnt: str | None) -> tuple[Notes, Curves]:
    """What `written` gave; nothing learnt where it can't be read."""
    try:
        state = msgspec.json.decode(learnt or "{}")
        notes = msgspec.convert(state.get("notes", {}), Notes)
    except (msgspec.DecodeError, AttributeError):
        return Notes(), Curves()
    return notes, Curves.from_state(state.get("curves"))
