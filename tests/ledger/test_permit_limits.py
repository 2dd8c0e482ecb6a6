"""No gateway, however strict, ever sees more calls than it allows."""

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import invariant, rule

from tests.ledger.traffic import ARRIVING, LASTING, PHASES, End, Traffic, most_within


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
        arrives=ARRIVING,
        lasts=LASTING,
        end=st.sampled_from((End.HEARD, End.CRASHED)),
    )
    def ask(self, count: int, kind: str, arrives: float, lasts: float, end: End) -> None:
        """Calls at once, alike or of several kinds."""
        for index in range(count):
            alike = kind[index % len(kind)]
            self.call(1, alike, arrives=arrives, lasts=lasts, end=end)

    @invariant()
    def hour_holds(self) -> None:
        """Never more calls in any rolling hour of a gateway with whole seconds."""
        moments = [call.arrives for call in self.calls]
        assert most_within(moments, self.limits.window) <= self.limits.requests

    @invariant()
    def minute_holds(self) -> None:
        """Never more identical calls in any rolling minute."""
        for kind in {call.kind for call in self.calls}:
            alike = [call.arrives for call in self.calls if call.kind == kind]
            assert most_within(alike, self.limits.identical_window) <= self.limits.identical


TestBursts = Bursts.TestCase
TestBursts.settings = settings(
    max_examples=150,
    stateful_step_count=12,
    deadline=None,
    phases=PHASES,
)
