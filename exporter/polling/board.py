"""The one place from which a scrape reads: a frozen snapshot, replaced after each turn."""

import msgspec

from exporter import logs
from exporter.ledger.errors import LedgerError
from exporter.ledger.lately import with_trouble
from exporter.ledger.ledger import Ledger
from exporter.ledger.snapshot import AccountState, Labels, Snapshot, StreamState


class StreamNotes(msgspec.Struct, frozen=True):
    """What polling knows of a stream beside the ledger."""

    cadence: float = 0.0
    poll_up: bool | None = None


class Board:
    """Collects what ledger and pollers know; readers in other threads see whole snapshots only."""

    def __init__(self) -> None:
        self._ledger_snapshot = Snapshot(loaded=False)
        self._ledger_error: LedgerError | None = None
        self._accounts: dict[str, AccountState] = {}
        self._streams: dict[tuple[str, str], StreamNotes] = {}
        self._recent: dict[str, dict[Labels, tuple[int, float]]] = {}
        self._current = Snapshot(loaded=False, ledger_up=False)

    def snapshot(self) -> Snapshot:
        """The present state."""
        return self._current

    def ledger_changed(self, error: LedgerError | None) -> None:
        """The ledger works (None) or doesn't; its last good totals stay in sight."""
        self._ledger_error = error
        self.publish()

    def take(self, ledger: Ledger) -> None:
        """Take over what the ledger has committed."""
        self._ledger_snapshot = ledger.snapshot()
        self.publish()

    def set_account(self, state: AccountState) -> None:
        """Show an account's state from now on."""
        self._accounts[state.account] = state
        self.publish()

    def set_stream(self, account: str, channel: str, notes: StreamNotes) -> None:
        """Show what polling knows of a stream from now on."""
        self._streams[account, channel] = notes

    def set_recent(self, account: str, shares: dict[Labels, tuple[int, float]]) -> None:
        """Show an account's recipients of the last hour from now on."""
        self._recent[account] = shares

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
        """Drop accounts that are no longer configured."""
        for name in set(self._accounts) - accounts:
            del self._accounts[name]
            self._recent.pop(name, None)
        self._streams = {key: n for key, n in self._streams.items() if key[0] in accounts}
        self.publish()

    def publish(self) -> None:
        """Replace the snapshot that readers see."""
        recent = {labels: s for shares in self._recent.values() for labels, s in shares.items()}
        self._current = msgspec.structs.replace(
            self._ledger_snapshot,
            streams=tuple(self._with_notes(stream) for stream in self._ledger_snapshot.streams),
            accounts=tuple(self._accounts.values()),
            recent=recent,
            ledger_up=self._ledger_error is None,
        )

    def _with_notes(self, stream: StreamState) -> StreamState:
        notes = self._streams.get((stream.account, stream.channel), StreamNotes())
        return msgspec.structs.replace(stream, cadence=notes.cadence, poll_up=notes.poll_up)
