"""Applying one page: reading what is known of its messages, counting, storing.

The statements are few and each handles all rows at once, for a page of a thousand rows must cost
little more than writing it down.
"""

import json
from collections.abc import Set as AbstractSet
from decimal import Decimal
from functools import cache
from operator import attrgetter

import msgspec
from sqlalchemy import (
    ClauseElement,
    Connection,
    Float,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from exporter.gateway.message import Message, Page
from exporter.gateway.request import HistoryRequest
from exporter.ledger.counting import Context, Counter, Entry, next_deadline
from exporter.ledger.dialects import ignoring, listed, positional
from exporter.ledger.gaps import is_contiguous
from exporter.ledger.labels import LabelBook
from exporter.ledger.schema import FINAL, PENDING, message, network, pending_phone


_IN_LIST = message.c.int_id.in_(listed("ids"))
_MINE = message.c.account_id == bindparam("account")
_KNOWN = select(message).where(_MINE, _IN_LIST)
_SEEN = update(message).where(_MINE, _IN_LIST).values(read_at=bindparam("started"))
_CHANGING = tuple(
    column.name
    for column in message.c
    if column.name not in {"account_id", "int_id", "stream_id", "label_set_id", "region"}
)
_CHANGE = (
    update(message)
    .where(
        message.c.account_id == bindparam("_account_id"), message.c.int_id == bindparam("_int_id")
    )
    .values({name: bindparam(name) for name in _CHANGING})
)
_changes = attrgetter(*_CHANGING, "account_id", "int_id")
_PHONE_GONE = delete(pending_phone).where(
    pending_phone.c.account_id == bindparam("account"), pending_phone.c.int_id.in_(listed("ids"))
)
_MATURING = (
    select(
        message.c.label_set_id,
        message.c.matured,
        message.c.outcome,
        message.c.region,
        message.c.cost,
        func.count().label("messages"),
    )
    .where(
        message.c.stream_id == bindparam("stream"),
        message.c.state == FINAL,
        message.c.due <= bindparam("started"),
    )
    .group_by(
        message.c.label_set_id,
        message.c.matured,
        message.c.outcome,
        message.c.region,
        message.c.cost,
    )
)
_MATURED = (
    update(message)
    .where(
        message.c.stream_id == bindparam("stream"),
        message.c.state == FINAL,
        message.c.due <= bindparam("started"),
        message.c.matured == bindparam("before"),
    )
    .values(
        matured=bindparam("deadline"), due=message.c.send_time + bindparam("ahead", type_=Float)
    )
)


class Statements(msgspec.Struct, frozen=True):
    """Statements for all rows of a page, as the driver takes them: by itself it is much faster."""

    known: str
    add: str
    change: str
    add_phone: str


@cache
def statements(dialect: str) -> Statements:
    """Those of a database."""
    phone = ignoring(dialect, pending_phone)
    each: tuple[ClauseElement, ...] = (_KNOWN, insert(message), _CHANGE, phone)
    return Statements(*(str(one.compile(dialect=positional(dialect))) for one in each))


Network = tuple[str, str, str]
"""operator, country, mccmnc"""


class Readings(msgspec.Struct):
    """What the rows of a page turned out to be."""

    new: dict[str, Entry] = {}
    changed: dict[str, Entry] = {}
    idle: list[str] = []
    """Ids of pending messages of which nothing changed."""
    became_final: list[str] = []
    phones: dict[str, str] = {}
    """Numbers of pending messages seen for the first time, by id."""
    old: int = 0
    """Rows sent before the horizon."""


def read_rows(
    connection: Connection,
    counter: Counter,
    context: Context,
    page: Page,
    *,
    horizon: int,
    request: HistoryRequest,
) -> Readings:
    """Count every row of the page against what the ledger knows of it.

    Rows sent before ``horizon`` are passed over, for their ids are no longer kept.
    """
    known = _known(connection, context.account_id, page)
    readings = Readings()
    contiguous = is_contiguous(request)
    above = request.prev_id if contiguous else None
    for row in page.messages:
        entry = known.get(row.int_id)
        if entry is None:
            if row.send_time >= horizon:
                known[row.int_id] = _first_sight(readings, counter, row, above)
            else:
                readings.old += 1
        elif not _is_stale(entry, row, context):
            _again(readings, counter, context, entry, row, above)
        above = row.int_id if contiguous else None
    return readings


def write_rows(
    connection: Connection,
    account_id: int,
    readings: Readings,
    started: float,
    *,
    track_phones: bool,
) -> None:
    """Store what `read_rows` found."""
    prepared = statements(connection.dialect.name)
    if readings.new:
        rows = [msgspec.structs.astuple(entry) for entry in readings.new.values()]
        connection.exec_driver_sql(prepared.add, rows)
    if readings.changed:
        changes = [_changes(entry) for entry in readings.changed.values()]
        connection.exec_driver_sql(prepared.change, changes)
    if readings.idle:
        listed = {"account": account_id, "ids": json.dumps(readings.idle), "started": started}
        connection.execute(_SEEN, listed)
    if readings.became_final:
        listed = {"account": account_id, "ids": json.dumps(readings.became_final)}
        connection.execute(_PHONE_GONE, listed)
    if readings.phones and track_phones:
        numbers = [(account_id, int_id, phone) for int_id, phone in readings.phones.items()]
        connection.exec_driver_sql(prepared.add_phone, numbers)


def mature_finals(
    connection: Connection, counter: Counter, book: LabelBook, context: Context
) -> None:
    """Mature final messages whose next deadline has passed; a good page is what moves time on.

    Each round takes one deadline of a message, those furthest on first, so that none moves twice.
    """
    counter.settle()
    moment = {"stream": context.stream_id, "started": context.started}
    while rows := connection.execute(_MATURING, moment).all():
        for row in rows:
            deadline = next_deadline(context.deadlines.seconds, row.matured)
            if deadline is not None:
                cost = None if row.cost is None else Decimal(row.cost) * row.messages
                counter.mature_many(
                    book[row.label_set_id],
                    deadline,
                    row.outcome,
                    region=row.region,
                    count=row.messages,
                    cost=cost,
                )
        for before in sorted({row.matured for row in rows}, reverse=True):
            connection.execute(_MATURED, {**moment, **_step(context, before)})


def _step(context: Context, before: int) -> dict[str, float | None]:
    deadlines = context.deadlines
    deadline = next_deadline(deadlines.seconds, before)
    following = None if deadline is None else next_deadline(deadlines.seconds, deadline)
    ahead = None if following is None else following + deadlines.grace
    return {"before": before, "deadline": before if deadline is None else deadline, "ahead": ahead}


def note_networks(
    connection: Connection, page: Page, book: LabelBook, seen: AbstractSet[Network]
) -> set[Network]:
    """Remember the networks behind the operators of a page that are shown as a label.

    ``seen`` holds those stored already; gives the new ones.
    """
    found = {(m.operator, m.country, m.mccmnc) for m in page.messages if m.mccmnc} - seen
    if not found:
        return found
    shown = {known.labels[3] for known in book.sets()}
    networks = {one for one in found if one[0] in shown}
    if networks:
        rows = [{"operator": o, "country": c, "mccmnc": n} for o, c, n in networks]
        connection.execute(ignoring(connection.dialect.name, network), rows)
    return networks


def _known(connection: Connection, account_id: int, page: Page) -> dict[str, Entry]:
    ids = json.dumps([row.int_id for row in page.messages])
    known = statements(connection.dialect.name).known
    rows = connection.exec_driver_sql(known, (account_id, ids))
    return {row[1]: Entry(*row) for row in rows}


def _first_sight(readings: Readings, counter: Counter, row: Message, above: str | None) -> Entry:
    entry = counter.first_sight(row, above)
    readings.new[row.int_id] = entry
    if entry.state == PENDING and row.phone is not None:
        readings.phones[row.int_id] = row.phone.value
    return entry


def _is_stale(entry: Entry, row: Message, context: Context) -> bool:
    """Nothing can be learnt: the entry is newer than the page, or final and the same as the row."""
    if entry.read_at > context.started:
        return True
    return entry.state == FINAL and entry.status == row.status and _costs_the_same(entry, row)


def _again(
    readings: Readings,
    counter: Counter,
    context: Context,
    entry: Entry,
    row: Message,
    above: str | None,
) -> None:
    anchored = entry.after_id is not None or above is None
    if anchored and _is_idle(entry, row, context):
        readings.idle.append(row.int_id)
        return
    was = entry.state
    counter.again(entry, row)
    entry.after_id = entry.after_id or above
    if entry.state == FINAL != was:
        readings.became_final.append(row.int_id)
        readings.phones.pop(row.int_id, None)
    elif entry.state == PENDING != was and row.phone is not None:
        readings.phones[row.int_id] = row.phone.value
    if row.int_id not in readings.new:
        readings.changed[row.int_id] = entry


def _is_idle(entry: Entry, row: Message, context: Context) -> bool:
    """A pending message with nothing new and no deadline passed."""
    return (
        entry.status == row.status
        and entry.send_time == row.send_time
        and (entry.due is None or entry.due > context.started)
        and _costs_the_same(entry, row)
    )


def _costs_the_same(entry: Entry, row: Message) -> bool:
    return row.cost is None or entry.cost == str(row.cost)
