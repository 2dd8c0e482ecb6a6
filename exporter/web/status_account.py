"""One account on the status page: its state, its calls, its histories and its troubles."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from html import escape

from exporter.exposition.balance import is_withdrawn
from exporter.ledger.lately import Trouble
from exporter.ledger.snapshot import AccountState, BalanceState, Snapshot, StreamState
from exporter.web.landing import STATE_WORDS, ago
from exporter.web.status_calls import calls_chart, kind_in_words
from exporter.web.status_stream import stream_section
from exporter.web.tiles import State, Tile, tiles
from exporter.web.words import lasting, percent, stamp


SHOWN_DECISIONS = 8


def account_state(account: AccountState) -> State:
    """How the account stands."""
    tone = {"ok": "good", "starting": ""}.get(account.state, "bad")
    return State(tone, STATE_WORDS.get(account.state, account.state))


def accounts_line(snapshot: Snapshot, account: AccountState, place: int, now: float) -> str:
    """A line of the list of all accounts, with a link to the account's card."""
    state = account_state(account)
    reads = [s.last_success for s in _streams(snapshot, account) if s.last_success is not None]
    read = f"last read {ago(now - max(reads))}" if reads else "nothing read yet"
    return (
        f'<li><a href="#account-{place}">{escape(account.account)}</a>'
        f' <b class="{state.tone}">{escape(state.words)}</b> <small>{read}</small></li>'
    )


def account_card(snapshot: Snapshot, account: AccountState, place: int, now: float) -> str:
    """Everything about an account; ``place`` tells its card from others'."""
    state = account_state(account)
    name = escape(account.account)
    parts = [
        f'<h2>{name} <span class="{state.tone}">{escape(state.words)}</span></h2>',
        f'<p class="alarm">{escape(account.detail)}</p>' if account.detail else "",
        f"<p>{escape(_next(account, now))}</p>",
        tiles(_tiles(account, now)),
        calls_chart(account, now),
        *(stream_section(snapshot, account, each, now) for each in _streams(snapshot, account)),
        _troubles(account, now),
        _decisions(account, now),
    ]
    return f'<article id="account-{place}">\n' + "\n".join(filter(None, parts)) + "\n</article>"


def _streams(snapshot: Snapshot, account: AccountState) -> list[StreamState]:
    return [stream for stream in snapshot.streams if stream.account == account.account]


def _next(account: AccountState, now: float) -> str:
    """What comes next, and why."""
    if account.next_poll is None:
        return "No call is planned."
    if not account.decisions:
        return f"Goes on {_when(account.next_poll, now)}."
    newest = account.decisions[0]
    if newest["action"] == "wait":
        return f"Waits until {_when(account.next_poll, now)}: {newest['why']}."
    asked = f"{kind_in_words(str(newest['action']))} of {newest['channel']}"
    return f"Asks for a call, {asked}: {newest['why']}."


def _when(moment: float, now: float) -> str:
    left = f", in {lasting(moment - now)}" if moment - now >= 1 else ""
    return f"{stamp(moment, now)} UTC{left}"


def _tiles(account: AccountState, now: float) -> Iterator[Tile]:
    if account.budget_limit:
        left = account.left(now)
        beside = f"of {account.budget_limit} an hour; {account.spent(now)} spent"
        yield Tile("Calls left", str(left), beside, "" if left else "watch")
    else:
        yield Tile("Calls left", "not known yet")
    saturation = None if account.outlook is None else account.outlook.saturation
    if saturation is not None:
        beside = "of the calls, to see each row once"
        yield Tile("Load", percent(saturation), beside, "bad" if saturation > 1 else "")
    if account.balance is not None:
        yield _balance(account.balance, now)


def _balance(balance: BalanceState, now: float) -> Tile:
    if balance.amount is None or balance.read_at is None:
        words = "not known yet" if balance.state in {"ok", "starting"} else "not known"
        return Tile("Balance", words, balance.detail)
    name, told = f"Balance, {balance.currency}", f"{balance.amount:,.2f}"
    old = is_withdrawn(balance, now)
    return Tile(name, told, f"as of {ago(now - balance.read_at)}", "watch" if old else "")


def _troubles(account: AccountState, now: float) -> str:
    since = account.watched_since
    if not account.troubles:
        quiet = "" if since is None else f" since {stamp(since, now)} UTC"
        return f'<section><h3>Last errors</h3><p class="soft">None{quiet}.</p></section>'
    lines = "".join(_trouble(trouble, now) for trouble in account.troubles)
    return f'<section><h3>Last errors</h3><ul class="list">{lines}</ul></section>'


def _trouble(trouble: Trouble, now: float) -> str:
    when = f"{stamp(trouble.last, now)} UTC, {ago(now - trouble.last)}"
    if trouble.times > 1:
        when += f"; {trouble.times} times since {stamp(trouble.first, now)}"
    return (
        f"<li><b>{escape(trouble.source)}</b> {escape(trouble.text)}"
        f" <small>{escape(when)}</small></li>"
    )


def _decisions(account: AccountState, now: float) -> str:
    if not account.decisions:
        return ""
    rows = "".join(_decision(each, now) for each in account.decisions[:SHOWN_DECISIONS])
    head = "<tr><th>UTC</th><th>Decision</th><th>Why</th></tr>"
    return f"<section><h3>Last decisions</h3><table>{head}{rows}</table></section>"


def _decision(decision: Mapping[str, object], now: float) -> str:
    at = datetime.fromisoformat(str(decision["at"])).timestamp()
    action, channel = str(decision["action"]), decision["channel"]
    done = kind_in_words(action) if channel is None else f"{kind_in_words(action)} of {channel}"
    cells = (stamp(at, now), done, str(decision["why"]))
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
