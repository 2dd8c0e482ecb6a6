"""The gateway's own statistics of some days: what is asked, and what they say.

Their fields are known from other programs only, and how they count is not: in messages or in parts,
with or without what other logins of the account sent.
"""

from datetime import date
from decimal import Decimal

import msgspec

from exporter.gateway.request import day_text, digest


class StatisticsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call of ``get.php?get_stat=1``; credentials are not among its parameters."""

    start: date
    end: date

    def fields(self) -> dict[str, str]:
        """Form fields of the POST body, in a fixed order, without credentials."""
        return {
            "get_stat": "1",
            "fmt": "3",
            "charset": "utf-8",
            "start": day_text(self.start),
            "end": day_text(self.end),
        }

    def fingerprint(self, salt: bytes) -> str:
        """Keyed digest by which identical requests are told, 16 hex digits."""
        return digest(self.fields(), salt)


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over all logins that the gateway lists."""

    sent: int
    """``sms``: messages, or their parts."""
    spent: Decimal | None
    """``credit``; None when some login has none."""
