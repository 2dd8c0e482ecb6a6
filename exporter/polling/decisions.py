"""What a planner decided and why, for people: log, status and ``explain``."""

from collections.abc import Mapping

import msgspec

from exporter.clock import utc
from exporter.gateway.request import HistoryRequest


WHY: Mapping[str, str] = {
    "first": "nothing of this history was read yet",
    "first sync": "the first sync reads the history back to its lookback",
    "its turn": "the newest page is due",
    "price": "no call is worth its price yet",
    "pending": "messages without a final status are worth reading again",
    "gap": "rows were never read",
    "backlog": "many rows were never read, so their pages come first",
    "settling": "rows may have turned up below those that were read",
    "baseline": "history from before the first start is read with calls that are left over",
    "newest rows need the calls": "what is worth a call waits, for the newest pages need the rest",
    "budget": "the calls of the window are spent",
    "identical": "the same question was asked too often within a minute",
    "concurrency": "other calls are under way",
    "login": "too many log-ins failed or got no answer, and one more could block the address",
    "refused": "the login was refused",
    "blocked": "the gateway has blocked this address",
    "limited": "the gateway said that too many calls are made",
    "unreachable": "the gateway could not be reached",
    "unreadable": "the gateway's last answer could not be read",
}
"""Reasons of calls and waits, in words."""
MOST_SHOWN = 10
"""Options of a decision that are shown."""


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """A call that could be made now."""

    channel: str
    kind: str
    """head, window, lookup or backfill."""
    reason: str
    worth: float
    """Row-seconds that it would end: see `exporter.polling.candidates`."""
    finals: float = 0.0
    """Final statuses it is expected to show."""
    detail: str = ""
    """What is asked for, in words that name nobody."""
    request: HistoryRequest


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One choice among the options of a moment."""

    at: float
    action: str
    """The kind of call, or wait."""
    channel: str = ""
    reason: str
    until: float | None = None
    """End of a wait, Unix seconds."""
    price: float = 0.0
    """Row-seconds that a call has to be worth."""
    options: tuple[Option, ...] = ()
    """The best first."""

    @property
    def why(self) -> str:
        """The reason in words."""
        return WHY.get(self.reason, self.reason)

    def plain(self) -> dict[str, object]:
        """As plain values, fit for JSON, with the best options and without what names a message."""
        return {
            "at": utc(self.at),
            "action": self.action,
            "channel": self.channel or None,
            "reason": self.reason,
            "why": self.why,
            "until": None if self.until is None else utc(self.until),
            "price_row_seconds": round(self.price) or None,
            "options": [_plain(option) for option in self.options[:MOST_SHOWN]],
        }


def held(now: float, until: float, reason: str) -> Decision:
    """No call, whatever it would be worth: an error, or somebody else's calls, stand against it."""
    return Decision(at=now, action="wait", reason=reason, until=until)


def _plain(option: Option) -> dict[str, object]:
    return {
        "kind": option.kind,
        "channel": option.channel,
        "reason": option.reason,
        "detail": option.detail,
        "worth_row_seconds": round(option.worth),
        "expected_finals": round(option.finals, 1),
    }
