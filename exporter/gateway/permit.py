"""The right to make one history call."""

from dataclasses import dataclass, field

from exporter.gateway.request import HistoryRequest


@dataclass(slots=True)
class Permit:
    """Granted by the budget after the ledger has booked it; good for one call of one request."""

    id: int
    account: str
    kind: str
    """head, window, lookup, backfill, doctor or retry."""
    request: HistoryRequest
    spent_at: float
    _used: bool = field(default=False, repr=False)

    def use(self, request: HistoryRequest) -> None:
        """Consume the permit; a second use or another request is a programming error."""
        if self._used or request is not self.request:
            message = f"permit {self.id} does not cover this call"
            raise RuntimeError(message)
        self._used = True
