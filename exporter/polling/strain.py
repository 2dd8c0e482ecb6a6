"""Says in time when an account's calls no longer suffice for all that is sent."""

from enum import IntEnum

import structlog

from exporter.ledger.outlook import HOUR, Outlook


NEAR = 0.9
OVER = 1.0
"""Saturations above which calls run out, and above which rows are missed."""
EASED = 0.1
"""By how much it must fall below again before that is over: it swings around any value."""

log = structlog.get_logger("poller")


class Level(IntEnum):
    """How much of the calls reading every new row takes."""

    EASY = 0
    NEAR = 1
    OVER = 2


class Strain:
    """One account's saturation, in the log: once when it gets high, and once when that is over."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._level = Level.EASY

    def note(self, outlook: Outlook) -> None:
        """Look at the saturation of now."""
        if outlook.saturation is None:
            return
        before, self._level = self._level, after(self._level, outlook.saturation)
        if self._level is Level.OVER > before:
            self._warn(
                "more is sent than the calls can read: the newest rows are kept flowing, the rest"
                " becomes gaps",
                outlook,
                missed_rows_per_hour=round(outlook.missed * HOUR),
            )
        elif self._level > before:
            self._warn("reading the newest rows takes nearly all calls", outlook)
        elif self._level is Level.NEAR < before:
            self._warn("all new rows can be read again, with nearly all calls", outlook)
        elif self._level < before:
            self._warn("the calls suffice for all new rows again", outlook)

    def _warn(self, event: str, outlook: Outlook, **facts: int) -> None:
        log.warning(
            event,
            account=self._account,
            saturation=round(outlook.saturation or 0.0, 2),
            rows_per_hour=round(outlook.rate * HOUR),
            **facts,
        )


def after(level: Level, saturation: float) -> Level:
    """The level after ``level``: up at once, down only when it has eased."""
    if saturation > OVER or (level is Level.OVER and saturation > OVER - EASED):
        return Level.OVER
    if saturation > NEAR or (level >= Level.NEAR and saturation > NEAR - EASED):
        return Level.NEAR
    return Level.EASY
