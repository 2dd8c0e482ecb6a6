"""What a person chose with flags, not checked yet."""

from enum import StrEnum
from pathlib import Path
from typing import Literal

import msgspec


Format = Literal[0, 1, 2, 3]


class Output(StrEnum):
    """How messages are written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The flags of ``messages``; None and empty where not given."""

    last: int | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    only_emails: bool = False
    since: str | None = None
    until: str | None = None
    before: str | None = None
    fmt: Format = 3


class Filling(msgspec.Struct, frozen=True, kw_only=True):
    """The flags of ``backfill``; None and empty where not given."""

    account: str | None
    since: str | None
    until: str | None
    output: Path
    step: str
    labels: tuple[str, ...] = ()
    all_permits: bool = False
    ignore_baseline: bool = False
