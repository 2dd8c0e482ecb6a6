"""What the tests against real servers share."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.servers import Program, free_port


CHECKOUT = Path(__file__).resolve().parents[2]
Tool = Callable[[str], Path]


@pytest.fixture(scope="session")
def tool() -> Tool:
    """Find a program that scripts/e2e-servers provides."""

    def find(name: str) -> Path:
        ours = CHECKOUT / "var/tools/bin" / name
        found = ours if ours.exists() else shutil.which(name)
        if found is None:
            pytest.fail(f"{name} is missing: run scripts/e2e-servers as root once")
        return Path(found)

    return find


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A running demo whose first sync is done."""
    folder = tmp_path_factory.mktemp("demo")
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "exporter", "demo", "--web.listen-address", address]
    program = Program([*command, "--state", str(folder)], f"http://{address}", folder / "log")
    with program.running():
        program.await_text("/-/ready", lambda text: text == "ready\n", 60)
        yield program
