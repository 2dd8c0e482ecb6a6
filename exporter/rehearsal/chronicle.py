"""What really happens to an account's messages, and when the exporter learnt of it, as arrays."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from exporter.simulation.codes import PENDING
from exporter.simulation.record import Record, Stream
from exporter.simulation.world import World


Times = NDArray[np.float64]
"""Unix seconds, ``inf`` for never."""
Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]
NEVER = math.inf
PIECE = 600.0
"""Seconds of creation time that are written down at once."""
FIRST_ROOM = 4096
TRUE = ("sent", "final")
LEARNT = ("seen", "known", "ripe")


class Chronicle:
    """The messages of one account in the order of their ids; it grows with time.

    Of each message: ``sent``; ``final``, when it becomes final at the gateway; ``seen`` and
    ``known``, when a page first showed it at all and with a final status; ``ripe``, when a page
    first showed it at least ``ripe_after`` seconds after sending.
    """

    def __init__(
        self, world: World, channels: Sequence[Stream], *, since: float, ripe_after: float
    ) -> None:
        length = world.spec.slice_length
        self._world = world
        self._channels = tuple(channels)
        self._step = length * max(1, round(PIECE / length))
        self._until = math.floor(since / length) * length
        self._ripe_after = ripe_after
        self._count = 0
        self._ids = np.empty(FIRST_ROOM, np.int64)
        self._channel = np.empty(FIRST_ROOM, np.int8)
        self._times = {name: np.empty(FIRST_ROOM) for name in (*TRUE, *LEARNT)}

    def __len__(self) -> int:
        """How many messages are written down."""
        return self._count

    @property
    def ids(self) -> Ids:
        """Ids, ascending."""
        return self._ids[: self._count]

    @property
    def channel(self) -> NDArray[np.int8]:
        """Place of each message's stream among the account's channels."""
        return self._channel[: self._count]

    def times(self, name: str) -> Times:
        """One of the times above, of all messages."""
        return self._times[name][: self._count]

    def extend(self, until: float) -> None:
        """Write down whatever is created before ``until``, and a little more."""
        while self._until < until:
            end = self._until + self._step
            piece = [
                (record.int_id, channel, record)
                for channel, stream in enumerate(self._channels)
                for record in self._world.created(stream, self._until, end)
            ]
            piece.sort()
            self._append(piece)
            self._until = end

    def find(self, ids: Ids) -> tuple[NDArray[np.intp], Mask]:
        """Places of ids, and which of the ids are messages written down here."""
        places = np.searchsorted(self.ids, ids)
        places[places == self._count] = 0
        ours = self.ids[places] == ids if self._count else np.zeros(len(ids), np.bool_)
        return places, ours

    def note(self, ids: Ids, final: Mask, started: float, now: float) -> tuple[int, int]:
        """Take note of a page's rows; gives how many were new and how many newly final.

        The page was asked for at ``started`` and known at ``now``; ``final`` tells its rows with a
        final status.
        """
        self.extend(now)
        places, ours = self.find(ids)
        places, final = places[ours], final[ours]
        aged = self._times["sent"][places] + self._ripe_after <= started
        self._first("ripe", places[aged], now)
        return self._first("seen", places, now), self._first("known", places[final], now)

    def final_at(self, int_ids: Sequence[str] | NDArray[np.integer]) -> Times:
        """When messages become final, which only an oracle knows; ``inf`` for strangers."""
        places, ours = self.find(np.array(int_ids, np.int64))
        times = np.full(len(places), NEVER)
        times[ours] = self._times["final"][places[ours]]
        return times

    def _first(self, name: str, places: NDArray[np.intp], now: float) -> int:
        """Something happens to messages, some of them for the first time; gives how many."""
        times = self._times[name]
        fresh = np.unique(places[times[places] == NEVER])
        times[fresh] = now
        return len(fresh)

    def _append(self, piece: Sequence[tuple[int, int, Record]]) -> None:
        new = slice(self._count, self._count + len(piece))
        self._make_room(new.stop)
        self._ids[new] = [int_id for int_id, _, _ in piece]
        self._channel[new] = [channel for _, channel, _ in piece]
        self._times["sent"][new] = [record.send for _, _, record in piece]
        self._times["final"][new] = [_final(record) for _, _, record in piece]
        for name in LEARNT:
            self._times[name][new] = NEVER
        self._count = new.stop

    def _make_room(self, count: int) -> None:
        room = len(self._ids)
        while room < count:
            room *= 2
        if room > len(self._ids):
            self._ids = np.resize(self._ids, room)
            self._channel = np.resize(self._channel, room)
            self._times = {name: np.resize(times, room) for name, times in self._times.items()}


def _final(record: Record) -> float:
    finals = (t.time for t in record.transitions if t.status not in PENDING)
    return next(finals, NEVER)
