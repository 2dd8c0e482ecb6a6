"""What commands about the past share: which days are meant, and where their pages come from."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from exporter.commands.asking import Desk
from exporter.commands.questions import QuestionError, day
from exporter.config import Account
from exporter.gateway.message import Page
from exporter.gateway.request import HistoryRequest
from exporter.history.period import LONGEST, Period
from exporter.ledger.permits import Denied
from exporter.polling.calls import Held


KIND = "backfill"
"""What the permits of these calls are called."""
ONE_IN = 3
"""These calls take one permit in so many of a window's; a running exporter has the others."""


class Pages(msgspec.Struct, frozen=True):
    """Pages that are asked for at a desk."""

    desk: Desk
    one_in: int | None

    async def page(self, request: HistoryRequest) -> Page | Denied:
        """A page of the history, or why there is no permit; raises as `Desk.ask`."""
        try:
            answer = await self.desk.ask(KIND, request, personal=False, one_in=self.one_in)
        except Held as held:
            return held.denied
        return answer.page


def period_of(account: Account, since: str | None, until: str | None, now: float) -> Period:
    """The days from one to another, today if not given; raises `QuestionError`."""
    today = today_of(account, now)
    first, last = day("--from", since, today), day("--to", until, today) or today
    if first is None:
        raise QuestionError("--from must say which day to begin with")
    if last > today:
        raise QuestionError("--to must not be later than today")
    if first > last:
        raise QuestionError("--from must not be later than --to or today")
    return Period(first=within_reach("--from", first, today), last=last, zone=account.timezone)


def within_reach(flag: str, asked: date, today: date) -> date:
    """The day itself; raises `QuestionError` when the gateway's history does not go back to it."""
    earliest = today - timedelta(days=LONGEST)
    if asked < earliest:
        raise QuestionError(
            f"{flag} must be {earliest} or later: the gateway keeps half a year of history"
        )
    return asked


def today_of(account: Account, now: float) -> date:
    """Today in the account's time zone."""
    return datetime.fromtimestamp(now, ZoneInfo(account.timezone)).date()
