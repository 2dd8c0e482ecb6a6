"""What all tests share."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

from exporter.ledger import engine


settings.register_profile(
    "shared", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("shared")


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    """Ledgers opened one after the other share their compiled statements, which are most of the
    cost of opening one; connections and files stay their own.
    """
    first, compiled = sqlalchemy.create_engine("sqlite://"), dict[Any, Any]()
    first.connect().close()

    def create_engine(url: str, **choices: Any) -> Engine:
        made = sqlalchemy.create_engine(url, **choices)
        made.dialect = first.dialect
        return made.execution_options(compiled_cache=compiled)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "create_engine", create_engine)
        yield
    first.dispose()
