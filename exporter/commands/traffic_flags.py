"""Flags of ``simulate``, as `exporter.cli` puts them together; `wanted` checks their values."""

from pathlib import Path
from typing import Annotated

import typer


MessagesPerDay = Annotated[
    str | None, typer.Option(metavar="N", help="Messages a day beside campaigns: 8000 if not said.")
]
PerHour = Annotated[str | None, typer.Option(metavar="N", help="The same as messages an hour.")]
CampaignOfDay = Annotated[
    list[str] | None,
    typer.Option(
        "--campaign",
        metavar="SIZE@HH:MM[/MINUTES]",
        help="A mailing each day, within 15 minutes if not said; repeatable.",
    ),
]
DayCurve = Annotated[
    bool | None,
    typer.Option("--day-curve/--flat", help="More by day than by night, or evenly."),
]
EmailPerHour = Annotated[
    str | None, typer.Option(metavar="N", help="E-mails an hour, out of the same permits.")
]
LatencyFactor = Annotated[
    str | None, typer.Option(metavar="X", help="Statuses come so many times as late as usual.")
]
OutageOfDay = Annotated[
    list[str] | None,
    typer.Option(
        "--outage",
        metavar="SHARE%@HH:MM+HOURS",
        help="An operator with this share of the messages reports nothing each day; repeatable.",
    ),
]
PermitsPerHour = Annotated[
    str | None,
    typer.Option(
        metavar="N,...", help="History calls an hour, as budget.requests: 30 if not said."
    ),
]
PolicyNames = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,...",
        help="Ways of polling: valuing (the exporter's), newest, paging, plain, omniscient;"
        " the first three if not said.",
    ),
]
OtherPrograms = Annotated[
    str | None, typer.Option(metavar="N", help="History calls an hour that other programs make.")
]
HoursJudged = Annotated[
    str | None, typer.Option(metavar="N", help="Hours of traffic that are judged: 24 if not said.")
]
Seed = Annotated[
    str | None, typer.Option(metavar="N", help="Another seed gives other messages of the kind.")
]
TrafficFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="YAML file with the flags by name, and anything of a world."),
]
Chart = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Draw the delays into this SVG file.")
]
