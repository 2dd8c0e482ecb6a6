"""A message as a person sees it: names beside codes, phone and text masked unless asked for."""

import re
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from exporter.gateway import codes
from exporter.gateway.message import Message, Personal


HIDDEN = "***"
LONG_NUMBER = 10
"""Numbers with fewer digits are hidden whole: too little would be left to guess."""

_DIGITS = re.compile(r"\+?([0-9]+)")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One message; the fields are the columns of JSON and CSV, in their order."""

    send_time: str
    """ISO 8601 with the account's offset."""
    status: int
    status_name: str
    outcome: str
    err: int
    err_name: str
    """Empty without an error."""
    seconds_to_final: int | None
    """From sending to the last change of status; None while pending."""
    country: str
    operator: str
    sender: str
    channel: str
    segments: int
    cost: Decimal | None
    currency: str
    int_id: str
    phone: str
    text_length: int | None
    """Characters; None when the row had no text."""
    text: str | None
    """None while masked."""


def shown(message: Message, zone: ZoneInfo, currency: str, *, personal: bool) -> Shown:
    """The message in an account's time zone and currency; ``personal`` unmasks it."""
    to_final = None
    if codes.is_final(message.status) and message.status_time is not None:
        to_final = message.status_time - message.send_time
    text = message.text.value if message.text else None
    return Shown(
        send_time=datetime.fromtimestamp(message.send_time, zone).isoformat(),
        status=message.status,
        status_name=codes.status_name(message.status),
        outcome=codes.outcome(message.status, message.err),
        err=message.err,
        err_name=codes.err_name(message.err) if message.err else "",
        seconds_to_final=to_final,
        country=message.country,
        operator=message.operator,
        sender=message.sender,
        channel=message.channel,
        segments=message.segments,
        cost=message.cost,
        currency=currency,
        int_id=message.int_id,
        phone=_phone(message.phone, personal=personal),
        text_length=None if text is None else len(text),
        text=text if personal else None,
    )


def masked(recipient: str) -> str:
    """A number's first and last two digits, nothing of anything else."""
    number = _DIGITS.fullmatch(recipient.strip())
    if number is None or len(number[1]) < LONG_NUMBER:
        return HIDDEN
    return f"{number[1][0]}{HIDDEN}{number[1][-2:]}"


def _phone(phone: Personal | None, *, personal: bool) -> str:
    if phone is None:
        return ""
    return phone.value if personal else masked(phone.value)
