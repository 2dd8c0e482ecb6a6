"""When the next head page is due, and whether a call leaves it its permit."""

from collections.abc import Mapping

from exporter.ledger.records import StreamView
from exporter.polling import pricing
from exporter.polling.past import Past
from exporter.polling.planner import AccountView
from exporter.polling.pricing import Demand


Periods = Mapping[str, float]
"""Seconds between head pages, by channel."""


class Turns:
    """The head pages of an account's streams, one after the other."""

    def __init__(self, past: Past) -> None:
        self._past = past

    def head_at(self, stream: StreamView, now: float) -> float:
        """When the last head page was asked for; not what a clock set back left in the future."""
        known = (stream.head_started or 0.0, self._past.head_at(stream.channel))
        return max((moment for moment in known if moment <= now), default=0.0)

    def due(self, view: AccountView, periods: Periods) -> tuple[float, StreamView]:
        """When the next head page is due, and of which stream."""
        due = [
            (self.head_at(stream, view.now) + periods[stream.channel], stream)
            for stream in view.streams
        ]
        return min(due, key=lambda each: each[0])

    def has_room(self, view: AccountView, periods: Periods, calls: Mapping[str, int]) -> bool:
        """Whether a call now leaves permits for head pages with these periods, each of which takes
        so many ``calls``, by channel; one where nothing is said.
        """
        spent = [moment - view.window for moment in view.free_at]
        demands = [
            Demand(
                self.head_at(stream, view.now),
                periods[stream.channel],
                calls.get(stream.channel, 1),
            )
            for stream in view.streams
        ]
        return pricing.has_room(spent, demands, view.limit, view.window, view.now)
