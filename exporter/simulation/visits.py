"""Who calls the gateway, and what became of each call."""

from collections.abc import Mapping
from hashlib import md5
from typing import Any

import msgspec
from starlette.requests import Request

from exporter.simulation.faults import Fault
from exporter.simulation.limits import Meter
from exporter.simulation.parameters import Parameters
from exporter.simulation.world import World


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A login of the gateway and its traffic."""

    world: World
    login: str = "demo"
    password: str = msgspec.field(default="demo")
    apikey: str = ""
    """No key when empty."""
    currency: str = "RUB"

    def __repr__(self) -> str:
        return f"Account(login={self.login!r})"

    def admits(self, parameters: Parameters) -> bool:
        """Whether the credentials of a call are this account's."""
        if self.apikey and parameters.get("apikey") == self.apikey:
            return True
        digest = md5(self.password.encode(), usedforsecurity=False).hexdigest()
        known = parameters.get("psw") in {self.password, digest}
        return known and parameters.get("login") == self.login


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call as the gateway saw it; its credentials and recipients are not kept."""

    time: float
    path: str
    address: str
    login: str
    """Empty when the log-in was refused."""
    parameters: Mapping[str, str]
    error: int = 0
    """Code answered; 0 for none."""
    refusal: str = ""
    """identical, hourly, balance, concurrent, login, blocked, parameters, or empty."""
    fault: str = ""
    """`FaultKind` it suffered, or empty."""
    rows: int = 0


class Visit:
    """One call on its way through the gateway; counts as running from `enter` to `leave`."""

    def __init__(self, time: float, request: Request, parameters: Parameters) -> None:
        self.time = time
        self.path = request.url.path
        self.address = request.client.host if request.client else ""
        self.parameters = parameters
        self.fault: Fault | None = None
        self._entered: tuple[Account, Meter] | None = None
        self._running = False
        self._notes: dict[str, Any] = {}

    @property
    def account(self) -> Account:
        """The account that was let in."""
        return self._inside()[0]

    @property
    def meter(self) -> Meter:
        """Its meter."""
        return self._inside()[1]

    def _inside(self) -> tuple[Account, Meter]:
        if self._entered is None:
            raise RuntimeError("nobody was let in")
        return self._entered

    def enter(self, account: Account, meter: Meter) -> None:
        """Count as running from now on."""
        self._entered = account, meter
        self._running = True
        meter.running += 1

    def leave(self) -> None:
        """Stop counting as running; harmless when it doesn't."""
        if self._running:
            self._running = False
            self.meter.running -= 1

    def note(self, **facts: Any) -> None:
        """Remember what became of the call."""
        self._notes |= facts

    def call(self) -> Call:
        """The call for the log."""
        hidden = {"login", "psw", "apikey", "phone", "email"}
        shown = {name: value for name, value in self.parameters.items() if name not in hidden}
        return Call(
            time=self.time,
            path=self.path,
            address=self.address,
            login=self._entered[0].login if self._entered else "",
            parameters=shown,
            fault=self.fault.kind if self.fault else "",
            **self._notes,
        )
