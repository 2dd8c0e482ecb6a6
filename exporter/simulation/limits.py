"""The gateway's limits, strict and sliding: calls of a login, refused log-ins of an address."""

from collections import defaultdict, deque
from typing import Literal

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much is allowed; a call leaves a window once it is exactly as old as the window."""

    requests: int = 30
    window: float = 3600.0
    identical: int = 3
    identical_window: float = 60.0
    concurrent: int = 15
    """This many calls at once are already too many."""
    login_failures: int = 5
    login_window: float = 1800.0
    block: float = 1800.0
    balance: int = 10
    """Balance calls in ``balance_window``."""
    balance_window: float = 60.0
    count_refused: bool = False
    """Whether calls refused with error 9 use up the limits too."""
    max_recipients: int | None = None
    """Longest list of phones or addresses; a longer one is error 1."""


class SlidingWindow:
    """Times of the last events."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque()

    def count(self, now: float) -> int:
        """Events younger than the window."""
        while self._times and now - self._times[0] >= self._seconds:
            self._times.popleft()
        return len(self._times)

    def add(self, now: float) -> None:
        """Remember an event."""
        self._times.append(now)

    def clear(self) -> None:
        """Forget all."""
        self._times.clear()


Refusal = Literal["identical", "hourly", "concurrent"]


class Meter:
    """Calls of one login."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._calls = SlidingWindow(limits.window)
        self._balance = SlidingWindow(limits.balance_window)
        self._identical: defaultdict[str, SlidingWindow] = defaultdict(
            lambda: SlidingWindow(limits.identical_window)
        )
        self.running = 0
        """Calls being answered now."""

    def history(self, now: float, fingerprint: str) -> Refusal | None:
        """Book a history call, or say which limit it is over."""
        self._forget(now)
        same = self._identical[fingerprint]
        refusal: Refusal | None = None
        if same.count(now) >= self._limits.identical:
            refusal = "identical"
        elif self._calls.count(now) >= self._limits.requests:
            refusal = "hourly"
        if refusal is None or self._limits.count_refused:
            same.add(now)
            self._calls.add(now)
        return refusal

    def balance(self, now: float) -> bool:
        """Book a balance call; False when it is over the limit."""
        allowed = self._balance.count(now) < self._limits.balance
        if allowed or self._limits.count_refused:
            self._balance.add(now)
        return allowed

    def calls(self, now: float) -> int:
        """History calls that count against the limit now."""
        return self._calls.count(now)

    def _forget(self, now: float) -> None:
        for fingerprint in [key for key, same in self._identical.items() if not same.count(now)]:
            del self._identical[fingerprint]


class Door:
    """Addresses with too many refused log-ins are shut out for a while."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._failures: defaultdict[str, SlidingWindow] = defaultdict(
            lambda: SlidingWindow(limits.login_window)
        )
        self._until: dict[str, float] = {}

    def blocked(self, address: str, now: float) -> bool:
        """Whether the address is shut out."""
        return now < self._until.get(address, now)

    def failed(self, address: str, now: float) -> None:
        """Remember a refused log-in; the last one allowed shuts the address out."""
        failures = self._failures[address]
        failures.add(now)
        if failures.count(now) >= self._limits.login_failures:
            failures.clear()
            self._until[address] = now + self._limits.block
