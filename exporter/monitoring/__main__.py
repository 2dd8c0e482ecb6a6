"""``python -m exporter.monitoring``: write rules and examples from a file of thresholds."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from exporter.config import ConfigError
from exporter.monitoring.files import write_files
from exporter.monitoring.thresholds import Thresholds
from exporter.monitoring.thresholds_file import load_thresholds, thresholds_file


def write(
    thresholds: Annotated[
        Path | None, typer.Option(help="YAML file with limits; without one, the defaults.")
    ] = None,
    output: Annotated[
        Path, typer.Option(help="Folder below which prometheus/ and alertmanager/ are written.")
    ] = Path(),
    *,
    print_thresholds: Annotated[
        bool, typer.Option("--print-thresholds", help="Print the limits with their meaning.")
    ] = False,
) -> None:
    """Write recording rules, alerts, and examples for Prometheus and Alertmanager."""
    try:
        limits = Thresholds() if thresholds is None else load_thresholds(thresholds)
        if print_thresholds:
            typer.echo(thresholds_file(limits), nl=False)
            return
        for path in write_files(output, limits):
            typer.echo(path)
    except ConfigError as error:
        sys.exit(f"{error}")
    except OSError as error:
        sys.exit(f"{error.filename}: cannot be written: {(error.strerror or '').lower()}")


if __name__ == "__main__":
    typer.run(write)
