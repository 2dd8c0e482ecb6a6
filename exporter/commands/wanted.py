"""What a person wants to be simulated: flags and a file, checked together."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from pydantic import AfterValidator, BeforeValidator, ValidationError

from exporter.config import InvalidConfigError
from exporter.config.document import Document, read_document
from exporter.config.models import Section
from exporter.config.problems import Findings, Location, Source
from exporter.config.wording import report
from exporter.rehearsal.policies import POLICIES
from exporter.rehearsal.traces import SHARES
from exporter.simulation.spec import WorldSpec


USUAL = 8000.0
"""Messages a day when nothing is said of them."""
MOST_MESSAGES = 1_000_000
"""An hour, of everything that has a rate; and of one campaign."""
LONGEST = 168
"""Hours."""
COMMAND_LINE = Source("command line")
FILE_FLAG, CHART_FLAG = "--file", "--chart"
OF_WORLD = frozenset(WorldSpec.__struct_fields__) - {"per_hour", "begins", "ends", "time_scale"}
"""Keys of the file that go to the world as they are."""
RATES = ("messages_per_day", "per_hour")
"""Keys of which one is enough."""

_CAMPAIGN = re.compile(r"(?P<size>[0-9]{1,7})@(?P<clock>[0-9:]+)(?:/(?P<minutes>[0-9]{1,4}))?")
_OUTAGE = re.compile(r"(?P<share>[0-9]{1,2})%@(?P<clock>[0-9:]+)\+(?P<hours>[0-9]+(?:\.[0-9]+)?)")
_WHERE = re.compile(r" - at `\$\.(.+)`")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


class Mailing(NamedTuple):
    """A campaign that is sent each day."""

    size: int
    at: float
    """Seconds after midnight."""
    duration: float
    """Seconds."""


class Trouble(NamedTuple):
    """An operator that reports nothing for a while each day."""

    share: float
    """Of the messages, 0-1."""
    at: float
    """Seconds after midnight."""
    duration: float
    """Seconds."""


def _number(low: float, high: float) -> Callable[[object], float]:
    def check(value: object) -> float:
        try:
            number = float(str(value))
        except ValueError:
            number = -1.0
        if not low <= number <= high:
            raise ValueError(f"must be a number from {low:g} to {high:,.12g}")
        return number

    return check


def _whole(low: int, high: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        text = str(value)
        if not re.fullmatch(r"[0-9]{1,18}", text) or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high:,}")
        return int(text)

    return check


def _listed(value: object) -> object:
    """A list, or a text with commas."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _several(value: object) -> object:
    """A list, or its only entry."""
    return [value] if isinstance(value, str) else value


def _midnight_to(text: str) -> float | None:
    clock = _CLOCK.fullmatch(text)
    return 3600.0 * int(clock[1]) + 60.0 * int(clock[2]) if clock else None


def _mailing(value: object) -> Mailing:
    found = _CAMPAIGN.fullmatch(str(value))
    at = _midnight_to(found["clock"]) if found else None
    minutes = int(found["minutes"] or 15) if found else 0
    if found is None or at is None or not 1 <= minutes <= 1440:
        raise ValueError("must be SIZE@HH:MM or SIZE@HH:MM/MINUTES, such as 20000@12:00/15")
    return Mailing(int(found["size"]), at, 60.0 * minutes)


def _trouble(value: object) -> Trouble:
    found = _OUTAGE.fullmatch(str(value))
    at = _midnight_to(found["clock"]) if found else None
    hours = float(found["hours"]) if found else 0.0
    if found is None or at is None or not 0 < hours <= 24 or found["share"].strip("0") == "":
        raise ValueError("must be SHARE%@HH:MM+HOURS, such as 25%@14:00+3")
    return Trouble(int(found["share"]) / 100, at, 3600.0 * hours)


def _policy(value: object) -> str:
    if value not in POLICIES:
        raise ValueError(f"must be of {', '.join(POLICIES)}")
    return str(value)


def _room(troubles: tuple[Trouble, ...]) -> tuple[Trouble, ...]:
    if len(troubles) >= len(SHARES) or sum(each.share for each in troubles) >= 1:
        raise ValueError(
            f"must leave operators without trouble: at most {len(SHARES) - 1}, below 100 % together"
        )
    return troubles


def _once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values or len(set(values)) < len(values):
        raise ValueError("must name at least one, and each once")
    return values


Rate = Annotated[float, BeforeValidator(_number(0, MOST_MESSAGES))]
Permits = Annotated[int, BeforeValidator(_whole(2, 1000))]
PolicyName = Annotated[str, BeforeValidator(_policy)]


class Flags(Section):
    """What flags say, by the names they have in the file."""

    messages_per_day: Annotated[float, BeforeValidator(_number(0, 24 * MOST_MESSAGES))] | None = (
        None
    )
    per_hour: Rate | None = None
    campaign: Annotated[
        tuple[Annotated[Mailing, BeforeValidator(_mailing)], ...], BeforeValidator(_several)
    ] = ()
    day_curve: bool = True
    email_per_hour: Rate = 0.0
    latency_factor: Annotated[float, BeforeValidator(_number(0.01, 1000))] = 1.0
    outage: Annotated[
        tuple[Annotated[Trouble, BeforeValidator(_trouble)], ...],
        BeforeValidator(_several),
        AfterValidator(_room),
    ] = ()
    permits: Annotated[tuple[Permits, ...], BeforeValidator(_listed), AfterValidator(_once)] = (30,)
    policies: Annotated[tuple[PolicyName, ...], BeforeValidator(_listed), AfterValidator(_once)] = (
        "valuing",
        "newest",
        "paging",
    )
    other_programs: Annotated[float, BeforeValidator(_number(0, 1000))] = 0.0
    hours: Annotated[float, BeforeValidator(_number(0.5, LONGEST))] = 24.0
    seed: Annotated[int, BeforeValidator(_whole(0, 2**31))] = 1

    @property
    def rate(self) -> float:
        """Messages an hour, beside campaigns and e-mail."""
        if self.per_hour is not None:
            return self.per_hour
        return (USUAL if self.messages_per_day is None else self.messages_per_day) / 24


class Wanted(NamedTuple):
    """What was asked for, checked."""

    flags: Flags
    world: Mapping[str, Any]
    """Fields of `WorldSpec` that the file gives."""


def flag_of(key: str) -> str:
    """The flag of a key of the file."""
    return "--flat" if key == "day_curve" else f"--{key.replace('_', '-')}"


def read_wanted(given: Mapping[str, Any], file: Path | None, chart: Path | None) -> Wanted:
    """Flags that were ``given`` win over the file.

    Raises:
        ConfigError: with everything that is wrong in either.

    """
    findings = Findings()
    document = _document(file, findings)
    written = {key: value for key, value in document.content.items() if key not in OF_WORLD}
    changes = {key: value for key, value in document.content.items() if key in OF_WORLD}
    _check_rates(given, written, document, findings)
    if any(key in given for key in RATES):
        written = {key: value for key, value in written.items() if key not in RATES}
    flags = _flags({**written, **given}, given, document, findings)
    world = _world(changes, document, findings)
    if (written.get("outage") or given.get("outage")) and "operators" in changes:
        message = "can't stand beside --outage: give the operator its outages here"
        findings.wrong(document.source, ("operators",), message)
    if chart is not None and not _can_be_file(chart):
        findings.wrong(COMMAND_LINE, (CHART_FLAG,), "must be a file in a folder that exists")
    if findings.problems or flags is None:
        raise InvalidConfigError(findings.problems)
    return Wanted(flags, {key: getattr(world, key) for key in changes})


def _can_be_file(path: Path) -> bool:
    try:
        return path.absolute().parent.is_dir() and not path.is_dir()
    except OSError:
        return False


def _document(file: Path | None, findings: Findings) -> Document:
    document = read_document(file, findings, FILE_FLAG) if file is not None else None
    return document or Document(COMMAND_LINE)


def _check_rates(
    given: Mapping[str, Any],
    written: Mapping[str, Any],
    document: Document,
    findings: Findings,
) -> None:
    message = f"can't stand beside {RATES[0]}: give one of the two"
    if all(key in given for key in RATES):
        findings.wrong(COMMAND_LINE, (flag_of(RATES[1]),), message)
    if all(key in written for key in RATES):
        findings.wrong(document.source, (RATES[1],), message)


def _flags(
    values: Mapping[str, Any], given: Mapping[str, Any], document: Document, findings: Findings
) -> Flags | None:
    def place(location: Location) -> tuple[Source, Location]:
        key = str(location[0])
        if key in given:
            return COMMAND_LINE, (flag_of(key), *location[1:])
        return document.source, location

    try:
        return Flags.model_validate(values)
    except ValidationError as error:
        report(error, Flags, place, findings)
    return None


def _world(changes: Mapping[str, Any], document: Document, findings: Findings) -> WorldSpec:
    """What the file says of the world, each key by itself so that all that is wrong is told."""
    for key, value in changes.items():
        try:
            msgspec.convert({key: value}, WorldSpec, strict=False)
        except msgspec.ValidationError as error:
            findings.wrong(document.source, (key,), _lowered(str(error)))
    try:
        return msgspec.convert(changes, WorldSpec, strict=False)
    except msgspec.ValidationError as error:
        if not findings.problems:
            findings.wrong(document.source, (), _lowered(str(error)))
    return WorldSpec()


def _lowered(text: str) -> str:
    """An error of msgspec as the house writes them."""
    return _WHERE.sub(r" in \1", text[:1].lower() + text[1:])
