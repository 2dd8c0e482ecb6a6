"""The page a person watches, at /status: every account at a glance, drawn anew all the time.

It comes from the snapshot alone, so it answers whatever happens to ledger and gateway, at the same
cost however long the history is.
"""

from collections.abc import Sequence
from html import escape

from exporter.ledger.snapshot import Snapshot
from exporter.web.landing import ago
from exporter.web.status_account import account_card, account_state, accounts_line
from exporter.web.status_style import STATUS_STYLE
from exporter.web.style import STYLE
from exporter.web.words import stamp


REFRESH = 15
"""Seconds after which a browser asks for the page again."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{refresh}<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>smsc-exporter <small>Version {version}</small></h1>
<p class="soft">{at}</p>
{body}
</body>
</html>
"""
_LINKS = '<a href="/api/v1/status">JSON</a> · <a href="/">All pages</a>'
_REFRESHING = (
    'As of {at} UTC, anew every {seconds} s (<a href="/status?still">hold still</a>). ' + _LINKS
)
_STILL = 'As of {at} UTC, held still (<a href="/status">go on</a>). ' + _LINKS


def status_page(snapshot: Snapshot, now: float, *, version: str, still: bool = False) -> str:
    """HTML about all accounts; a browser asks for it again by itself unless it is ``still``."""
    cards = [
        account_card(snapshot, account, place, now)
        for place, account in enumerate(snapshot.accounts)
    ]
    body = [*_alarms(snapshot, now), *_overview(snapshot, now), *cards]
    told = _STILL if still else _REFRESHING
    return _PAGE.format(
        refresh="" if still else f'<meta http-equiv="refresh" content="{REFRESH}">\n',
        title=escape(_title(snapshot)),
        style=STYLE + STATUS_STYLE,
        version=escape(version),
        at=told.format(at=stamp(now, now), seconds=REFRESH),
        body="\n".join(body) if cards else "\n".join([*body, "<p>No account has started.</p>"]),
    )


def _title(snapshot: Snapshot) -> str:
    """How it stands, for the browser's tab."""
    states = [account_state(account) for account in snapshot.accounts]
    if len(states) == 1:
        return f"{states[0].words} · smsc-exporter"
    good = sum(state.tone == "good" for state in states)
    return f"{good} of {len(states)} working · smsc-exporter"


def _alarms(snapshot: Snapshot, now: float) -> Sequence[str]:
    """What concerns all accounts."""
    if snapshot.ledger_up:
        return ()
    if not snapshot.loaded:
        return ('<p class="alarm">The ledger is not open: what it holds is not known.</p>',)
    saved = snapshot.ledger_saved
    known = "" if saved is None else f" It was last written {ago(now - saved)}."
    return (
        f'<p class="alarm">The ledger cannot be used; what is shown is from before.{known}</p>',
    )


def _overview(snapshot: Snapshot, now: float) -> Sequence[str]:
    """A line for each account when there are several."""
    if len(snapshot.accounts) < 2:
        return ()
    lines = (
        accounts_line(snapshot, account, place, now)
        for place, account in enumerate(snapshot.accounts)
    )
    return (f'<article><ul class="list">{"".join(lines)}</ul></article>',)
