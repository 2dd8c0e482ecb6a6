"""The simulated gateway: an ASGI application that speaks the documented HTTP API."""

import json
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from random import Random

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from exporter.clock import Clock, SystemClock
from exporter.simulation.answers import Answerer
from exporter.simulation.codes import ERROR_TEXTS, TOO_MANY_AN_HOUR, TOO_MANY_AT_ONCE, Error
from exporter.simulation.control import control_routes
from exporter.simulation.faults import PATHS, Fault, FaultKind, Faults
from exporter.simulation.limits import Door, Limits, Meter
from exporter.simulation.parameters import (
    Asked,
    ParameterError,
    Parameters,
    fingerprint,
    read_fmt,
    read_history,
    read_parameters,
)
from exporter.simulation.purse import Purse, balance_text, told
from exporter.simulation.render import Row, Rows, error_text
from exporter.simulation.responses import FollowedResponse
from exporter.simulation.statistics import statistics
from exporter.simulation.visits import Account, Call, Visit
from exporter.simulation.world import Query


CALLS_KEPT = 200_000
REFUSED = {
    "identical": ERROR_TEXTS[Error.TOO_OFTEN],
    "hourly": TOO_MANY_AN_HOUR,
    "concurrent": TOO_MANY_AT_ONCE,
}


FAULT_ERRORS: Mapping[FaultKind, tuple[Error, str]] = {
    FaultKind.ERROR_1: (Error.PARAMETERS, ""),
    FaultKind.ERROR_4: (Error.BLOCKED, ""),
    FaultKind.ERROR_9: (Error.TOO_OFTEN, ""),
    FaultKind.TOO_MANY_AT_ONCE: (Error.TOO_OFTEN, TOO_MANY_AT_ONCE),
}


class _RefusedError(Exception):
    """A call that ends with an error of the API."""

    def __init__(self, code: Error, refusal: str = "", text: str = "") -> None:
        super().__init__(refusal)
        self.code, self.refusal = code, refusal
        self.text = text or ERROR_TEXTS[code]


class Gateway:
    """Accounts, limits, faults and the log of calls; itself the ASGI application.

    ``latency`` is the time each call takes, seconds. ``calls`` holds the last calls, oldest first;
    ``errors`` counts answered codes and ``refusals`` their reasons. Under ``/simulation/`` it
    answers questions no real gateway does: truth, calls, faults.
    """

    def __init__(
        self,
        accounts: Iterable[Account],
        *,
        limits: Limits | None = None,
        faults: Faults | None = None,
        clock: Clock | None = None,
        latency: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.accounts = {account.login: account for account in accounts}
        self.limits = limits or Limits()
        self.faults = faults or Faults(seed=seed)
        self.clock = clock or SystemClock()
        self.latency = latency
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.errors: Counter[int] = Counter()
        self.refusals: Counter[str] = Counter()
        self.meters = {login: Meter(self.limits) for login in self.accounts}
        self._rows: dict[str, Rows] = {}
        now = self.clock.now()
        self._purses = {login: Purse(each.world, now) for login, each in self.accounts.items()}
        self._door = Door(self.limits)
        self._answers = Answerer(self.clock, Random(seed))
        methods = ["GET", "POST"]
        self._app = Starlette(
            routes=[
                Route(PATHS["history"], self._endpoint(self._history), methods=methods),
                Route(PATHS["balance"], self._endpoint(self._balance), methods=methods),
                *control_routes(self),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        await self._app(scope, receive, send)

    def _endpoint(
        self, answer: Callable[[Visit], Awaitable[str]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            visit = Visit(self.clock.now(), request, await read_parameters(request))
            try:
                self._admit(visit)
                await self.clock.sleep(self.latency)
                text = await answer(visit)
            except _RefusedError as refused:
                visit.note(error=refused.code, refusal=refused.refusal)
                text = error_text(refused.code, refused.text, read_fmt(visit.parameters))
            except BaseException:
                visit.leave()
                raise
            self._log(visit)
            response = self._answers.response(text, visit.parameters, visit.fault)
            return FollowedResponse(response, visit.leave)

        return endpoint

    def _log(self, visit: Visit) -> None:
        call = visit.call()
        self.calls.append(call)
        if call.error:
            self.errors[call.error] += 1
        if call.refusal:
            self.refusals[call.refusal] += 1

    def _admit(self, visit: Visit) -> None:
        now = self.clock.now()
        if self._door.blocked(visit.address, now):
            raise _RefusedError(Error.BLOCKED, "blocked")
        account = self._account(visit.parameters)
        visit.fault = self.faults.strike(now, account.login if account else "", visit.path)
        if account is None or (visit.fault and visit.fault.kind is FaultKind.ERROR_2):
            self._door.failed(visit.address, now)
            raise _RefusedError(Error.LOGIN, "login")
        visit.enter(account, self.meters[account.login])
        if self.meters[account.login].running >= self.limits.concurrent:
            raise _RefusedError(Error.TOO_OFTEN, "concurrent", TOO_MANY_AT_ONCE)

    def _account(self, parameters: Parameters) -> Account | None:
        admitting = (a for a in self.accounts.values() if a.admits(parameters))
        return next(admitting, None)

    async def _history(self, visit: Visit) -> str:
        parameters, account = visit.parameters, visit.account
        if parameters.get("get_stat") == "1":
            return self._statistics(visit)
        if parameters.get("get_messages") != "1":
            raise _RefusedError(Error.PARAMETERS, "parameters")
        refusal = visit.meter.history(visit.time, fingerprint(parameters))
        if refusal is not None:
            raise _RefusedError(Error.TOO_OFTEN, refusal, REFUSED[refusal])
        self._suffer(visit.fault)
        rows = self._asked(account, parameters, visit.fault)
        visit.note(rows=len(rows))
        return self._answers.text(rows, read_fmt(parameters), visit.fault)

    def _suffer(self, fault: Fault | None) -> None:
        refusal = None if fault is None else FAULT_ERRORS.get(fault.kind)
        if refusal is not None:
            code, text = refusal
            raise _RefusedError(code, "", text)

    def _asked(self, account: Account, parameters: Parameters, fault: Fault | None) -> list[Row]:
        try:
            asked = read_history(parameters)
        except ParameterError as error:
            raise _RefusedError(Error.PARAMETERS, "parameters") from error
        longest = self.limits.max_recipients
        if longest is not None and len(asked.recipients) > longest:
            raise _RefusedError(Error.PARAMETERS, "parameters")
        rows = self._rows_of(account).at(self.clock.now(), _understood(asked, fault))
        if not rows:
            raise _RefusedError(Error.NOT_FOUND)
        return rows

    def _statistics(self, visit: Visit) -> str:
        """The answer of ``get_stat``; its limits are not known, so that it has none here."""
        self._suffer(visit.fault)
        try:
            found = statistics(visit.account, visit.parameters, self.clock.now())
        except ParameterError as error:
            raise _RefusedError(Error.PARAMETERS, "parameters") from error
        return json.dumps([found])

    def _rows_of(self, account: Account) -> Rows:
        rows = self._rows.get(account.login)
        if rows is None or rows.world is not account.world:
            rows = self._rows[account.login] = Rows(account.world)
        return rows

    async def _balance(self, visit: Visit) -> str:
        if not visit.meter.balance(visit.time):
            raise _RefusedError(Error.TOO_OFTEN, "balance")
        self._suffer(visit.fault)
        currency = visit.account.currency if visit.parameters.get("cur") == "1" else None
        values = told(self._purse_of(visit.account), self.clock.now(), currency)
        return balance_text(values, read_fmt(visit.parameters), visit.fault)

    def _purse_of(self, account: Account) -> Purse:
        purse = self._purses[account.login]
        if purse.world is not account.world:
            purse = self._purses[account.login] = Purse(account.world, self.clock.now())
        return purse


def _understood(asked: Asked, fault: Fault | None) -> Query:
    """What a gateway makes of a call that may misunderstand a list of recipients."""
    if fault is None or not asked.recipients:
        return asked.query
    match fault.kind:
        case FaultKind.LIST_REFUSED:
            raise _RefusedError(Error.PARAMETERS)
        case FaultKind.LIST_IGNORED:
            return asked.about(None)
        case FaultKind.LIST_CUT:
            return asked.about(asked.recipients[: fault.count])
        case _:
            return asked.query
