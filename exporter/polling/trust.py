"""Whether lookups by number work at this gateway, and for how many numbers at once.

The vendor's page documents a list of numbers and no limit on it. What an answer shows decides.
"""

from typing import Annotated

import msgspec


LONGEST = 500
SHORTEST = 25
"""Numbers in one lookup, at most and at least; below that it is given up."""
REST = 86_400.0
"""Seconds without lookups after they were not understood."""
TELLING = 20
"""Messages that must have been asked for before their absence tells anything."""
FOUND = 0.6
"""Share of them that an understood list brings back at least."""
LENGTHEN = 20
"""Good lookups after which a longer list is tried again."""


class Trust(msgspec.Struct):
    """What lookups have taught; part of what is learnt of an account."""

    longest: Annotated[int, msgspec.Meta(ge=SHORTEST, le=LONGEST)] = LONGEST
    """Numbers that may be asked for at once."""
    off_until: float = 0.0
    """No lookup before this moment, Unix seconds."""
    good: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Lookups that were understood since the list was shortened."""

    def length(self, now: float) -> int:
        """Numbers to ask for now at most; 0 for no lookup."""
        return self.longest if now >= self.off_until else 0

    def refused(self, asked: int, now: float) -> None:
        """The gateway said that it can't answer a lookup of so many numbers."""
        self._shorten(asked, now)

    def answered(self, asked: int, expected: int, found: int, foreign: int, now: float) -> None:
        """A page came for so many numbers.

        ``expected`` pending messages should have been on it, ``found`` of them were; ``foreign``
        rows were of numbers not asked for.
        """
        if foreign:
            self.off_until, self.good = now + REST, 0
        elif is_understood(expected, found, foreign):
            self._lengthen()
        else:
            self._shorten(asked, now)

    def set_back(self, now: float) -> None:
        """Rest no longer than from ``now``."""
        self.off_until = min(self.off_until, now + REST)

    def _shorten(self, asked: int, now: float) -> None:
        self.good = 0
        self.longest = asked // 2
        if self.longest < SHORTEST:
            self.longest, self.off_until = LONGEST, now + REST

    def _lengthen(self) -> None:
        self.good += 1
        if self.good >= LENGTHEN and self.longest < LONGEST:
            self.longest, self.good = min(LONGEST, self.longest * 2), 0


def is_understood(expected: int, found: int, foreign: int) -> bool:
    """Whether an answer can be one to the list that was asked for."""
    return not foreign and (expected < TELLING or found >= FOUND * expected)
