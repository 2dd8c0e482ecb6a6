"""What the lint finds, and what it is told to let pass."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec


EXCLUSIONS = Path(__file__).with_name("exclusions.yml")


class Finding(NamedTuple):
    """A fault."""

    rule: str
    place: str
    """Where: file and rule, board and panel, or page."""
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message} [{self.rule}]"


class Exclusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Faults that are none here."""

    rule: str
    reason: str
    where: str = ".*"
    """Regular expression of all of the place."""
    what: str = ".*"
    """Regular expression of a part of the message."""

    def covers(self, finding: Finding) -> bool:
        """Whether this fault is let pass."""
        return (
            finding.rule == self.rule
            and re.fullmatch(self.where, finding.place) is not None
            and re.search(self.what, finding.message) is not None
        )


@cache
def exclusions() -> tuple[Exclusion, ...]:
    """All that is let pass, each with its reason."""
    return msgspec.yaml.decode(EXCLUSIONS.read_bytes(), type=tuple[Exclusion, ...])


def standing(findings: Iterable[Finding]) -> list[str]:
    """The faults that are left, readable."""
    return [
        str(found)
        for found in findings
        if not any(exclusion.covers(found) for exclusion in exclusions())
    ]
