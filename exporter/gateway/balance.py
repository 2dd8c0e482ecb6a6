"""The balance call: what is asked, and what an account has left."""

from decimal import Decimal
from typing import Literal

import msgspec


class BalanceRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One balance call; credentials are not among its parameters."""

    fmt: Literal[0, 1, 2, 3] = 3
    """Format of the answer; 3 is JSON."""

    def fields(self) -> dict[str, str]:
        """Form fields of the POST body, in a fixed order, without credentials.

        ``cur`` asks for the currency, and for the credit where there is one.
        """
        return {"fmt": str(self.fmt), "charset": "utf-8", "cur": "1"}


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """Money of an account as the gateway tells it."""

    amount: Decimal
    """May be negative."""
    credit: Decimal | None = None
    """None when the gateway tells none, which is what it does where there is none."""
    currency: str | None = None
    """Three capital letters; the rouble is RUB under its old name as well."""
