"""``smsc-exporter check-config``: what the configuration comes to."""

from collections.abc import Callable

import typer

from exporter.commands.shell import load_or_exit, note
from exporter.commands.wording import counted
from exporter.config import Loaded, render


def check(read: Callable[[], Loaded]) -> None:
    """Print the effective configuration, secrets hidden, and say that it can be used."""
    loaded = load_or_exit(read)
    for warning in loaded.warnings:
        note(f"warning: {warning}")
    typer.echo(render(loaded.config), nl=False)
    count = len(loaded.warnings)
    note(f"configuration: usable, {counted(count, 'warning')}" if count else "configuration: fine")
