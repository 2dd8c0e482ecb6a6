"""What all tests share."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

from exporter import logs
from exporter.ledger import file_store


settings.register_profile(
    "shared", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("shared")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--ledger postgresql``: tests of the ledger run against a database of their own each."""
    parser.addoption("--ledger", choices=("file", "postgresql"), default="file")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about files alone."""
    if config.getoption("ledger") == "file":
        return
    of_files = [item for item in items if item.get_closest_marker("file_ledger")]
    config.hook.pytest_deselected(items=of_files)
    items[:] = [item for item in items if item not in of_files]


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
        patch.setattr(file_store, "create_engine", create_engine)
        yield
    first.dispose()


@pytest.fixture(autouse=True)
def _logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a command sets up for its own process ends with the test."""
    monkeypatch.setattr(logs, "_REDACTOR", logs.Redactor())
    monkeypatch.setattr(logging, "raiseExceptions", logging.raiseExceptions)
    before = [(logger, logger.level, logger.handlers, logger.propagate) for logger in _loggers()]
    yield
    structlog.reset_defaults()
    logging.captureWarnings(False)
    for logger, level, handlers, propagate in before:
        logger.setLevel(level)
        logger.handlers, logger.propagate = handlers, propagate


def _loggers() -> list[logging.Logger]:
    servers = ("uvicorn.error", "uvicorn.asgi", "uvicorn.access")
    names = (*logs.QUIET_LIBRARIES, *logs.CHATTY_LIBRARIES, *servers)
    return [logging.getLogger(), *map(logging.getLogger, names)]
