"""``smsc-exporter messages``: the history in a person's hands."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from rich.console import Console

from exporter.clock import Clock
from exporter.commands.asking import NEW_LEDGER, Desk, open_desk
from exporter.commands.choices import Asked, Output
from exporter.commands.printing import rendered
from exporter.commands.questions import Question, QuestionError, choose_account, question
from exporter.commands.shell import emit, fail, note, run_to_end
from exporter.commands.shown import shown
from exporter.commands.wording import counted
from exporter.config import Account, Config
from exporter.gateway.errors import GatewayError
from exporter.gateway.message import Message, Page
from exporter.ledger.errors import LedgerError
from exporter.polling.calls import Held


KIND = "lookup"
"""What the permits of these calls are called."""


class Found(msgspec.Struct, kw_only=True):
    """What the pages so far gave."""

    messages: dict[str, Message] = msgspec.field(default_factory=dict)
    """By ``int_id``, newest first: pages may overlap."""
    skipped: int = 0
    """Rows without an id, a status or a time."""
    more: bool = False
    """Whether the history goes on below."""
    trouble: str = ""
    """Why it ended early."""
    remarks: list[str] = msgspec.field(default_factory=list)
    """What is to be said of the ledger and its budget."""


def show_messages(
    config: Config,
    asked: Asked,
    *,
    account: str | None,
    output: Output,
    personal: bool,
    clock: Clock,
) -> None:
    """Ask, print what was found, say what it cost; exit status 1 when it ended early."""
    try:
        chosen = choose_account(config, account)
        today = datetime.fromtimestamp(clock.now(), _zone(chosen)).date()
        wanted = question(asked, today)
    except QuestionError as error:
        fail(str(error))
    with Console(stderr=True).status("asking the gateway"):
        found = run_to_end(_find(config, chosen, wanted, clock))
    rows = [
        shown(message, _zone(chosen), chosen.currency, personal=personal)
        for message in found.messages.values()
    ]
    emit(rendered(rows, output, Console()))
    for remark in _remarks(found, wanted):
        note(remark)
    if found.trouble:
        fail(found.trouble, status=1)


def _zone(account: Account) -> ZoneInfo:
    return ZoneInfo(account.timezone)


async def _find(config: Config, account: Account, wanted: Question, clock: Clock) -> Found:
    found = Found()
    try:
        async with open_desk(config, account, clock) as desk:
            await desk.skip_own_pause()
            await _collect(desk, wanted, found)
            if desk.made_ledger:
                found.remarks.append(NEW_LEDGER.format(path=config.ledger.path))
            spent = counted(desk.spent, "history call")
            found.remarks.append(f"{spent} spent, {await desk.left()}")
    except LedgerError as error:
        found.trouble = str(error)
    return found


async def _collect(desk: Desk, wanted: Question, found: Found) -> None:
    """Ask page after page until enough is found or nothing new comes."""
    prev_id = wanted.first.prev_id
    try:
        while len(found.messages) < wanted.last:
            request = wanted.page(len(found.messages), prev_id)
            page = (await desk.ask(KIND, request)).page
            fresh = _take(found, page)
            found.more = page.rows >= request.cnt
            if not found.more or not fresh:
                break
            prev_id = page.messages[-1].int_id
    except Held as held:
        found.trouble = desk.why(held.denied)
    except GatewayError as error:
        found.trouble = str(error)


def _take(found: Found, page: Page) -> int:
    """Add a page's messages; gives how many were not known yet."""
    before = len(found.messages)
    for message in page.messages:
        found.messages.setdefault(message.int_id, message)
    found.skipped += sum(page.skipped.values())
    return len(found.messages) - before


def _remarks(found: Found, wanted: Question) -> Iterator[str]:
    if not found.messages and not found.trouble:
        yield "no messages found"
    if found.skipped:
        yield f"{counted(found.skipped, 'row')} left out, without an id, a status or a time"
    if found.messages and (found.trouble or (found.more and not wanted.limited)):
        last = next(reversed(found.messages))
        yield f"older ones are not shown; go on with --before {last}"
    yield from found.remarks
