"""Tells a service manager how the process fares, in the protocol of systemd's ``sd_notify``."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import structlog

from exporter.clock import Clock


BEATS = 2
"""Signs of life in each of the manager's time limits."""

log = structlog.get_logger("exporter")


class Manager:
    """The program that started this one and waits for its word, or nobody.

    ``address`` is the path of a datagram socket, or its abstract name after an ``@``; empty means
    nobody. ``patience`` is how long, in seconds, the manager lives without a sign of life before
    it ends this process; None means for ever.
    """

    def __init__(self, address: str = "", patience: float | None = None) -> None:
        self._address = address
        self._patience = patience

    def ready(self) -> None:
        """All that was asked for at the start, or in a reload, is done."""
        self._tell("READY=1")

    def stopping(self) -> None:
        """The process is about to end."""
        self._tell("STOPPING=1")

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """The configuration is read again within this block, whatever comes of it."""
        self._tell("RELOADING=1")
        try:
            yield
        finally:
            self.ready()

    async def watch(self, look: Callable[[], tuple[bool, str]], clock: Clock) -> None:
        """Give signs of life for as long as ``look`` says that all is well, and pass on its text.

        Does nothing where no manager waits for signs.
        """
        if not self._address or self._patience is None:
            return
        while True:
            alive, text = look()
            status = f"STATUS={text.replace(chr(10), '; ')}"
            self._tell(status, *(["WATCHDOG=1"] if alive else []))
            await clock.sleep(self._patience / BEATS)

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
                wire.setblocking(False)
                wire.sendto("\n".join(lines).encode(), name)
        except OSError as error:
            log.warning("the service manager cannot be told", error=error)


def find_manager(environ: Mapping[str, str]) -> Manager:
    """The manager that the environment tells of."""
    return Manager(environ.get("NOTIFY_SOCKET", ""), _patience(environ))


def _patience(environ: Mapping[str, str]) -> float | None:
    limit = environ.get("WATCHDOG_USEC", "")
    meant = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(limit) / 1e6 if meant and limit.isdecimal() and int(limit) else None
