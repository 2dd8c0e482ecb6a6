"""``get_stat``: what the gateway says itself of some days."""

from collections.abc import Mapping
from typing import Any

from exporter.simulation.parameters import Parameters, read_days
from exporter.simulation.visits import Account
from exporter.simulation.world import STREAMS, Query


EVERY = 1_000_000_000
"""More rows than any period has."""


def statistics(account: Account, parameters: Parameters, now: float) -> Mapping[str, Any]:
    """Messages and their cost over all streams, for the only login there is.

    Raises `ParameterError` for days that are none.
    """
    since, until = read_days(parameters)
    rows = [
        row
        for stream in STREAMS
        for row in account.world.page(now, Query(stream, EVERY, since=since, until=until))
    ]
    return {
        "login": account.login,
        "sms": len(rows),
        "credit": str(sum(row.cost(now) for row in rows)),
        "debit": "0",
        "currency": account.currency,
    }
