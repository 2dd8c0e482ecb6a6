"""An account while the ledger is open: its rows' ids, its label sets, its streams, its totals."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from exporter.ledger import accounts, permits, streams
from exporter.ledger.labels import LabelBook
from exporter.ledger.records import AccountSpec, Rules
from exporter.ledger.snapshot import Distribution, Exemplars, Part, StreamState, Total
from exporter.ledger.totals import Deltas, Totals


class OpenAccount(msgspec.Struct, kw_only=True):
    """One account."""

    id: int
    spec: AccountSpec
    book: LabelBook
    streams: dict[str, int]
    """Ids by channel."""
    totals: Totals
    states: dict[str, StreamState]
    """How each stream stood when last looked at, by channel."""
    exemplars: Exemplars = {}

    @property
    def part(self) -> Part:
        """What the exposition may see of it."""
        totals, currency = self.totals, self.spec.currency
        return Part(
            totals=totals.counts,
            distributions=totals.distributions,
            shown=totals.shown,
            exemplars=self.exemplars,
            label_sets=tuple((known.labels, currency) for known in self.book.sets()),
            streams=tuple(self.states.values()),
        )


def open_account(
    connection: Connection, spec: AccountSpec, rules: Rules, now: float
) -> OpenAccount:
    """The account of a specification, made if need be."""
    account_id = accounts.find_or_make(connection, spec.name)
    book = LabelBook(account_id, spec.name, rules.labels)
    book.load(connection)
    totals = Totals(account_id)
    totals.load(connection)
    known = {
        channel: streams.find_or_make(
            connection, account_id, channel, now=now, lookback=spec.lookback
        )
        for channel in spec.channels
    }
    mine = OpenAccount(id=account_id, spec=spec, book=book, streams=known, totals=totals, states={})
    for channel in known:
        mine.states[channel] = describe(connection, mine, rules, channel, None)
    return mine


def describe(
    connection: Connection, mine: OpenAccount, rules: Rules, channel: str, now: float | None
) -> StreamState:
    """How a stream stands ``now``, or at its last page."""
    known = streams.load(connection, mine.streams[channel])
    deadlines = rules.deadlines
    named = tuple(zip(deadlines.seconds, deadlines.names, strict=True))
    moment = (known.last_success or known.baseline) if now is None else now
    return streams.describe(connection, mine.spec.name, known, mine.book, named, moment)


def count_calls(calls: Sequence[permits.Finished], account: str, deltas: Deltas) -> None:
    """Add an account's calls that ended to the totals."""
    for call in calls:
        endpoint = "balance" if call.kind == permits.BALANCE else "history"
        if endpoint == "history":
            deltas.add(Total.PERMITS, (account, call.kind))
        if call.result is None or call.duration is None:
            continue
        deltas.add(Total.API_REQUESTS, (account, endpoint, call.result))
        deltas.observe(Distribution.REQUEST_DURATION, (endpoint,), call.duration)
        if call.code is not None:
            deltas.add(Total.API_ERRORS, (account, endpoint, str(call.code)))
