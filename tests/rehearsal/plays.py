"""Scenarios short enough for tests."""

from typing import Any

import msgspec

from exporter.rehearsal.scenario import START, Scenario, Sender
from exporter.rehearsal.traces import plain_world
from exporter.simulation.record import Stream
from exporter.simulation.spec import Campaign, Emails, WorldSpec


TROUBLED = msgspec.structs.replace(
    plain_world(150),
    emails=Emails(per_hour=60),
    campaigns=(Campaign(at=START + 1200, size=1500, duration=300, period=None),),
    late_share=0.05,
    scheduled_share=0.1,
    correction_share=0.3,
    correction_median=900.0,
    queued_share=0.1,
    stopped_share=0.02,
    late_median=60.0,
    lead_median=1800.0,
)
"""Everything that makes counting hard, at a small rate."""


def scenario(world: WorldSpec, *, hours: float, **choices: Any) -> Scenario:
    """One account in a world."""
    channels: tuple[Stream, ...] = ("sms", "email") if world.emails.per_hour else ("sms",)
    sender = Sender(world=world, seed=choices.pop("world_seed", 3), channels=channels)
    return Scenario(name="test", senders=(sender,), hours=hours, **choices)
