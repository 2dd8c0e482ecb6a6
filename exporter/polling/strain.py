"""Says in time when an account's calls no longer suffice for all that is sent."""

from enum import IntEnum

import structlog

from exporter.clock import utc
from exporter.ledger.outlook import HOUR, Outlook


NEAR = 0.9
OVER = 1.0
"""Saturations above which calls run out, and above which rows are missed."""
EASED = 0.1
"""By how much it must fall below again before that is over: it swings around any value."""

log = structlog.get_logger("poller")


LEFT = 3600.0
"""Seconds after which a stretch that is still unread counts as left out."""


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
        self._told_at: float | None = None

    def note(self, outlook: Outlook, now: float) -> None:
        """Look at the saturation of now."""
        if outlook.saturation is None:
            return
        before, self._level = self._level, after(self._level, outlook.saturation)
        self._note_level(before, outlook)
        if self._level is Level.OVER > before:
            self._told_at = now
        elif before is Level.OVER > self._level:
            self._note_left(outlook, now)
        elif self._level is Level.OVER and now - (self._told_at or now) >= LEFT:
            self._told_at = now
            self._note_left(outlook, now)

    def _note_left(self, outlook: Outlook, now: float) -> None:
        """Say which stretches newer rows were preferred to."""
        for stream in outlook.streams:
            left = [gap for gap in stream.gaps if gap.kind == "gap" and now - gap.upper >= LEFT]
            if left:
                log.warning(
                    "history left unread for newer rows; it is read when calls are left over",
                    account=self._account,
                    channel=stream.channel,
                    since=utc(min(gap.lower for gap in left)),
                    until=utc(max(gap.upper for gap in left)),
                    stretches=len(left),
                    seconds=round(sum(gap.seconds for gap in left)),
                    estimated_rows=round(sum(gap.rows for gap in left)),
                )

    def _note_level(self, before: Level, outlook: Outlook) -> None:
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
