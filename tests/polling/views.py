"""Account views made by hand."""

import msgspec

from exporter.ledger.gaps import Gap
from exporter.ledger.queries import Pending
from exporter.ledger.records import StreamView
from exporter.polling.planner import AccountView, Ask


NOW = 1_700_000_000.0
HOUR = 3600.0


def gap(
    number: int, *, baseline: bool = False, announced: bool = True, settles: float | None = None
) -> Gap:
    """Five minutes of history that begin ``number`` times ten minutes ago."""
    return Gap(
        upper_id=f"gap{number}",
        upper_time=int(NOW) - 600 * number,
        lower_id=None if baseline else f"below{number}",
        lower_time=int(NOW) - 600 * number - 300,
        opened_at=NOW - 60,
        baseline=baseline,
        announced=announced,
        settles_at=settles,
    )


def stream(
    channel: str = "sms",
    *,
    gaps: tuple[Gap, ...] = (),
    waiting: tuple[Pending, ...] = (),
    head_started: float | None = NOW - 100,
    synced: bool = True,
) -> StreamView:
    """A stream in the state that polling usually finds it in."""
    return StreamView(
        channel=channel,
        synced=synced,
        newest_id="newest",
        head_started=head_started,
        gaps=gaps,
        pending=waiting,
    )


def view(*streams: StreamView, limit: int = 29, **changes: object) -> AccountView:
    """An account with all permits of the hour left."""
    plain = AccountView(
        now=NOW,
        streams=streams or (stream(),),
        limit=limit,
        window=HOUR,
        free_at=(),
        last_call=NOW - 200,
    )
    return msgspec.structs.replace(plain, **changes)


def after(each: StreamView, ask: Ask, now: float) -> StreamView:
    """A stream once a call was answered."""
    if ask.kind != "head" or ask.channel != each.channel:
        return each
    return msgspec.structs.replace(each, head_started=now)
