"""Who is told apart by the time-to-final curves: channels, and operators within a channel."""

from collections.abc import Iterator


EVERYONE = 0
"""The group above all others."""
MOST_GROUPS = 33
"""Groups at most, with `EVERYONE`; whoever comes later counts with the group above."""


class Groups:
    """A book of groups that only grows; each has a small number, greater than its parent's."""

    def __init__(self) -> None:
        self._numbers = {("", ""): EVERYONE}
        self._parents = [EVERYONE]

    def __len__(self) -> int:
        return len(self._parents)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Channel and operator of each group, by number."""
        return iter(self._numbers)

    def number(self, channel: str, operator: str = "") -> int:
        """The group of an operator within a channel, or of a whole channel."""
        known = self._numbers.get((channel, operator))
        if known is not None:
            return known
        parent = self.number(channel) if operator else EVERYONE
        return parent if len(self) == MOST_GROUPS else self._enter(channel, operator, parent)

    def with_parents(self) -> list[tuple[int, int]]:
        """Number and parent's number of each group but `EVERYONE`, parents first."""
        return list(enumerate(self._parents))[1:]

    def _enter(self, channel: str, operator: str, parent: int) -> int:
        number = len(self)
        self._parents.append(parent)
        self._numbers[channel, operator] = number
        return number
