"""Which stretch of an account's past is meant."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec


LONGEST = 184
"""Days that the gateway's history goes back: half a year."""


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Days of an account's time zone, the first and the last included."""

    first: date
    last: date
    zone: str

    @property
    def start(self) -> int:
        """The first second, Unix time."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> int:
        """The last second, Unix time."""
        return midnight(self.last + timedelta(days=1), self.zone) - 1

    @property
    def days(self) -> int:
        """How many there are."""
        return (self.last - self.first).days + 1

    def holds(self, moment: float) -> bool:
        """Whether a Unix time lies in it."""
        return self.start <= moment <= self.end

    def __iter__(self) -> Iterator[date]:
        """The days, oldest first."""
        return (self.first + timedelta(days=n) for n in range(self.days))


def midnight(day: date, zone: str) -> int:
    """When a day begins, Unix seconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp())


def day_of(moment: float, zone: str) -> date:
    """The day that a Unix time belongs to."""
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).date()
