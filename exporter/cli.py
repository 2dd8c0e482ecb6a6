"""Commands and flags."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import structlog
import typer

from exporter import __version__, logs
from exporter.config import ConfigError, Loaded, Overrides, load, render


USAGE_ERROR = 2

app = typer.Typer(
    name="smsc-exporter",
    help="Prometheus exporter for messages sent through smsc.ru.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config.file", help="YAML file; without it SMSC_* variables give one account."),
]
ListenAddress = Annotated[
    list[str] | None,
    typer.Option(
        "--web.listen-address", help="host:port or :port; repeatable.", show_default=False
    ),
]
TelemetryPath = Annotated[
    str | None, typer.Option("--web.telemetry-path", help="Path of the metrics page.")
]
LogLevel = Annotated[str | None, typer.Option("--log.level", help="debug, info, warning or error.")]
LogFormat = Annotated[str | None, typer.Option("--log.format", help="logfmt or json.")]


def main() -> None:
    """Run the command line."""
    app()


def _show_version(wanted: bool) -> None:  # noqa: FBT001  typer calls it so
    if wanted:
        typer.echo(f"smsc-exporter {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Prometheus exporter for messages sent through smsc.ru."""


@app.command()
def run(
    config_file: ConfigFile = None,
    listen_address: ListenAddress = None,
    telemetry_path: TelemetryPath = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Poll the configured accounts and serve /metrics."""
    overrides = Overrides(
        listen_addresses=tuple(listen_address or ()),
        telemetry_path=telemetry_path,
        log_level=log_level,
        log_format=log_format,
    )
    start(lambda: load(config_file, os.environ, overrides))


@app.command("check-config")
def check_config(config_file: ConfigFile = None) -> None:
    """Check the configuration and print what it comes to, secrets hidden."""
    loaded = load_or_exit(lambda: load(config_file, os.environ))
    for warning in loaded.warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(render(loaded.config), nl=False)


@app.command()
def demo(
    listen_address: Annotated[
        str, typer.Option("--web.listen-address", help="Where the exporter listens.")
    ] = "127.0.0.1:10048",
    gateway_port: Annotated[
        int, typer.Option(help="Port of the simulated gateway; 0 takes a free one.")
    ] = 0,
    state: Annotated[Path, typer.Option(help="Folder of the demo's ledger.")] = Path("var/demo"),
    log_level: LogLevel = None,
) -> None:
    """Run the exporter against a simulated gateway with lively traffic."""
    from exporter.demo import run_demo  # noqa: PLC0415  keeps `run` free of the simulation

    run_demo(listen_address, gateway_port, state, log_level or "info")


@app.command("simulate-gateway")
def simulate_gateway(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8090,
    login: Annotated[str, typer.Option(help="The account's login.")] = "demo",
    password: Annotated[str, typer.Option(help="The account's password.")] = "demo",  # noqa: S107  a made-up account
    world: Annotated[
        str, typer.Option(help="quiet, demo, busy, campaign, or a YAML file.")
    ] = "demo",
    seed: Annotated[int, typer.Option(help="The same seed gives the same history.")] = 1,
    rate: Annotated[float | None, typer.Option(help="Messages an hour.")] = None,
    limit: Annotated[int, typer.Option(help="History calls allowed in an hour.")] = 30,
    fault: Annotated[list[str] | None, typer.Option(help="KIND[:PROBABILITY]; repeatable.")] = None,
) -> None:
    """Serve a gateway that speaks the documented API over a made-up history."""
    from exporter.simulation.serve import build_gateway, serve  # noqa: PLC0415  same

    try:
        gateway = build_gateway(
            login=login,
            password=password,
            world=world,
            seed=seed,
            rate=rate,
            limit=limit,
            faults=fault or (),
        )
    except (ValueError, OSError) as error:
        fail(str(error))
    typer.echo(f"simulated gateway at http://{host}:{port}/sys/get.php, login {login}", err=True)
    serve(gateway, host=host, port=port)


def start(read: Callable[[], Loaded]) -> None:
    """Run the exporter until it is asked to stop."""
    from exporter.app import Exporter  # noqa: PLC0415  check-config needs none of it
    from exporter.web.errors import WebError  # noqa: PLC0415  same

    loaded = load_or_exit(read)
    logs.redact(loaded.config.secrets())
    logs.set_up(loaded.config.log.level, loaded.config.log.format)
    log = structlog.get_logger("exporter")
    for warning in loaded.warnings:
        log.warning("configuration", warning=warning)
    try:
        asyncio.run(_run(Exporter, read, loaded))
    except WebError as error:
        fail(str(error), status=1)


async def _run(make: type, read: Callable[[], Loaded], loaded: Loaded) -> None:
    await make(read, loaded).run()


def load_or_exit(read: Callable[[], Loaded]) -> Loaded:
    """The configuration, or every problem on standard error and exit status 2."""
    try:
        return read()
    except ConfigError as error:
        for problem in error.problems:
            typer.echo(f"error: {problem}", err=True)
        sys.exit(USAGE_ERROR)


def fail(message: str, *, status: int = USAGE_ERROR) -> NoReturn:
    """Say what is wrong and end."""
    typer.echo(f"error: {message}", err=True)
    sys.exit(status)
