"""What an examination found, one line each."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec
import typer


class Level(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "skipped"
    """Could not be examined because of a problem before it."""


COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red"}


class Finding(msgspec.Struct, frozen=True):
    """One line of a report; the text holds no secret, phone number or message."""

    level: Level
    topic: str
    text: str


def ok(topic: str, text: str) -> Finding:
    """Something that is as it should be."""
    return Finding(Level.OK, topic, text)


def warning(topic: str, text: str) -> Finding:
    """Something to look at that does not stop the exporter."""
    return Finding(Level.WARNING, topic, text)


def problem(topic: str, text: str) -> Finding:
    """Something that keeps the exporter from its work."""
    return Finding(Level.PROBLEM, topic, text)


def skipped(topics: Iterable[str], *told: str) -> Finding:
    """What could not be examined: all topics but those ``told`` of already."""
    return Finding(Level.SKIPPED, "not checked", ", ".join(t for t in topics if t not in told))


def show(findings: Iterable[Finding]) -> bool:
    """Print each finding on its line; gives whether none is a problem."""
    fine = True
    for finding in findings:
        level = typer.style(f"{finding.level:<8}", fg=COLOURS.get(finding.level))
        typer.echo(f"  {level} {finding.topic}: {finding.text}")
        fine = fine and finding.level is not Level.PROBLEM
    return fine
