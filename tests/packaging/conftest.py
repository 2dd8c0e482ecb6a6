"""What the packaging tests share: the checkout and the files that git tracks in it."""

import os
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Give the root of the source tree."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tracked(checkout: Path) -> dict[str, str]:
    """Give the text of every tracked or trackable file by its path; binary files are left out."""
    if not (checkout / ".git").exists():
        reason = "not a git checkout"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout,
        capture_output=True,
        check=True,
    ).stdout.decode()
    texts = {}
    for name in filter(None, listing.split("\0")):
        path = checkout / name
        content = path.read_bytes() if path.is_file() else b"\0"
        if b"\0" not in content:
            texts[name] = content.decode("utf-8", errors="replace")
    return texts
