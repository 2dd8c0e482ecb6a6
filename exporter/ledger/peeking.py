"""A look at what planning starts from, beside a running exporter."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from exporter.ledger import accounts, permits, streams, waiting
from exporter.ledger.accounts import Memory
from exporter.ledger.permits import Usage
from exporter.ledger.records import StreamView
from exporter.ledger.waiting import Known


class Peek(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a planner starts from, of one moment; what is not known yet is empty."""

    salt: bytes = b""
    """The ledger's key for digests."""
    memory: Memory = Memory()
    usage: Usage = Usage((), 0)
    learnt: str | None = None
    views: tuple[StreamView, ...]
    known: Mapping[str, Known]


def peek(
    connection: Connection, account: str, channels: Sequence[str], now: float, *, since: int
) -> Peek:
    """What the ledger knows of these streams of an account.

    Messages sent from ``since`` (Unix seconds) on are counted, see `waiting.known`.
    """
    account_id = accounts.find(connection, account)
    if account_id is None:
        return Peek(
            views=tuple(map(_unread, channels)), known={channel: Known() for channel in channels}
        )
    ids = {channel: streams.find(connection, account_id, channel) for channel in channels}
    return Peek(
        salt=accounts.known_salt(connection) or b"",
        memory=accounts.recall(connection, account_id),
        usage=permits.usage(connection, account_id, now),
        learnt=accounts.learnt(connection, account_id),
        views=tuple(_view(connection, channel, known) for channel, known in ids.items()),
        known={channel: _known(connection, known, since) for channel, known in ids.items()},
    )


def _view(connection: Connection, channel: str, stream_id: int | None) -> StreamView:
    if stream_id is None:
        return _unread(channel)
    return streams.view(connection, channel, stream_id, ())


def _unread(channel: str) -> StreamView:
    return StreamView(
        channel=channel, synced=False, newest_id=None, head_started=None, gaps=(), pending=()
    )


def _known(connection: Connection, stream_id: int | None, since: int) -> Known:
    return Known() if stream_id is None else waiting.known(connection, stream_id, since)
