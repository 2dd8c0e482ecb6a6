"""The right to make one call."""

from dataclasses import dataclass, field

from exporter.gateway.balance import BalanceRequest
from exporter.gateway.request import HistoryRequest
from exporter.gateway.statistics import StatisticsRequest


Request = HistoryRequest | BalanceRequest | StatisticsRequest


@dataclass(slots=True)
class Permit:
    """Granted by the budget after the ledger has booked it; good for one call of one request."""

    id: int
    account: str
    kind: str
    """head, window, lookup, backfill, doctor or retry; balance for a balance call."""
    request: Request
    spent_at: float
    _used: bool = field(default=False, repr=False)

    def use(self, request: Request) -> None:
        """Consume the permit; a second use or another request is a programming error."""
        if self._used or request is not self.request:
            message = f"permit {self.id} does not cover this call"
            raise RuntimeError(message)
        self._used = True
