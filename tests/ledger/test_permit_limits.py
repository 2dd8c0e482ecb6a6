"""No gateway, however strict, ever sees more calls than it allows."""

from dataclasses import dataclass
from math import floor

import hypothesis.strategies as st
from hypothesis import Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from sqlalchemy import create_engine

from exporter.ledger import permits, schema
from exporter.ledger.permits import Denied, Limits
from tests.ledger.desk import T0


TIMEOUT = 30.0
BUDGET = Limits(
    requests=5,
    window=3600.0,
    identical=3,
    identical_window=60.0,
    concurrency=4,
    call_timeout=TIMEOUT,
)
PLENTY = Limits(
    requests=1000,
    window=3600.0,
    identical=1000,
    identical_window=60.0,
    concurrency=2,
    call_timeout=TIMEOUT,
)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
LASTING = st.sampled_from((0.0, 0.2, 3.0, TIMEOUT))


@dataclass
class Call:
    """One call as the gateway sees it: it arrives somewhere between its permit and its end."""

    permit_id: int
    account: int
    kind: str
    spent_at: float
    arrives: float
    ends: float
    crashes: bool
    refused: bool | None = None
    over: bool = False


class Traffic(RuleBasedStateMachine):
    """Some accounts behind one address, their calls, their crashes, and time."""

    limits = BUDGET
    reasons: tuple[str, ...] = ("budget", "identical", "concurrency", "login")
    """Denials that are heeded."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = create_engine("sqlite://")
        schema.metadata.create_all(self.engine)
        self.now = float(T0)
        self.calls: list[Call] = []
        self.wrong: set[int] = set()

    def advance(self, seconds: float) -> None:
        """Time goes by; calls arrive and end in their order."""
        until = self.now + seconds
        moments = [(c.arrives, 0, c) for c in self.calls if c.refused is None]
        moments += [(c.ends, 1, c) for c in self.calls if not c.over]
        for moment, end, call in sorted(moments, key=lambda m: m[:2]):
            if moment > until:
                break
            if end:
                self._end(call)
            else:
                call.refused = call.account in self.wrong
        self.now = until

    def call(
        self, account: int, kind: str, *, arrives: float, lasts: float, crashes: bool
    ) -> Denied | None:
        """Make a call if there is a permit; ``arrives`` is a share of the time it lasts."""
        granted = self._spend(account, kind)
        if isinstance(granted, Denied):
            assert granted.until > self.now
            return granted
        lasts = TIMEOUT if crashes else lasts
        at, ends = self.now + arrives * lasts, self.now + lasts
        self.calls.append(Call(granted, account, kind, self.now, at, ends, crashes))
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
                crashed = {"arrives": 0.0, "lasts": 0.0, "crashes": False}
                denied = self.call(account, "z", **crashed)  # type: ignore[arg-type]
                if denied is None:
                    break
                self.advance(denied.until - self.now)
                self.now = max(self.now, denied.until)
            else:
                raise AssertionError("no permit, however long one waits")
        self.engine.dispose()

    def _spend(self, account: int, kind: str) -> int | Denied:
        with self.engine.begin() as connection:
            denied = permits.denial(connection, account, kind, self.limits, self.now, mark=7)
            if denied is not None and denied.reason in self.reasons:
                return denied
            return permits.book(connection, account, "head", kind, self.limits, self.now, mark=7)

    def _end(self, call: Call) -> None:
        call.over = True
        if call.crashes:
            return
        if call.refused is None:
            call.refused = call.account in self.wrong
        with self.engine.begin() as connection:
            permits.finish(
                connection,
                call.permit_id,
                self.limits,
                finished_at=call.ends,
                result="api_error" if call.refused else "ok",
                code=2 if call.refused else None,
                duration=call.ends - call.spent_at,
            )


class Bursts(Traffic):
    """One account that calls as often as it may, and never minds its log-in."""

    reasons = ("budget", "identical", "concurrency")

    @rule(seconds=st.sampled_from((0.3, 1.0, 29.0, 31.0, 61.0, 1800.0, 3570.0, 3601.0)))
    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.advance(seconds)

    @rule(
        count=st.integers(1, 6),
        kind=st.sampled_from(("a", "b", "abcde")),
        arrives=st.sampled_from((0.0, 0.5, 1.0)),
        lasts=LASTING,
        crashes=st.booleans(),
    )
    def ask(self, count: int, kind: str, arrives: float, lasts: float, *, crashes: bool) -> None:
        """Calls at once, alike or of several kinds."""
        for index in range(count):
            alike = kind[index % len(kind)]
            self.call(1, alike, arrives=arrives, lasts=lasts, crashes=crashes)

    @invariant()
    def hour_holds(self) -> None:
        """Never more calls in any rolling hour of a gateway with whole seconds."""
        moments = [call.arrives for call in self.calls]
        assert _most_within(moments, self.limits.window) <= self.limits.requests

    @invariant()
    def minute_holds(self) -> None:
        """Never more identical calls in any rolling minute."""
        for kind in {call.kind for call in self.calls}:
            alike = [call.arrives for call in self.calls if call.kind == kind]
            assert _most_within(alike, self.limits.identical_window) <= self.limits.identical


class Logins(Traffic):
    """Three accounts whose log-ins may begin to fail, together or apart."""

    limits = PLENTY
    accounts = (1, 2, 3)

    @initialize(wrong=st.sets(st.sampled_from(accounts), max_size=2))
    def begin(self, wrong: set[int]) -> None:
        """Some accounts begin with a wrong password."""
        self.wrong = wrong

    @rule(seconds=st.sampled_from((0.3, 1.0, 7.0, 31.0, 600.0, 1500.0)))
    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.advance(seconds)

    @rule(
        account=st.sampled_from(accounts),
        arrives=st.sampled_from((0.0, 0.5, 1.0)),
        lasts=LASTING,
        crashes=st.integers(0, 3).map(lambda n: n == 0),
    )
    def ask(self, account: int, arrives: float, lasts: float, *, crashes: bool) -> None:
        """One call."""
        self.call(account, "a", arrives=arrives, lasts=lasts, crashes=crashes)

    @rule(account=st.sampled_from(accounts))
    def change_password(self, account: int) -> None:
        """At the gateway; here nobody knows."""
        self.wrong ^= {account}

    @precondition(lambda self: self.undecided() <= permits.LOGIN_FAILURES)
    @rule()
    def drop_address(self) -> None:
        """The address is no longer on the list of those allowed."""
        self.wrong = set(self.accounts)

    def undecided(self) -> int:
        """Calls on their way; five that leave at once can all be refused, and nothing helps."""
        return sum(call.refused is None for call in self.calls)

    @invariant()
    def nobody_is_locked_out(self) -> None:
        """Never five failed log-ins within half an hour, all accounts together."""
        failed = [call.arrives for call in self.calls if call.refused]
        assert _most_within(failed, permits.LOGIN_WINDOW - 1) < 5


def _most_within(moments: list[float], window: float) -> int:
    """The largest number of moments in any stretch of time, both its ends included."""
    ticks = sorted(map(floor, moments))
    return max(
        (sum(1 for t in ticks if start <= t <= start + window) for start in ticks), default=0
    )


TestBursts = Bursts.TestCase
TestBursts.settings = settings(
    max_examples=150, stateful_step_count=12, deadline=None, phases=PHASES
)
TestLogins = Logins.TestCase
TestLogins.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, phases=PHASES
)
