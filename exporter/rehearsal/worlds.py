"""Worlds beyond the traces: no constant of a planner is to be chosen by them.

All but the nights have a history before the rehearsal begins, so each starts with a first sync.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import msgspec

from exporter.rehearsal.scenario import DAY, HOUR, START, Scenario, Sender, Stop
from exporter.rehearsal.traces import HOURS, plain_world, stuck, with_outage
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.record import Stream
from exporter.simulation.spec import Campaign, Emails, Latency, Outage, WorldSpec


ACCOUNTS = 10
NIGHT = 6 * HOUR


def drawn_rate(random: Random, least: float = 5.0, most: float = 20_000.0) -> float:
    """Messages an hour, from every order of magnitude alike."""
    return float(least * (most / least) ** random.random())


def lived_in(rate: float, swing: float = 0.5, **changes: Any) -> WorldSpec:
    """A world of such traffic that has always been there; ``changes`` are fields of it."""
    return msgspec.structs.replace(plain_world(rate, swing), begins=None, **changes)


def slowed(spec: WorldSpec, factor: float) -> WorldSpec:
    """The world with every time to final status so many times as long."""
    operators = (
        msgspec.structs.replace(operator, latency=_times(operator.latency, factor))
        for operator in spec.operators
    )
    return msgspec.structs.replace(spec, operators=tuple(operators))


def mailing(hour: float, size: int) -> Campaign:
    """So many messages within twenty minutes, so many hours after START."""
    return Campaign(at=START + hour * HOUR, duration=1200.0, period=None, size=size)


def other_rate(random: Random) -> Sender:
    """A rate and a day curve that no trace has."""
    return Sender(world=lived_in(drawn_rate(random), random.uniform(0.0, 0.9)))


def other_latencies(random: Random) -> Sender:
    """Statuses come up to four times later or twice as early."""
    return Sender(world=slowed(lived_in(3000), 2.0 ** random.uniform(-1.0, 2.0)))


def failing_in_turn(random: Random) -> Sender:
    """One operator is stuck, then another one refuses everything."""
    first, second = random.sample(range(5), 2)
    at = random.uniform(6.0, 12.0)
    refusing = Outage(at=START + (at + 3) * HOUR, duration=HOUR, period=None, kind="refused")
    world = with_outage(lived_in(6000), first, stuck(at, 2.5))
    return Sender(world=with_outage(world, second, refusing))


def campaign_in_outage(random: Random) -> Sender:
    """A mailing begins while an operator is stuck."""
    at = random.uniform(6.0, 18.0)
    world = lived_in(800, campaigns=(mailing(at + 1, random.randrange(5_000, 60_000)),))
    return Sender(world=with_outage(world, 1, stuck(at, 3)))


def scheduled(random: Random) -> Sender:
    """A third of the messages were created up to three days before they are sent."""
    return Sender(
        world=lived_in(1500, scheduled_share=0.5, lead_median=random.uniform(3.0, 30.0) * HOUR)
    )


def late_rows(random: Random) -> Sender:
    """Rows that show up late, below newer ones."""
    share, median = random.uniform(0.005, 0.05), random.uniform(20.0, 300.0)
    return Sender(world=lived_in(2500, late_share=share, late_median=median))


def two_channels(random: Random) -> Sender:
    """E-mail and SMS out of one budget."""
    world = lived_in(
        drawn_rate(random, 200, 5000), emails=Emails(per_hour=random.uniform(50, 3000))
    )
    return Sender(world=world, channels=("sms", "email"))


def nights_only(random: Random) -> Sender:
    """Nothing by day; the same numbers every night."""
    size = random.randrange(5_000, 60_000)
    nightly = Campaign(at=23 * HOUR, duration=NIGHT, period=DAY, size=size, sender="NIGHT")
    return Sender(world=msgspec.structs.replace(plain_world(0), campaigns=(nightly,)))


def many_accounts(random: Random) -> tuple[Sender, ...]:
    """Ten accounts of one process, each with a budget of its own."""
    return tuple(
        Sender(world=other_rate(random).world, seed=random.getrandbits(30), name=f"account-{n}")
        for n in range(ACCOUNTS)
    )


SINGLE: Mapping[str, Callable[[Random], Sender]] = {
    "rate": other_rate,
    "latencies": other_latencies,
    "failing in turn": failing_in_turn,
    "campaign in outage": campaign_in_outage,
    "scheduled": scheduled,
    "late rows": late_rows,
    "two channels": two_channels,
    "nights": nights_only,
}
NAMES = (*SINGLE, "ten accounts", "any")


def world(name: str, seed: int, *, hours: float = HOURS) -> Scenario:
    """A scenario of this name, drawn from a seed; one of `NAMES`, else `KeyError`."""
    if name == "any":
        return any_world(seed, hours=hours)
    random = Random(f"{name} {seed}")
    if name == "ten accounts":
        senders = many_accounts(random)
    else:
        senders = (msgspec.structs.replace(SINGLE[name](random), seed=random.getrandbits(30)),)
    return Scenario(name=f"{name} #{seed}", senders=senders, hours=hours, seed=seed)


def any_world(seed: int, *, hours: float = HOURS) -> Scenario:
    """A world with each trouble by chance, and with what may befall the exporter itself."""
    random = Random(f"any {seed}")
    spec = slowed(
        lived_in(drawn_rate(random), random.uniform(0.0, 0.9)), 2 ** random.uniform(-1, 2)
    )
    spec = _troubled(random, spec, hours)
    sender = Sender(world=spec, seed=random.getrandbits(30), channels=_channels(spec))
    return Scenario(
        name=f"any #{seed}",
        senders=(sender,),
        hours=hours,
        foreign=_perhaps(random, random.uniform(1, 15)),
        faults=_faults(random),
        stops=_stops(random, hours),
        seed=seed,
    )


def _channels(spec: WorldSpec) -> tuple[Stream, ...]:
    return ("sms", "email") if spec.emails.per_hour else ("sms",)


def _troubled(random: Random, spec: WorldSpec, hours: float) -> WorldSpec:
    changes = {
        "late_share": _perhaps(random, 0.01),
        "scheduled_share": _perhaps(random, 0.1),
        "correction_share": _perhaps(random, 0.02),
        "queued_share": _perhaps(random, 0.05),
        "emails": Emails(per_hour=_perhaps(random, drawn_rate(random, 10, 2000))),
    }
    spec = msgspec.structs.replace(spec, **changes)
    if random.random() < 0.3:
        at = random.uniform(0.2, 0.6) * hours
        spec = with_outage(spec, random.randrange(5), stuck(at, random.uniform(0.5, 4)))
    if random.random() < 0.3:
        size = random.randrange(1000, 50_000)
        campaign = mailing(random.uniform(0.2, 0.6) * hours, size)
        spec = msgspec.structs.replace(spec, campaigns=(campaign,))
    return spec


def _faults(random: Random) -> tuple[Fault, ...]:
    if random.random() < 0.7:
        return ()
    kinds = (FaultKind.HTTP_502, FaultKind.RESET, FaultKind.TIMEOUT)
    return tuple(Fault(kind=kind, probability=random.uniform(0, 0.02)) for kind in kinds)


def _stops(random: Random, hours: float) -> tuple[Stop, ...]:
    if random.random() < 0.7:
        return ()
    at = random.uniform(0.2, 0.7) * hours * HOUR
    return (Stop(at=at, down=random.uniform(0, 1200), crash=random.random() < 0.5),)


def _perhaps(random: Random, value: float, chance: float = 0.3) -> float:
    return value if random.random() < chance else 0.0


def _times(latency: Latency, factor: float) -> Latency:
    return msgspec.structs.replace(
        latency,
        fast_median=latency.fast_median * factor,
        slow_median=latency.slow_median * factor,
        absent_median=latency.absent_median * factor,
        refusal_median=latency.refusal_median * factor,
    )
