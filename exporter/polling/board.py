"""The one place from which a scrape reads: a frozen snapshot, replaced after each turn."""

import threading
from collections.abc import Set as AbstractSet

import msgspec

from exporter import logs
from exporter.clock import Clock, SystemClock
from exporter.ledger.errors import LedgerError
from exporter.ledger.lately import with_trouble
from exporter.ledger.ledger import Ledger
from exporter.ledger.snapshot import (
    AccountState,
    Frame,
    Labels,
    Part,
    Snapshot,
    StreamState,
    composed,
)


class StreamNotes(msgspec.Struct, frozen=True):
    """What polling knows of a stream beside the ledger."""

    cadence: float = 0.0
    poll_up: bool | None = None


class Board:
    """Collects what ledger and pollers know; readers in other threads see whole snapshots only."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._frame: Frame | None = None
        self._parts: dict[str, Part] = {}
        self._ledger_error: LedgerError | None = None
        self._accounts: dict[str, AccountState] = {}
        self._streams: dict[tuple[str, str], StreamNotes] = {}
        self._recent: dict[str, dict[Labels, tuple[int, float]]] = {}
        self._ours_until: float | None = None
        self._current: Snapshot | None = Snapshot(loaded=False, ledger_up=False)

    def snapshot(self) -> Snapshot:
        """The present state; the same object while nothing changes."""
        with self._lock:
            if self._ours_until is not None and self._clock.now() > self._ours_until:
                self._forget_accounts(set())
            if self._current is None:
                self._current = self._composed()
            return self._current

    def ledger_changed(self, error: LedgerError | None) -> None:
        """The ledger works (None) or doesn't; its last good totals stay in sight."""
        with self._lock:
            self._ledger_error = error
            self._current = None

    def take(self, ledger: Ledger, account: str) -> None:
        """Take over what the ledger has committed for an account, and for those not shown yet."""
        frame = ledger.frame()
        found = {
            name: ledger.part(name) for name in (account, *ledger.accounts - self._parts.keys())
        }
        with self._lock:
            self._frame = frame
            self._parts.update((name, part) for name, part in found.items() if part is not None)
            self._current = None

    def ours_until(self, moment: float | None) -> None:
        """Show accounts until then only (Unix seconds): another replica may have them after it."""
        self._ours_until = moment

    def set_account(self, state: AccountState) -> None:
        """Show an account's state from now on."""
        with self._lock:
            self._accounts[state.account] = state
            self._current = None

    def set_stream(self, account: str, channel: str, notes: StreamNotes) -> None:
        """Show what polling knows of a stream from now on."""
        with self._lock:
            self._streams[account, channel] = notes
            self._current = None

    def set_recent(self, account: str, shares: dict[Labels, tuple[int, float]]) -> None:
        """Show an account's recipients of the last hour from now on."""
        with self._lock:
            self._recent[account] = shares
            self._current = None

    def trouble(self, account: str, source: str, kind: str, text: str, now: float) -> None:
        """Show an error of an account among its last; see `exporter.ledger.lately.Trouble`."""
        known = self.account(account) or AccountState(account=account)
        troubles = with_trouble(known.troubles, source, kind, logs.redacted(text), now)
        self.set_account(msgspec.structs.replace(known, troubles=troubles))

    def account(self, name: str) -> AccountState | None:
        """An account as shown now."""
        return self._accounts.get(name)

    def polls(self, account: str) -> dict[str, bool]:
        """Streams of an account that were polled, and whether their last call worked."""
        return {
            channel: notes.poll_up
            for (name, channel), notes in self._streams.items()
            if name == account and notes.poll_up is not None
        }

    def keep_only(self, accounts: set[str]) -> None:
        """Drop all other accounts."""
        with self._lock:
            self._forget_accounts(accounts)

    def drop(self, account: str) -> None:
        """Drop an account."""
        with self._lock:
            self._forget_accounts(self._accounts.keys() - {account})

    def _forget_accounts(self, kept: AbstractSet[str]) -> None:
        for known in (self._accounts, self._recent, self._parts):
            for name in known.keys() - kept:
                del known[name]
        self._streams = {key: n for key, n in self._streams.items() if key[0] in kept}
        self._current = None

    def _composed(self) -> Snapshot:
        recent = {labels: s for shares in self._recent.values() for labels, s in shares.items()}
        base = Snapshot(loaded=False)
        if self._frame is not None:
            base = composed(self._frame, self._parts.values())
        return msgspec.structs.replace(
            base,
            streams=tuple(self._with_notes(stream) for stream in base.streams),
            accounts=tuple(state for name, state in self._accounts.items() if self._is_known(name)),
            recent=recent,
            ledger_up=self._ledger_error is None,
        )

    def _is_known(self, account: str) -> bool:
        """Whether its totals are: without them, counters would be shown at 0 that stood higher."""
        return self._frame is None or account in self._parts

    def _with_notes(self, stream: StreamState) -> StreamState:
        notes = self._streams.get((stream.account, stream.channel), StreamNotes())
        return msgspec.structs.replace(stream, cadence=notes.cadence, poll_up=notes.poll_up)
