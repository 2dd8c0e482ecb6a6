"""``smsc-exporter explain``: what would be asked next and why, without a call."""

from collections.abc import Callable

import msgspec

from exporter import wiring
from exporter.clock import Clock
from exporter.commands.explained import Explained, as_json, as_text
from exporter.commands.questions import QuestionError, choose_account
from exporter.commands.shell import emit, fail, load_for_command
from exporter.config import Account, Config, Loaded
from exporter.ledger.accounts import Memory
from exporter.ledger.errors import LedgerError
from exporter.polling import decisions, standing
from exporter.polling.decisions import Decision
from exporter.polling.planner import AccountView
from exporter.polling.poller import REMEMBERED
from exporter.polling.valuing import ValuingPlanner


NO_LEDGER = (
    "there is no ledger at {path}: no exporter has run with it; if one keeps another, set"
    " ledger.path or STATE_DIRECTORY as it does"
)


def explain_accounts(
    read: Callable[[], Loaded], name: str | None, clock: Clock, *, json: bool
) -> None:
    """Explain the named account, or all; exit status 1 when the ledger can't be read."""
    config = load_for_command(read).config
    try:
        accounts = config.accounts if name is None else (choose_account(config, name),)
    except QuestionError as error:
        fail(str(error))
    if not config.ledger.path.exists():
        fail(NO_LEDGER.format(path=config.ledger.path), status=1)
    try:
        explained = [explain(config, account, clock.now()) for account in accounts]
    except LedgerError as error:
        fail(str(error), status=1)
    emit(as_json(explained) if json else "\n".join(map(as_text, explained)))


def explain(config: Config, account: Account, now: float) -> Explained:
    """Plan from what the ledger knows, as an exporter would that starts ``now``.

    Raises:
        LedgerError: it can't be read.

    """
    ledger = wiring.ledger(config, owner=False)
    peeked = ledger.peek(account.name, account.channels, now, since=int(now - REMEMBERED))
    memory = standing.with_credentials(peeked.memory, wiring.mark(account, peeked.salt))
    limits = wiring.limits(account, memory, now)
    planner = wiring.valuing_planner(account, ledger.rules.deadlines, now)
    planner.begin(peeked.known, peeked.learnt, now)
    view = AccountView(
        now=now,
        streams=peeked.views,
        limit=limits.requests,
        window=limits.window,
        free_at=peeked.usage.free_at,
        last_call=None,
    )
    return Explained(
        account=account,
        memory=memory,
        view=view,
        decision=_decision(planner, memory, view),
        outlook=planner.outlook(view),
    )


def _decision(planner: ValuingPlanner, memory: Memory, view: AccountView) -> Decision:
    """The decision with everything that could be weighed, even if nothing had to be."""
    price, options = planner.weighed(view)
    planner.decide(view)
    decision = planner.explain()[-1]
    if memory.not_before > view.now:
        decision = decisions.held(view.now, memory.not_before, memory.state)
    return msgspec.structs.replace(decision, price=price, options=options)
