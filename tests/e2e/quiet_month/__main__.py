"""``python -m tests.e2e.quiet_month``: thirty ordinary days, and every alert that came of them."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from exporter import logs
from exporter.monitoring.rules import rule_groups
from exporter.monitoring.thresholds import Thresholds
from tests.e2e.drills.__main__ import PAGE, tool
from tests.e2e.drills.page import put
from tests.e2e.quiet_month.accounts import ACCOUNTS
from tests.e2e.quiet_month.month import START, Month, live


DAYS = 30.0
MARK = "quiet month"
SEVERITIES = ("critical", "warning", "info")


def main() -> int:
    """Live, print, write; 1 when anybody would have been disturbed."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers are ended, too
    logs.set_up("error")
    months: list[Month] = []
    for account in ACCOUNTS:
        if asked.only and account.key not in asked.only:
            continue
        with tempfile.TemporaryDirectory(prefix="quiet-month-") as folder:
            month = live(account, rule_groups(Thresholds()), asked.days, tool, Path(folder))
        months.append(month)
        _say("\n".join([f"{account.title}:", *map(str, _told(month))]))
    _say(table(months))
    if not asked.only and asked.days == DAYS:
        put(PAGE, MARK, table(months))
    return 1 if any(month.of("critical") or month.of("warning") for month in months) else 0


def table(months: Sequence[Month]) -> str:
    """A Markdown table, a line for each account."""
    rows: list[tuple[str, ...]] = [
        ("account", "days", "messages", "calls", "alerts looked at", *SEVERITIES),
        ("---", *["---:"] * 7),
    ]
    rows += [_row(month) for month in months]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(month: Month) -> tuple[str, ...]:
    fired = [str(len(month.of(severity))) for severity in SEVERITIES]
    numbers = (month.messages, month.calls, month.alerts)
    return (month.account.title, f"{month.days:g}", *(f"{n:,}" for n in numbers), *fired)


def _told(month: Month) -> Iterator[str]:
    for episode in month.episodes:
        at = datetime.fromtimestamp(episode.start, UTC)
        lasted = (episode.end - episode.start) / 60
        yield (
            f"  day {(episode.start - START) / 86400:.2f} ({at:%a %H:%M} UTC) {episode.name}"
            f" {episode.severity}, {lasted:.0f} min, {dict(episode.labels)}"
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.quiet_month", description=__doc__)
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="ACCOUNT,...")
    parser.add_argument("--days", type=float, default=DAYS)
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
