"""What a newcomer does with a fresh clone."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.conftest import CHECKOUT
from tests.e2e.servers import Program, free_port


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

SUBMITTED = re.compile(r'^smsc_messages_submitted_total\{.*channel="sms".*\} (\S+)$', re.MULTILINE)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files alone, without environment or state."""
    folder = tmp_path_factory.mktemp("clone") / "smsc-exporter"
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listing.split("\0")):
        if (CHECKOUT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, folder / name)
    return folder


@contextmanager
def demo_running(clone: Path, port: int) -> Iterator[tuple[Program, Path]]:
    """`make demo` in a terminal of its own, ended by Ctrl-C; make has a status of its own."""
    log = clone.parent / f"log-{time.monotonic_ns()}"
    address = f"127.0.0.1:{port}"
    with log.open("wb") as output:
        make = subprocess.Popen(
            ["make", "demo", f"ARGS=--web.listen-address {address}"],
            cwd=clone,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield Program([], f"http://{address}", log), log
        os.killpg(make.pid, signal.SIGINT)
        assert make.wait(10) in {0, 2, -signal.SIGINT}, log.read_text()
    finally:
        if make.poll() is None:
            os.killpg(make.pid, signal.SIGKILL)
            make.wait()


def await_line(log: Path, text: str, seconds: float) -> None:
    """Wait until the log says something."""
    end = time.monotonic() + seconds
    while text not in log.read_text():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


def total(page: str) -> float:
    """Messages that a page counts."""
    return sum(float(value) for value in SUBMITTED.findall(page))


def baselines(clone: Path) -> list[tuple[str, float]]:
    """From when each stream is counted."""
    with sqlite3.connect(clone / "var/demo/ledger.sqlite") as ledger:
        return ledger.execute("SELECT channel, baseline FROM stream ORDER BY channel").fetchall()


def test_make_demo_works_ends_and_continues(clone: Path) -> None:
    """Two commands of the README: metrics within 15 s, a clean Ctrl-C, and no second baseline."""
    port = free_port()
    with demo_running(clone, port) as (exporter, log):
        await_line(log, "Ctrl-C stops", 300)
        exporter.await_text("/metrics", lambda page: bool(SUBMITTED.search(page)), 15)
        exporter.await_text("/metrics", lambda page: total(page) > 0, 120)
    before = baselines(clone)
    assert [channel for channel, _ in before] == ["email", "sms"]
    with demo_running(clone, port) as (exporter, log):
        await_line(log, "Ctrl-C stops", 60)
        page = exporter.await_text("/metrics", lambda page: bool(SUBMITTED.search(page)), 15)
        assert total(page) > 0
        exporter.await_text("/-/ready", lambda text: text == "ready\n", 15)
    assert baselines(clone) == before
    assert "event=stopping" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_ctrl_c_is_a_clean_end(tmp_path: Path) -> None:
    """The demo itself ends with exit status 0 and without a word of complaint."""
    address, log = f"127.0.0.1:{free_port()}", tmp_path / "log"
    command = [sys.executable, "-m", "exporter", "demo", "--web.listen-address", address]
    program = Program([*command, "--state", str(tmp_path)], f"http://{address}", log)
    program.start()
    await_line(log, "event=polled", 60)
    assert program.end(signal.SIGINT) == 0
    assert "level=error" not in log.read_text()
    assert "Traceback" not in log.read_text()
