"""What a planner decided and why, for people: log, status and ``explain``."""

import msgspec

from exporter.gateway.request import HistoryRequest


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

    def plain(self) -> dict[str, object]:
        """As plain values, fit for JSON, without what names a message."""
        return {
            "at": round(self.at, 3),
            "action": self.action,
            "channel": self.channel,
            "reason": self.reason,
            "until": None if self.until is None else round(self.until, 3),
            "price_row_seconds": round(self.price),
            "options": [_plain(option) for option in self.options],
        }


def _plain(option: Option) -> dict[str, object]:
    return {
        "kind": option.kind,
        "channel": option.channel,
        "reason": option.reason,
        "detail": option.detail,
        "worth_row_seconds": round(option.worth),
        "expected_finals": round(option.finals, 1),
    }
