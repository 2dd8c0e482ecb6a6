"""What an answer tells of itself, in plain words; the same for a live and for a saved one."""

from collections.abc import Iterator
from datetime import timedelta

from exporter.commands.findings import Finding, ok, problem, warning
from exporter.commands.wording import counted, span
from exporter.gateway.inspection import Inspection


FIELD_NAMES = {"status": "status", "err": "error", "type": "type"}
HARM = {
    "status": "counted as outcome unknown",
    "err": "counted under the number",
    "type": "counted in channel other",
}
SKIP_REASONS = {
    "shape": "of the wrong shape",
    "id": "without an id",
    "status": "without a status",
    "time": "without a send time",
}
MOST_CODES = 10
"""Unknown codes that are listed."""


def examine(seen: Inspection, *, fmt: int | None, timezone: str, now: float) -> Iterator[Finding]:
    """Findings about decoding, time zone and age; ``fmt`` is the format asked for, if any."""
    yield _decoding(seen, fmt)
    for field, codes in seen.unknown.items():
        listed = ", ".join(list(codes)[:MOST_CODES])
        rows = counted(sum(codes.values()), "row")
        yield warning("decoding", f"unknown {FIELD_NAMES[field]} {listed} in {rows}; {HARM[field]}")
    if fmt is not None and not seen.utf8:
        yield warning("decoding", "not in UTF-8 though asked for; read as windows-1251")
    yield _time_zone(seen, timezone)
    yield _newest(seen, now)


def _decoding(seen: Inspection, fmt: int | None) -> Finding:
    page = seen.page
    if not page.rows:
        return ok("decoding", "an empty answer: nothing was found")
    reasons = ", ".join(
        f"{count} {SKIP_REASONS.get(reason, reason)}" for reason, count in page.skipped.items()
    )
    if page.rows and not page.messages:
        return problem("decoding", f"none of {counted(page.rows, 'row')} can be used: {reasons}")
    read = f"{counted(page.rows, 'row')} in format {seen.fmt}"
    if page.skipped:
        return warning("decoding", f"{read}, of which these are left out: {reasons}")
    if fmt not in (None, seen.fmt):
        return warning("decoding", f"{read} though format {fmt} was asked for; all were read")
    return ok("decoding", f"{read}, all read")


def _time_zone(seen: Inspection, timezone: str) -> Finding:
    dates = sum(seen.offsets.values())
    if not dates:
        return ok("time zone", "no dates with time stamps beside them to compare")
    if not seen.misplaced:
        return ok("time zone", f"dates and time stamps agree that dates are {timezone}")
    zones = " and ".join(_offset(seconds) for seconds in sorted(seen.offsets))
    return warning(
        "time zone",
        f"{seen.misplaced} of {dates} dates are not in {timezone}: they are at {zones}; "
        "set the account's timezone, or days asked for and dates without time stamps are wrong",
    )


def _offset(seconds: int) -> str:
    sign = "-" if seconds < 0 else "+"
    hours, rest = divmod(abs(timedelta(seconds=seconds)).seconds // 60, 60)
    return f"UTC{sign}{hours:02}:{rest:02}"


def _newest(seen: Inspection, now: float) -> Finding:
    sent = [m.send_time for m in seen.page.messages if m.send_time <= now]
    if not sent:
        return ok("newest message", "none in this answer")
    return ok("newest message", f"sent {span(now - max(sent))} ago")
