"""Alerts about the exporter itself."""

from collections.abc import Iterator

from tests.monitoring.scenarios.case import JOB, Case, File, Line, fires, line, nobody, silent
from tests.monitoring.scenarios.longterm import ALERTS_ONLY
from tests.monitoring.scenarios.polling import happened
from tests.monitoring.scenarios.tracks import Piece, held, later
from tests.monitoring.scenarios.worlds import gauge


DOWN, ABSENT, LEDGER = "SmscExporterDown", "SmscExporterAbsent", "SmscLedgerDown"
RELOAD, OVERFLOW = "SmscConfigReloadFailed", "SmscLabelOverflow"
LEDGER_UP, RELOADED = "smsc_exporter_ledger_up", "smsc_exporter_config_last_reload_successful"


def process() -> File:
    """From minute 30 to 60 something is wrong with an exporter."""
    away = {"instance": "away:10048"}
    lines = [
        target("away:10048", (30, 1), (30, 0), (30, 1)),
        target("restarts:10048", (30, 1), (3, 0), (57, 1)),
        target("other:9100", (90, 0), job="node"),
        *ledger("full-disk", (30, 1), (30, 0), (30, 1)),
        *ledger("locked-briefly", (30, 1), (1, 0), (59, 1)),
        *ledger("standby", (90, 1)),
        *ledger("standby", (90, 0), instance="second:10048"),
        line(RELOADED, held((30, 1), (30, 0), (30, 1)), **away),
        line(RELOADED, held((30, 1), (3, 0), (57, 1)), instance="corrected:10048"),
        line("smsc_exporter_label_overflow_total", happened([30], 3), label="sender"),
        line("smsc_exporter_label_overflow_total", happened([-1], 3), label="country"),
    ]
    checks = [
        *silent(DOWN, 34),
        fires(DOWN, 36, away),
        *silent(DOWN, 62),
        *silent(LEDGER, 31),
        fires(LEDGER, 33, {"account": "full-disk"}),
        *silent(LEDGER, 62),
        *silent(RELOAD, 34),
        fires(RELOAD, 36, away),
        *silent(RELOAD, 62),
        *silent(OVERFLOW, 29),
        fires(OVERFLOW, 31, {"label": "sender"}),
        fires(OVERFLOW, 85, {"label": "sender"}),
        *silent(OVERFLOW, 92),
        *silent(ABSENT, 40, 89),
    ]
    gone = Case(
        "no target",
        [
            target("other:9100", (60, 1), job="node"),
            Line("up", {"job": JOB, "instance": "late:1"}, later(held((30, 1)), 30)),
        ],
        [*silent(ABSENT, 4), nobody(ABSENT, 6), nobody(ABSENT, 29), *silent(ABSENT, 31)],
    )
    return File("process", [Case("an exporter in trouble", lines, checks), gone], ALERTS_ONLY)


def target(instance: str, *pieces: Piece, job: str = JOB) -> Line:
    """Whether Prometheus got a page."""
    return Line("up", {"job": job, "instance": instance}, held(*pieces))


def ledger(account: str, *pieces: Piece, instance: str = "") -> Iterator[Line]:
    """An exporter of its own with its ledger; without one, no poll works."""
    where = {"instance": instance or f"{account}:10048"}
    yield line(LEDGER_UP, held(*pieces), **where)
    yield gauge("smsc_up", *pieces, account=account, **where)
