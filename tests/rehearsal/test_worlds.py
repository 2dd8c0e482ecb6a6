import msgspec
import pytest

from exporter.rehearsal.policies import POLICIES
from exporter.rehearsal.scenario import HOUR, START, Scenario
from exporter.rehearsal.stage import rehearse
from exporter.rehearsal.worlds import ACCOUNTS, NAMES, world
from exporter.simulation.world import World


def thinned(scenario: Scenario) -> Scenario:
    """The same scenario with few messages and no history before."""
    senders = tuple(
        msgspec.structs.replace(
            sender,
            world=msgspec.structs.replace(
                sender.world,
                per_hour=min(40.0, sender.world.per_hour),
                begins=START,
                campaigns=tuple(
                    msgspec.structs.replace(campaign, size=100)
                    for campaign in sender.world.campaigns
                ),
            ),
        )
        for sender in scenario.senders
    )
    return msgspec.structs.replace(scenario, senders=senders)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_and_a_seed_make_one_world(name: str) -> None:
    """The same seed gives the same scenario, another seed another one."""
    assert world(name, 1) == world(name, 1)
    assert world(name, 1).senders != world(name, 2).senders


@pytest.mark.parametrize("name", NAMES)
def test_every_world_can_be_rehearsed(name: str) -> None:
    """A third of an hour of each, thinned out, ends well and shows messages."""
    play = thinned(world(name, 3, hours=0.3))
    done = rehearse(play, POLICIES["plain"])
    assert len(done.accounts) == (ACCOUNTS if name == "ten accounts" else 1)
    assert all(account.sightings.sights for account in done.accounts)
    assert sum(sight.new for sight in done.accounts[0].sightings.sights) > 0


def test_any_world_brings_every_trouble_sooner_or_later() -> None:
    """Among many seeds each kind of trouble occurs, and none in all of them."""
    worlds = [world("any", seed) for seed in range(60)]
    specs = [each.senders[0].world for each in worlds]
    troubles = {
        "foreign": [each.foreign > 0 for each in worlds],
        "faults": [bool(each.faults) for each in worlds],
        "stops": [bool(each.stops) for each in worlds],
        "email": [len(each.senders[0].channels) == 2 for each in worlds],
        "late": [spec.late_share > 0 for spec in specs],
        "scheduled": [spec.scheduled_share > 0 for spec in specs],
        "corrected": [spec.correction_share > 0 for spec in specs],
        "outage": [any(operator.outages for operator in spec.operators) for spec in specs],
        "campaign": [bool(spec.campaigns) for spec in specs],
    }
    assert [name for name, found in troubles.items() if len(set(found)) < 2] == []
    rates = sorted(spec.per_hour for spec in specs)
    assert rates[0] < 50
    assert rates[-1] > 5000


def test_nights_are_busy_and_days_are_empty() -> None:
    """Messages are sent from 23 to 5 Moscow time only."""
    sender = world("nights", 1).senders[0]
    made = World(sender.world, sender.seed)
    hours = {
        int((record.created - START) / HOUR) % 24
        for record in made.created("sms", START, START + 24 * HOUR)
    }
    assert hours == {23, 0, 1, 2, 3, 4}
