"""Whether the exporter is alive and ready, from its state alone."""

from exporter.ledger.snapshot import AccountState, Snapshot


DEAD_CADENCES = 3
LEAST_PATIENCE = 180.0
"""Seconds; a poller with a short cadence may still wait this long for one slow answer."""


def healthy(snapshot: Snapshot, now: float, started: float) -> tuple[bool, str]:
    """Whether every account's poller still turns, and a text that names those that do not.

    A poller is dead when it has not gone round its loop for three cadences, three minutes at
    least, past the time it meant to wake up at. One that waits out an error on purpose is alive.
    ``started`` is when the pollers were started, Unix seconds: a poller that has never turned is
    measured from then.
    """
    dead = []
    for account in snapshot.accounts:
        silent = now - max(account.last_turn or started, account.next_poll or 0.0)
        allowed = patience(snapshot, account)
        if silent > allowed:
            dead.append(
                f"account {account.account!r}: its poller has not turned for"
                f" {silent:.0f} s past its time, {allowed:.0f} s are allowed; restart the exporter"
            )
    if dead:
        return False, "\n".join(dead)
    return True, "healthy" if snapshot.ledger_up else "healthy, but the ledger cannot be written"


def patience(snapshot: Snapshot, account: AccountState) -> float:
    """Seconds an account's poller may be silent."""
    cadences = [s.cadence for s in snapshot.streams if s.account == account.account]
    return max(LEAST_PATIENCE, DEAD_CADENCES * max(cadences, default=0.0))


def ready(snapshot: Snapshot) -> tuple[bool, str]:
    """Whether the first sync of every stream is done, and a text that names those it is not."""
    waiting = [
        f"account {stream.account!r}: the first sync of {stream.channel} is not done"
        for stream in snapshot.streams
        if not stream.synced
    ]
    if waiting:
        return False, "\n".join(waiting)
    if not snapshot.streams:
        return False, "no account has started"
    return True, "ready"
