"""Commands and flags."""

import os
from pathlib import Path
from typing import Annotated, cast

import typer

from exporter import DEFAULT_PORT, __version__
from exporter.clock import SystemClock
from exporter.commands import flags, past_flags, traffic_flags
from exporter.commands.choices import Asked, Filling, Format, Output
from exporter.commands.shell import USAGE_ERROR, Commands, load_for_command
from exporter.config import Overrides, load


app = typer.Typer(
    name="smsc-exporter",
    cls=Commands,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line."""
    app(prog_name="smsc-exporter")


def _show_version(wanted: bool) -> None:  # noqa: FBT001  typer calls it so
    if wanted:
        typer.echo(f"smsc-exporter {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _top(
    context: typer.Context,
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Prometheus exporter for messages sent through smsc.ru."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(USAGE_ERROR)


@app.command()
def run(
    config_file: flags.ConfigFile = None,
    listen_address: flags.ListenAddress = None,
    telemetry_path: flags.TelemetryPath = None,
    web_config_file: flags.WebConfigFile = None,
    *,
    enable_lifecycle: flags.EnableLifecycle = False,
    log_level: flags.LogLevel = None,
    log_format: flags.LogFormat = None,
) -> None:
    """Poll the configured accounts and serve /metrics."""
    from exporter.commands.running import start  # noqa: PLC0415  other commands need none of it

    overrides = Overrides(
        listen_addresses=tuple(listen_address or ()),
        telemetry_path=telemetry_path,
        config_file=web_config_file,
        enable_lifecycle=enable_lifecycle,
        log_level=log_level,
        log_format=log_format,
    )
    start(lambda: load(config_file, os.environ, overrides))


@app.command()
def probe(
    url: Annotated[
        str, typer.Option(metavar="URL", help="Page that answers 200 while all is well.")
    ] = f"http://127.0.0.1:{DEFAULT_PORT}/-/healthy",
    timeout: Annotated[
        float, typer.Option(min=0.1, max=60, metavar="SECONDS", help="Longest wait.")
    ] = 5.0,
) -> None:
    """Say whether the exporter that runs here is well, for the health check of a container.

    The exit status is 1 when it is not, or does not answer.
    """
    from exporter.commands.probing import probe as ask  # noqa: PLC0415  same

    ask(url, timeout)


@app.command("check-config")
def check_config(
    config_file: flags.ConfigFile = None, web_config_file: flags.WebConfigFile = None
) -> None:
    """Check the configuration and print it, secrets hidden."""
    from exporter.commands.checking import check  # noqa: PLC0415  same

    overrides = Overrides(config_file=web_config_file)
    check(lambda: load(config_file, os.environ, overrides))


@app.command()
def assets(to: flags.AssetsFolder, thresholds: flags.ThresholdsFile = None) -> None:
    """Write out dashboards, rules, alerts, and runbooks."""
    from exporter.commands.assets import write_assets  # noqa: PLC0415  same

    write_assets(to, thresholds)


@app.command()
def messages(
    config_file: flags.ConfigFile = None,
    account: flags.AccountName = None,
    last: flags.Last = None,
    phone: flags.Phones = None,
    email: flags.Emails = None,
    *,
    emails: flags.OnlyEmails = False,
    since: flags.Since = None,
    until: flags.Until = None,
    before: flags.Before = None,
    answer_format: flags.AnswerFormat = 3,
    output: flags.OutputFormat = Output.TABLE,
    show_personal: flags.ShowPersonal = False,
) -> None:
    """Show messages of the account's history.

    Phone numbers, addresses and texts are masked unless --show-personal is given. Each thousand
    messages take one history call out of the budget that the exporter polls with; what is left of
    it is said on standard error. Run it as the exporter's user, so that both can write the ledger.

    \b
    The last ten SMS:
      smsc-exporter messages
    The last one to a number:
      smsc-exporter messages --last 1 --phone 79999999999
    Yesterday's e-mails to two addresses:
      smsc-exporter messages --from yesterday --to yesterday --email a@mail.example,b@mail.example
    All SMS of three days as CSV, texts included:
      smsc-exporter messages --from 2026-03-01 --to 2026-03-03 --last 20000 \\
        --output csv --show-personal > march.csv
    """  # noqa: D301  click's own mark for lines that stay as they are
    from exporter.commands.messages import show_messages  # noqa: PLC0415  same

    asked = Asked(
        last=last,
        phones=tuple(phone or ()),
        emails=tuple(email or ()),
        only_emails=emails,
        since=since,
        until=until,
        before=before,
        fmt=cast("Format", answer_format),
    )
    loaded = load_for_command(lambda: load(config_file, os.environ))
    show_messages(
        loaded.config,
        asked,
        account=account,
        output=output,
        personal=show_personal,
        clock=SystemClock(),
    )


@app.command()
def doctor(
    config_file: flags.ConfigFile = None,
    account: flags.OneAccount = None,
    answer: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Examine a saved answer instead, in any format, without a call; - reads stdin.",
        ),
    ] = None,
) -> None:
    """Say in plain words what is right and what is not.

    Looks at configuration, ledger, network, login, limits, clock and decoding, with one history
    call for each account, out of the budget that the exporter polls with. Run it as the exporter's
    user, so that both can write the ledger. The exit status is 1 when there is a problem.

    \b
    Every configured account:
      smsc-exporter doctor --config.file=/etc/smsc-exporter.yml
    An answer that somebody saved, without a call:
      smsc-exporter doctor --answer answer.json
    """  # noqa: D301  same
    from exporter.commands.doctor import examine_accounts, examine_file  # noqa: PLC0415  same

    clock = SystemClock()
    if answer is None:
        examine_accounts(lambda: load(config_file, os.environ), account, clock)
    elif config_file is None:
        examine_file(answer, None, None, clock)
    else:
        examine_file(answer, lambda: load(config_file, os.environ), account, clock)


@app.command()
def backfill(
    config_file: flags.ConfigFile = None,
    account: flags.AccountName = None,
    *,
    since: past_flags.FirstDay,
    until: past_flags.LastDay = None,
    output: past_flags.FillInto,
    step: past_flags.Step = "1m",
    label: past_flags.TargetLabels = None,
    all_permits: past_flags.AllPermits = False,
    ignore_baseline: past_flags.IgnoreBaseline = False,
) -> None:
    """Write the past of an account for Prometheus.

    Reads the history from before the exporter's first start and writes OpenMetrics text with the
    times at which things happened, as if the exporter had run then. promtool makes blocks of it.
    Takes at most a third of the history calls, beside a running exporter. It can be interrupted at
    any time: the same command goes on. Run it as the exporter's user, so that both can write the
    ledger.

    \b
    All since February, with the labels of the scrape; the last lines say when blocks may be made:
      smsc-exporter backfill --from 2026-02-01 --output past.om \\
        --label job=smsc --label instance=localhost:10048
      promtool tsdb create-blocks-from openmetrics past.om /var/lib/prometheus
    """  # noqa: D301  same
    from exporter.commands.backfill import backfill as fill  # noqa: PLC0415  same

    asked = Filling(
        account=account,
        since=since,
        until=until,
        output=output,
        step=step,
        labels=tuple(label or ()),
        all_permits=all_permits,
        ignore_baseline=ignore_baseline,
    )
    loaded = load_for_command(lambda: load(config_file, os.environ))
    fill(loaded.config, asked, SystemClock())


@app.command()
def reconcile(
    config_file: flags.ConfigFile = None,
    account: flags.AccountName = None,
    *,
    day: past_flags.OneDay,
    all_permits: past_flags.AllPermits = False,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Compare what the ledger has of a day with the gateway's history.

    Reads the day again, with at most a third of the history calls, and says which messages differ
    and how. Asks for the gateway's own statistics, too. Run it as the exporter's user, so that both
    can write the ledger. The exit status is 0 when all is the same, 1 when something differs, 2
    when it can't be told.
    """
    from exporter.commands.reconcile import reconcile as compare  # noqa: PLC0415  same

    loaded = load_for_command(lambda: load(config_file, os.environ))
    compare(loaded.config, day, SystemClock(), account=account, all_permits=all_permits, json=json)


@app.command()
def explain(
    config_file: flags.ConfigFile = None,
    account: flags.OneAccount = None,
    *,
    json: Annotated[
        bool, typer.Option("--json", help="Print it as JSON, as /api/v1/status has it.")
    ] = False,
) -> None:
    """Say what would be asked next and why, without a call.

    Plans from what the ledger knows, as an exporter would that starts now: the next call or wait,
    what else was weighed, the state of the budget, gaps and pace. What a running exporter decided
    lately is on its page /status. Calls nobody, spends no permit and counts nothing. Run it as the
    exporter's user, so that it can open the ledger.
    """
    from exporter.commands.explain import explain_accounts  # noqa: PLC0415  same

    explain_accounts(lambda: load(config_file, os.environ), account, SystemClock(), json=json)


@app.command()
def simulate(
    messages_per_day: traffic_flags.MessagesPerDay = None,
    per_hour: traffic_flags.PerHour = None,
    campaign: traffic_flags.CampaignOfDay = None,
    *,
    day_curve: traffic_flags.DayCurve = None,
    email_per_hour: traffic_flags.EmailPerHour = None,
    latency_factor: traffic_flags.LatencyFactor = None,
    outage: traffic_flags.OutageOfDay = None,
    permits: traffic_flags.PermitsPerHour = None,
    policies: traffic_flags.PolicyNames = None,
    other_programs: traffic_flags.OtherPrograms = None,
    hours: traffic_flags.HoursJudged = None,
    seed: traffic_flags.Seed = None,
    file: traffic_flags.TrafficFile = None,
    chart: traffic_flags.Chart = None,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say how fresh an account's numbers would be, by rehearsing its traffic.

    Runs the exporter itself on a virtual clock against the simulated gateway, and beside it what
    programs do that only ask for the newest messages. Needs no account and calls nobody. A day
    of some thousand messages takes about a minute of a processor for each line of the table.

    \b
    A shop with a daily mailing, with two budgets:
      smsc-exporter simulate --messages-per-day 8000 --campaign 20000@12:00 \\
        --permits 30,20 --chart freshness.svg
    An operator that stands still for three hours, and another program:
      smsc-exporter simulate --per-hour 2000 --outage 25%@14:00+3 --other-programs 8
    """  # noqa: D301  same
    from exporter.commands.forecast import forecast  # noqa: PLC0415  same

    given = {
        "messages_per_day": messages_per_day,
        "per_hour": per_hour,
        "campaign": campaign,
        "day_curve": day_curve,
        "email_per_hour": email_per_hour,
        "latency_factor": latency_factor,
        "outage": outage,
        "permits": permits,
        "policies": policies,
        "other_programs": other_programs,
        "hours": hours,
        "seed": seed,
    }
    forecast(given, file, chart=chart, json=json)


ledger = typer.Typer(
    name="ledger",
    help="Look after a ledger.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(ledger)


@ledger.callback()
def _ledger() -> None:
    """Keep ``copy`` a command of its own."""


@ledger.command("copy")
def ledger_copy(
    source: Annotated[
        str,
        typer.Option("--from", metavar="LEDGER", help="A file, or postgresql://USER@HOST/NAME."),
    ],
    target: Annotated[
        str, typer.Option("--to", metavar="LEDGER", help="Where to; must hold no account yet.")
    ],
    source_password: Annotated[
        Path | None,
        typer.Option("--from-password-file", metavar="FILE", help="The database user's password."),
    ] = None,
    target_password: Annotated[
        Path | None,
        typer.Option("--to-password-file", metavar="FILE", help="The same for --to."),
    ] = None,
) -> None:
    """Copy a ledger to another database, exactly, while no exporter uses either.

    \b
    From a file to PostgreSQL:
      smsc-exporter ledger copy --from smsc-exporter.sqlite \\
        --to postgresql://smsc@db.example/smsc --to-password-file ledger-password
    """  # noqa: D301  \b keeps the example's lines apart
    from exporter.commands.copying import copy_ledger  # noqa: PLC0415  starts faster

    copy_ledger(source, target, source_password=source_password, target_password=target_password)


@app.command()
def demo(
    listen_address: Annotated[
        str,
        typer.Option("--web.listen-address", metavar="ADDRESS", help="Where the exporter listens."),
    ] = "127.0.0.1:10048",
    gateway_port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65535,
            metavar="PORT",
            help="Port of the simulated gateway; 0 takes a free one.",
        ),
    ] = 0,
    state: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder of the demo's ledger.")
    ] = Path("var/demo"),
    log_level: flags.LogLevel = None,
) -> None:
    """Run beside a simulated gateway with lively traffic."""
    from exporter.commands.simulating import demo as run_demo  # noqa: PLC0415  same

    run_demo(listen_address, gateway_port, state, log_level or "info")


@app.command("simulate-gateway")
def simulate_gateway(
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=1, max=65535, metavar="PORT", help="Port to listen on.")
    ] = 8090,
    login: Annotated[str, typer.Option(metavar="LOGIN", help="The account's login.")] = "demo",
    password: Annotated[
        str, typer.Option(metavar="PASSWORD", help="The account's password.")
    ] = "demo",  # noqa: S107  a made-up account
    world: Annotated[
        str, typer.Option(metavar="WORLD", help="quiet, demo, busy, campaign, or a YAML file.")
    ] = "demo",
    seed: Annotated[
        int, typer.Option(metavar="N", help="The same seed gives the same history.")
    ] = 1,
    rate: Annotated[
        float | None, typer.Option(min=0, metavar="N", help="Messages an hour.")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, metavar="N", help="History calls allowed in an hour.")
    ] = 30,
    fault: Annotated[
        list[str] | None, typer.Option(metavar="FAULT", help="KIND[:PROBABILITY]; repeatable.")
    ] = None,
) -> None:
    """Serve a gateway like the real one, with made-up messages."""
    from exporter.commands.simulating import simulate  # noqa: PLC0415  same

    simulate(
        host,
        port,
        login=login,
        password=password,
        world=world,
        seed=seed,
        rate=rate,
        limit=limit,
        faults=fault or (),
    )
