"""One history of an account on the status page: how it is read, and what it tells."""

from collections.abc import Iterator, Mapping
from html import escape

from exporter.ledger.lately import SPAN, Outcomes
from exporter.ledger.outlook import GapOutlook, StreamOutlook
from exporter.ledger.snapshot import AccountState, Snapshot, StreamState
from exporter.web.charts import Column, Part, bars, legend, strip, sums
from exporter.web.tiles import State, Tile, tiles
from exporter.web.words import HOUR, lasting, number, percent, stamp


OUTCOMES = (
    "delivered",
    "cancelled",
    "invalid_number",
    "pending",
    "undeliverable",
    "expired",
    "rejected",
    "no_funds",
    "unknown",
)
"""In the order in which they are stacked."""
AGES: Mapping[str, str] = {
    "0-5m": "up to 5 min",
    "5m-1h": "5 min to 1 h",
    "1h-24h": "1 h to 24 h",
    "24h+": "older",
}
"""Classes of ages, as the ledger names them, in words."""
RANGES = (1, 2, 3, 6)
"""Hours that the chart of outcomes may span."""
LEAST = 5
"""Messages of a span that fill its height at least."""
SHOWN_GAPS = 5
LATE = 180.0
LATE_CADENCES = 3
"""A history is late when it was not read for so many seconds, and so many times its cadence."""


def stream_section(
    snapshot: Snapshot, account: AccountState, stream: StreamState, now: float
) -> str:
    """Everything about a history."""
    state = stream_state(stream, now)
    outlook = _outlook(account, stream.channel)
    told = f'<span class="{state.tone}">{escape(state.words)}</span>'
    parts = [
        f"<h3>{escape(stream.channel)} {told}</h3>",
        tiles(_tiles(stream, outlook, now)),
        _progress(stream),
        _outcomes(snapshot, account, stream.channel, now),
        _pending(stream),
        _gaps(outlook, now),
    ]
    return "<section>\n" + "\n".join(filter(None, parts)) + "\n</section>"


def stream_state(stream: StreamState, now: float) -> State:
    """How well the history is known."""
    if stream.last_success is None:
        return State("bad" if stream.poll_up is False else "", "nothing read yet")
    age = now - stream.last_success
    if age > max(LATE, LATE_CADENCES * stream.cadence):
        return State("bad", f"not read for {lasting(age)}")
    if stream.poll_up is False:
        return State("watch", "last call failed")
    if not stream.synced:
        return State("", "first sync under way")
    return State("watch", "rows are missing") if stream.gaps else State("good", "up to date")


def _outlook(account: AccountState, channel: str) -> StreamOutlook | None:
    streams = account.outlook.streams if account.outlook else ()
    return next((each for each in streams if each.channel == channel), None)


def _tiles(stream: StreamState, outlook: StreamOutlook | None, now: float) -> Iterator[Tile]:
    if stream.last_success is None:
        yield Tile("Data age", "nothing read yet")
        return
    every = f"newest page each {lasting(stream.cadence)}" if stream.cadence else ""
    yield Tile("Data age", lasting(now - stream.last_success), every)
    if outlook is not None:
        yield Tile("Rows an hour", number(outlook.rate * HOUR))
    yield Tile("Pending", number(sum(stream.pending.values())), "without a final status")
    yield _gaps_tile(stream)
    if stream.coverage is not None:
        yield Tile("Coverage", percent(stream.coverage), "of the last 24 h was read")


def _gaps_tile(stream: StreamState) -> Tile:
    if not stream.gaps:
        return Tile("Gaps", "none")
    return Tile("Gaps", number(stream.gaps), f"{lasting(stream.gap_seconds)} never read", "watch")


def _progress(stream: StreamState) -> str:
    """How far the history from before the first start is read, while it is not all read."""
    whole, unread = stream.earlier_seconds, min(stream.earlier_unread, stream.earlier_seconds)
    if unread <= 0:
        return ""
    done = whole - unread
    name, how = (
        ("Back-fill", "with calls that are left over") if stream.synced else ("First sync", "")
    )
    told = f"{lasting(done)} of {lasting(whole)} before the first start read"
    text = f"{told}, {how}" if how else told
    return (
        f"<h4>{name} <small>{escape(percent(done / whole))}: {text}</small></h4>"
        f'<progress max="100" value="{100 * done / whole:.3g}" aria-label="{name}"></progress>'
    )


def _outcomes(snapshot: Snapshot, account: AccountState, channel: str, now: float) -> str:
    """What became of messages by the first deadline, as learnt in each five minutes."""
    since, deadline = account.watched_since, min(snapshot.deadlines.values(), default=None)
    if since is None or deadline is None:
        return ""
    hours = next((h for h in RANGES if now - since <= h * HOUR), RANGES[-1])
    columns = _columns(account.outcomes, channel, hours, now)
    after = f"{lasting(deadline)} after sending"
    title = f"What became of messages {after}"
    if not any(column.total for column in columns):
        return f'<p class="soft">{title}: nothing learnt since {stamp(since, now)} UTC.</p>'
    blank = sum(start + SPAN <= since for start in _starts(hours, now))
    begun = f", watched since {stamp(since, now, seconds=False)} UTC" if blank else ""
    return (
        f"<figure><figcaption>{title} <small>learnt in each 5 min{begun}</small></figcaption>"
        f"{bars(title, columns, least=LEAST, blank=blank)}{_axis(hours)}"
        f"{legend(sums(columns), shares=True)}</figure>"
    )


def _axis(hours: int) -> str:
    middle = lasting(hours * HOUR / 2)
    marks = (f"{hours} h ago", middle, "now")
    return f'<div class="axis">{"".join(f"<span>{mark}</span>" for mark in marks)}</div>'


def _starts(hours: int, now: float) -> list[int]:
    newest = int(now // SPAN) * SPAN
    count = hours * HOUR // SPAN
    return [newest - place * SPAN for place in reversed(range(count))]


def _columns(spans: tuple[Outcomes, ...], channel: str, hours: int, now: float) -> list[Column]:
    known = {span.start: span.counts for span in spans}
    return [_column(known.get(start, {}), channel, start, now) for start in _starts(hours, now)]


def _column(counts: Mapping[tuple[str, str], int], channel: str, start: int, now: float) -> Column:
    mine = {outcome: n for (stream, outcome), n in counts.items() if stream == channel}
    order = [*OUTCOMES, *sorted(mine.keys() - set(OUTCOMES))]
    parts = tuple(Part(each, each.replace("_", " "), mine.get(each, 0)) for each in order)
    first, last = (stamp(at, now, seconds=False) for at in (start, start + SPAN))
    return Column(f"{first} to {last} UTC", parts)


def _pending(stream: StreamState) -> str:
    """Messages without a final status, by how long ago they were sent."""
    ages = dict.fromkeys(AGES, 0)
    for labels, count in stream.pending.items():
        ages[labels[-1]] = ages.get(labels[-1], 0) + count
    parts = [
        Part(f"age-{name.removesuffix('+')}", AGES.get(name, name), n) for name, n in ages.items()
    ]
    drawn = strip("Pending messages by age", parts)
    if not drawn:
        return ""
    return f"<h4>Pending, by time since sending</h4>{drawn}{legend(parts, shares=False)}"


def _gaps(outlook: StreamOutlook | None, now: float) -> str:
    """Stretches of which rows were never read."""
    gaps = [gap for gap in outlook.gaps if gap.kind == "gap"] if outlook else []
    if not gaps:
        return ""
    lines = [_gap(gap, now) for gap in gaps[:SHOWN_GAPS]]
    if len(gaps) > SHOWN_GAPS:
        lines.append(f"<li>and {len(gaps) - SHOWN_GAPS} older</li>")
    return f'<h4>Never read</h4><ul class="list">{"".join(lines)}</ul>'


def _gap(gap: GapOutlook, now: float) -> str:
    span = f"{stamp(gap.lower, now)} to {stamp(gap.upper, now)} UTC"
    return f"<li>{span} <small>{lasting(gap.seconds)}, about {number(gap.rows)} rows</small></li>"
