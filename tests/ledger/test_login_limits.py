"""No gateway, however many log-ins it refuses unheard, has a reason to block the address."""

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import initialize, invariant, precondition, rule

from exporter.ledger.logins import LOGIN_FAILURES, LOGIN_WINDOW
from tests.ledger.permit_log import PLENTY
from tests.ledger.traffic import ARRIVING, LASTING, PHASES, Call, End, Traffic, most_within


ACCOUNTS = (1, 2, 3)
UNHEARD = (End.LOST, End.CRASHED)


class Logins(Traffic):
    """Three accounts whose log-ins may begin to fail, together or apart, heard or not.

    What nothing can help against doesn't happen: an account that was accepted hears of its first
    refusal, credentials aren't put right at the gateway just after a refusal that wasn't heard, and
    at most three calls are on their way when the address becomes unwelcome.
    """

    limits = PLENTY

    def __init__(self) -> None:
        super().__init__()
        self.accepted: set[int] = set()
        """Accounts that were accepted when they last heard."""

    @initialize(wrong=st.sets(st.sampled_from(ACCOUNTS), max_size=2))
    def begin(self, wrong: set[int]) -> None:
        """Some accounts begin with a wrong password."""
        self.wrong = wrong

    @rule(seconds=st.sampled_from((0.3, 1.0, 7.0, 31.0, 600.0, 1500.0)))
    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.advance(seconds)

    @rule(
        account=st.sampled_from(ACCOUNTS),
        arrives=ARRIVING,
        lasts=LASTING,
        end=st.sampled_from((End.HEARD, *End)),
    )
    def ask(self, account: int, arrives: float, lasts: float, end: End) -> None:
        """One call."""
        self.call(account, "a", arrives=arrives, lasts=lasts, end=end)

    @precondition(lambda self: self.undecided() <= LOGIN_FAILURES)
    @rule(account=st.sampled_from(ACCOUNTS))
    def change_password(self, account: int) -> None:
        """At the gateway; here nobody knows."""
        if not any(call.account == account for call in self._refused_unheard()):
            self.wrong ^= {account}

    @precondition(lambda self: self.undecided() <= LOGIN_FAILURES)
    @rule()
    def drop_address(self) -> None:
        """The address is no longer on the list of those allowed."""
        self.wrong = set(ACCOUNTS)

    def arrive(self, call: Call) -> None:
        """The gateway judges a call; an accepted account hears of it when that's a refusal."""
        super().arrive(call)
        if call.refused and call.account in self.accepted:
            call.end = End.HEARD

    def undecided(self) -> int:
        """Calls on their way."""
        return sum(call.comes for call in self.calls)

    @invariant()
    def nobody_is_locked_out(self) -> None:
        """Never five failed log-ins within half an hour, all accounts together."""
        failed = [call.arrives for call in self.calls if call.refused]
        assert most_within(failed, LOGIN_WINDOW - 1) < 5

    def _refused_unheard(self) -> list[Call]:
        since = self.now - LOGIN_WINDOW
        return [c for c in self.calls if c.refused and c.end in UNHEARD and c.arrives > since]

    def _end(self, call: Call) -> None:
        super()._end(call)
        if call.end is End.HEARD:
            (self.accepted.discard if call.refused else self.accepted.add)(call.account)


TestLogins = Logins.TestCase
TestLogins.settings = settings(
    max_examples=150,
    stateful_step_count=30,
    deadline=None,
    phases=PHASES,
)
