"""Two ways to start the exporter as a process: the command, and a fork that has it imported."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol


ENVIRONMENT = {"SMSC_LOGIN": "", "NO_PROXY": "127.0.0.1"}


class Process(Protocol):
    """What the tests do with a process; as `subprocess.Popen` does it."""

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status once it has ended."""
        ...

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


Start = Callable[[Sequence[str], Path], Process]
"""Starts the exporter with arguments; its output is added to the log."""


def command(arguments: Sequence[str], log: Path) -> Process:
    """Start it as people do, which takes seconds."""
    line = [sys.executable, "-m", "exporter", *arguments]
    with log.open("ab") as output:
        environment = {**os.environ, **ENVIRONMENT}
        return subprocess.Popen(line, stdout=output, stderr=output, env=environment)


class Forked:
    """Start it as a fork of a process that has imported it, which takes milliseconds."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        context = get_context("forkserver")
        context.set_forkserver_preload(["__main__", "exporter.app", "exporter.cli", __name__])
        self._process = context.Process(target=_main, args=(arguments, log))
        self._process.start()

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status once it has ended."""
        self._process.join(timeout)
        assert self._process.exitcode is not None, "it didn't end"
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()


def _main(arguments: Sequence[str], log: Path) -> None:
    from exporter.cli import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    output = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(ENVIRONMENT)
    sys.argv = ["smsc-exporter", *arguments]
    main()
