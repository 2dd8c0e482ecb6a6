from exporter.ledger.snapshot import AccountState, Snapshot, StreamState
from exporter.web.health import healthy, ready


START = 1_000_000.0


def state(*accounts: AccountState, cadence: float = 0.0, ledger_up: bool = True) -> Snapshot:
    streams = tuple(
        StreamState(account=account.account, channel="sms", cadence=cadence) for account in accounts
    )
    return Snapshot(accounts=accounts, streams=streams, ledger_up=ledger_up)


def test_turning_pollers_are_healthy() -> None:
    """A poller seen within three cadences is alive."""
    snapshot = state(AccountState(account="main", last_turn=START), cadence=100)
    assert healthy(snapshot, START + 300, START) == (True, "healthy")


def test_dead_poller_is_named() -> None:
    """One that has not turned for three cadences is named, the others are not."""
    dead = AccountState(account="dead", last_turn=START)
    alive = AccountState(account="alive", last_turn=START + 300)
    good, text = healthy(state(dead, alive, cadence=100), START + 301, START)
    assert not good
    assert "'dead'" in text
    assert "'alive'" not in text
    assert "301 s" in text


def test_poller_that_waits_on_purpose_is_alive() -> None:
    """A wait announced by next_poll does not count as silence, what follows it does."""
    waiting = AccountState(account="main", last_turn=START, next_poll=START + 1800)
    assert healthy(state(waiting, cadence=100), START + 2100, START)[0]
    assert not healthy(state(waiting, cadence=100), START + 2101, START)[0]


def test_poller_that_never_turned() -> None:
    """A poller that did not come up is dead after the same patience from the start."""
    asleep = AccountState(account="main")
    assert healthy(state(asleep), START + 180, START)[0]
    assert not healthy(state(asleep), START + 181, START)[0]


def test_ledger_fault_is_told_but_no_reason_to_restart() -> None:
    """While the ledger is away the pollers turn on, and a restart would not help."""
    turning = state(AccountState(account="main", last_turn=START), ledger_up=False)
    good, text = healthy(turning, START, START)
    assert good
    assert "ledger" in text


def test_ready_when_every_stream_is_synced() -> None:
    """Readiness waits for each stream's first sync and names those it waits for."""
    done = StreamState(account="main", channel="sms", synced=True)
    open_ = StreamState(account="main", channel="email")
    assert ready(Snapshot(streams=(done,))) == (True, "ready")
    good, text = ready(Snapshot(streams=(done, open_)))
    assert not good
    assert text == "account 'main': the first sync of email is not done"


def test_not_ready_before_anything_has_started() -> None:
    """An empty state is no ready one."""
    assert not ready(Snapshot())[0]
