"""What the recording rules give for traffic that can be reckoned by head."""

from collections.abc import Iterator

from exporter.monitoring import recorded as names
from tests.monitoring.scenarios.case import Case, File, Gives, Line, line
from tests.monitoring.scenarios.tracks import Track, pages
from tests.monitoring.scenarios.worlds import OPERATOR, SENDER, failures, matured, submitted


RECORDING_ONLY = ("smsc-recording.yml",)
HOUR, DAY = 60.0, 24 * 60.0
ACCOUNT = {"job": "smsc", "account": "a"}
ROUBLES = {"account": "a", "currency": "RUB"}


def records() -> File:
    """An hour, and a day."""
    cases = [
        Case("an hour of traffic", [*traffic()], [*hour()], every=1),
        Case("a day and its baselines", [*history()], [*baselines(), *objective()], every=5),
    ]
    return File("records", cases, RECORDING_ONLY, alone=True)


def traffic() -> Iterator[Line]:
    """An even flow: 2 messages a minute to MTS, 1 to Kcell, and what does not belong to them."""
    yield submitted(even(2))
    yield submitted(even(1), country="KZ", operator="kcell")
    yield submitted(even(4), channel="email", country="XX", operator="mail")
    yield submitted(even(8), channel="hlr")
    yield failures(even(0.5), "20", "255")
    yield failures(even(0.25), "20", "255", sender="BANK")
    yield failures(even(3), "24", "255")
    yield failures(even(3), "20", "0")
    yield failures(even(3), "20", "255", channel="hlr")
    yield cost(even(5), **SENDER)
    yield cost(even(7), **{**SENDER, "country": "KZ", "operator": "kcell"})
    yield line("smsc_segments_submitted_total", even(2.5), **SENDER)
    few = {**SENDER, "country": "KZ", "operator": "kcell"}
    yield line("smsc_segments_submitted_total", even(0.04), **few)


def hour() -> Iterator[Gives]:
    """What is recorded of the last hour; 7 hours in, so that windows are full."""
    per_country = {"RU": 120.0, "KZ": 60.0}
    yield gives(names.SUBMITTED_1H, ({"channel": "email"}, 240), ({"channel": "sms"}, 180))
    yield gives(names.COUNTRY_1H, *(({"country": c}, n) for c, n in sorted(per_country.items())))
    yield gives(names.COUNTRY_ALL_1H, *(({"country": c}, 180) for c in sorted(per_country)))
    shares = {"KZ": 0.238, "RU": 0.556}
    yield gives(names.COUNTRY_SHARE, *(({"country": c}, s) for c, s in shares.items()), to=0.001)
    operators = (("kcell", 60.0), ("mail", 240.0), ("mts", 120.0))
    yield gives(names.OPERATOR_1H, *(({"operator": name}, n) for name, n in operators))
    yield gives(names.ERRORS_1H, ({"operator": "mts", "err": "255"}, 45))
    costs = (("KZ", 420.0), ("RU", 300.0))
    yield gives(names.COUNTRY_COST_1H, *(({**ROUBLES, "country": c}, n) for c, n in costs))
    yield gives(names.COST_1H, (ROUBLES, 720))
    yield gives(names.PRICE, ({**SENDER, "currency": "RUB"}, 2))


def history() -> Iterator[Line]:
    """A day and six hours of 60 messages an hour, of which a tenth is lost, and slow."""
    yield matured(even(0.9, 30), "delivered")
    yield matured(even(0.1, 30), "pending")
    yield matured(even(5, 30), "cancelled")
    yield matured(even(5, 30), "delivered", deadline="1h")
    yield matured(even(0.015, 30), "delivered", operator="tele2", account="quiet")
    yield matured(even(0.0015, 30), "pending", operator="tele2", account="quiet")
    seconds = "smsc_message_delivery_seconds"
    yield line(f"{seconds}_count", even(0.9, 30), **OPERATOR)
    for edge, rate in (("30.0", 0.3), ("60.0", 0.72), ("120.0", 0.9)):
        yield line(f"{seconds}_bucket", even(rate, 30), **OPERATOR, le=edge)
    yield submitted(pages((26 * HOUR, 1), (4 * HOUR, 3), period=5))
    yield failures(pages((26 * HOUR, 0.5), (4 * HOUR, 3), period=5), "20", "255")
    yield cost(pages((20 * HOUR, 2), (1 * HOUR, 10), (9 * HOUR, 2), period=5), **SENDER)


def baselines() -> Iterator[Gives]:
    """What is kept of the past, and what is too short a past."""
    past = {"channel": "sms", "deadline": "5m", "window": "1h"}
    route = {**OPERATOR, **past}
    at = 29 * HOUR
    yield gives("account:smsc_undelivered:baseline7d", (past, 0.1), at=at, to=0.01)
    operators = "account_country_operator"
    yield gives(f"{operators}:smsc_undelivered:baseline7d", (route, 0.1), at=at, to=0.01)
    yield gives(f"{operators}:smsc_undelivered:baseline7d", at=20 * HOUR)
    slow = {**OPERATOR, "window": "1h"}
    yield gives(f"{operators}:smsc_slow:baseline7d", (slow, 0.2), at=at, to=0.01)
    yield gives(names.TYPICAL_1H, ({"channel": "sms"}, 60), at=at)
    yield gives(names.COUNTRY_MEAN, ({"country": "RU"}, 60), at=at, to=5)
    code = {"operator": "mts", "err": "255"}
    yield gives(names.ERRORS_MEAN, (code, 30), at=at, to=10)
    yield gives(names.COST_MOST, (ROUBLES, 600), at=at, to=10)


def objective() -> Iterator[Gives]:
    """Messages that should and that did arrive; stopped ones are none."""
    for length, minutes in (("2h", 120), ("1d", 1440)):
        for what, rates in (("eligible", (5.0, 1.0)), ("ontime", (5.0, 0.9))):
            ages = zip(("1h", "5m"), rates, strict=True)
            samples = [({"channel": "sms", "deadline": age}, n * minutes) for age, n in ages]
            name = f'account:smsc_messages_{what}:increase{length}{{account="a"}}'
            yield gives(name, *samples, at=29 * HOUR, to=4)
    target = [({"deadline": "1h"}, 0.95)]
    yield Gives(29 * HOUR, f"round({names.OBJECTIVE}, 0.01)", target)


def gives(
    name: str, *samples: tuple[dict[str, str], float], at: float = 7 * HOUR, to: float = 1
) -> Gives:
    """What is recorded under a name at a minute, rounded."""
    whole = [({**ACCOUNT, **labels}, value) for labels, value in samples]
    return Gives(at, f"round({name}, {to:g})", whole)


def even(rate: float, hours: float = 8) -> Track:
    """A counter that grows by ``rate`` a minute, fractions too."""
    return [rate * at / 2 for at in range(round(hours * HOUR * 2) + 1)]


def cost(track: Track, **labels: str) -> Line:
    """Money spent."""
    return line("smsc_cost_total", track, **labels, currency="RUB")
