"""A world of messages: its history at a moment is a function of spec, seed and that moment."""

import math
from array import array
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice
from typing import NamedTuple

from exporter.simulation.codes import Kind
from exporter.simulation.record import Record, Stream, Truth
from exporter.simulation.slices import Lane, Slices, slice_of
from exporter.simulation.spec import WorldSpec
from exporter.simulation.texts import address_of, text_of


STREAMS: dict[Stream, tuple[Lane, ...]] = {
    "sms": (Lane.REGULAR, Lane.SCHEDULED),
    "email": (Lane.EMAIL,),
}
INDEXED_SLICES = 50_000


class Query(NamedTuple):
    """What rows are asked for; ``since`` and ``until`` bound the send time, Unix seconds."""

    stream: Stream = "sms"
    cnt: int = 100
    prev_id: int | None = None
    since: float = -math.inf
    until: float = math.inf
    recipients: frozenset[int] | None = None
    """Phone numbers, or recipients' indexes in the e-mail stream."""


class World:
    """Traffic of one account of the gateway."""

    def __init__(self, spec: WorldSpec, seed: int = 1, *, keep: int = 60_000) -> None:
        self.spec = spec
        self.seed = seed
        self._slices = Slices(spec, seed, keep=keep)
        self._numbers: dict[tuple[Lane, int], array[int]] = {}
        self._max_lead = spec.max_lead * spec.time_scale
        self._first = -math.inf if spec.begins is None else math.floor(spec.begins)

    def page(self, now: float, query: Query | None = None) -> list[Record]:
        """Rows of the history at ``now``, newest first, at most ``cnt``."""
        query = query or Query()
        earliest = max(query.since, now - self.spec.history_span, self._first)
        query = query._replace(since=earliest)
        if self.spec.order == "send_time":
            rows = self._by_send(now, query)
        else:
            rows = self._by_id(now, query)
        return list(islice(rows, query.cnt))

    def text(self, record: Record) -> str:
        """The message's text; empty where there is none."""
        if record.kind in (Kind.HLR, Kind.CALL):
            return ""
        return text_of(record.salt, record.segments, self.spec.nasty_share)

    def truth(self, since: float, until: float) -> list[Truth]:
        """What happens to each message created in [since, until), both streams, oldest first."""
        found = [
            _truth(stream, record)
            for stream in STREAMS
            for record in self.created(stream, since, until)
        ]
        found.sort(key=lambda truth: int(truth.int_id))
        return found

    def created(self, stream: Stream, since: float, until: float) -> Iterator[Record]:
        """Messages of one stream created in [since, until), by the slices of their creation."""
        for index in range(self._slices.index(since), self._slices.index(until) + 1):
            for record in self._slice(STREAMS[stream], index):
                if since <= record.created < until:
                    yield record

    def kept(self) -> int:
        """Records in memory now."""
        return self._slices.kept()

    def _slice(self, lanes: Iterable[Lane], index: int) -> Iterable[Record]:
        parts = [self._slices.get(lane, index) for lane in lanes if not self._slices.empty(lane)]
        parts = [part for part in parts if part]
        if len(parts) < 2:
            return parts[0] if parts else ()
        return merge(*parts, key=_int_id)

    def _by_id(self, now: float, query: Query) -> Iterator[Record]:
        newest = self._newest(now, query)
        oldest = self._slices.index(query.since)
        for lanes, top, bottom in (
            (STREAMS[query.stream], newest, oldest),
            ((Lane.SCHEDULED,), min(newest, oldest - 1), self._oldest_ahead(query)),
        ):
            for index in range(top, bottom - 1, -1):
                if self._holds(lanes, index, query.recipients):
                    part = tuple(self._slice(lanes, index))
                    yield from (r for r in reversed(part) if _asked(r, now, query))

    def _newest(self, now: float, query: Query) -> int:
        newest = self._slices.index(min(now, query.until))
        return newest if query.prev_id is None else min(newest, slice_of(query.prev_id))

    def _oldest_ahead(self, query: Query) -> int:
        """First slice whose scheduled messages can still matter; past any when there are none."""
        if query.stream == "email" or self._slices.empty(Lane.SCHEDULED):
            return self._slices.index(query.since)
        return self._slices.index(max(query.since - self._max_lead, self._first))

    def _holds(self, lanes: Iterable[Lane], index: int, recipients: frozenset[int] | None) -> bool:
        if recipients is None:
            return True
        return any(not recipients.isdisjoint(self._index(lane, index)) for lane in lanes)

    def _index(self, lane: Lane, index: int) -> "array[int]":
        numbers = self._numbers.get((lane, index))
        if numbers is None:
            if len(self._numbers) >= INDEXED_SLICES:
                self._numbers.clear()
            numbers = array("Q", (record.phone for record in self._slices.get(lane, index)))
            self._numbers[lane, index] = numbers
        return numbers

    def _by_send(self, now: float, query: Query) -> Iterator[Record]:
        ahead = self._scheduled(now, query)
        below = self._send_key(query.prev_id)
        unbounded = query._replace(prev_id=None)
        top = self._slices.index(min(now, query.until))
        if below is not None:
            top = min(top, self._slices.index(below[0] + 1))
        bottom = self._slices.index(query.since)
        lanes = tuple(lane for lane in STREAMS[query.stream] if lane is not Lane.SCHEDULED)
        regular = (
            record
            for index in range(top, bottom - 1, -1)
            if self._holds(lanes, index, query.recipients)
            for record in sorted(self._slice(lanes, index), key=_sent, reverse=True)
        )
        for record in merge(ahead, regular, key=_sent, reverse=True):
            if (below is None or _sent(record) < below) and _asked(record, now, unbounded):
                yield record

    def _scheduled(self, now: float, query: Query) -> list[Record]:
        if query.stream == "email" or self._slices.empty(Lane.SCHEDULED):
            return []
        oldest = self._oldest_ahead(query)
        found = [
            record
            for index in range(oldest, self._slices.index(now) + 1)
            for record in self._slices.get(Lane.SCHEDULED, index)
        ]
        return sorted(found, key=_sent, reverse=True)

    def _send_key(self, prev_id: int | None) -> tuple[int, int] | None:
        """Place of an id in the order of send times; of its creation when nobody has it."""
        if prev_id is None:
            return None
        index = slice_of(prev_id)
        for lane in Lane:
            for record in self._slices.get(lane, index):
                if record.int_id == prev_id:
                    return _sent(record)
        return int(self._slices.start(index + 1)), prev_id


def recipient_of(record: Record) -> str:
    """Phone number or mail address as rows show it."""
    return address_of(record.phone) if record.kind is Kind.EMAIL else str(record.phone)


def _asked(record: Record, now: float, query: Query) -> bool:
    return (
        record.visible <= now
        and query.since <= record.send < query.until
        and (query.prev_id is None or record.int_id < query.prev_id)
        and (query.recipients is None or record.phone in query.recipients)
    )


def _int_id(record: Record) -> int:
    return record.int_id


def _sent(record: Record) -> tuple[int, int]:
    return record.send, record.int_id


def _truth(stream: Stream, record: Record) -> Truth:
    network = record.network
    return Truth(
        int_id=str(record.int_id),
        stream=stream,
        type=record.kind,
        country=network.iso,
        operator=network.operator,
        mccmnc=network.mccmnc,
        sender=record.sender,
        region=network.region(record.phone),
        phone=recipient_of(record),
        send=record.send,
        created=record.created,
        visible=record.visible,
        segments=record.segments,
        transitions=record.transitions,
        costs=record.prices,
    )
