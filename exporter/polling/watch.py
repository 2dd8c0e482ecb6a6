"""The pending messages of one stream, as arrays: what a planner weighs.

The ledger is the truth; this mirror is made from it at the start and follows every page after. It
holds numbers of recipients as integers, in memory only, and nothing where phones are not tracked.
"""

import hashlib
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from exporter.gateway import codes
from exporter.gateway.message import Message
from exporter.ledger.waiting import Waiting


Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

GroupOf = Callable[[str, str], int]
"""The number of a message's channel and operator, see `exporter.polling.curves.Curves.group`."""
DIGITS = 19
"""Numbers with fewer digits fit into 64 bits."""
NO_KEY = np.iinfo(np.uint64).max
Columns = dict[str, NDArray[Any]]
_TYPES = {
    "key": np.uint64,
    "sent": np.float64,
    "read": np.float64,
    "group": np.int16,
    "phone": np.uint64,
    "anchor": np.object_,
    "anchor_key": np.uint64,
}


class Rows(msgspec.Struct, frozen=True):
    """A page as arrays, the newest row first."""

    key: NDArray[np.uint64]
    sent: Floats
    changed: Floats
    """Time of the last status change; NaN when unknown."""
    group: NDArray[np.int16]
    phone: NDArray[np.uint64]
    is_final: Mask
    is_new: Mask
    """Seen for the first time."""
    anchors: NDArray[np.object_]
    """The id above each row in a contiguous page, else empty."""


class Look(msgspec.Struct, frozen=True):
    """What a page showed of messages that were pending or not known before."""

    sent: Floats
    group: NDArray[np.int16]
    read: Floats
    """When each was read before; NaN when it never was."""
    changed: Floats
    is_final: Mask

    @property
    def finals(self) -> int:
        """Final statuses learnt."""
        return int(self.is_final.sum())


class Watch:
    """Pending messages, the oldest send time first."""

    def __init__(self) -> None:
        self._rows: Columns = {name: np.empty(0, kind) for name, kind in _TYPES.items()}
        self.version = 0
        """Another one whenever there are other messages, send times or anchors."""

    def __len__(self) -> int:
        return int(self._rows["key"].size)

    @property
    def key(self) -> NDArray[np.uint64]:
        """What `key_of` makes of each id."""
        return self._rows["key"]

    @property
    def sent(self) -> Floats:
        """Send times, ascending, Unix seconds."""
        return self._rows["sent"]

    @property
    def read(self) -> Floats:
        """When each was last read."""
        return self._rows["read"]

    @property
    def group(self) -> NDArray[np.int16]:
        """Each one's channel and operator, by number."""
        return self._rows["group"]

    @property
    def phone(self) -> NDArray[np.uint64]:
        """Numbers; 0 where there is none to ask for."""
        return self._rows["phone"]

    @property
    def anchors(self) -> NDArray[np.object_]:
        """Ids below which a window begins with the message; empty where there is none."""
        return self._rows["anchor"]

    @property
    def anchor_key(self) -> NDArray[np.uint64]:
        """What `key_of` makes of each of `anchors`; `NO_KEY` where there is none."""
        return self._rows["anchor_key"]

    def restore(self, waiting: Sequence[Waiting], group: GroupOf) -> None:
        """Begin anew with what the ledger keeps."""
        anchors = [each.after_id or "" for each in waiting]
        self._keep(
            {
                "key": np.array([key_of(each.int_id) for each in waiting], np.uint64),
                "sent": np.array([each.send_time for each in waiting], np.float64),
                "read": np.array([each.read_at for each in waiting], np.float64),
                "group": np.array([group(w.channel, w.operator) for w in waiting], np.int16),
                "phone": np.array([_number(each.phone) for each in waiting], np.uint64),
                "anchor": np.array(anchors, np.object_),
                "anchor_key": _anchor_keys(anchors),
            }
        )

    def take(self, page: Rows, started: float) -> Look:
        """Follow a page that was asked for at ``started``."""
        order = np.argsort(page.key, kind="stable")
        keys = page.key[order]
        mine = np.minimum(np.searchsorted(keys, self._rows["key"]), max(0, keys.size - 1))
        met = keys[mine] == self._rows["key"] if keys.size else np.zeros(len(self), bool)
        at = order[mine[met]]
        before = np.full(page.key.size, np.nan)
        before[at] = self._rows["read"][met]
        self.version += 1
        self._refresh(page, started, met, at)
        self._add(page, started, page.is_new & ~page.is_final)
        shown = page.is_new | ~np.isnan(before)
        return Look(
            page.sent[shown],
            page.group[shown],
            before[shown],
            page.changed[shown],
            page.is_final[shown],
        )

    def assume_read(self, where: Mask, started: float) -> None:
        """Take messages as read that a page should have shown and did not: asking again is no use
        before more time has gone by.
        """
        self._rows["read"][where] = np.maximum(self._rows["read"][where], started)

    def set_back(self, now: float) -> None:
        """Take nothing as read after ``now``."""
        np.minimum(self._rows["read"], now, out=self._rows["read"])

    def drop_before(self, sent: float) -> None:
        """Wait no longer for what was sent before a moment."""
        first = int(np.searchsorted(self._rows["sent"], sent))
        if first:
            self.version += 1
            self._rows = _at(self._rows, np.arange(first, len(self)))

    def _refresh(self, page: Rows, started: float, met: Mask, at: NDArray[np.intp]) -> None:
        if not met.any():
            return
        places = np.flatnonzero(met)
        self._rows["read"][places] = np.maximum(self._rows["read"][places], started)
        self._rows["sent"][places] = page.sent[at]
        found = page.anchors[at]
        missing = (self._rows["anchor_key"][places] == NO_KEY) & (found != "")
        self._rows["anchor"][places[missing]] = found[missing]
        self._rows["anchor_key"][places[missing]] = _anchor_keys(found[missing])
        ended = places[page.is_final[at]]
        if ended.size:
            kept = np.ones(len(self), bool)
            kept[ended] = False
            self._rows = _at(self._rows, kept)

    def _add(self, page: Rows, started: float, fresh: Mask) -> None:
        if not fresh.any():
            return
        anchors = page.anchors[fresh]
        rows: Columns = {
            "key": page.key[fresh],
            "sent": page.sent[fresh],
            "read": np.full(anchors.size, started),
            "group": page.group[fresh],
            "phone": page.phone[fresh],
            "anchor": anchors,
            "anchor_key": _anchor_keys(anchors),
        }
        _, first = np.unique(rows["key"], return_index=True)
        added = _at(rows, first)
        self._keep({name: np.concatenate([self._rows[name], added[name]]) for name in _TYPES})

    def _keep(self, rows: Columns) -> None:
        self._rows = _at(rows, np.lexsort((rows["key"], rows["sent"])))
        self.version += 1


def _at(rows: Columns, which: Mask | NDArray[np.intp]) -> Columns:
    return {name: column[which] for name, column in rows.items()}


def rows_of(
    messages: Sequence[Message],
    new: Container[str],
    group: GroupOf,
    *,
    above: str | None,
    contiguous: bool,
) -> Rows:
    """A page as arrays; ``new`` are the ids seen for the first time, ``above`` is the id below
    which the page begins.
    """
    ids = [message.int_id for message in messages]
    anchors = np.full(len(ids), "", np.object_)
    if contiguous and ids:
        anchors[:] = [above or "", *ids[:-1]]
    status_times = [message.status_time for message in messages]
    return Rows(
        np.array([key_of(each) for each in ids], np.uint64),
        np.array([message.send_time for message in messages], np.float64),
        np.array([np.nan if at is None else at for at in status_times], np.float64),
        np.array([group(each.channel, each.operator) for each in messages], np.int16),
        np.array([_number(m.phone.value if m.phone else None) for m in messages], np.uint64),
        np.array([codes.is_final(message.status) for message in messages], bool),
        np.array([each in new for each in ids], bool),
        anchors,
    )


def key_of(int_id: str) -> int:
    """64 bits that tell ids apart: the number itself where it is one."""
    if int_id.isascii() and int_id.isdigit() and len(int_id) < DIGITS:
        return int(int_id)
    return int.from_bytes(hashlib.blake2b(int_id.encode(), digest_size=8).digest(), "big")


def _anchor_keys(anchors: Iterable[str]) -> NDArray[np.uint64]:
    return np.array([key_of(each) if each else NO_KEY for each in anchors], np.uint64)


def _number(phone: str | None) -> int:
    is_number = phone is not None and phone.isascii() and phone.isdigit() and len(phone) < DIGITS
    return int(phone) if phone is not None and is_number else 0
