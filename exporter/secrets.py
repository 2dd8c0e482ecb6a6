"""A value that must not show up anywhere by accident."""

from dataclasses import dataclass


REDACTED = "<secret>"
"""What stands for a secret wherever one would be shown."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A password or key; ``str``, ``repr`` and formatting give ``<secret>``."""

    _value: str

    def reveal(self) -> str:
        """The clear text, for the place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return REDACTED

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(REDACTED, spec)
