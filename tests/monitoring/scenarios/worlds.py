"""Series of an account, as the exporter shows what happens at the gateway."""

from collections.abc import Iterator, Mapping, Sequence

from tests.monitoring.scenarios.case import JOB, Line, line
from tests.monitoring.scenarios.tracks import Piece, Track, held, pages, stamps


JUDGED = 5.5
"""Minutes from sending until a message can be judged: deadline and grace."""
STREAM: Mapping[str, str] = {"account": "a", "channel": "sms"}
OPERATOR: Mapping[str, str] = {**STREAM, "country": "RU", "operator": "mts"}
SENDER: Mapping[str, str] = {**OPERATOR, "sender": "SHOP"}
POLL: Mapping[str, str] = {**STREAM, "endpoint": "history"}

Course = Sequence[tuple[float, float, float]]
"""Minutes, messages a minute, and the share of them that is lost."""


def course(
    pieces: Course,
    *,
    period: float = 3,
    phase: float = 0,
    outcome: str = "undeliverable",
    deadline: str = "5m",
    **labels: str,
) -> Iterator[Line]:
    """Messages by when they were sent; pages show them, and later what became of them."""
    sent = [(minutes, rate) for minutes, rate, _ in pieces]
    yield submitted(pages(*sent, period=period, phase=phase), **labels)
    good = [(minutes, rate * (1 - lost)) for minutes, rate, lost in pieces]
    bad = [(minutes, rate * lost) for minutes, rate, lost in pieces]
    for what, counts in (("delivered", good), (outcome, bad)):
        track = pages((JUDGED, 0), *counts, period=period, phase=phase)
        yield matured(track, what, deadline=deadline, **labels)


def submitted(track: Track, **labels: str) -> Line:
    """Messages that were seen."""
    return line("smsc_messages_submitted_total", track, **{**SENDER, **labels})


def matured(track: Track, outcome: str, *, deadline: str = "5m", **labels: str) -> Line:
    """Messages by their outcome at a deadline."""
    chosen = {**SENDER, "deadline": deadline, "outcome": outcome, **labels}
    return line("smsc_messages_matured_total", track, **chosen)


def failures(track: Track, status: str, err: str, **labels: str) -> Line:
    """Messages that failed with codes."""
    chosen = {**SENDER, "status": status, "err": err, **labels}
    return line("smsc_message_failures_total", track, **chosen)


def final(track: Track, *, status: str = "1", **labels: str) -> Line:
    """Messages that came to an end."""
    return line("smsc_messages_final_total", track, **{**SENDER, "status": status, **labels})


def waiting(*pieces: Piece, state: str = "queued", age: str = "5m-1h", **labels: str) -> Line:
    """Pending messages."""
    chosen = {**OPERATOR, "state": state, "age": age, **labels}
    return line("smsc_messages_pending", held(*pieces), **chosen)


def polled(*pieces: tuple[float, bool], period: float = 3, **labels: str) -> Line:
    """Time of the last page, in pieces of minutes in which pages come, or don't."""
    track = stamps(*pieces, period=period)
    return line("smsc_poll_last_success_timestamp_seconds", track, **{**POLL, **labels})


def cadence(*pieces: Piece, **labels: str) -> Line:
    """Seconds between pages that are aimed at."""
    return line("smsc_poll_cadence_seconds", held(*pieces), **{**POLL, **labels})


def gauge(name: str, *pieces: Piece, **labels: str) -> Line:
    """A gauge of an account."""
    return line(name, held(*pieces), **{"account": "a", **labels})


def recorded(name: str, *pieces: Piece, **labels: str) -> Line:
    """What a recording rule gives, for tests of alerts that look far back."""
    return Line(name, {"job": JOB, **labels}, held(*pieces))
