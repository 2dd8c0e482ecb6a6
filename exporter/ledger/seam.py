"""Where a history that is filled in afterwards meets what is counted live."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from exporter.ledger import accounts, streams
from exporter.ledger.labels import LabelBook, LabelLimits
from exporter.ledger.store import Store


class Seam(msgspec.Struct, frozen=True, kw_only=True):
    """What the past of an account has to fit to."""

    baselines: Mapping[str, float]
    """Unix seconds by stream: what happened later is counted live. One never polled has none."""
    book: LabelBook
    """The account's label sets; it may grow, for nothing of it is written."""


def seam(store: Store, account: str, channels: Sequence[str], limits: LabelLimits) -> Seam:
    """The seam of an account's streams as an open ledger has it now.

    Raises:
        LedgerError: it can't be read.

    """
    with store.reading() as connection:
        account_id = accounts.find(connection, account)
        book = LabelBook(account_id or 0, account, limits)
        if account_id is None:
            return Seam(baselines={}, book=book)
        book.load(connection)
        return Seam(baselines=_baselines(connection, account_id, channels), book=book)


def _baselines(
    connection: Connection, account_id: int, channels: Sequence[str]
) -> Mapping[str, float]:
    ids = {channel: streams.find(connection, account_id, channel) for channel in channels}
    return {
        channel: streams.load(connection, found).baseline
        for channel, found in ids.items()
        if found is not None
    }
