"""Fixtures: the files of deploy/, the tools that check them, and the chart filled in."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml


ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "smsc-exporter"
SHAPES = Path(__file__).resolve().parent / "shapes"
SCHEMAS = Path(__file__).resolve().parent / "schemas"
KUBERNETES = "1.34"
"""The release that manifests are checked against."""

Manifest = dict[str, Any]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Render = Callable[..., list[Manifest]]


def read(path: Path) -> Any:
    """The only document of a YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def manifests(text: str) -> list[Manifest]:
    """The objects of a stream of YAML documents."""
    return [document for document in yaml.safe_load_all(text) if document]


def of_kind(kind: str, objects: list[Manifest]) -> Manifest:
    """The only object of a kind."""
    (found,) = [each for each in objects if each["kind"] == kind]
    return found


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a tool that `make deploy-check` provides; what it says is in ``stdout``."""

    def call(name: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        places = (ROOT / "var/tools/deploy/bin", ROOT / "var/tools/bin")
        ours = next((place / name for place in places if (place / name).exists()), None)
        tool = ours or shutil.which(name)
        if tool is None:
            pytest.fail(f"{name} is missing: run make deploy-check")
        command = [str(tool), *map(str, arguments)]
        return subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )

    return call


@pytest.fixture(scope="session")
def render(run: Run) -> Render:
    """Fill in the chart with the values of a shape, as a release of that name."""

    def objects(shape: str, release: str = "smsc-exporter") -> list[Manifest]:
        values = SHAPES / f"{shape}.yaml"
        answer = run("helm", "template", release, CHART, "--values", values)
        assert answer.returncode == 0, answer.stdout
        return manifests(answer.stdout)

    return objects
