"""The programs that rules are tried with."""

import shutil
from pathlib import Path

import pytest


ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def tool(name: str) -> Path:
    """A program that scripts/e2e-servers provides; the test fails without it."""
    ours = ROOT / "var/tools/bin" / name
    found = ours if ours.exists() else shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing: run scripts/e2e-servers as root once")
    return Path(found)


def older_promtool() -> Path:
    """promtool of the 2.53 line; without it, the test is skipped and says why."""
    path = ROOT / "var/tools/bin/promtool-2.53"
    if not path.exists():
        pytest.skip("promtool 2.53 is missing (scripts/e2e-servers); tried with one version only")
    return path
