"""``smsc-exporter reconcile``: what the gateway says of a day against what the ledger has."""

from collections.abc import Mapping
from functools import partial

import msgspec

from exporter import wiring
from exporter.clock import Clock
from exporter.commands.asking import Desk, open_desk
from exporter.commands.explain import NO_LEDGER
from exporter.commands.past import ONE_IN, Pages, today_of, within_reach
from exporter.commands.questions import QuestionError, choose_account, day
from exporter.commands.reading_shown import Shown, Span
from exporter.commands.reconcile_shown import Reconciled, as_json, as_text
from exporter.commands.shell import emit, fail, run_to_end
from exporter.config import Account, Config
from exporter.gateway.client import GatewayClient
from exporter.gateway.errors import GatewayError
from exporter.gateway.statistics import Statistics, StatisticsRequest
from exporter.history.comparing import Comparison, Stretch, comparable, compare
from exporter.history.errors import HistoryError, NothingToDo
from exporter.history.period import Period
from exporter.history.reading import Reader
from exporter.history.work import IN_MEMORY, Plan, WorkFile
from exporter.ledger.errors import LedgerError
from exporter.ledger.sent import coverage, sent
from exporter.ledger.store import Store
from exporter.polling.calls import Held


DIFFERS = 1
UNREACHABLE = 2


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be compared, checked."""

    config: Config
    account: Account
    day: Period
    one_in: int | None


def reconcile(
    config: Config,
    text: str,
    clock: Clock,
    *,
    account: str | None,
    all_permits: bool,
    json: bool,
    client: GatewayClient | None = None,
) -> None:
    """Compare and print; exit status 0 when all is the same, 1 when not, 2 when that is unknown."""
    try:
        job = _job(config, account, text, clock.now(), one_in=None if all_permits else ONE_IN)
    except QuestionError as error:
        fail(str(error))
    if not config.ledger.path.exists():
        fail(NO_LEDGER.format(path=config.ledger.path), status=UNREACHABLE)
    try:
        found = run_to_end(reconciled(job, clock, client))
    except (HistoryError, LedgerError) as error:
        fail(str(error), status=UNREACHABLE)
    emit((as_json if json else as_text)(found, job.account))
    if not found.same:
        raise SystemExit(DIFFERS)


async def reconciled(job: Job, clock: Clock, client: GatewayClient | None = None) -> Reconciled:
    """Read the day again and compare.

    Raises:
        HistoryError, LedgerError: it can't be compared.

    """
    plan = Plan(account=job.account.name, first=job.day.first, zone=job.day.zone)
    with WorkFile(IN_MEMORY, plan) as work:
        async with open_desk(job.config, job.account, clock, client=client) as desk:
            await desk.skip_own_pause()
            stretches = await _stretches(desk, job)
            await _read(desk, job, work, stretches)
            compared = [
                await desk.look(partial(_compared, work, stream, stretch))
                for stream, stretch in stretches.items()
            ]
            told = await _statistics(desk, job.day)
    return Reconciled(day=job.day, comparisons=tuple(compared), statistics=told)


async def _stretches(desk: Desk, job: Job) -> dict[str, Stretch]:
    """What can be compared of each stream; those of which nothing can are left out, if not all."""
    settle = wiring.rules(job.config).settle
    found: dict[str, Stretch] = {}
    reasons: list[str] = []
    for stream in job.account.channels:
        known = await desk.look(partial(coverage, channel=stream))
        try:
            found[stream] = comparable(job.day, known, settle)
        except NothingToDo as error:
            reasons.append(f"{stream}: {error}")
    if not found:
        raise NothingToDo("; ".join(reasons))
    return found


async def _read(desk: Desk, job: Job, work: WorkFile, stretches: Mapping[str, Stretch]) -> None:
    spans = {stream: Span(job.day, stretch.until) for stream, stretch in stretches.items()}
    with Shown(work, spans, desk, await desk.left(), job.one_in) as shown:
        reader = Reader(work, Pages(desk, job.one_in), shown, desk.clock)
        for stream, each in spans.items():
            await reader.read(stream, each.period, each.until)


def _compared(
    work: WorkFile, stream: str, stretch: Stretch, store: Store, account: str
) -> Comparison:
    """Compare with what the ledger has by now, which may be newer than the pages."""
    seen = list(work.sightings(stream, stretch.since, stretch.until))
    ids = [message.int_id for message, _ in seen]
    kept = sent(store, account, stream, stretch.since, stretch.until, ids)
    known = coverage(store, account, stream)
    return compare(stream, stretch, seen, kept, known.gaps if known else ())


async def _statistics(desk: Desk, day: Period) -> Statistics | str:
    try:
        return await desk.statistics(StatisticsRequest(start=day.first, end=day.last))
    except Held as held:
        return desk.why(held.denied)
    except GatewayError as error:
        return str(error)


def _job(config: Config, name: str | None, text: str, now: float, *, one_in: int | None) -> Job:
    account = choose_account(config, name)
    today = today_of(account, now)
    asked = day("--day", text, today)
    if asked is None or asked > today:
        raise QuestionError("--day must not be later than today")
    asked = within_reach("--day", asked, today)
    period = Period(first=asked, last=asked, zone=account.timezone)
    return Job(config=config, account=account, day=period, one_in=one_in)
