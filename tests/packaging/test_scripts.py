import os
import shutil
import subprocess
from pathlib import Path

import pytest


CLASSIC = """\
deb [arch=amd64] http://mirror.example/debian-security bookworm-security main
deb http://mirror.example/pub/debian/ bookworm main
"""
DEB822 = """\
Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://mirror.example/pub/debian/
Suites: bookworm bookworm-updates
Components: main
"""


@pytest.fixture
def tree(tmp_path: Path, checkout: Path) -> Path:
    """Give a copy of the scripts and of what they read, without any environment."""
    for name in ("scripts", "requirements"):
        shutil.copytree(checkout / name, tmp_path / "tree" / name)
    shutil.copy(checkout / "pyproject.toml", tmp_path / "tree")
    return tmp_path / "tree"


def run(tree: Path, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a script of the tree with some variables changed; never raises for its exit status."""
    return subprocess.run(
        [tree / "scripts" / command[0], *command[1:]],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_setup_without_a_new_enough_python_says_what_to_install(tree: Path) -> None:
    """A newcomer with an old Python reads one sentence, not a traceback."""
    answer = run(tree, "setup-venv", PYTHON="python-that-is-not-there")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.count("\n") == 1
    assert "no Python 3.11 or newer was found" in answer.stderr
    assert "apt install python3" in answer.stderr


def test_setup_with_an_environment_in_order_does_nothing(tree: Path, checkout: Path) -> None:
    """A second `make` neither waits nor needs a network."""
    (tree / ".venv/bin").mkdir(parents=True)
    (tree / ".venv/bin/python").symlink_to(shutil.which("python3") or checkout)
    stamp = subprocess.run(
        ["bash", "-c", "{ pwd && cat requirements/dev.txt pyproject.toml; } | sha256sum"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (tree / ".venv/setup-stamp").write_text(stamp)
    answer = run(tree, "setup-venv", PYTHON="python-that-is-not-there")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="not a Debian system")
@pytest.mark.parametrize(("name", "sources"), [("x.list", CLASSIC), ("x.sources", DEB822)])
def test_the_debian_mirror_is_the_one_of_the_system(tree: Path, name: str, sources: str) -> None:
    """Both forms of apt sources are read, and a security archive is not taken for a mirror."""
    parts = tree / "sources.list.d"
    parts.mkdir()
    (parts / name).write_text(sources)
    (tree / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "{parts}";\n'
    )
    answer = run(tree, "unpack-debian", "--print-mirror", APT_CONFIG=str(tree / "apt.conf"))
    assert answer.stdout == "http://mirror.example/pub/debian/\n"


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="not a Debian system")
def test_a_system_without_a_debian_mirror_is_told_so(tree: Path) -> None:
    """On another distribution the script says why it cannot help."""
    (tree / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "{tree}";\n'
    )
    answer = run(tree, "unpack-debian", "--print-mirror", APT_CONFIG=str(tree / "apt.conf"))
    assert answer.returncode == 1
    assert "name no Debian mirror" in answer.stderr
