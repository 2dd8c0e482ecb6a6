"""What a drill is: a world in which something happens, and the alerts that must come of it."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

import msgspec

from exporter.clock import Clock
from exporter.simulation.faults import Fault
from exporter.simulation.spec import WorldSpec


class Scene(Protocol):
    """What a drill may do at its moment, besides what its world and its gateway do."""

    @property
    def clock(self) -> Clock:
        """The fast time."""
        ...

    async def restart(self, *, down: float, version: str, crash: bool = False) -> None:
        """End the exporter and start another after ``down`` seconds."""
        ...

    async def other_program(self, per_hour: float) -> None:
        """Let another program make so many calls, for ever."""
        ...


async def nothing(_scene: Scene) -> None:
    """World and gateway see to it."""


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """One incident. Times are Unix seconds of the gateway, delays seconds."""

    key: str
    """Name of its job and account."""
    title: str
    world: Callable[[float], WorldSpec]
    """The traffic, given the moment of the incident."""
    faults: Callable[[float], tuple[Fault, ...]] = lambda _moment: ()
    """What its gateway gets wrong."""
    befall: Callable[[Scene], Coroutine[Any, Any, None]] = nothing
    """What else happens at the moment."""
    within: Mapping[str, float] = {}
    """Alerts that somebody must hear of, and within how many seconds."""
    besides: frozenset[str] = frozenset()
    """Alerts that may fire as well."""
    quiet: frozenset[str] = frozenset()
    """Alerts that may fire but that nobody may hear of, because another one says it all."""

    @property
    def job(self) -> str:
        """Its scrape job."""
        return f"smsc-{self.key}"
