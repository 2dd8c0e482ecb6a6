"""What an account of the simulated gateway has left, and how ``balance.php`` tells it."""

from collections.abc import Mapping
from decimal import Decimal
from heapq import heappop, heappush

import msgspec

from exporter.simulation.answers import OTHER_FORMAT
from exporter.simulation.codes import ERROR_TEXTS, Error
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.record import Record
from exporter.simulation.recurrence import Occurrences
from exporter.simulation.render import error_text
from exporter.simulation.world import STREAMS, World


CENT = Decimal("0.01")


class Purse:
    """Falls by the cost of each message as it is created, and by each change of a cost.

    While the world's ``no_funds`` lasts it is empty, whatever would be left otherwise. ``opened``
    is when it held what the world's funds begin with, Unix seconds.
    """

    def __init__(self, world: World, opened: float) -> None:
        self.world = world
        self._funds = world.spec.funds
        self._left = self._funds.start
        self._reached = opened
        self._ahead: list[tuple[int, int, Decimal]] = []
        """Charges still to come: when, for which message, how much."""
        spec = world.spec
        self._empty = [Occurrences(each, spec.time_scale) for each in spec.no_funds]

    def at(self, now: float) -> Decimal:
        """The balance at a moment, not before one that was asked for already."""
        self._reach(max(now, self._reached))
        empty = any(each.covering(now) for each in self._empty)
        return min(self._left, Decimal(0)) if empty else self._left

    def _reach(self, now: float) -> None:
        for stream in STREAMS:
            for record in self.world.created(stream, self._reached, now):
                self._charge(record)
        self._reached = now
        while self._ahead and self._ahead[0][0] <= now:
            self._left -= heappop(self._ahead)[2]
            if self._left < self._funds.below:
                self._left += self._funds.top_up

    def _charge(self, record: Record) -> None:
        paid = Decimal(0)
        for price in record.prices:
            heappush(self._ahead, (price.time, record.int_id, price.cost - paid))
            paid = price.cost


def told(purse: Purse, now: float, currency: str | None) -> Mapping[str, str]:
    """What an answer names: the balance, and with a currency that and the credit."""
    values = {"balance": str(purse.at(now).quantize(CENT))}
    if currency is None:
        return values
    credit = purse.world.spec.funds.credit
    return values | ({"credit": str(credit)} if credit else {}) | {"currency": currency}


def balance_text(values: Mapping[str, str], fmt: int, fault: Fault | None) -> str:
    """An answer to a balance call, its content spoilt if the fault is one of content."""
    match None if fault is None else fault.kind:
        case FaultKind.OTHER_FORMAT:
            fmt = OTHER_FORMAT[fmt]
        case FaultKind.TEXT_ERROR:
            return error_text(Error.PARAMETERS, ERROR_TEXTS[Error.PARAMETERS], 0)
        case FaultKind.UNKNOWN_FIELDS:
            values = {"balance2": "7.00", **values}
        case FaultKind.MISSING_FIELDS:
            values = {name: value for name, value in values.items() if name != "balance"}
    if fmt == 3:
        return msgspec.json.encode(values).decode()
    if fmt == 2:
        return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return values.get("balance", "")
