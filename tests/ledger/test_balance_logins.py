"""No gateway has a reason to block the address, whatever it thinks of balance calls."""

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import initialize, invariant, precondition, rule

from exporter.ledger import permits
from exporter.ledger.logins import LOGIN_FAILURES
from exporter.ledger.permits import BALANCE, Denied, Limits
from tests.ledger.permit_log import TIMEOUT
from tests.ledger.test_login_limits import Logins
from tests.ledger.traffic import ARRIVING, LASTING, PHASES, Call, End, most_within


EVERYBODY = (1, 2, 3, 4, 5, 6)
LIMITS = Limits(
    requests=5,
    window=60.0,
    identical=5,
    identical_window=60.0,
    concurrency=1,
    call_timeout=TIMEOUT,
)


class Balances(Logins):
    """More accounts, some of which may read their history but not ask for their balance."""

    def __init__(self) -> None:
        super().__init__()
        self.barred: set[int] = set()
        self.tried: set[int] = set()
        """Accounts that heard a balance, and no refusal of one since."""

    @initialize(barred=st.just(set(EVERYBODY)) | st.sets(st.sampled_from(EVERYBODY)))
    def bar(self, barred: set[int]) -> None:
        """Some accounts may not, or none at all."""
        self.barred = barred

    @precondition(lambda self: not self.wrong)
    @rule(kind=st.sampled_from(("a", BALANCE)), lasts=LASTING)
    def ask_all(self, kind: str, lasts: float) -> None:
        """Every account at once, while all log-ins are right."""
        for account in EVERYBODY:
            self.call(account, kind, arrives=0.5, lasts=lasts)

    @precondition(lambda self: self.undecided() <= LOGIN_FAILURES)
    @rule()
    def drop_address(self) -> None:
        """The address is no longer on the list of those allowed."""
        self.wrong = set(EVERYBODY)

    @rule(
        account=st.sampled_from(EVERYBODY),
        arrives=ARRIVING,
        lasts=LASTING,
        end=st.sampled_from((End.HEARD, *End)),
    )
    def ask_balance(self, account: int, arrives: float, lasts: float, end: End) -> None:
        """One balance call."""
        self.call(account, BALANCE, arrives=arrives, lasts=lasts, end=end)

    def arrive(self, call: Call) -> None:
        """The gateway judges a call; a refused balance is heard of, for its login was accepted."""
        super().arrive(call)
        if call.kind == BALANCE and call.account in self.barred:
            call.refused, call.end = True, End.HEARD

    @invariant()
    def concurrency_holds(self) -> None:
        """Never two balance calls of an account at once, nor too many for its history."""
        for call in self.calls:
            alike = [
                c
                for c in self.calls
                if c.account == call.account and (c.kind == BALANCE) == (call.kind == BALANCE)
            ]
            running = [c for c in alike if c.spent_at <= call.spent_at < max(c.ends, c.spent_at)]
            most = LIMITS.concurrency if call.kind == BALANCE else self.limits.concurrency
            assert len(running) <= most

    @invariant()
    def minute_holds(self) -> None:
        """Never more balance calls of an account in any minute."""
        for account in EVERYBODY:
            moments = [c.arrives for c in self.calls if (c.account, c.kind) == (account, BALANCE)]
            assert most_within(moments, 60) <= LIMITS.requests

    def _spend(self, account: int, kind: str) -> int | Denied:
        if kind != BALANCE:
            return super()._spend(account, kind)
        tried = account in self.tried
        with self.log.engine.begin() as connection:
            denied = permits.balance_denial(
                connection, account, LIMITS, self.now, mark=1, tried=tried
            )
            return denied or permits.book(connection, account, kind, kind, LIMITS, self.now, mark=1)

    def _end(self, call: Call) -> None:
        self.log.limits = LIMITS if call.kind == BALANCE else self.limits
        super()._end(call)
        self.log.limits = self.limits
        if call.kind == BALANCE and call.end is End.HEARD:
            (self.tried.discard if call.refused else self.tried.add)(call.account)


TestBalances = Balances.TestCase
TestBalances.settings = settings(
    max_examples=150,
    stateful_step_count=30,
    deadline=None,
    phases=PHASES,
)
