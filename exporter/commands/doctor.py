"""``smsc-exporter doctor``: one history call an account, and in plain words what is not right."""

import sys
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from exporter import logs
from exporter.clock import Clock
from exporter.commands.asking import NEW_LEDGER, Desk, open_desk
from exporter.commands.diagnosis import (
    HELD_TOPICS,
    TOPICS,
    after_answer,
    after_error,
    balance,
    clock_difference,
    limits,
)
from exporter.commands.examining import examine
from exporter.commands.findings import Finding, ok, problem, show, skipped, warning
from exporter.commands.questions import QuestionError, choose_account
from exporter.commands.shell import fail, load_for_command, load_or_exit, run_to_end
from exporter.config import Account, Config, Loaded
from exporter.durations import format_duration
from exporter.gateway.answers import MOSCOW
from exporter.gateway.body import BODY_LIMIT
from exporter.gateway.errors import GatewayError
from exporter.gateway.inspection import inspect
from exporter.gateway.request import HistoryRequest
from exporter.ledger.errors import LedgerError
from exporter.polling.calls import Held


KIND = "doctor"
ROWS = 500
"""Enough to meet rare codes; not the head page's size, which would be an identical request."""


def examine_accounts(read: Callable[[], Loaded], name: str | None, clock: Clock) -> None:
    """Report on the named account, or on all; exit status 1 when there is a problem."""
    loaded = load_or_exit(read)
    logs.set_up("error")
    show(warning("configuration", text) for text in loaded.warnings)
    config = loaded.config
    accounts = config.accounts if name is None else (_chosen(config, name),)
    if not run_to_end(_examine_all(config, accounts, clock)):
        sys.exit(1)


async def _examine_all(config: Config, accounts: tuple[Account, ...], clock: Clock) -> bool:
    fine = True
    for account in accounts:
        typer.echo(f"account {account.name}")
        fine = show(await _findings(config, account, clock)) and fine
    return fine


def examine_file(
    path: Path, read: Callable[[], Loaded] | None, name: str | None, clock: Clock
) -> None:
    """Report on a saved answer (``-`` is standard input); exit status 1 when there is a problem.

    Dates are taken to be in the account's time zone, in Moscow's without a configuration.
    """
    timezone = (
        str(MOSCOW) if read is None else _chosen(load_for_command(read).config, name).timezone
    )
    body = _content(path)
    try:
        seen = inspect(body, ZoneInfo(timezone))
        findings = list(examine(seen, fmt=None, timezone=timezone, now=clock.now()))
    except GatewayError as error:
        findings = [problem("answer", str(error))]
    if not show(findings):
        sys.exit(1)


def _chosen(config: Config, name: str | None) -> Account:
    try:
        return choose_account(config, name)
    except QuestionError as error:
        fail(str(error))


def _content(path: Path) -> bytes:
    try:
        with sys.stdin.buffer if str(path) == "-" else path.open("rb") as file:
            body = file.read(BODY_LIMIT + 1)
    except OSError as error:
        fail(f"--answer: {path}: {error.strerror}")
    if len(body) > BODY_LIMIT:
        fail(f"--answer: {path} is larger than any answer ({BODY_LIMIT} bytes)")
    return body


async def _findings(config: Config, account: Account, clock: Clock) -> list[Finding]:
    bodies: list[bytes] = []
    findings = [ok("configuration", _described(account))]
    try:
        async with open_desk(config, account, clock, observer=bodies.append) as desk:
            findings.append(await _ledger(config, desk))
            findings += await _call(desk, bodies)
    except LedgerError as error:
        findings += [problem("ledger", f"{error}; without it no call is made"), skipped(TOPICS)]
    return findings


def _described(account: Account) -> str:
    budget = account.budget
    way = "API key" if account.credentials.apikey else "login and password"
    return (
        f"{account.api_url} with {way}, {' and '.join(account.channels)}, "
        f"{budget.requests} calls in {format_duration(budget.window)} less {budget.reserve} "
        "for other programs"
    )


async def _ledger(config: Config, desk: Desk) -> Finding:
    path = config.ledger.path
    if desk.made_ledger:
        return warning("ledger", NEW_LEDGER.format(path=path))
    return ok("ledger", f"{path}; history calls: {await desk.left()}")


async def _call(desk: Desk, bodies: list[bytes]) -> list[Finding]:
    """Make the call and say what it tells."""
    await desk.skip_own_pause()
    email_only = "sms" not in desk.account.channels
    request = HistoryRequest(cnt=ROWS, format=8 if email_only else 0)
    before = desk.clock.now()
    try:
        answer = await desk.ask(KIND, request)
    except Held as held:
        topic = HELD_TOPICS.get(held.denied.reason, "limits")
        return [problem(topic, desk.why(held.denied)), skipped(TOPICS, topic)]
    except GatewayError as error:
        memory = await desk.memory()
        return list(after_error(desk.account, error, desk.moment(memory.not_before)))
    after = desk.clock.now()
    seen = inspect(bodies[-1], desk.zone)
    return [
        *after_answer(desk.account, after - before),
        await _limits(desk),
        *await _balance(desk),
        clock_difference(answer.server_date, before, after),
        *examine(seen, fmt=request.fmt, timezone=desk.account.timezone, now=after),
    ]


async def _balance(desk: Desk) -> list[Finding]:
    """What is left, where that is asked for; not to know it keeps nobody from the history."""
    if not desk.account.balance.enabled:
        return []
    try:
        return [balance(desk.account, await desk.balance())]
    except Held as held:
        return [warning("balance", desk.why(held.denied))]
    except GatewayError as error:
        without = "if it can't be allowed, set balance.enabled to false"
        return [warning("balance", f"not told: {error}; {without}")]


async def _limits(desk: Desk) -> Finding:
    return limits(desk.account, await desk.memory(), await desk.left(), desk.clock.now())
