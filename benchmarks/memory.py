"""Resident memory with 100,000 pending messages, in a process of its own."""

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.answers import answer
from benchmarks.pages import START, apply, open_ledger
from exporter.app import Exporter
from exporter.clock import SystemClock
from exporter.exposition.collector import LedgerCollector
from exporter.exposition.gauges import Facts
from exporter.exposition.page import MetricsPage
from exporter.wiring import NAMES


PENDING = 100_000
ROWS = 1000


def main() -> None:
    """Print the peak of a process that applies, describes and renders them."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", "measure"],
        check=True,
        capture_output=True,
        text=True,
    )
    print(done.stdout, end="")


def measure() -> None:
    """Fill a ledger with pending messages, render /metrics, and tell the peak."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = open_ledger(Path(folder))
        for k in range(PENDING // ROWS):
            sent = START + 60 + 100 * k
            apply(ledger, answer(10**9 + ROWS * (k + 1), ROWS, sent + 100), sent + 110)
        now = START + 100 * PENDING / ROWS + 200
        ledger.refresh("main", "sms", now)
        ledger.view("main", "sms", now)
        facts = Facts(version="", python="")
        collector = LedgerCollector(ledger, clock=SystemClock(), facts=lambda: facts, names=NAMES)
        page = MetricsPage(collector).render("")
        pending = sum(ledger.snapshot().streams[0].pending.values())
        peak = _peak_mebibytes()
        print(f"{Exporter.__name__} process, {pending} pending, page of {len(page.body)} bytes:")
        print(f"  peak resident memory {peak:.0f} MiB")
        ledger.close()


def _peak_mebibytes() -> float:
    """The high-water mark of this program alone; getrusage would tell the parent's, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    measure() if sys.argv[1:] == ["measure"] else main()
