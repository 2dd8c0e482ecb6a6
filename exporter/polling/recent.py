"""How many people the last hour's messages went to, and how concentrated their numbers are.

Numbers are kept as keyed hashes with a key that lives and dies with the process.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable

import msgspec

from exporter.gateway.message import Message
from exporter.ledger.snapshot import Labels


HOUR = 3600
BLOCK_DIGITS = 3
"""Digits cut off a number to get its block of a thousand."""


class _Place(msgspec.Struct):
    """Recipients in one country by one channel, with their messages."""

    numbers: Counter[bytes] = msgspec.field(default_factory=Counter)
    blocks: Counter[bytes] = msgspec.field(default_factory=Counter)


class RecentRecipients:
    """Recipients of one account's messages sent within the last hour."""

    def __init__(self, account: str, key: bytes) -> None:
        self._account = account
        self._key = key
        self._seen: set[str] = set()
        self._leaving: list[tuple[int, str, Labels, bytes, bytes]] = []
        """A heap, the message sent first on top."""
        self._places: dict[Labels, _Place] = {}

    def add(self, messages: Iterable[Message], now: float) -> None:
        """Note the recipients of messages; each message once."""
        for message in messages:
            if message.phone is None or message.int_id in self._seen:
                continue
            if now - HOUR < message.send_time <= now:
                self._note(message, message.phone.value)

    def shares(self, now: float) -> dict[Labels, tuple[int, float]]:
        """(account, channel, country) to distinct recipients and the busiest block's share."""
        while self._leaving and self._leaving[0][0] <= now - HOUR:
            self._forget(*heapq.heappop(self._leaving)[1:])
        return {
            labels: (len(place.numbers), max(place.blocks.values()) / place.blocks.total())
            for labels, place in self._places.items()
        }

    def _note(self, message: Message, number: str) -> None:
        labels = (self._account, message.channel, message.country)
        hashes = (self._hash(number), self._hash(number[:-BLOCK_DIGITS]))
        self._seen.add(message.int_id)
        heapq.heappush(self._leaving, (message.send_time, message.int_id, labels, *hashes))
        place = self._places.get(labels)
        if place is None:
            place = self._places[labels] = _Place()
        place.numbers[hashes[0]] += 1
        place.blocks[hashes[1]] += 1

    def _forget(self, int_id: str, labels: Labels, number: bytes, block: bytes) -> None:
        self._seen.discard(int_id)
        place = self._places[labels]
        _take(place.numbers, number)
        _take(place.blocks, block)
        if not place.numbers:
            del self._places[labels]

    def _hash(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=8).digest()


def _take(counter: Counter[bytes], key: bytes) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
