"""Calls of some accounts in virtual time, as a gateway sees them."""

from dataclasses import dataclass
from enum import Enum
from math import floor
from typing import ClassVar

import hypothesis.strategies as st
from hypothesis import Phase
from hypothesis.stateful import RuleBasedStateMachine, invariant

from exporter.ledger.logins import UNJUDGED
from exporter.ledger.permits import Denied, Limits
from tests.ledger.desk import T0
from tests.ledger.permit_log import BUDGET, TIMEOUT, PermitLog


ARRIVING = st.sampled_from((0.0, 0.5, 1.0))
"""When a call arrives, as a share of the time it lasts."""
LASTING = st.sampled_from((0.0, 0.2, 3.0, TIMEOUT))
"""How long a call takes, seconds."""
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


class End(Enum):
    """What is heard of a call."""

    HEARD = "the answer"
    LOST = "that no answer came"
    CRASHED = "nothing: the process died"
    UNSENT = "that it never left"


@dataclass
class Call:
    """One call as the gateway sees it: it arrives somewhere between its permit and its end."""

    permit_id: int
    account: int
    kind: str
    spent_at: float
    arrives: float
    ends: float
    end: End
    refused: bool | None = None
    """None: it hasn't arrived."""
    over: bool = False

    @property
    def comes(self) -> bool:
        """Whether it is still on its way."""
        return self.refused is None and self.end is not End.UNSENT


class Traffic(RuleBasedStateMachine):
    """Some accounts behind one address, their calls, their crashes, and time."""

    limits: ClassVar[Limits] = BUDGET
    reasons: ClassVar[tuple[str, ...]] = ("budget", "identical", "concurrency", "login")
    """Denials that are heeded."""

    def __init__(self) -> None:
        super().__init__()
        self.log = PermitLog(self.limits)
        self.now = float(T0)
        self.calls: list[Call] = []
        self.wrong: set[int] = set()
        """Accounts whose log-in the gateway refuses."""

    def advance(self, seconds: float) -> None:
        """Time goes by; calls arrive and end in their order."""
        until = self.now + seconds
        moments = [(c.arrives, 0, c) for c in self.calls if c.comes]
        moments += [(c.ends, 1, c) for c in self.calls if not c.over]
        for moment, end, call in sorted(moments, key=lambda m: m[:2]):
            if moment > until:
                break
            if end:
                self._end(call)
            else:
                self.arrive(call)
        self.now = until

    def arrive(self, call: Call) -> None:
        """The gateway judges a call."""
        call.refused = call.account in self.wrong

    def call(
        self,
        account: int,
        kind: str,
        *,
        arrives: float = 0.0,
        lasts: float = 0.0,
        end: End = End.HEARD,
    ) -> Denied | None:
        """Make a call if there is a permit; ``arrives`` is a share of the time it lasts."""
        granted = self._spend(account, kind)
        if isinstance(granted, Denied):
            assert granted.until > self.now
            return granted
        lasts = TIMEOUT if end is End.CRASHED else lasts
        at, ends = self.now + arrives * lasts, self.now + lasts
        self.calls.append(Call(granted, account, kind, self.now, at, ends, end))
        return None

    @invariant()
    def concurrency_holds(self) -> None:
        """Never more calls of one account at once."""
        for call in self.calls:
            others = (c for c in self.calls if c.account == call.account)
            running = [c for c in others if c.spent_at <= call.spent_at < max(c.ends, c.spent_at)]
            assert len(running) <= self.limits.concurrency

    def teardown(self) -> None:
        """Whoever waits for as long as told gets a permit."""
        self.wrong = set()
        for account in {call.account for call in self.calls}:
            for _ in range(100):
                denied = self.call(account, "z")
                if denied is None:
                    break
                self.advance(denied.until - self.now)
                self.now = max(self.now, denied.until)
            else:
                raise AssertionError("no permit, however long one waits")

    def _spend(self, account: int, kind: str) -> int | Denied:
        denied = self.log.denial(self.now, kind=kind, account=account)
        if denied is not None and denied.reason in self.reasons:
            return denied
        return self.log.book(self.now, kind=kind, account=account)

    def _end(self, call: Call) -> None:
        call.over = True
        if call.comes:
            self.arrive(call)
        match call.end:
            case End.CRASHED:
                return
            case End.HEARD:
                code = 2 if call.refused else None
                self.log.finish(call.permit_id, call.ends, code=code)
            case End.LOST:
                self.log.finish(call.permit_id, call.ends, "timeout")
            case End.UNSENT:
                self.log.finish(call.permit_id, call.ends, UNJUDGED + "timeout")


def most_within(moments: list[float], window: float) -> int:
    """The largest number of moments in any stretch of time, both its ends included."""
    ticks = sorted(map(floor, moments))
    return max(
        (sum(1 for t in ticks if start <= t <= start + window) for start in ticks), default=0
    )
