"""The calls that planners ask for."""

from exporter.gateway.request import HistoryRequest
from exporter.polling.decisions import Option
from exporter.polling.planner import Ask


def head(channel: str, reason: str) -> Ask:
    """The newest rows of a stream."""
    return Ask(channel=channel, kind="head", request=request(channel), reason=reason)


def window(channel: str, anchor: str, reason: str, kind: str = "window") -> Ask:
    """The rows below an id."""
    below = request(channel, prev_id=anchor)
    return Ask(channel=channel, kind=kind, request=below, reason=reason)


def request(channel: str, prev_id: str | None = None) -> HistoryRequest:
    """A page of a stream: the newest, or the one below an id."""
    return HistoryRequest(prev_id=prev_id, format=8 if channel == "email" else 0)


def chosen(option: Option) -> Ask:
    """The call that an option stands for."""
    return Ask(
        channel=option.channel, kind=option.kind, request=option.request, reason=option.reason
    )
