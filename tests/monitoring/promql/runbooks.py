"""Runbooks, taken apart."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple


RUNBOOKS = Path(__file__).parents[3] / "docs" / "runbooks"
INDEX = "index"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


class Page(NamedTuple):
    """One page."""

    name: str
    """Name of the alert, or ``index``."""
    text: str

    @property
    def headings(self) -> tuple[str, ...]:
        """Its sections, in order."""
        return tuple(_HEADING.findall(self.text))

    @property
    def prose(self) -> str:
        """The text without fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def queries(self) -> tuple[str, ...]:
        """Every block of PromQL."""
        return tuple(block for kind, block in _FENCE.findall(self.text) if kind == "promql")

    @property
    def kinds(self) -> frozenset[str]:
        """What stands behind the fences."""
        return frozenset(kind for kind, _ in _FENCE.findall(self.text))

    @property
    def spans(self) -> tuple[str, ...]:
        """Everything that is marked as code in the text."""
        return tuple(_SPAN.findall(self.prose))

    def section(self, heading: str) -> str:
        """Text of a section; empty when there is none."""
        _, _, after = f"\n{self.text}".partition(f"\n## {heading}\n")
        return after.partition("\n## ")[0].strip()


@cache
def pages() -> tuple[Page, ...]:
    """Every page, the index first."""
    read = (Page(path.stem, path.read_text(encoding="utf-8")) for path in RUNBOOKS.glob("*.md"))
    return tuple(sorted(read, key=lambda page: (page.name != INDEX, page.name)))
