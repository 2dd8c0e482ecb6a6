import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from exporter.ledger.errors import LedgerUnavailable
from exporter.ledger.snapshot import Total
from exporter.polling.plain import PlainPlanner
from exporter.polling.planner import AccountView, Ask, Wait
from exporter.rehearsal.briefing import Briefing
from exporter.rehearsal.policies import POLICIES
from exporter.rehearsal.scenario import HOUR, START, Stop
from exporter.rehearsal.stage import Performance, Stage, rehearse
from exporter.rehearsal.traces import plain_world, trace
from exporter.simulation.limits import Limits
from tests.rehearsal.plays import TROUBLED, scenario


def digest(done: Performance) -> str:
    """What tells courses apart."""
    return done.measures().digest


def test_the_same_seed_takes_the_same_course() -> None:
    """Two rehearsals agree in every request and its time, and in all that is measured."""
    first, again = (rehearse(scenario(TROUBLED, hours=0.5), POLICIES["plain"]) for _ in range(2))
    assert first.measures() == again.measures()
    assert first.accounts[0].sightings.sights == again.accounts[0].sightings.sights
    other = rehearse(scenario(TROUBLED, hours=0.5, world_seed=4), POLICIES["plain"])
    assert digest(first) != digest(other)


def test_another_process_takes_the_same_course() -> None:
    """Neither the process nor its hash seed makes a difference."""
    code = (
        "from exporter import logs\n"
        "from exporter.rehearsal.policies import POLICIES\n"
        "from exporter.rehearsal.stage import rehearse\n"
        "from tests.rehearsal.plays import TROUBLED, scenario\n"
        "logs.set_up('error')\n"
        "done = rehearse(scenario(TROUBLED, hours=0.5, foreign=20), POLICIES['plain'])\n"
        "print(done.measures())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    here = rehearse(scenario(TROUBLED, hours=0.5, foreign=20), POLICIES["plain"])
    assert outputs == {f"{here.measures()}\n"}


def test_the_digest_tells_requests_and_times() -> None:
    """Another latency of the gateway shifts the times, and the digest shows it."""
    quick, slow = (
        rehearse(scenario(plain_world(20), hours=0.2, latency=latency), POLICIES["plain"])
        for latency in (1.0, 1.5)
    )
    assert digest(quick) != digest(slow)


@pytest.mark.parametrize("crash", [True, False])
def test_restarts_lose_and_double_nothing(crash: bool) -> None:  # noqa: FBT001
    """After a stop or a crash polling goes on with the same ledger, within the same hour."""
    stops = (Stop(at=700.5, crash=crash), Stop(at=1200.0, down=600.0, crash=crash))
    done = rehearse(scenario(plain_world(300), hours=0.8, stops=stops), POLICIES["plain"])
    (account,) = done.accounts
    starts = [sight.started - START for sight in account.sightings.sights]
    assert not [start for start in starts if 1200 < start < 1800]
    assert max(starts) > 2600
    assert account.refused == 0
    submitted = sum(map(int, done.totals.totals[Total.SUBMITTED].values()))
    assert submitted == sum(sight.new for sight in account.sightings.sights)


@pytest.mark.parametrize(("crash", "noted"), [(True, 0), (False, 1)])
def test_a_crash_writes_nothing_more(crash: bool, noted: int) -> None:  # noqa: FBT001
    """A call that is under way is noted as cut short by an orderly stop, and not by a crash."""
    play = scenario(plain_world(20), hours=0.1, stops=(Stop(at=0.5, crash=crash),))
    done = rehearse(play, POLICIES["plain"])
    requests = done.totals.totals[Total.API_REQUESTS]
    assert sum(int(n) for labels, n in requests.items() if "timeout" in labels) == noted


def test_each_start_makes_a_planner_that_knows_its_account() -> None:
    """A policy is asked at each start, for each account."""
    briefings: list[Briefing] = []

    def policy(briefing: Briefing) -> PlainPlanner:
        briefings.append(briefing)
        return PlainPlanner()

    base = scenario(plain_world(50), hours=0.5, stops=(Stop(at=900.0),))
    senders = (base.senders[0], msgspec.structs.replace(base.senders[0], name="other"))
    rehearse(msgspec.structs.replace(base, senders=senders), policy)
    assert [each.account.name for each in briefings] == ["main", "other"] * 2


def test_the_oracle_knows_what_becomes_final() -> None:
    """An omniscient policy can tell when each message of a page will be final."""
    told: list[float] = []

    class Omniscient(PlainPlanner):
        def __init__(self, briefing: Briefing) -> None:
            super().__init__()
            self.briefing = briefing

        def decide(self, view: AccountView) -> Ask | Wait:
            ids = [stream.newest_id for stream in view.streams if stream.newest_id]
            told.extend(self.briefing.oracle.final_at(ids))
            return super().decide(view)

    done = rehearse(scenario(plain_world(300), hours=0.3), Omniscient)
    assert set(told) <= set(done.accounts[0].sightings.chronicle.times("final").tolist())
    assert len(told) > 5


class Broken(PlainPlanner):
    """Has a fault that shows after a while."""

    def decide(self, view: AccountView) -> Ask | Wait:
        if view.now > START + 600:
            raise ArithmeticError("broken")
        return super().decide(view)


def test_a_fault_of_a_planner_ends_the_rehearsal() -> None:
    """It is not hidden by the poller's patience."""
    with pytest.raises(ArithmeticError, match="broken"):
        rehearse(scenario(plain_world(20), hours=1), lambda _: Broken())


def test_a_fault_of_the_ledger_ends_the_rehearsal(tmp_path: Path) -> None:
    """Nothing goes on without a ledger, as an exporter would until it is back."""

    class Losing(PlainPlanner):
        def decide(self, view: AccountView) -> Ask | Wait:
            if view.now > START + 600:
                (tmp_path / "ledger.sqlite").unlink(missing_ok=True)
            return super().decide(view)

    stage = Stage(scenario(plain_world(20), hours=1), lambda _: Losing(), tmp_path)
    with pytest.raises(LedgerUnavailable, match="moved or replaced"):
        stage.play(lambda _: None)


def test_progress_is_told_to_the_end() -> None:
    """Virtual seconds done rise to the whole, also while the exporter is down."""
    told: list[float] = []
    play = scenario(plain_world(20), hours=0.75, stops=(Stop(at=100.0, down=1500.0),))
    rehearse(play, POLICIES["newest"], progress=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(0.75 * HOUR)
    assert max(b - a for a, b in pairwise(told)) <= 600


def test_another_program_spends_calls_and_waits_its_turn() -> None:
    """It makes as many calls as it wants, tries again after error 9, and gives up in time."""
    plenty = scenario(plain_world(20), hours=3, foreign=10, limits=Limits(requests=200))
    done = rehearse(plenty, POLICIES["newest"]).measures()
    assert 15 < done.foreign.ok < 50
    assert done.foreign[1:] == (0, 0)
    scarce = scenario(plain_world(20), hours=2, foreign=10, limits=Limits(requests=6))
    both = rehearse(scarce, POLICIES["newest"]).measures()
    assert both.foreign.dropped > 0
    assert both.foreign.refused >= 10 * both.foreign.dropped
    assert both.refused > 0
    assert both.foreign.ok + both.calls_per_hour * 2 <= 6 * 2 + 1


def test_the_naive_policy_is_as_good_as_the_prototype_found() -> None:
    """Quiet traffic, a newest page each two minutes: known after a minute, all of it."""
    found = rehearse(trace("1", hours=3), POLICIES["newest"]).measures()
    assert found.knowledge.share == found.discovery.share == 1.0
    assert 50 < found.knowledge.mean < 75
    assert 29 < found.calls_per_hour <= 30
