"""A log of permits on its own, and limits to try it with."""

import atexit
from functools import cache

from sqlalchemy import Engine, create_engine, delete

from exporter.ledger import permits, schema
from exporter.ledger.permits import Denied, Limits


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


@cache
def _engine() -> Engine:
    """One database in memory, for all logs in turn."""
    engine = create_engine("sqlite://")
    schema.metadata.create_all(engine)
    atexit.register(engine.dispose)
    return engine


class PermitLog:
    """A log in memory, emptied of what the one before it held."""

    def __init__(self, limits: Limits = BUDGET) -> None:
        self.limits = limits
        self.engine = _engine()
        with self.engine.begin() as connection:
            connection.execute(delete(schema.permit))

    def denial(
        self, at: float, *, kind: str = "another", account: int = 1, mark: int = 1
    ) -> Denied | None:
        """Why there is no permit, if there is none."""
        with self.engine.begin() as connection:
            return permits.denial(connection, account, kind, self.limits, at, mark=mark)

    def denied(self, at: float, *, account: int = 1, mark: int = 1) -> tuple[str, float]:
        """Why there is no permit for another call, and until when."""
        found = self.denial(at, account=account, mark=mark)
        assert found is not None
        return found.reason, found.until

    def book(self, at: float, *, kind: str = "a", account: int = 1, mark: int = 1) -> int:
        """Spend a permit, whether or not there is one."""
        with self.engine.begin() as connection:
            return permits.book(connection, account, "head", kind, self.limits, at, mark=mark)

    def spend(self, at: float, *, kind: str = "a", account: int = 1, mark: int = 1) -> int:
        """Spend a permit that there is."""
        assert self.denial(at, kind=kind, account=account, mark=mark) is None
        return self.book(at, kind=kind, account=account, mark=mark)

    def finish(
        self, permit_id: int, at: float, result: str = "ok", *, code: int | None = None
    ) -> None:
        """End a call, by an error answer where there is a ``code``."""
        with self.engine.begin() as connection:
            permits.finish(
                connection,
                permit_id,
                self.limits,
                finished_at=at,
                result=result if code is None else "api_error",
                code=code,
                duration=1.0,
            )

    def collect(self, lost_before: float) -> list[permits.Finished]:
        """Calls to be counted in the totals, of account 1."""
        with self.engine.begin() as connection:
            return list(permits.collect(connection, 1, lost_before))
