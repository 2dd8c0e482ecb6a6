"""Flags of the commands, as `exporter.cli` puts them together."""

from pathlib import Path
from typing import Annotated

import typer

from exporter.commands.choices import Output


ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config.file",
        metavar="FILE",
        help="YAML file; without it SMSC_* variables give one account.",
    ),
]
ListenAddress = Annotated[
    list[str] | None,
    typer.Option(
        "--web.listen-address",
        metavar="ADDRESS",
        help="host:port or :port; repeatable.",
        show_default=False,
    ),
]
TelemetryPath = Annotated[
    str | None,
    typer.Option("--web.telemetry-path", metavar="PATH", help="Path of the metrics page."),
]
WebConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--web.config.file",
        metavar="FILE",
        help="TLS, logins and headers, in the format of Prometheus' exporters.",
    ),
]
AssetsFolder = Annotated[
    Path, typer.Option("--to", metavar="DIR", help="Folder to write into; it is made if need be.")
]
ThresholdsFile = Annotated[
    Path | None,
    typer.Option(
        "--thresholds", metavar="FILE", help="Limits of the alerts; without it, the defaults."
    ),
]
EnableLifecycle = Annotated[
    bool,
    typer.Option("--web.enable-lifecycle", help="Answer POST /-/reload; SIGHUP always reloads."),
]
LogLevel = Annotated[
    str | None,
    typer.Option("--log.level", metavar="LEVEL", help="debug, info, warning or error."),
]
LogFormat = Annotated[
    str | None, typer.Option("--log.format", metavar="FORMAT", help="logfmt or json.")
]
AccountName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Account to ask for; the only one when there is one."),
]
OneAccount = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only this account; all when not given.")
]
Last = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Newest messages wanted (cnt): 10, or 1000 with --from. "
        "More than 1000 take a history call for each thousand.",
    ),
]
Phones = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NUMBERS",
        help="Only to this number (phone); repeatable, or a list with commas.",
    ),
]
Emails = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ADDRESSES",
        help="Only e-mails to this address (email); repeatable, or a list with commas.",
    ),
]
OnlyEmails = Annotated[
    bool,
    typer.Option("--emails", help="The history of e-mails (format=8); implied by --email."),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="DAY",
        help="First day (start): YYYY-MM-DD, DD.MM.YYYY, today or yesterday.",
    ),
]
Until = Annotated[
    str | None,
    typer.Option("--to", metavar="DAY", help="Last day (end); through today when not given."),
]
Before = Annotated[
    str | None,
    typer.Option(metavar="INT_ID", help="Only messages sent before this one (prev_id)."),
]
AnswerFormat = Annotated[
    int,
    typer.Option(
        min=0,
        max=3,
        metavar="FMT",
        help="Format the gateway answers in (fmt): 0 text, 1 commas, 2 XML, 3 JSON.",
    ),
]
OutputFormat = Annotated[
    Output, typer.Option(help="What to write; a table is plain text in a pipe.")
]
ShowPersonal = Annotated[
    bool,
    typer.Option("--show-personal", help="Show phone numbers, addresses and texts in full."),
]
