"""Commands, flags, variables and targets that the pages name exist."""

import re
from pathlib import Path

import pytest
import typer.main

from exporter.cli import app
from exporter.config.environment import VARIABLES


_COMMAND = re.compile(
    r"(?<!generic )(?<!--install )(?<!helm/)(?<!deployment/)\bsmsc-exporter((?: +(?!#|\|)\S+)*)"
)
"""Not names of Secrets, releases, charts and Deployments."""
_FLAG = re.compile(r"(?<![\w-])--[a-z][\w.-]*")


def flags() -> dict[str, set[str]]:
    """Flags of each command; those of the program itself under an empty name."""
    program = typer.main.get_command(app)
    commands = {"": program, **getattr(program, "commands", {})}
    return {
        name: {
            flag
            for each in (command, *(getattr(command, "commands", {}) if name else {}).values())
            for option in each.params
            for flag in (*option.opts, *option.secondary_opts, "--help")
        }
        for name, command in commands.items()
    }


def test_commands_take_the_flags_they_are_shown_with(code: list[str]) -> None:
    """A command that is copied from a page is understood."""
    known = flags()
    wrong = []
    for text in code:
        for words in _COMMAND.findall(text):
            command = next((w for w in words.split() if re.fullmatch(r"[a-z][a-z-]+", w)), "")
            taken = known[command] | known[""] if command in known else None
            if taken is None or not set(_FLAG.findall(words)) <= taken:
                wrong.append(text)
    assert wrong == []


def test_flags_named_alone_exist(code: list[str]) -> None:
    """No page tells of a flag that is gone."""
    known = set().union(*flags().values())
    named = {m[0] for text in code if (m := _FLAG.match(text))}
    assert named
    assert named <= known


def test_every_command_is_in_the_readme(pages: dict[Path, str], root: Path) -> None:
    """A newcomer sees all that the program can do."""
    readme = pages[root / "README.md"]
    shown = set(re.findall(r"^\| `smsc-exporter ([a-z-]+)(?: [a-z]+)?` \|", readme, re.MULTILINE))
    assert shown == set(flags()) - {""}


@pytest.mark.parametrize(
    ("page", "heading", "command"),
    [
        ("simulation.md", "simulate-gateway", "simulate-gateway"),
        ("commands.md", "explain", "explain"),
        ("freshness.md", "simulate", "simulate"),
        ("commands.md", "messages", "messages"),
        ("operations.md", "run", "run"),
        ("history.md", "Filling in the past", "backfill"),
        ("history.md", "Does the ledger agree?", "reconcile"),
    ],
)
def test_every_flag_is_described(
    pages: dict[Path, str], root: Path, page: str, heading: str, command: str
) -> None:
    """The table of a command's flags is complete, under its own heading where it has one."""
    text = pages[root / "docs" / page]
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0] or text
    rows = re.findall(r"^\| (`--.*?) \|", section, re.MULTILINE)
    shown = {flag for row in rows for flag in _FLAG.findall(row)}
    assert shown == {flag for flag in flags()[command] if flag.startswith("--")} - {"--help"}


def test_make_targets_exist(code: list[str], root: Path) -> None:
    """`make something` on a page is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z0-9-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    named = {t for text in code for t in re.findall(r"(?:^| )make ([a-z][\w-]*)", text)}
    assert named
    assert named <= targets


def test_variables_exist(prose: str) -> None:
    """Environment variables of the account are spelt as the program reads them."""
    named = set(re.findall(r"\bSMSC_[A-Z_]+\b", prose))
    assert named
    assert named <= set(VARIABLES)
