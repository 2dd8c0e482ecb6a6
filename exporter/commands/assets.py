"""``smsc-exporter assets``: dashboards, rules and runbooks, written out from the package."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from exporter.commands.shell import emit, fail, refuse
from exporter.config import ConfigError
from exporter.monitoring.files import write_files
from exporter.monitoring.thresholds import Thresholds
from exporter.monitoring.thresholds_file import load_thresholds, thresholds_file


PACKAGE = Path(__file__).resolve().parents[1]
SHIPPED = PACKAGE / "shipped"
"""Where the wheel keeps them; a checkout has them in their places."""
TREES: Mapping[str, str] = {
    "grafana/dashboards": "grafana/dashboards",
    "grafana/provisioning": "grafana/provisioning",
    "docs/runbooks": "runbooks",
}
"""Folders of a checkout, and what they are called elsewhere."""


def write_assets(folder: Path, thresholds: Path | None) -> None:
    """Write everything below ``folder`` and print each path."""
    try:
        limits = Thresholds() if thresholds is None else load_thresholds(thresholds)
    except ConfigError as error:
        refuse(error)
    try:
        for path in _written(folder, limits):
            emit(f"{path}\n")
    except OSError as error:
        fail(f"{error.filename}: cannot be written: {(error.strerror or '').lower()}", status=1)


def _written(folder: Path, limits: Thresholds) -> Iterator[Path]:
    yield from write_files(folder, limits)
    path = folder / "prometheus" / "thresholds.yml"
    path.write_text(thresholds_file(limits), encoding="utf-8")
    yield path
    for place, target in TREES.items():
        source = SHIPPED / target if SHIPPED.exists() else PACKAGE.parent / place
        yield from _copied(source, folder / target)


def _copied(source: Path, folder: Path) -> Iterator[Path]:
    for found in sorted(path for path in source.rglob("*") if path.is_file()):
        path = folder / found.relative_to(source)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, path)
        yield path
