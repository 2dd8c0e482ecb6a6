"""What one account's poller says in the log."""

from collections.abc import Mapping, Sequence

import structlog

from exporter.clock import Clock, utc
from exporter.gateway.errors import GatewayError
from exporter.ledger.gaps import Gap
from exporter.ledger.records import Applied
from exporter.logs import Repeats
from exporter.polling.planner import Ask


IN_THE_LINE = ("at", "why")
"""Facts of a decision that its line tells anyway, by its time stamp and its reason."""

log = structlog.get_logger("poller")


class Journal:
    """One account's lines; those that would come again and again are counted instead."""

    def __init__(self, account: str, clock: Clock) -> None:
        self._account = account
        self._repeats = Repeats(clock)

    def planned(self, decision: Mapping[str, object]) -> None:
        """A decision, as `exporter.polling.decisions.Decision.plain` gives it."""
        facts = {key: fact for key, fact in decision.items() if key not in IN_THE_LINE}
        log.debug("planned", account=self._account, **facts)

    def polled(self, ask: Ask, applied: Applied) -> None:
        """A page was taken."""
        log.info(
            "polled",
            account=self._account,
            channel=ask.channel,
            kind=ask.kind,
            reason=ask.reason,
            rows=applied.rows,
            new=len(applied.new),
            final=applied.finals,
            gap_opened=applied.opened_gap,
            gaps_closed=applied.closed_gaps,
        )

    def failed(self, ask: Ask, error: GatewayError) -> None:
        """A call gave no page."""
        self._repeats.log(
            log.warning,
            "poll failed",
            key=error.kind,
            account=self._account,
            channel=ask.channel,
            kind=ask.kind,
            fault=error.kind,
            error=str(error),
        )

    def held(self, reason: str) -> None:
        """There was no permit for a call."""
        if reason == "login":
            self._repeats.log(
                log.warning,
                "call held back: too many logins from this address were or may have been refused",
                account=self._account,
            )
        else:
            log.debug("call held back", account=self._account, reason=reason)

    def gave_up(self, channel: str, lost: Sequence[Gap]) -> None:
        """Stretches of history became too old to be counted before they were read."""
        log.warning(
            "history given up, never read",
            account=self._account,
            channel=channel,
            since=utc(min(gap.lower_time for gap in lost)),
            until=utc(max(gap.upper_time for gap in lost)),
            stretches=len(lost),
            seconds=sum(gap.seconds for gap in lost),
        )

    def fault(self) -> None:
        """A fault of ours, with its stack."""
        self._repeats.log(log.exception, "poller fault", account=self._account)
