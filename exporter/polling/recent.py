"""How many people the last hour's messages went to, and how concentrated their numbers are.

Numbers are kept as keyed hashes with a key that lives and dies with the process.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable

from exporter.gateway.message import Message
from exporter.ledger.snapshot import Labels


HOUR = 3600
BLOCK_DIGITS = 3
"""Digits cut off a number to get its block of a thousand."""


class RecentRecipients:
    """Recipients of one account's messages sent within the last hour."""

    def __init__(self, account: str, key: bytes) -> None:
        self._account = account
        self._key = key
        self._seen: dict[str, tuple[int, Labels, bytes, bytes]] = {}

    def add(self, messages: Iterable[Message], now: float) -> None:
        """Note the recipients of messages; each message once."""
        for message in messages:
            if message.phone is None or message.int_id in self._seen:
                continue
            if now - HOUR < message.send_time <= now:
                labels = (self._account, message.channel, message.country)
                number = message.phone.value
                hashes = (self._hash(number), self._hash(number[:-BLOCK_DIGITS]))
                self._seen[message.int_id] = (message.send_time, labels, *hashes)

    def shares(self, now: float) -> dict[Labels, tuple[int, float]]:
        """(account, channel, country) to distinct recipients and the busiest block's share."""
        self._seen = {key: seen for key, seen in self._seen.items() if seen[0] > now - HOUR}
        numbers: dict[Labels, set[bytes]] = {}
        blocks: dict[Labels, Counter[bytes]] = {}
        for _, labels, number, block in self._seen.values():
            numbers.setdefault(labels, set()).add(number)
            blocks.setdefault(labels, Counter())[block] += 1
        return {
            labels: (len(numbers[labels]), max(counted.values()) / counted.total())
            for labels, counted in blocks.items()
        }

    def _hash(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=8).digest()
