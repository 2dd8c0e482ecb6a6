"""Applying pages of 1000 rows, decode to commit, against the floor: decode and one bulk insert.

The floor decodes the same JSON into plain values and inserts the same rows, as they are, into one
table keyed by ``int_id``, with the same pragmas, the same library and one commit.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from sqlalchemy import Column, MetaData, Table, Text, create_engine, event, insert

from benchmarks.answers import answer
from exporter import wiring
from exporter.config import Account, Config, Credentials, LedgerConfig, Secret
from exporter.gateway.answers import decode
from exporter.gateway.request import HistoryRequest
from exporter.ledger.ledger import Ledger
from exporter.ledger.permits import Limits
from exporter.ledger.records import Outcome


ROUNDS = 30
ROWS = 1000
START = 1_800_000_000
LIMITS = Limits(
    requests=1_000_000,
    window=3600.0,
    identical=1_000_000,
    identical_window=60.0,
    concurrency=14,
    call_timeout=60.0,
)


def main() -> None:
    """Print a line for each kind of page."""
    print(f"pages of {ROWS} rows, decode to commit, median of {ROUNDS}:")
    with tempfile.TemporaryDirectory() as folder:
        floor = _median(_floor(Path(folder)), status=0)
        print(f"  floor (decode, bulk insert)      {floor * 1000:6.1f} ms  1.00")
        for name, seconds in _ledger_kinds(Path(folder)):
            print(f"  {name:32s} {seconds * 1000:6.1f} ms  {seconds / floor:.2f}")


def open_ledger(folder: Path) -> Ledger:
    """A ledger of one account as configured by default, opened before the first page was sent."""
    account = Account(name="main", credentials=Credentials(apikey=Secret("none")))
    config = Config(accounts=(account,), ledger=LedgerConfig(path=folder / "ledger.sqlite"))
    ledger = wiring.ledger(config, owner=True)
    ledger.open(wiring.specs(config), START)
    return ledger


def apply(ledger: Ledger, body: bytes, now: float) -> None:
    """Decode and apply an answer as polling does."""
    request = HistoryRequest()
    permit = ledger.spend("main", "head", request, LIMITS, now, mark=0)
    if not isinstance(permit, int):
        raise TypeError(permit.reason)
    ledger.apply(
        "main",
        "sms",
        request,
        decode(body),
        started=now,
        permit_id=permit,
        limits=LIMITS,
        outcome=Outcome(finished_at=now + 1, duration=1.0, result="ok"),
    )


def _ledger_kinds(folder: Path) -> list[tuple[str, float]]:
    ledger = open_ledger(folder)
    new = [_timed(ledger, k, status=0, again=0.0) for k in range(ROUNDS)]
    same = [_timed(ledger, k, status=0, again=20.0) for k in range(ROUNDS)]
    final = [_timed(ledger, k, status=1, again=5100.0) for k in range(ROUNDS)]
    settled = [_timed(ledger, k, status=1, again=5200.0) for k in range(ROUNDS)]
    kinds = {
        "all new, with the permit": new,
        "all pending as before": same,
        "all become final": final,
        "all final as before": settled,
    }
    ledger.close()
    return [(name, statistics.median(times)) for name, times in kinds.items()]


def _timed(ledger: Ledger, k: int, *, status: int, again: float) -> float:
    sent = START + 60 + 100 * k
    body = answer(10**9 + ROWS * (k + 1), ROWS, sent + 100, status=status)
    started = time.perf_counter()
    apply(ledger, body, sent + 110 + again)
    return time.perf_counter() - started


def _floor(folder: Path) -> Callable[[bytes], None]:
    first = msgspec.json.decode(answer(1, 1, START))[0]
    columns = [Column(name, Text, primary_key=name == "int_id") for name in first]
    table = Table("rows", MetaData(), *columns)
    engine = create_engine(f"sqlite:///{folder / 'floor.sqlite'}")

    @event.listens_for(engine, "connect")
    def _prepare(raw: object, _record: object) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -16000"):
            raw.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    table.metadata.create_all(engine)

    def run(body: bytes) -> None:
        with engine.begin() as connection:
            connection.execute(insert(table), msgspec.json.decode(body))

    return run


def _median(run: Callable[[bytes], None], *, status: int) -> float:
    times = []
    for k in range(ROUNDS):
        body = answer(10**9 + ROWS * (k + 1), ROWS, START + 100 * k, status=status)
        started = time.perf_counter()
        run(body)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
