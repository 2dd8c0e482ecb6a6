"""How often to read the newest rows, and what any other call must be worth to be made instead.

Head pages of a stream with rate r, every t seconds, end r*t*t/2 row-seconds of waiting each. Spread
over several streams they are worth the same when t is proportional to 1/sqrt(r); that worth is the
price of a call.

A busy stream is read in chains: the newest page and the pages right below it. Pages of a chain
overlap with nothing but each other's ends, and show rows when more of them are final.
"""

from collections.abc import Callable, Mapping, Sequence
from math import sqrt

import msgspec

from exporter.gateway.request import PAGE_LIMIT


NOISE = 0.12
CHAIN_NOISE = 0.08
"""Share of a page that is left free for more rows than expected; chains average, and what is too
much for one is read by one page more.
"""
LONGEST_CHAIN = 6
CLIMB, BURST = 1.15, 1.75
"""How many times the mean of hours a rate is when traffic climbs; and when it is a burst, which
will be over soon.
"""
RARELY = 900.0
"""Seconds between head pages at most."""
SHOWN = 0.95
"""Share of what a head page shows that ends waiting: some rows are pending still."""
LEAST_PRICE = 30.0
"""Row-seconds that any call has to be worth: one message that waits for half a minute."""
STRETCH = 1.5
"""How many times their period head pages may be put off for a call that is worth more."""
LEAST_RATE = 10 / 3600
"""Rows a second by which a quiet stream is weighed: so few say little of how many come next."""
LEAST_LEFT = 2.0
"""Head pages in a window at least, whatever else is asked."""
FILLED = 0.8
"""Share of the numbers a lookup may ask for that it does ask for, on average."""


class Load(msgspec.Struct, frozen=True):
    """How busy a stream is, rows a second, and how its messages end."""

    rate: float
    last_rate: float
    slow_rate: float
    pending: Callable[[float], float]
    """Share of the messages sent within the last so many seconds that are pending."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How the permits of a window are to be spent."""

    periods: Mapping[str, float]
    """Seconds between head pages, by channel."""
    covering: Mapping[str, float]
    """The longest period in which no row is missed."""
    stretched: Mapping[str, float]
    """Periods while another call is worth its price and has to wait for a permit."""
    chains: Mapping[str, int]
    """Pages read in one go, by channel."""
    price: float
    """Row-seconds."""
    saturation: float
    """Share of the permits that it takes to read every row once; above 1 rows are missed."""


def pace(
    loads: Mapping[str, Load],
    limit: int,
    window: float,
    *,
    side: int,
    reserve: float,
    lookup: int,
) -> Pace:
    """The pace with ``limit`` permits a window (s), of which ``side`` went to other calls.

    ``lookup`` is how many numbers can be asked for at once.
    """
    chains = _chains(loads, limit, window, lookup)
    chained = any(chain > 1 for chain in chains.values())
    kept = 0.0 if chained else reserve
    rarest = max(RARELY, 2 * len(loads) * window / max(LEAST_LEFT, limit - kept))
    covering = {
        channel: min(_covering(load, chains[channel]), rarest) for channel, load in loads.items()
    }
    most = {channel: max(period, window / limit) for channel, period in covering.items()}
    even = _even(loads, max(LEAST_LEFT, limit - kept - side) / window, most)
    periods = {
        channel: covering[channel] if chains[channel] > 1 else even[channel] for channel in loads
    }
    demand = sum(load.rate * window / _rows(LONGEST_CHAIN) for load in loads.values())
    return Pace(
        periods=periods,
        covering=covering,
        stretched={
            channel: max(period, min(covering[channel], STRETCH * period))
            for channel, period in periods.items()
        },
        chains=chains,
        price=max(LEAST_PRICE, *(_head_worth(load, periods[name]) for name, load in loads.items())),
        saturation=demand / limit,
    )


class Demand(msgspec.Struct, frozen=True):
    """Calls that must find their permit."""

    last: float
    """When the last of them was made, Unix seconds."""
    period: float
    calls: int = 1
    """How many there are each time."""


def has_room(
    spent: Sequence[float], demands: Sequence[Demand], limit: int, window: float, now: float
) -> bool:
    """Whether one more call now leaves a permit for each of those demanded when it is due.

    ``spent`` says when the permits that count were spent.
    """
    due = sorted(
        moment
        for demand in demands
        for moment in _due(demand.last, demand.period, now, window)
        for _ in range(demand.calls)
    )
    taken = [*spent, now]
    first = 0
    for number, moment in enumerate(due):
        while first < len(taken) and taken[first] <= moment - window:
            first += 1
        if len(taken) - first + number + 1 > limit:
            return False
    return True


def _due(last: float, period: float, now: float, window: float) -> list[float]:
    first = max(now, last + period)
    return [
        first + number * period
        for number in range(int(max(0.0, now + window - first) / period) + 1)
    ]


def _chains(loads: Mapping[str, Load], limit: int, window: float, lookup: int) -> dict[str, int]:
    """Pages in a chain: the fewest with which all rows and stragglers fit into the permits."""
    chains = dict.fromkeys(loads, 1)
    busiest = max(loads, key=lambda channel: loads[channel].rate)
    others = sum(_pages(load, 1, window) for name, load in loads.items() if name != busiest)
    left = limit - others
    for chain in range(1, LONGEST_CHAIN + 1):
        chains[busiest] = chain
        if _demand(loads[busiest], chain, window, lookup) <= left:
            break
    return chains


def _demand(load: Load, chain: int, window: float, lookup: int) -> float:
    """Calls a window for all rows, and for those that are pending when they are first shown."""
    pages = _pages(load, chain, window)
    rate = _lasting(load)
    if not rate or not lookup:
        return pages
    pending = load.pending(chain * _rows(chain) / rate)
    return pages + rate * window * pending / (FILLED * lookup)


def _pages(load: Load, chain: int, window: float) -> float:
    return _lasting(load) * window / _rows(chain)


def _lasting(load: Load) -> float:
    """The rate to reckon with for hours."""
    climbs = CLIMB * load.slow_rate < load.rate <= BURST * load.slow_rate
    return load.rate if climbs else min(load.rate, load.slow_rate)


def _rows(chain: int) -> float:
    """Rows that a page of a chain can be expected to bring."""
    noise = NOISE if chain == 1 else CHAIN_NOISE / sqrt(chain)
    return PAGE_LIMIT * (1 - noise)


def _even(
    loads: Mapping[str, Load], calls: float, most: Mapping[str, float]
) -> Mapping[str, float]:
    """Periods of equal worth that together make so many calls a second, but none above ``most``."""
    weights = {channel: sqrt(max(load.rate, LEAST_RATE)) for channel, load in loads.items()}
    periods = dict(most)
    while weights and calls > 0:
        spacing = sum(weights.values()) / calls
        even = {channel: spacing / weight for channel, weight in weights.items()}
        over = [channel for channel, period in even.items() if period > most[channel]]
        if not over:
            return periods | even
        calls -= sum(1 / most[channel] for channel in over)
        weights = {channel: weights[channel] for channel in weights if channel not in over}
    return periods


def _covering(load: Load, chain: int) -> float:
    upper = max(load.rate, min(load.last_rate, 2 * load.rate), 1e-6)
    return chain * _rows(chain) / upper


def _head_worth(load: Load, period: float) -> float:
    rows = min(float(PAGE_LIMIT), load.rate * period)
    return 0.5 * SHOWN * rows * min(period, PAGE_LIMIT / max(load.rate, 1e-6))
