"""One row of the history, typed, without anything that names a person in clear."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec


class Personal(msgspec.Struct, frozen=True, gc=False):
    """A phone number, an address or a text that must not show up anywhere by accident.

    ``value`` is the clear text; ``str``, ``repr`` and formatting give a fixed mask.
    """

    value: str

    def __repr__(self) -> str:
        return "<personal>"

    __str__ = __repr__


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One message as a history row shows it at the moment of reading.

    Times are whole Unix seconds by the gateway's clock. Codes unknown to `exporter.gateway.codes`
    keep their number. Source: the vendor's page of ``get.php?get_messages=1``.
    """

    int_id: str
    """``int_id``: the gateway's global id; opaque."""
    status: int
    """``status``."""
    send_time: int
    """``send_timestamp``; may lie ahead for scheduled messages."""
    status_time: int | None = None
    """``last_timestamp``; None when absent, empty or 0."""
    err: int = 0
    """``err``; 0 when absent."""
    channel: str = "sms"
    """Name of ``type`` (sms, flash, binary, wap_push, hlr, ping, mms, call, email, viber, ...)."""
    country: str = "XX"
    """ISO 3166-1 alpha-2 from ``mccmnc``; XX when unknown."""
    operator: str = "unknown"
    """``operator``, normalised; the network code when the name is missing."""
    region: str = ""
    """``region`` as it came, trimmed."""
    sender: str = ""
    """``sender_id``; numbers and mailboxes are cut down so that they name nobody."""
    mccmnc: str = ""
    """``mccmnc`` with its leading digits."""
    segments: int = 1
    """``sms_cnt``: parts of a text, seconds of a call."""
    cost: Decimal | None = None
    """``cost`` in the account's currency, any scale; None when absent."""
    client_id: str = ""
    """``id``: the sender's own id, the same for each phone of one send."""
    phone: Personal | None = None
    """``phone``: kept for lookups of pending messages and for a person's own eyes."""
    text: Personal | None = None
    """``message``: only when a person asked for it (``personal=True``)."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One readable answer: rows newest first, as the gateway sent them.

    ``rows`` counts every row of the answer, ``skipped`` those without a usable id, status or time,
    by reason, so that ``len(messages) + sum(skipped.values()) == rows``.
    """

    messages: tuple[Message, ...] = ()
    rows: int = 0
    skipped: Mapping[str, int] = msgspec.field(default_factory=dict)
