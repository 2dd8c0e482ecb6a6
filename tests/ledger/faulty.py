"""What the tests of faults share: failing and recovering, child processes, small disks."""

import ctypes
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter.ledger.errors import LedgerError
from tests.ledger.desk import T0, Desk, row


NEW_USER, NEW_MOUNTS = 0x10000000, 0x00020000
NOT_ALLOWED = 77


def send(desk: Desk, number: int) -> None:
    """Apply a page with one new message; those from 99 on have a label set of their own."""
    at = T0 + 10.0 * number
    sender = f"S{number}" if number in {99, 100, 101} else "SHOP"
    desk.apply([row(number, int(at) - 5, 20, status_time=int(at), sender=sender)], at)


def fails(desk: Desk, kind: type[LedgerError], words: str, number: int = 99) -> None:
    """Applying a page fails as said and changes nothing that is shown."""
    before = desk.shown()
    with pytest.raises(kind) as caught:
        send(desk, number)
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert str(desk.path) in str(caught.value)
    assert desk.shown() == before


def goes_on(desk: Desk) -> None:
    """The next page is applied and all totals are right, now and after a restart."""
    send(desk, 100)
    desk.check()
    desk.reopen()
    send(desk, 101)
    desk.check()


def fill(desk: Desk, ballast: Path | None = None) -> None:
    """Apply pages until no more fit."""
    if ballast is not None:
        with ballast.open("ab", buffering=0) as file, exhausted():
            while True:
                file.write(b"x" * 1024)
    for number in range(200, 2000):
        send(desk, number)


@contextmanager
def exhausted() -> Iterator[None]:
    """Until the disk is full."""
    with pytest.raises(OSError, match="No space left"):
        yield


def small_disk(folder: Path, kilobytes: int) -> None:
    """Mount a file system of our own over a folder, seen by this process only."""
    libc = ctypes.CDLL(None, use_errno=True)
    spaces = NEW_MOUNTS if os.geteuid() == 0 else NEW_MOUNTS | NEW_USER
    private = 1 << 18 | 1 << 14
    size = f"size={kilobytes}k".encode()
    if (
        libc.unshare(spaces)
        or libc.mount(None, b"/", None, private, None)
        or libc.mount(b"small", os.fsencode(folder), b"tmpfs", 0, size)
    ):
        os._exit(NOT_ALLOWED)


def in_child(work: Callable[[], None]) -> None:
    """Run in a child process, which may give up rights; skips the test when it may not do so."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == NOT_ALLOWED:
        pytest.skip("this process may not mount a small disk")
    assert code == 0
