"""The history call's parameters, typed; credentials are not among them."""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Literal

import msgspec

from exporter.gateway.message import Personal


PAGE_LIMIT = 1000
"""Most rows one answer can hold (``cnt``)."""


class HistoryRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One history call as the vendor's page documents it."""

    cnt: int = PAGE_LIMIT
    prev_id: str | None = None
    start: date | None = None
    end: date | None = None
    phones: tuple[Personal, ...] = ()
    emails: tuple[Personal, ...] = ()
    format: Literal[0, 8] = 0
    """0 SMS history, 8 e-mail history."""
    fmt: Literal[0, 1, 2, 3] = 3
    """Format of the answer; 3 is JSON."""

    def fields(self) -> dict[str, str]:
        """Form fields of the POST body, in a fixed order, without credentials."""
        fields = {
            "get_messages": "1",
            "fmt": str(self.fmt),
            "charset": "utf-8",
            "cnt": str(self.cnt),
            "format": str(self.format),
        }
        if self.prev_id is not None:
            fields["prev_id"] = self.prev_id
        if self.start is not None:
            fields["start"] = day_text(self.start)
        if self.end is not None:
            fields["end"] = day_text(self.end)
        if self.phones:
            fields["phone"] = ",".join(phone.value for phone in self.phones)
        if self.emails:
            fields["email"] = ",".join(email.value for email in self.emails)
        return fields

    def fingerprint(self, salt: bytes) -> str:
        """Keyed digest by which identical requests are told, 16 hex digits."""
        return digest(self.fields(), salt)


def day_text(day: date) -> str:
    """A day as the gateway writes it."""
    return f"{day:%d.%m.%Y}"


def digest(fields: Mapping[str, str], salt: bytes) -> str:
    """Keyed digest of a call's form fields, 16 hex digits."""
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    return hashlib.blake2b(body.encode(), key=salt, digest_size=8).hexdigest()
