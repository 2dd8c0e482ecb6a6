"""Fixtures: the pages that people read, taken apart."""

import re
from pathlib import Path

import pytest


ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^( *)```(\S*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


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
def blocks(pages: dict[Path, str]) -> dict[str, list[str]]:
    """Fenced blocks of all pages by language."""
    found: dict[str, list[str]] = {}
    for text in pages.values():
        for _, language, block in _FENCE.findall(text):
            found.setdefault(language, []).append(block)
    return found


@pytest.fixture(scope="session")
def prose(pages: dict[Path, str]) -> str:
    """Everything that is written, in one text."""
    return "\n".join(pages.values())
