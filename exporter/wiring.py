"""From the configuration to the parts that do the work."""

import os
import platform
from collections.abc import Callable
from random import Random
from zoneinfo import ZoneInfo

from exporter.clock import Clock
from exporter.config import Account, Config, LabelsConfig
from exporter.durations import format_duration
from exporter.exposition.gauges import Names
from exporter.gateway import codes
from exporter.gateway.client import DEADLINE_FACTOR, GatewayClient
from exporter.ledger.accounts import Memory, credentials_mark
from exporter.ledger.counting import Deadlines
from exporter.ledger.file_store import FileStore
from exporter.ledger.labels import LabelLimits
from exporter.ledger.ledger import Ledger
from exporter.ledger.permits import Limits
from exporter.ledger.records import AccountSpec, Rules
from exporter.ledger.shared_store import Address, Membership, SharedStore
from exporter.ledger.store import Store
from exporter.polling.balance import BalancePoller, BalanceSettings
from exporter.polling.balance_calls import BalanceCalls, BalanceSource
from exporter.polling.board import Board
from exporter.polling.calls import BudgetSettings, Calls, History, limits_now
from exporter.polling.keeper import Keeper
from exporter.polling.mind import Mind, maturing
from exporter.polling.planner import Planner
from exporter.polling.poller import Poller, PollerSettings
from exporter.polling.recent import RecentRecipients
from exporter.polling.valuing import ValuingPlanner


SESSION_BYTES = 16
FIRST_SYNC_SHARE = 3
"""The first sync may take one permit in so many of a window's."""

NAMES = Names(
    statuses=tuple((s.code, s.english, s.outcome, s.owner) for s in codes.STATUSES.values()),
    errors=tuple((e.code, e.english, e.owner) for e in codes.ERRS.values()),
    outcomes=codes.OUTCOMES,
)
"""The gateway's codes as the exposition shows them."""


def rules(config: Config) -> Rules:
    """How the configuration wants messages counted."""
    names = tuple(format_duration(seconds) for seconds in config.deadlines)
    return Rules(
        deadlines=Deadlines(config.deadlines, names, config.grace),
        labels=_label_limits(config.labels),
        retention=config.ledger.retention,
        settle=config.settle,
        exemplars=config.exemplars,
    )


def specs(config: Config) -> tuple[AccountSpec, ...]:
    """What the ledger must know of the accounts."""
    return tuple(_spec(account) for account in config.accounts)


def ledger(config: Config, *, owner: bool, clock: Clock | None = None) -> Ledger:
    """The configured ledger, not yet open; a shared one's time is held against the clock's."""
    made = store(config, owner=owner, clock=clock)
    return Ledger(made, rules(config), random_bytes=os.urandom)


def store(config: Config, *, owner: bool, clock: Clock | None = None) -> Store:
    """The database behind the configured ledger, not yet open."""
    ledger = config.ledger
    if ledger.url is None:
        return FileStore(ledger.path, owner=owner)
    name = ledger.replica or platform.node() or "replica"
    member = Membership(name, os.urandom(SESSION_BYTES).hex(), ledger.lease)
    address, now = Address(ledger.url, ledger.password), clock.now if clock else None
    return SharedStore(address, member, owner=owner, now=now)


def client(
    account: Account, version: str, *, observer: Callable[[bytes], object] | None = None
) -> GatewayClient:
    """The gateway client of an account; ``observer`` is shown each answer's body."""
    return GatewayClient(
        account.api_url,
        account.credentials,
        timeout=account.timeout,
        timezone=ZoneInfo(account.timezone),
        user_agent=f"smsc-exporter/{version}",
        observer=observer,
    )


def calls(
    account: Account, history: History, keeper: Keeper, clock: Clock, random: Random
) -> Calls:
    """The account's only way to the gateway."""
    return Calls(
        account.name,
        history,
        keeper,
        _budget(account),
        clock=clock,
        random=random,
        mark=lambda: mark(account, keeper.ledger.salt),
    )


def balance_calls(
    account: Account, source: BalanceSource, keeper: Keeper, clock: Clock, random: Random
) -> BalanceCalls:
    """The account's only way to its balance."""
    return BalanceCalls(
        account.name,
        source,
        keeper,
        call_timeout=account.timeout * DEADLINE_FACTOR,
        clock=clock,
        random=random,
        mark=lambda: mark(account, keeper.ledger.salt),
    )


def balance_poller(
    account: Account, made: BalanceCalls, keeper: Keeper, board: Board, clock: Clock
) -> BalancePoller:
    """What reads the account's balance beside its history."""
    settings = BalanceSettings(
        account=account.name, interval=account.balance.interval, currency=account.currency
    )
    return BalancePoller(settings, made, keeper, board, clock=clock)


def mark(account: Account, salt: bytes) -> int:
    """What tells the account's present credentials from others."""
    return credentials_mark(_secret_text(account), salt)


def limits(account: Account, memory: Memory, now: float) -> Limits:
    """What the account may spend now."""
    return limits_now(_budget(account), memory, now)


def poller(
    account: Account,
    made: Calls,
    keeper: Keeper,
    board: Board,
    clock: Clock,
    planner: Planner | None = None,
) -> Poller:
    """The account's loop, with the default planner or another."""
    settings = PollerSettings(
        account=account.name,
        channels=account.channels,
        expected_countries=account.expected_countries,
    )
    recent = RecentRecipients(account.name, os.urandom(16)) if account.track_phones else None
    chosen = planner or valuing_planner(account, keeper.ledger.rules.deadlines, clock.now())
    return Poller(settings, made, keeper, board, chosen, clock=clock, recent=recent)


def valuing_planner(
    account: Account, deadlines: Deadlines, now: float, make_mind: type[Mind] = Mind
) -> ValuingPlanner:
    """The account's planner."""
    return ValuingPlanner(
        account.channels,
        maturing(deadlines),
        ZoneInfo(account.timezone),
        now,
        lookups=account.track_phones,
        make_mind=make_mind,
    )


def _spec(account: Account) -> AccountSpec:
    pages = account.budget.requests // FIRST_SYNC_SHARE // len(account.channels)
    return AccountSpec(
        name=account.name,
        channels=account.channels,
        currency=account.currency,
        lookback=account.lookback,
        first_sync_pages=max(1, pages),
        track_phones=account.track_phones,
    )


def _budget(account: Account) -> BudgetSettings:
    budget = account.budget
    return BudgetSettings(
        requests=budget.requests,
        window=budget.window,
        identical=budget.identical,
        identical_window=budget.identical_window,
        concurrency=budget.concurrency,
        reserve=budget.reserve,
        call_timeout=account.timeout * DEADLINE_FACTOR,
    )


def _label_limits(labels: LabelsConfig) -> LabelLimits:
    return LabelLimits(**labels.model_dump())


def _secret_text(account: Account) -> str:
    credentials = account.credentials
    parts = (credentials.password, credentials.apikey)
    return "\0".join([credentials.login or "", *(part.reveal() if part else "" for part in parts)])
