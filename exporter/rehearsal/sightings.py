"""A planner under observation: what it decides, what its pages show, and when."""

import hashlib
import json
from typing import Any, cast

import msgspec
import numpy as np

from exporter.gateway import codes
from exporter.gateway.message import Page
from exporter.polling.planner import AccountView, Ask, Planner, Wait
from exporter.rehearsal.chronicle import Chronicle


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """One page that the ledger took."""

    started: float
    now: float
    channel: str
    kind: str
    reason: str
    rows: int
    new: int
    """Messages that no page had shown before."""
    finals: int
    """Messages that no page had shown with a final status before."""


class Sightings:
    """What one account's planners decided and saw, through all restarts."""

    def __init__(self, chronicle: Chronicle) -> None:
        self.chronicle = chronicle
        self.sights: list[Sight] = []
        self._decisions = hashlib.blake2b(digest_size=16)

    @property
    def digest(self) -> str:
        """Tells courses apart: equal for equal requests at equal times."""
        return self._decisions.hexdigest()

    def decided(self, ask: Ask, now: float) -> None:
        """A planner wants to make a call."""
        fields = list(ask.request.fields().items())
        self._decisions.update(json.dumps([now, ask.channel, ask.kind, fields]).encode())

    def answered(self, ask: Ask, page: Page, started: float, now: float) -> None:
        """The ledger has taken a page."""
        rows = page.messages
        ids = np.array([int(row.int_id) for row in rows], np.int64)
        final = np.array([codes.is_final(row.status) for row in rows], np.bool_)
        new, finals = self.chronicle.note(ids, final, started, now)
        sight = Sight(
            started=started,
            now=now,
            channel=ask.channel,
            kind=ask.kind,
            reason=ask.reason,
            rows=page.rows,
            new=new,
            finals=finals,
        )
        self.sights.append(sight)


class _Observed:
    def __init__(self, planner: Planner, sightings: Sightings) -> None:
        self._planner = planner
        self._sightings = sightings

    def decide(self, view: AccountView) -> Ask | Wait:
        decision = self._planner.decide(view)
        if isinstance(decision, Ask):
            self._sightings.decided(decision, view.now)
        return decision

    def answered(
        self, ask: Ask, page: Page | None, started: float, now: float, *facts: Any
    ) -> None:
        if page is not None:
            self._sightings.answered(ask, page, started, now)
        self._planner.answered(ask, page, started, now, *facts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._planner, name)


def observed(planner: Planner, sightings: Sightings) -> Planner:
    """The same planner, its decisions and pages being noted on their way."""
    return cast("Planner", _Observed(planner, sightings))
