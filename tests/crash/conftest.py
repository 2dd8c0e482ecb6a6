"""What the crash tests share."""

from collections.abc import Iterator

import pytest

from tests.crash.victim import Prefork


@pytest.fixture(scope="module")
def prefork() -> Iterator[Prefork]:
    """The parent of forked exporters."""
    parent = Prefork()
    yield parent
    parent.close()
