"""Names and passwords against bcrypt hashes, so that the time taken tells nothing.

Whether the name or the password is wrong, the same work is done: as much as the most costly hash of
all users takes. Only who has logged in before with the very same password is let in without it.
"""

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import bcrypt
from starlette.concurrency import run_in_threadpool

from exporter.web.protection.reading import cost


MOST_WAITING = 16
"""Logins that may wait for their turn."""
MOST_OF_ONE = 4
"""Of these, as many from one address."""
LONGEST = 72
"""Bytes of a password that bcrypt heeds."""
_NOBODYS_SALT = b"." * 22


class BusyError(Exception):
    """Too many logins are being checked."""


class Passwords:
    """Checks logins one at a time, on another thread, so that scrapes go on meanwhile."""

    def __init__(self, key: bytes) -> None:
        """``key``: random, so that what is remembered of a password is of no use elsewhere."""
        self._key = key
        self._good: dict[str, bytes] = {}
        self._turn = asyncio.Semaphore(1)
        self._waiting: Counter[str] = Counter()

    async def right(
        self, users: Mapping[str, str], name: str, password: bytes, address: str
    ) -> bool:
        """Whether the name is one of the users and the password that of its hash.

        Raises `BusyError` where too many are waiting already, of this address or at all.
        """
        hashed = users.get(name)
        mark = self._mark(name, hashed, password)
        if hmac.compare_digest(self._good.get(name, b""), mark):
            return True
        most_costly = max(map(cost, users.values()), default=0)
        with self._place(address):
            async with self._turn:
                good = await run_in_threadpool(matches, hashed, password[:LONGEST], most_costly)
        if good:
            self._good[name] = mark
        return good

    def _mark(self, name: str, hashed: str | None, password: bytes) -> bytes:
        """What stands for a login in memory; another hash in the file makes it worthless."""
        text = b"".join(
            len(part).to_bytes(4, "big") + part
            for part in (name.encode(), (hashed or "").encode(), password)
        )
        return hashlib.blake2b(text, key=self._key, digest_size=32).digest()

    @contextmanager
    def _place(self, address: str) -> Iterator[None]:
        if self._waiting[address] >= MOST_OF_ONE or self._waiting.total() >= MOST_WAITING:
            raise BusyError
        self._waiting[address] += 1
        try:
            yield
        finally:
            self._waiting[address] -= 1
            self._waiting += Counter()


def matches(hashed: str | None, password: bytes, most_costly: int) -> bool:
    """Whether the password is that of the hash; none matches no hash.

    A hash of cost n takes 2**n rounds. The missing ones up to the most costly hash are made up for
    with hashes that nobody looks at: 2**n + 2**n + 2**(n+1) + ... + 2**(m-1) = 2**m.
    """
    made_up = range(cost(hashed), most_costly) if hashed else (most_costly,)
    for rounds in made_up:
        bcrypt.hashpw(password, b"$2b$%02d$" % rounds + _NOBODYS_SALT)
    return hashed is not None and bcrypt.checkpw(password, hashed.encode())
