"""Write every dashboard's JSON: ``python -m grafana``."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exporter.config import ConfigError
from exporter.monitoring.thresholds import Thresholds
from exporter.monitoring.thresholds_file import load_thresholds
from grafana.board import drawn
from grafana.boards import boards


HERE = Path(__file__).resolve().parent
FOLDER = HERE / "dashboards"
LIMITS = HERE.parent / "deploy" / "prometheus" / "thresholds.yml"
"""The limits of the alerts, which panels draw."""


def pages(thresholds: Thresholds) -> dict[str, dict[str, Any]]:
    """Each dashboard's JSON by the name of its file."""
    return {f"{board.uid}.json": drawn(board) for board in boards(thresholds)}


def text(page: dict[str, Any]) -> str:
    """The file's text."""
    return json.dumps(page, indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files; 1 when the limits cannot be read."""
    asked = _parser().parse_args(arguments)
    try:
        thresholds = load_thresholds(asked.thresholds)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    asked.into.mkdir(parents=True, exist_ok=True)
    for name, page in pages(thresholds).items():
        (asked.into / name).write_text(text(page), encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m grafana", description=__doc__)
    parser.add_argument("--into", type=Path, default=FOLDER, metavar="FOLDER", help="where to")
    parser.add_argument(
        "--thresholds", type=Path, default=LIMITS, metavar="FILE", help="limits of the alerts"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
