"""What is said of a file that was filled: what is in it, what can't be known, where it goes."""

import math
from collections.abc import Container, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from exporter.commands.wording import counted
from exporter.history.filling import Filled
from exporter.history.work import Window


HEAD = 4 * 3600.0
"""Seconds that Prometheus may keep in memory: three hours, and one to be sure. When it starts, it
drops what it has there from before the end of its newest block, of every job.
"""
TARGET = ("job", "instance")
"""Labels that Prometheus gives to what it scrapes."""


def megabytes(size: float) -> str:
    """A size in bytes, roughly."""
    return f"about {size / 1e9:.1f} GB" if size >= 1e9 else f"about {max(1, size / 1e6):.0f} MB"


def remarks(
    filled: Filled, windows: Sequence[Window], labels: Container[str], zone: str
) -> Iterator[str]:
    """What a reader of the numbers has to know."""
    unknown = filled.unknown
    if unknown.reacted:
        yield (
            f"{counted(unknown.reacted, 'message')} read or clicked: when they were delivered is"
            " not known, so they are in no time histogram and pending until then"
        )
    if unknown.undated:
        yield f"{counted(unknown.undated, 'message')} final without a time: taken to be so at once"
    skipped = sum(window.skipped for window in windows)
    if skipped:
        yield f"{counted(skipped, 'row')} left out, without an id, a status or a time"
    misplaced = sum(window.misplaced for window in windows)
    if misplaced:
        yield (
            f"{counted(misplaced, 'row')} not sent on the days asked for: the gateway's days are"
            f" not those of {zone}, set the account's timezone; the first and the last day are"
            " incomplete"
        )
    missing = [name for name in TARGET if name not in labels]
    if missing:
        flags = " and ".join(f"--label {name}=..." for name in missing)
        yield (
            f"the series lack what Prometheus adds to live ones: give {flags} as its scrape has"
            " it (no history call is made again)"
        )


def done(filled: Filled, output: Path, work: Path, zone: str, now: float) -> str:
    """What is in the file, and what to do with it; ``now`` in Unix seconds."""
    first = min(course.grid.start for course in filled.courses)
    last = max(course.grid.end for course in filled.courses)
    stretch = f"{_moment(first, zone)} to {_moment(last, zone)}"
    return (
        f"{output}: {counted(filled.unknown.messages, 'message')} from {stretch}\n"
        f"make blocks of it: promtool tsdb create-blocks-from openmetrics {output} FOLDER\n"
        f"{_patience(last, zone, now)}"
        f"{work} can be removed when the blocks are made"
    )


def _patience(last: int, zone: str, now: float) -> str:
    free = last + HEAD
    if now >= free:
        return ""
    return (
        f"wait with it until {_moment(math.ceil(free), zone)}: a Prometheus started with blocks"
        " that end in its last hours drops what it scraped before their end, of every job\n"
    )


def _moment(seconds: int, zone: str) -> str:
    return f"{datetime.fromtimestamp(seconds, ZoneInfo(zone)):%Y-%m-%d %H:%M:%S %Z}"
