"""Gauges of a snapshot at the moment of a scrape."""

from collections.abc import Iterator, Mapping
from itertools import chain

import msgspec

from exporter.exposition.balance import balance_samples
from exporter.exposition.family import HISTORY
from exporter.exposition.series import Rows, stream_of
from exporter.ledger.snapshot import AccountState, Labels, Snapshot, StreamState


STATES = ("queued", "accepted", "stopped")
AGES = ("0-5m", "5m-1h", "1h-24h", "24h+")
STALE_CADENCES = 3
STALE_SECONDS = 600.0


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the gateway's codes and the outcomes they mean."""

    statuses: tuple[tuple[int, str, str, str], ...] = ()
    """status, English name, outcome, owner"""
    errors: tuple[tuple[int, str, str], ...] = ()
    """err, English name, owner"""
    outcomes: tuple[str, ...] = ()
    """Every outcome a message can mature with."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the running program says of itself."""

    version: str
    python: str
    config_ok: bool = True
    """Whether the configuration was in order when last read."""
    config_loaded: float | None = None
    """Unix seconds at which the configuration in use was read."""


def is_stale(stream: StreamState, now: float) -> bool:
    """Whether the last good page is too old to call anything pending by it.

    Too old is three cadences, and ten minutes at least, so that one failed poll hides nothing.
    """
    if stream.last_success is None:
        return True
    return now - stream.last_success > max(STALE_CADENCES * stream.cadence, STALE_SECONDS)


def gauges(snapshot: Snapshot, facts: Facts, names: Names, now: float) -> dict[str, Rows]:
    """Rows of every gauge by family name; what is not known has no row."""
    good = _good_streams(snapshot, now)
    rows: dict[str, Rows] = {
        "smsc_messages_pending": _pending(snapshot, good),
        "smsc_operator_info": dict.fromkeys(snapshot.operators, 1),
        **_recent(snapshot, good),
        **_named(names),
        **_exporter(snapshot, facts),
    }
    fresh = _collect(
        chain(
            *map(_stream, snapshot.streams),
            *(balance_samples(account, now) for account in snapshot.accounts),
        )
    )
    spent = _collect(sample for account in snapshot.accounts for sample in _account(account, now))
    late = _collect(
        ("smsc_messages_overdue", (stream.account, stream.channel, label), counted)
        for stream in snapshot.streams
        if stream.synced
        for label, counted in {**dict.fromkeys(snapshot.deadlines, 0), **stream.overdue}.items()
    )
    return {**rows, **fresh, **spent, **late}


_Sample = tuple[str, Labels, float | None]


def _collect(samples: Iterator[_Sample]) -> dict[str, Rows]:
    rows: dict[str, dict[Labels, float]] = {}
    for name, labels, value in samples:
        if value is not None:
            rows.setdefault(name, {})[labels] = value
    return dict(rows)


def _stream(stream: StreamState) -> Iterator[_Sample]:
    labels = (stream.account, stream.channel)
    poll = (*labels, HISTORY)
    yield "smsc_poll_up", poll, stream.poll_up
    yield "smsc_poll_last_success_timestamp_seconds", poll, stream.last_success
    yield "smsc_poll_cadence_seconds", poll, stream.cadence or None
    yield "smsc_history_watermark_timestamp_seconds", labels, stream.watermark
    yield "smsc_history_coverage_ratio", labels, stream.coverage
    if stream.last_success is not None:
        yield "smsc_tracked_messages", labels, stream.tracked
        yield "smsc_history_gap_seconds", labels, stream.gap_seconds
        yield "smsc_history_gaps", labels, stream.gaps


def _account(account: AccountState, now: float) -> Iterator[_Sample]:
    labels = (account.account,)
    yield "smsc_up", labels, account.up
    yield "smsc_api_budget_limit", labels, account.budget_limit
    yield "smsc_api_budget_remaining", labels, account.left(now)
    if account.outlook is not None:
        yield "smsc_poll_saturation_ratio", labels, account.outlook.saturation
    for country in account.expected_countries:
        yield "smsc_country_expected", (account.account, country), 1


def _good_streams(snapshot: Snapshot, now: float) -> Mapping[Labels, StreamState]:
    return {
        (stream.account, stream.channel): stream
        for stream in snapshot.streams
        if stream.synced and not is_stale(stream, now)
    }


def _pending(snapshot: Snapshot, good: Mapping[Labels, StreamState]) -> Rows:
    rows: dict[Labels, float] = {
        (*route, state, age): 0
        for route in {labels[:4]: None for labels, _ in snapshot.label_sets}
        if (route[0], stream_of(route[1])) in good
        for state in STATES
        for age in AGES
    }
    for (account, _), stream in good.items():
        rows.update(((account, *labels), number) for labels, number in stream.pending.items())
    return rows


def _recent(snapshot: Snapshot, good: Mapping[Labels, StreamState]) -> dict[str, Rows]:
    shown = {
        labels: pair
        for labels, pair in snapshot.recent.items()
        if (labels[0], stream_of(labels[1])) in good
    }
    return {
        "smsc_recent_recipients": {labels: pair[0] for labels, pair in shown.items()},
        "smsc_recent_prefix_share_ratio": {labels: pair[1] for labels, pair in shown.items()},
    }


def _named(names: Names) -> dict[str, Rows]:
    return {
        "smsc_status_info": {(str(code), *rest): 1 for code, *rest in names.statuses},
        "smsc_error_info": {(str(code), *rest): 1 for code, *rest in names.errors},
    }


def _exporter(snapshot: Snapshot, facts: Facts) -> dict[str, Rows]:
    deadlines: Rows = {(label,): seconds for label, seconds in snapshot.deadlines.items()}
    return {
        "smsc_exporter_build_info": {(facts.version, facts.python): 1},
        "smsc_exporter_deadline_seconds": deadlines,
        "smsc_exporter_account_owner": _owners(snapshot),
        **_collect(
            iter(
                (
                    ("smsc_exporter_ledger_up", (), snapshot.ledger_up),
                    ("smsc_exporter_state_saved_timestamp_seconds", (), snapshot.ledger_saved),
                    ("smsc_exporter_config_last_reload_successful", (), facts.config_ok),
                    (
                        "smsc_exporter_config_last_reload_success_timestamp_seconds",
                        (),
                        facts.config_loaded,
                    ),
                )
            )
        ),
    }


def _owners(snapshot: Snapshot) -> Rows:
    if not snapshot.replica:
        return {}
    return {(state.account, snapshot.replica): 1 for state in snapshot.accounts}
