"""``smsc-exporter check-config``: what the configuration comes to."""

from collections.abc import Callable
from pathlib import Path

import typer

from exporter.commands.shell import load_or_exit, note, refuse
from exporter.commands.wording import counted
from exporter.config import ConfigError, Loaded, render
from exporter.web.protection.files import Files
from exporter.web.protection.reading import read_protection


def check(read: Callable[[], Loaded]) -> None:
    """Print the effective configuration, secrets hidden, and say that it can be used."""
    loaded = load_or_exit(read)
    warnings = (*loaded.warnings, *_web_warnings(loaded.config.web.config_file))
    for warning in warnings:
        note(f"warning: {warning}")
    typer.echo(render(loaded.config), nl=False)
    count = len(warnings)
    note(f"configuration: usable, {counted(count, 'warning')}" if count else "configuration: fine")


def _web_warnings(path: Path | None) -> tuple[str, ...]:
    """What is doubtful in the web configuration; ends the process for one that can't be used."""
    if path is None:
        return ()
    try:
        return read_protection(path, Files()).warnings
    except ConfigError as error:
        refuse(error)
