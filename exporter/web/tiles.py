"""Facts side by side, and how something stands in a word."""

from collections.abc import Iterable
from html import escape
from typing import NamedTuple


class State(NamedTuple):
    """A few words, and their tone: good, watch, bad or none."""

    tone: str
    words: str


class Tile(NamedTuple):
    """One fact; ``beside`` says more of it in small type."""

    name: str
    value: str
    beside: str = ""
    tone: str = ""


def tiles(facts: Iterable[Tile]) -> str:
    """A list of names and values."""
    return f'<dl class="tiles">{"".join(map(_tile, facts))}</dl>'


def _tile(fact: Tile) -> str:
    beside = f" <small>{escape(fact.beside)}</small>" if fact.beside else ""
    return (
        f"<div><dt>{escape(fact.name)}</dt>"
        f'<dd class="{fact.tone}">{escape(fact.value)}{beside}</dd></div>'
    )
