"""The page a person sees at /."""

import math
from collections.abc import Iterable
from html import escape

from exporter.ledger.snapshot import AccountState, Snapshot, StreamState
from exporter.web.style import STYLE


STATE_WORDS = {
    "starting": "starting",
    "ok": "working",
    "refused": "login refused",
    "blocked": "address blocked by the gateway",
    "limited": "over the gateway's limit, waiting",
    "unreachable": "gateway cannot be reached",
    "unreadable": "gateway's answer cannot be read",
    "ledger": "ledger cannot be written",
}

_HEADINGS = ("History", "Last read", "Pending", "Gaps", "Coverage")

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>smsc-exporter</title>
<style>{style}</style>
</head>
<body>
<h1>smsc-exporter <small>Version {version}</small></h1>
<p>Tells Prometheus what became of the messages sent through smsc.ru.</p>
<h2>Pages</h2>
<ul>
<li><a href="{metrics}">{metrics}</a> the metrics</li>
<li><a href="/status">/status</a> each account at a glance, refreshing itself</li>
<li><a href="/api/v1/status">/api/v1/status</a> what is asked next and why, as JSON</li>
<li><a href="/api/v1/sd">/api/v1/sd</a> each account as a target of its own, for Prometheus</li>
<li><a href="/-/healthy">/-/healthy</a> whether the pollers turn</li>
<li><a href="/-/ready">/-/ready</a> whether the first sync is done</li>
</ul>
<h2>Accounts</h2>
{accounts}
</body>
</html>
"""


def landing_page(snapshot: Snapshot, now: float, *, version: str, telemetry_path: str) -> str:
    """HTML that says what this is and how each account fares."""
    accounts = "\n".join(_account(snapshot, account, now) for account in snapshot.accounts)
    warning = "" if snapshot.ledger_up else f'<p class="bad">The {STATE_WORDS["ledger"]}.</p>\n'
    return _PAGE.format(
        style=STYLE,
        version=escape(version),
        metrics=escape(telemetry_path),
        accounts=warning + (accounts or "<p>No account has started.</p>"),
    )


def _account(snapshot: Snapshot, account: AccountState, now: float) -> str:
    words = STATE_WORDS.get(account.state, account.state)
    tone = {"ok": "good", "starting": ""}.get(account.state, "bad")
    parts = [f'<h3>{escape(account.account)} <span class="{tone}">{escape(words)}</span></h3>']
    if account.detail:
        parts.append(f"<p>{escape(account.detail)}</p>")
    if account.budget_limit:
        left = f"{account.left(now)} of {account.budget_limit} calls left"
        parts.append(f'<p class="soft">{left}</p>')
    streams = [stream for stream in snapshot.streams if stream.account == account.account]
    if streams:
        parts.append(_table(streams, now))
    return "<section>\n" + "\n".join(parts) + "\n</section>"


def _table(streams: Iterable[StreamState], now: float) -> str:
    heads = "".join(f"<th>{text}</th>" for text in _HEADINGS)
    rows = ["".join(f"<td>{escape(text)}</td>" for text in _facts(one, now)) for one in streams]
    return "<table>\n" + "\n".join(f"<tr>{row}</tr>" for row in (heads, *rows)) + "\n</table>"


def _facts(stream: StreamState, now: float) -> tuple[str, ...]:
    if stream.last_success is None:
        return stream.channel, "nothing read yet", "", "", ""
    synced = "" if stream.synced else ", first sync under way"
    return (
        stream.channel,
        ago(now - stream.last_success) + synced,
        str(sum(stream.pending.values())),
        str(stream.gaps),
        "" if stream.coverage is None else f"{math.floor(stream.coverage * 1000) / 10:g}%",
    )


def ago(seconds: float) -> str:
    """A time that has gone by, in words."""
    if seconds < 1:
        return "just now"
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {name}{'s' if number > 1 else ''} ago"
    raise AssertionError(seconds)
