import re
import tomllib
from pathlib import Path
from typing import Any

import pytest


PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)", re.MULTILINE)


def normalised(name: str) -> str:
    """Give a distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: Path) -> dict[str, str]:
    """Give the pinned version of each distribution in a lock file."""
    return {normalised(name): version for name, version in PIN.findall(lock.read_text())}


def named(requirements: list[str]) -> set[str]:
    """Give the distributions that requirement strings name."""
    return {normalised(re.split(r"[\s\[<>=!~;]", text, maxsplit=1)[0]) for text in requirements}


@pytest.fixture(scope="module")
def project(checkout: Path) -> dict[str, Any]:
    """Give the parsed ``pyproject.toml``."""
    return tomllib.loads((checkout / "pyproject.toml").read_text())


def test_the_runtime_lock_holds_every_dependency(checkout: Path, project: dict[str, Any]) -> None:
    """A dependency added without `make lock` is noticed."""
    locked = pins(checkout / "requirements/runtime.txt")
    assert named(project["project"]["dependencies"]) <= locked.keys()


def test_the_development_lock_holds_every_tool(checkout: Path, project: dict[str, Any]) -> None:
    """A tool added without `make lock` is noticed."""
    locked = pins(checkout / "requirements/dev.txt")
    assert named(project["dependency-groups"]["dev"]) <= locked.keys()


@pytest.mark.parametrize("group", ["build", "deploy"])
def test_the_other_locks_hold_every_tool(
    checkout: Path, project: dict[str, Any], group: str
) -> None:
    """What builds the image and what checks deploy/ is locked, too."""
    locked = pins(checkout / f"requirements/{group}.txt")
    assert named(project["dependency-groups"][group]) <= locked.keys()


def test_the_image_is_built_as_the_wheel_is(project: dict[str, Any]) -> None:
    """The locked build tools are those that the wheel asks for."""
    assert project["dependency-groups"]["build"] == project["build-system"]["requires"]


def test_tests_run_with_the_versions_that_users_get(checkout: Path) -> None:
    """The development lock repeats the runtime lock's pins."""
    runtime = pins(checkout / "requirements/runtime.txt")
    development = pins(checkout / "requirements/dev.txt")
    assert runtime.items() <= development.items()


@pytest.mark.parametrize("lock", ["runtime.txt", "dev.txt", "build.txt", "deploy.txt"])
def test_every_pin_has_hashes(checkout: Path, lock: str) -> None:
    """pip can refuse a file that is not the one that was locked."""
    blocks = re.split(r"\n(?=\S)", (checkout / "requirements" / lock).read_text())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_locked_requirements_are_not_resolved_anew(checkout: Path) -> None:
    """A release of tomorrow, of something that a locked package asks for, stops no installation."""
    places = [
        checkout / "Dockerfile",
        *(checkout / "scripts").iterdir(),
        *checkout.glob("docs/*.md"),
    ]
    lines = [line for path in places for line in path.read_text().splitlines()]
    installs = [line for line in lines if "--require-hashes" in line]
    assert len(installs) >= 6
    assert all("--no-deps" in line for line in installs)
