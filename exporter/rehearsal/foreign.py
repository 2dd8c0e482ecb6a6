"""Another program that spends the account's calls."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from exporter.clock import Clock
from exporter.gateway.client import GatewayClient
from exporter.gateway.errors import GatewayError, OverLimit
from exporter.gateway.permit import Permit
from exporter.gateway.request import HistoryRequest
from exporter.rehearsal.scenario import HOUR


RETRY = 60.0
"""Seconds after error 9 until it tries again."""
PATIENCE = 600.0
"""Seconds after which it lets go of a call."""
SIZES = 50
"""It asks for one row, or two, or so many, in turn, so that its calls are not identical."""


class Foreign(NamedTuple):
    """What became of another program's calls."""

    ok: int = 0
    refused: int = 0
    """Attempts that met error 9."""
    dropped: int = 0
    """Calls given up."""


class OtherProgram:
    """Makes calls at random times, ``per_hour`` on average, past the exporter and its ledger."""

    def __init__(
        self,
        make_client: Callable[[], GatewayClient],
        per_hour: float,
        clock: Clock,
        random: Random,
    ) -> None:
        self._make_client = make_client
        self._per_hour = per_hour
        self._clock = clock
        self._random = random
        self._count = 0
        self.calls = Foreign()

    async def run(self) -> None:
        """Go on until cancelled."""
        client = self._make_client()
        try:
            async with asyncio.TaskGroup() as calls:
                while True:
                    await self._clock.sleep(self._random.expovariate(self._per_hour / HOUR))
                    calls.create_task(self._call(client))
        finally:
            await client.aclose()

    async def _call(self, client: GatewayClient) -> None:
        self._count += 1
        request = HistoryRequest(cnt=1 + self._count % SIZES)
        wanted = self._clock.now()
        while await self._is_refused(client, request):
            if self._clock.now() - wanted >= PATIENCE:
                self._note(dropped=1)
                return
            await self._clock.sleep(RETRY)

    async def _is_refused(self, client: GatewayClient, request: HistoryRequest) -> bool:
        permit = Permit(0, "", "foreign", request, self._clock.now())
        try:
            await client.history(request, permit)
        except OverLimit:
            self._note(refused=1)
            return True
        except GatewayError:
            return False
        self._note(ok=1)
        return False

    def _note(self, ok: int = 0, refused: int = 0, dropped: int = 0) -> None:
        before = self.calls
        self.calls = Foreign(before.ok + ok, before.refused + refused, before.dropped + dropped)
