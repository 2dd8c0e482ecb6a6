"""Messages in time, and the loss that the objective allows, as PromQL."""

from typing import Final

from exporter.monitoring.recorded import OBJECTIVE
from exporter.monitoring.thresholds import Thresholds
from grafana import measures, words
from grafana.queries import (
    RECORDED_CHANNEL,
    select,
    share,
    summed,
)


MONTH: Final = "30d:1h"
"""Hourly counts of 30 days, which are added up: hours count by their messages, not alike."""
ACCOUNT: Final = ("account",)
LEFT_OUT: Final = (
    f"{words.UNDELIVERABLE} Calls, Viber and social networks, which fail too often by nature."
    " Filters for country, operator and sender have no effect."
)
"""What no panel about 30 days counts."""


class Counts:
    """Messages that could be delivered, and those that were in time, of the watched channels."""

    def __init__(self, thresholds: Thresholds) -> None:
        self.age = measures.label(thresholds.objective.deadline)
        watched = f'channel=~"{thresholds.delivery.channels}"'
        self._chosen = (RECORDED_CHANNEL, watched, f'deadline="{self.age}"')

    def month(self, what: str, by: tuple[str, ...] = ()) -> str:
        """``eligible`` or ``ontime`` of 30 days."""
        hourly = select(f"account:smsc_messages_{what}:increase", *self._chosen, 'window="1h"')
        return summed(f"sum_over_time({hourly}[{MONTH}])", by)

    def window(self, what: str, length: str) -> str:
        """The same of a day or of two hours, by account."""
        found = select(f"account:smsc_messages_{what}:increase{length}", *self._chosen)
        return summed(found, ACCOUNT)

    def kept(self, by: tuple[str, ...] = ()) -> str:
        """The share that was in time."""
        return share(self.month("ontime", by), self.month("eligible", by))

    def left(self, by: tuple[str, ...] = ()) -> str:
        """What is left of the loss that the objective allows; below 0 it is used up."""
        return f"1 - (1 - {self.kept(by)}) / {allowed(by)}"

    def burn(self, length: str) -> str:
        """How many times as fast as allowed messages are lost."""
        kept = share(self.window("ontime", length), self.window("eligible", length))
        return f"(1 - {kept}) / {allowed(ACCOUNT)}"


def allowed(by: tuple[str, ...]) -> str:
    """The loss that the objective allows, of whatever has these labels."""
    one = f"(1 - max({OBJECTIVE}))"
    return f"on () group_left () {one}" if by else one
