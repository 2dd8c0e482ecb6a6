"""Fixtures: the pages that people read, taken apart."""

import re
from pathlib import Path

import pytest


ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def pages() -> dict[Path, str]:
    """Every page by its path."""
    paths = (*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md")))
    return {path: path.read_text(encoding="utf-8") for path in paths}


@pytest.fixture(scope="session")
def prose(pages: dict[Path, str]) -> str:
    """Everything that is written, in one text."""
    return "\n".join(pages.values())


@pytest.fixture(scope="session")
def blocks(prose: str) -> dict[str, list[str]]:
    """Fenced blocks of all pages by what stands behind the fence."""
    found: dict[str, list[str]] = {}
    for _, kind, block in _FENCE.findall(prose):
        found.setdefault(kind, []).append(block)
    return found


@pytest.fixture(scope="session")
def code(prose: str, blocks: dict[str, list[str]]) -> list[str]:
    """Every code span, and every line of a block of shell commands."""
    lines = [line for block in blocks["sh"] for line in block.splitlines()]
    return [*_SPAN.findall(_FENCE.sub("", prose)), *lines]
