"""Fixtures of all rehearsals."""

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged, instead of being written."""
    with capture_logs() as caught:
        yield caught
