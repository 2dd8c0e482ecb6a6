"""Fixtures: the dashboards as they are committed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grafana.__main__ import FOLDER


Json = dict[str, Any]


@pytest.fixture(scope="session")
def pages() -> dict[str, Json]:
    """Each committed dashboard by its uid."""
    found = (json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json"))
    return {page["uid"]: page for page in found}


@pytest.fixture(scope="session")
def panels(pages: dict[str, Json]) -> list[tuple[str, Json]]:
    """Every panel but headings of rows, with its dashboard's uid."""
    return [(uid, panel) for uid, page in pages.items() for panel in flat(page["panels"])]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[2]


def flat(panels: list[Json]) -> Iterator[Json]:
    """Panels, and those in collapsed rows."""
    for panel in panels:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel
