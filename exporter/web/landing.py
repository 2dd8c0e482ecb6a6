"""The page a person sees at /."""

from collections.abc import Iterable
from html import escape

from exporter.ledger.snapshot import AccountState, Snapshot, StreamState


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

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --good: #57d073; --bad: #ff8a80; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 46rem; padding: 1rem; }
h1 { font-size: 1.5rem; margin: 1rem 0 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .25rem; }
p { margin: .5rem 0; }
ul { padding-left: 1.2rem; }
li { margin: .4rem 0; }
dl { border-top: 1px solid var(--line); margin: 0; padding: .75rem 0; }
dt { font-weight: 600; overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.small { font-size: .875rem; opacity: .8; }
"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>smsc-exporter</title>
<style>{style}</style>
</head>
<body>
<h1>smsc-exporter</h1>
<p>Tells Prometheus what became of the messages sent through smsc.ru.</p>
<p class="small">Version {version}</p>
<h2>Pages</h2>
<ul>
<li><a href="{metrics}">{metrics}</a>: the metrics</li>
<li><a href="/-/healthy">/-/healthy</a>: whether the pollers turn</li>
<li><a href="/-/ready">/-/ready</a>: whether the first sync is done</li>
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
        style=_STYLE,
        version=escape(version),
        metrics=escape(telemetry_path),
        accounts=warning + (accounts or "<p>No account has started.</p>"),
    )


def _account(snapshot: Snapshot, account: AccountState, now: float) -> str:
    words = STATE_WORDS.get(account.state, account.state)
    tone = {"ok": "good", "starting": ""}.get(account.state, "bad")
    details = [f'<dd class="{tone}">{escape(words)}</dd>']
    if account.detail:
        details.append(f"<dd>{escape(account.detail)}</dd>")
    streams = [stream for stream in snapshot.streams if stream.account == account.account]
    details += [f'<dd class="small">{escape(text)}</dd>' for text in _facts(streams, now)]
    return f"<dl>\n<dt>{escape(account.account)}</dt>\n" + "\n".join(details) + "\n</dl>"


def _facts(streams: Iterable[StreamState], now: float) -> Iterable[str]:
    for stream in streams:
        if stream.last_success is None:
            yield f"{stream.channel}: nothing read yet"
            continue
        synced = "" if stream.synced else ", first sync under way"
        yield f"{stream.channel}: last read {ago(now - stream.last_success)}{synced}"


def ago(seconds: float) -> str:
    """A time that has gone by, in words."""
    if seconds < 1:
        return "just now"
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {name}{'s' if number > 1 else ''} ago"
    raise AssertionError(seconds)
