"""How long a decision takes, and what a page costs the planner, with many pending messages.

The floor sorts as many numbers as messages are pending: below 1 is faster than that.
"""

import resource
import statistics
import time
from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np

from exporter.gateway.message import Message, Page, Personal
from exporter.gateway.request import HistoryRequest
from exporter.ledger.records import StreamView
from exporter.ledger.waiting import BUCKET, Known, Waiting
from exporter.polling.mind import Maturing
from exporter.polling.planner import AccountView, Ask
from exporter.polling.valuing import ValuingPlanner


PENDING = (10_000, 100_000, 500_000)
OPERATORS = ("mts", "megafon", "beeline", "tele2", "kcell")
NOW = 1_800_000_000.0
DAY = 86_400.0
PER_HOUR = 8000.0
ROWS = 1000
ROUNDS = 15


def main() -> None:
    """Print a line for each number of pending messages."""
    print(f"planner, median of {ROUNDS}; share of the time to sort as many numbers:")
    for count in PENDING:
        before = _peak_mebibytes()
        planner = planner_with(count)
        floor = _median(partial(np.sort, np.random.default_rng(1).random(count)))
        decision = _median(partial(planner.decide, view()))
        page = _median(partial(_answer, planner))
        peak = _peak_mebibytes() - before
        print(
            f"  {count:7} pending  decision {decision * 1000:6.1f} ms {decision / floor:5.1f}"
            f"  page {page * 1000:6.1f} ms {page / floor:5.1f}  peak +{peak:.0f} MiB"
        )


def planner_with(count: int) -> ValuingPlanner:
    """A planner with messages of the last day pending, each read once."""
    planner = ValuingPlanner(
        ["sms"], [Maturing(310.0, 0.5), Maturing(3610.0, 0.1)], ZoneInfo("Europe/Moscow"), NOW
    )
    waiting = tuple(_waiting(n, NOW - DAY + n * DAY / count) for n in range(count))
    rows = max(1, round(max(PER_HOUR, count / 24) * BUCKET / 3600))
    last = int(NOW) // BUCKET
    counts = tuple((bucket, rows) for bucket in range(last - int(DAY) // BUCKET, last))
    planner.begin({"sms": Known(waiting=waiting, rows=counts, head_started=NOW)}, None, NOW)
    return planner


def view() -> AccountView:
    """Half a period after a newest page."""
    stream = StreamView(
        channel="sms", synced=True, newest_id="1", head_started=NOW, gaps=(), pending=()
    )
    return AccountView(
        now=NOW + 60, streams=(stream,), limit=29, window=3600.0, free_at=(), last_call=NOW
    )


def _waiting(number: int, sent: float) -> Waiting:
    return Waiting(
        int_id=str(number),
        send_time=int(sent),
        read_at=min(NOW, sent + 120),
        channel="sms",
        operator=OPERATORS[number % len(OPERATORS)],
        after_id=str(number + 1),
        phone=str(79_000_000_000 + number),
    )


def _answer(planner: ValuingPlanner) -> None:
    ask = Ask(channel="sms", kind="head", request=HistoryRequest(), reason="its turn")
    rows = tuple(
        Message(
            int_id=str(n),
            status=0,
            send_time=int(NOW - n / 4),
            phone=Personal(str(79_000_000_000 + n)),
        )
        for n in range(ROWS)
    )
    planner.answered(ask, Page(messages=rows, rows=ROWS), NOW + 60, NOW + 60)


def _median(run: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
