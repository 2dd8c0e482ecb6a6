"""Fixtures: stages on which the exporter polls a simulated gateway in virtual time."""

import tempfile
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from exporter.config import Account
from exporter.simulation.clock import VirtualClock
from exporter.simulation.faults import Fault, Faults
from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.spec import WorldSpec
from exporter.simulation.visits import Account as GatewayAccount
from exporter.simulation.world import World
from tests.polling.stage import PASSWORD, Stage, account


Lines = list[MutableMapping[str, Any]]
MEMORY = Path("/dev/shm")

Stages = Callable[..., Stage]


@pytest.fixture(autouse=True)
def lines() -> Iterator[Lines]:
    """What is logged, instead of being written."""
    with capture_logs() as caught:
        yield caught


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of its own, in memory where the system has such a place."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture
def stages(folder: Path) -> Iterator[Stages]:
    """A maker of stages: a world for each account, the gateway's limits and faults."""
    with ExitStack() as stack:

        def make(
            *worlds: WorldSpec,
            accounts: Sequence[Account] | None = None,
            limits: Limits | None = None,
            faults: Sequence[Fault] = (),
            latency: float = 0.4,
            seed: int = 1,
            **settings: Any,
        ) -> Stage:
            clock = VirtualClock()
            accounts = accounts or (account(),)
            gateway = Gateway(
                [
                    GatewayAccount(world=World(spec, seed), login=each.name, password=PASSWORD)
                    for spec, each in zip(worlds, accounts, strict=True)
                ],
                limits=limits,
                faults=Faults(faults, seed),
                clock=clock,
                latency=latency,
                seed=seed,
            )
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
            return Stage(place, clock, gateway, accounts, seed=seed, **settings)

        yield make
