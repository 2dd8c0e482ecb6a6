"""A decision of planning and what it rests on, for people and for programs."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import msgspec

from exporter.clock import utc
from exporter.commands.asking import Left
from exporter.commands.printing import Cells, aligned
from exporter.commands.wording import moment, span
from exporter.config import Account
from exporter.ledger.accounts import Memory
from exporter.ledger.outlook import HOUR, GapOutlook, Outlook, StreamOutlook
from exporter.ledger.snapshot import AccountState
from exporter.polling.decisions import MOST_SHOWN, Decision, Option
from exporter.polling.planner import AccountView
from exporter.web.status import account_status


ASKED = {
    "head": "the newest page",
    "window": "a page further down",
    "lookup": "the rows of some numbers",
    "backfill": "a page from before the first start",
}
"""Kinds of calls, in words."""
RIGHT = frozenset(
    {"worth", "finals", "read each", "pages", "rows/h", "pending", "length", "rows about"}
)
"""Columns of numbers, which stand to the right."""


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """What would be done first with an account."""

    account: Account
    memory: Memory
    view: AccountView
    decision: Decision
    outlook: Outlook

    def state(self) -> AccountState:
        """The account as a running exporter shows it."""
        return AccountState(
            account=self.account.name,
            state=self.memory.state,
            detail=self.memory.detail,
            budget_limit=self.view.limit,
            permits_free_at=self.view.free_at,
            next_poll=self.view.now,
            outlook=self.outlook,
            decisions=(self.decision.plain(),),
        )


def as_json(explained: Sequence[Explained]) -> str:
    """A JSON list, each account as /api/v1/status of a running exporter has it."""
    accounts = [account_status(one.state(), one.view.now) for one in explained]
    return msgspec.json.format(msgspec.json.encode(accounts)).decode() + "\n"


def as_text(explained: Explained) -> str:
    """Lines and tables, without colours."""
    tables = (
        aligned([_option(each) for each in explained.decision.options[:MOST_SHOWN]], RIGHT),
        aligned([_stream(each, explained.view.now) for each in explained.outlook.streams], RIGHT),
        aligned(
            [_gap(each.channel, gap) for each in explained.outlook.streams for gap in each.gaps],
            RIGHT,
        ),
    )
    head = "".join(f"{line}\n" for line in _head(explained))
    return "\n".join((head, *filter(None, tables)))


def _head(explained: Explained) -> Iterator[str]:
    decision, saturation = explained.decision, explained.outlook.saturation
    state, now = explained.state(), explained.view.now
    yield f"account {state.account}: {state.state}"
    if state.detail:
        yield f"  {state.detail}"
    yield f"history calls: {Left(state.left(now), state.budget_limit, explained.view.window)}"
    if saturation is not None:
        yield f"new rows take {saturation:.0%} of the calls"
    yield f"next: {_next(explained)}: {decision.why}"
    if decision.price:
        yield f"price: a call has to be worth {decision.price:.0f} row-seconds"
    if not decision.options:
        yield "no other call would show anything"


def _next(explained: Explained) -> str:
    decision = explained.decision
    if decision.until is not None:
        zone = ZoneInfo(explained.account.timezone)
        return f"wait until {moment(decision.until, zone, explained.view.now)}"
    return f"ask for {ASKED.get(decision.action, decision.action)} of {decision.channel}"


def _option(option: Option) -> Cells:
    return {
        "call": f"{option.kind} {option.channel}",
        "for": option.reason,
        "worth": f"{option.worth:.0f}",
        "finals": f"{option.finals:.1f}",
        "what": option.detail,
    }


def _stream(stream: StreamOutlook, now: float) -> Cells:
    read = "never" if stream.head_at is None else f"{span(now - stream.head_at)} ago"
    return {
        "history": stream.channel,
        "newest page": read,
        "read each": span(stream.period),
        "pages": str(stream.chain),
        "rows/h": f"{stream.rate * HOUR:.0f}",
        "pending": str(stream.pending),
    }


def _gap(channel: str, gap: GapOutlook) -> Cells:
    return {
        "unread": f"{gap.kind} {channel}",
        "from": utc(gap.lower),
        "until": utc(gap.upper),
        "length": span(gap.seconds),
        "rows about": f"{gap.rows:.0f}",
    }
