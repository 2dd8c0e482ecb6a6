"""From flags to a question the gateway understands; wrong ones cost no history call.

Messages about wrong values never quote a number or an address.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

import msgspec

from exporter.commands.choices import Asked
from exporter.config import Account, Config
from exporter.gateway.message import Personal
from exporter.gateway.request import PAGE_LIMIT, HistoryRequest


DEFAULT_LAST = 10
LONGEST_PERIOD = 184
"""Days: the gateway answers for half a year at most."""
ID_LIMIT = 64

_PHONE_SIGNS = re.compile(r"[\s()+.-]")
_PHONE = re.compile(r"[0-9]{5,15}")
_EMAIL = re.compile(r"[^\s@,]+@[^\s@,]+")
_DATES = ("%Y-%m-%d", "%d.%m.%Y")


class QuestionError(ValueError):
    """A flag's value makes no sense; the text names the flag and says what would."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, whatever number of pages it takes."""

    last: int
    """Messages wanted at most."""
    limited: bool
    """Whether a person set that number: otherwise more may be there."""
    first: HistoryRequest

    def page(self, found: int, prev_id: str | None) -> HistoryRequest:
        """The request for the next page after ``found`` messages."""
        cnt = min(PAGE_LIMIT, self.last - found)
        return msgspec.structs.replace(self.first, cnt=cnt, prev_id=prev_id)


def question(asked: Asked, today: date) -> Question:
    """Check and complete what was asked; ``today`` in the account's time zone.

    Raises `QuestionError`.
    """
    phones = tuple(_entries("--phone", asked.phones, _phone, "a phone number with country code"))
    emails = tuple(_entries("--email", asked.emails, _email, "an e-mail address"))
    if phones and (emails or asked.only_emails):
        raise QuestionError("--phone asks for SMS, --email and --emails for e-mail: choose one")
    since, until = day("--from", asked.since, today), day("--to", asked.until, today)
    _check_period(since, until, today)
    limited = asked.last is not None
    last = asked.last or (DEFAULT_LAST if since is None else PAGE_LIMIT)
    first = HistoryRequest(
        prev_id=_before(asked.before),
        start=since,
        end=until,
        phones=phones,
        emails=emails,
        format=8 if emails or asked.only_emails else 0,
        fmt=asked.fmt,
    )
    return Question(last=last, limited=limited or since is None, first=first)


def choose_account(config: Config, name: str | None) -> Account:
    """The named account, or the only one; raises `QuestionError` when there is no such."""
    names = [account.name for account in config.accounts]
    if name is None and len(names) == 1:
        return config.accounts[0]
    if name in names:
        return config.account(str(name))
    known = ", ".join(names)
    if name is None:
        raise QuestionError(f"--account must name one of the accounts: {known}")
    raise QuestionError(f"--account names no account of the configuration; there is: {known}")


def _entries(
    flag: str, given: Sequence[str], read: Callable[[str], str | None], what: str
) -> Iterator[Personal]:
    """Each entry of a flag that may be repeated and may hold a list, once."""
    entries = [part.strip() for text in given for part in text.split(",") if part.strip()]
    for place, entry in enumerate(entries, 1):
        if read(entry) is None:
            raise QuestionError(f"{flag}: entry {place} is not {what}")
    if given and not entries:
        raise QuestionError(f"{flag} is empty: give {what}")
    for value in dict.fromkeys(map(read, entries)):
        yield Personal(value or "")


def _phone(text: str) -> str | None:
    digits = _PHONE_SIGNS.sub("", text)
    return digits if _PHONE.fullmatch(digits) else None


def _email(text: str) -> str | None:
    return text if _EMAIL.fullmatch(text) else None


def day(flag: str, text: str | None, today: date) -> date | None:
    """The day that a flag names, None without one; raises `QuestionError` for what is no day."""
    if text is None:
        return None
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    for form in _DATES:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  a day, not a moment
        except ValueError:
            continue
    raise QuestionError(f"{flag} must be today, yesterday, YYYY-MM-DD or DD.MM.YYYY")


def _check_period(since: date | None, until: date | None, today: date) -> None:
    if since is None:
        return
    if since > (until or today):
        raise QuestionError("--from must not be later than --to or today")
    if ((until or today) - since).days > LONGEST_PERIOD:
        raise QuestionError("--from and --to may be half a year apart at most")


def _before(text: str | None) -> str | None:
    if text is not None and not (text.isascii() and text.isalnum() and len(text) <= ID_LIMIT):
        raise QuestionError("--before must be an int_id as the table shows it")
    return text
