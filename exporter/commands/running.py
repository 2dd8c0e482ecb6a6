"""``smsc-exporter run``: the exporter as a process."""

import asyncio
import os
from collections.abc import Callable

import structlog

from exporter import logs
from exporter.app import Exporter
from exporter.commands.shell import fail, load_or_exit, refuse
from exporter.config import ConfigError, Loaded
from exporter.notify import find_manager
from exporter.web.errors import WebError


def start(read: Callable[[], Loaded]) -> None:
    """Run the exporter until it is asked to stop."""
    loaded = load_or_exit(read)
    logs.set_up(loaded.config.log.level, loaded.config.log.format)
    log = structlog.get_logger("exporter")
    for warning in loaded.warnings:
        log.warning("configuration", warning=warning)
    try:
        asyncio.run(_run(read, loaded))
    except ConfigError as error:
        refuse(error)
    except WebError as error:
        fail(str(error), status=1)


async def _run(read: Callable[[], Loaded], loaded: Loaded) -> None:
    await Exporter(read, loaded, manager=find_manager(os.environ)).run()
