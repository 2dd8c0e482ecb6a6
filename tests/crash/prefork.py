"""A parent that has imported the program and forks it: a start costs milliseconds, not seconds.

Reads one order a line on standard input and answers the child's process id on standard output. The
child runs the program's own `main` with the arguments of the order. It may be told to kill itself
at its n-th SQL statement or commit, which no signal from outside can aim at.
"""

import json
import os
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event

import exporter.app  # noqa: F401  imported once, for all children
from exporter.cli import main


ENDED = b"ended by itself\n"
"""Written to the log by a child that was not killed."""


def _die_at(last: int, permits: int) -> None:
    """SIGKILL at the ``last``-th statement or commit after so many permits were booked."""
    left, booking = last, permits

    def count(*details: object) -> None:
        nonlocal left, booking
        if booking > 0:
            booking -= any("INSERT INTO permit" in str(detail) for detail in details)
            return
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)


def _become(order: dict[str, Any]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if order["statements"]:
        _die_at(order["statements"], order["permits"])
    sys.argv = ["smsc-exporter", *order["arguments"]]
    main()


def serve() -> None:
    """Fork a child for each order until the input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                _become(order)
            finally:
                os.write(2, ENDED)
                os._exit(0)
        print(pid, flush=True)  # noqa: T201  the answer


if __name__ == "__main__":
    serve()
