"""How many history calls are still to be made, and how long that takes."""

import math
from collections.abc import Sequence
from statistics import stdev

import msgspec

from exporter.gateway.request import PAGE_LIMIT
from exporter.history.windows import LONGEST, daily, fitting
from exporter.history.work import Window


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A number of calls: what is likely, and between which bounds it probably lies."""

    likely: float
    least: float
    most: float | None
    """None while nothing is known of how many rows a day holds."""

    def __add__(self, other: "Estimate") -> "Estimate":
        """Both together."""
        unknown = self.most is None or other.most is None
        return Estimate(
            likely=self.likely + other.likely,
            least=self.least + other.least,
            most=None if unknown else (self.most or 0) + (other.most or 0),
        )


NOTHING = Estimate(likely=0, least=0, most=0)


def calls_left(windows: Sequence[Window], days: int) -> Estimate:
    """Calls that reading so many more ``days`` of a stream takes, judged by the windows read.

    The bounds are a standard error on either side, of the mean as of the days to come.
    """
    if days <= 0:
        return NOTHING
    done = [window for window in windows if window.done]
    if not done:
        least = float(math.ceil(days / LONGEST))
        return Estimate(likely=float(days), least=least, most=None)
    mean, error = daily(done), _error(done, days)
    return Estimate(
        likely=_calls(mean, days),
        least=_calls(max(0.0, mean - error), days),
        most=_calls(mean + error, days),
    )


def seconds_needed(calls: float, *, at_once: int, share: int, window: float) -> float:
    """How long so many calls take: ``at_once`` are free now, ``share`` more in each window."""
    return max(0.0, calls - at_once) / share * window


def _error(windows: Sequence[Window], days: int) -> float:
    """By how many rows a day the mean of the days to come may be off."""
    if len(windows) < 2:
        return daily(windows) / 2
    spread = stdev(window.rows / window.days for window in windows)
    return spread * math.sqrt(1 / len(windows) + 1 / days)


def _calls(rows: float, days: int) -> float:
    """Calls for days of so many rows each: the last page of a window is rarely full."""
    span = min(days, fitting(rows))
    return days / span * (math.floor(rows * span / PAGE_LIMIT) + 1)
