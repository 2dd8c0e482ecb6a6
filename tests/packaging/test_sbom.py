import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest


PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(.*?)(?=^\S)", re.MULTILINE | re.DOTALL)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@pytest.fixture(scope="module")
def bill(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give the bill of materials as a release carries it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [checkout / "scripts/sbom", folder], check=True, env=os.environ, capture_output=True
    )
    (written,) = folder.iterdir()
    assert re.fullmatch(r"smsc-exporter-[0-9][\w.]*\.cdx\.json", written.name)
    found: dict[str, Any] = json.loads(written.read_text())
    return found


def test_the_bill_is_of_this_program(bill: dict[str, Any]) -> None:
    """It says what it is the bill of, and in which format."""
    subject = bill["metadata"]["component"]
    assert (bill["bomFormat"], subject["name"]) == ("CycloneDX", "smsc-exporter")
    assert subject["licenses"][0]["license"]["id"] == "Apache-2.0"


def test_the_bill_lists_every_runtime_requirement(bill: dict[str, Any], checkout: Path) -> None:
    """Each locked version is there with each of its hashes, and nothing else is."""
    lock = (checkout / "requirements/runtime.txt").read_text() + "\nend"
    locked = {(name, version): set(HASH.findall(rest)) for name, version, rest in PIN.findall(lock)}
    listed = {
        (part["name"], part["version"]): {
            entry["content"]
            for reference in part["externalReferences"]
            for entry in reference.get("hashes", ())
        }
        for part in bill["components"]
    }
    assert len(locked) > 20
    assert listed == locked


def test_the_bill_tells_nothing_of_the_machine(bill: dict[str, Any], checkout: Path) -> None:
    """No folder of whoever made it."""
    assert str(checkout) not in json.dumps(bill)
