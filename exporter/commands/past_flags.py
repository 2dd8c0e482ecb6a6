"""Flags of the commands about the past, as `exporter.cli` puts them together."""

from pathlib import Path
from typing import Annotated

import typer


DAYS = "YYYY-MM-DD, DD.MM.YYYY, today or yesterday"
FirstDay = Annotated[
    str, typer.Option("--from", metavar="DAY", help=f"First day: {DAYS}. Half a year back at most.")
]
LastDay = Annotated[
    str | None,
    typer.Option("--to", metavar="DAY", help="Last day; through today when not given."),
]
FillInto = Annotated[
    Path,
    typer.Option(
        metavar="FILE", help="File to write; what was read is kept in FILE.work until then."
    ),
]
Step = Annotated[str, typer.Option(metavar="DURATION", help="Time between samples, from 1s to 5m.")]
TargetLabels = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="Label for each series, as Prometheus adds job and instance; repeatable.",
    ),
]
AllPermits = Annotated[
    bool,
    typer.Option(
        "--all-permits", help="Take every history call that is left, instead of a third of them."
    ),
]
IgnoreBaseline = Annotated[
    bool,
    typer.Option(
        "--ignore-baseline",
        help="Go on to --to where the exporter counts already: only for a Prometheus that has"
        " none of its numbers.",
    ),
]
OneDay = Annotated[
    str, typer.Option(metavar="DAY", help=f"Day to compare, in the account's time zone: {DAYS}.")
]
