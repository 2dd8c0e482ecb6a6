"""The world cut into slices of creation time, each generated from its own seed when asked for."""

import math
from collections import OrderedDict
from collections.abc import Sequence
from enum import IntEnum
from random import Random
from threading import Lock
from typing import NamedTuple

from exporter.simulation.maker import Addressee, Maker
from exporter.simulation.record import Record
from exporter.simulation.recurrence import Occurrences, rate_factor
from exporter.simulation.spec import Campaign, WorldSpec


ROOM = 250_000
"""Places for ids of one lane in one slice."""
LANES = 4
CALM = 50.0
"""Above this mean a Poisson draw is as good as a normal one."""


class Lane(IntEnum):
    """Independent sources of messages; ids of different lanes never meet."""

    REGULAR = 0
    EMAIL = 1
    SCHEDULED = 2


class Place(NamedTuple):
    """A slice of a lane."""

    lane: Lane
    slice: int


Moment = tuple[float, Addressee | None]


def poisson(rng: Random, mean: float) -> int:
    """Poisson draw, normal for large means."""
    if mean > CALM:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count


def slice_of(int_id: int) -> int:
    """Index of the slice that an id belongs to."""
    return int_id // (ROOM * LANES)


class Slices:
    """Generates slices and keeps the recent ones; what it answers never depends on what it keeps.

    ``keep`` bounds the records kept, ``keep_slices`` the slices. Safe to use from several threads.
    """

    def __init__(
        self, spec: WorldSpec, seed: int, *, keep: int = 60_000, keep_slices: int = 100_000
    ) -> None:
        self._spec = spec
        self._seed = abs(seed)
        self._maker = Maker(spec)
        self._length = spec.slice_length
        self._campaigns = [(c, Occurrences(c, spec.time_scale)) for c in spec.campaigns]
        self._rates = {
            Lane.REGULAR: spec.per_hour / 3600,
            Lane.EMAIL: spec.emails.per_hour / 3600,
            Lane.SCHEDULED: spec.per_hour * spec.scheduled_share / 3600,
        }
        self._keep, self._keep_slices = keep, keep_slices
        self._kept: OrderedDict[Place, Sequence[Record]] = OrderedDict()
        self._records = 0
        self._lock = Lock()

    def index(self, time: float) -> int:
        """Index of the slice that a Unix time falls into."""
        return math.floor(time / self._length)

    def start(self, index: int) -> float:
        """Unix time a slice begins at."""
        return index * self._length

    def empty(self, lane: Lane) -> bool:
        """Whether a lane never holds anything."""
        return not self._rates[lane] and not (lane is Lane.REGULAR and self._campaigns)

    def get(self, lane: Lane, index: int) -> Sequence[Record]:
        """Messages created in one slice of a lane, ids ascending."""
        place = Place(lane, index)
        with self._lock:
            records = self._kept.get(place)
            if records is not None:
                self._kept.move_to_end(place)
                return records
            records = self._generate(place)
            self._store(place, records)
            return records

    def kept(self) -> int:
        """Records in memory now."""
        return self._records

    def _store(self, place: Place, records: Sequence[Record]) -> None:
        self._kept[place] = records
        self._records += len(records)
        while self._kept and (self._records > self._keep or len(self._kept) > self._keep_slices):
            _, old = self._kept.popitem(last=False)
            self._records -= len(old)

    def _generate(self, place: Place) -> Sequence[Record]:
        rng = Random((self._seed * LANES + place.lane << 64) + place.slice % (1 << 64))
        moments = self._moments(rng, place)
        if not moments:
            return ()
        ids = self._ids(place, moments)
        if place.lane is Lane.EMAIL:
            pairs = zip(moments, ids, strict=True)
            return [self._maker.mail(rng, created, int_id) for (created, _), int_id in pairs]
        lead = self._lead if place.lane is Lane.SCHEDULED else None
        text = self._maker.text
        return [
            text(rng, created, created if lead is None else created + lead(rng), int_id, addressee)
            for (created, addressee), int_id in zip(moments, ids, strict=True)
        ]

    def _moments(self, rng: Random, place: Place) -> list[Moment]:
        start = self.start(place.slice)
        factor = rate_factor(self._spec, start + self._length / 2)
        mean = self._rates[place.lane] * factor * self._length
        if self._spec.noise and mean:
            shape = self._spec.noise**-2
            mean *= rng.gammavariate(shape, 1 / shape)
        random, length = rng.random, self._length
        moments: list[Moment] = [
            (start + random() * length, None) for _ in range(poisson(rng, mean) if mean else 0)
        ]
        if place.lane is Lane.REGULAR:
            for number, (campaign, occurrences) in enumerate(self._campaigns):
                moments += self._mailing(rng, start, number, campaign, occurrences)
        moments.sort(key=_created)
        return self._lifetime(moments)

    def _mailing(
        self, rng: Random, start: float, number: int, campaign: Campaign, occurrences: Occurrences
    ) -> list[Moment]:
        end = start + self._length
        moments: list[Moment] = []
        for stretch in occurrences.within(start, end):
            first = int(campaign.size * stretch.share(start))
            last = int(campaign.size * stretch.share(end))
            begin, width = (
                max(start, stretch.start),
                min(end, stretch.end) - max(start, stretch.start),
            )
            client_id = (int(stretch.start) * 31 + number) % 2147483647 + 1
            moments += [
                (
                    begin + rng.random() * width,
                    Addressee(index, campaign.sender, client_id, campaign.operator),
                )
                for index in range(first, last)
            ]
        return moments

    def _lifetime(self, moments: list[Moment]) -> list[Moment]:
        begins, ends = self._spec.begins, self._spec.ends
        if begins is None and ends is None:
            return moments
        first = -math.inf if begins is None else begins
        last = math.inf if ends is None else ends
        return [moment for moment in moments if first <= moment[0] < last]

    def _ids(self, place: Place, moments: list[Moment]) -> list[int]:
        if len(moments) > ROOM:
            raise ValueError(f"{len(moments)} messages in one slice; at most {ROOM} fit")
        start, scale = self.start(place.slice), ROOM / self._length
        places = [min(ROOM - 1, int((created - start) * scale)) for created, _ in moments]
        for later in range(1, len(places)):
            places[later] = max(places[later], places[later - 1] + 1)
        base = place.slice * ROOM
        return [(base + place_) * LANES + place.lane for place_ in _packed(places)]

    def _lead(self, rng: Random) -> float:
        spec = self._spec
        lead = rng.lognormvariate(math.log(spec.lead_median), 1.0)
        return max(1.0, min(spec.max_lead, lead) * spec.time_scale)


def _created(moment: Moment) -> float:
    return moment[0]


def _packed(places: list[int]) -> list[int]:
    """Push what was moved past the end of the slice back below it, keeping the order."""
    limit = ROOM - 1
    for index in range(len(places) - 1, -1, -1):
        if places[index] <= limit:
            break
        places[index] = limit
        limit -= 1
    return places
