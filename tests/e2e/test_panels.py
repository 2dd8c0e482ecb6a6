"""Every query of every dashboard, asked of a real Prometheus that knows a day with everything."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from grafana.preview import history
from tests.e2e.backfill import Keeping
from tests.e2e.conftest import Tool
from tests.e2e.servers import Program, Prometheus


CHECKOUT = Path(__file__).resolve().parents[2]
END = 1_700_078_400.0
"""Unix time, an evening in Moscow."""
DAYS = 1.1
STEP, RANGE = 300, 86_400
"""Seconds between two points of a graph, and its length."""
GIVEN = {
    "__rate_interval": "4m",
    "__interval": f"{STEP}s",
    "__range": f"{RANGE}s",
    "__range_s": str(RANGE),
    "deadline": "1h",
}
_VARIABLE = re.compile(r"\$\{?(\w+)(?::\w+)?\}?")
_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class Asked(NamedTuple):
    """A query of a panel."""

    board: str
    panel: str
    ref: str
    target: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.board}/{self.panel}/{self.ref}"


def panels(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in found:
        yield panel
        yield from panels(panel.get("panels", []))


def every_query() -> Iterator[Asked]:
    for path in sorted((CHECKOUT / "grafana" / "dashboards").glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        for panel in panels(board["panels"]):
            for target in panel.get("targets", []):
                yield Asked(path.stem, panel["title"], target["refId"], target)


QUERIES = tuple(every_query())


@pytest.fixture(scope="module")
def server(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus with the story's day and what the rules make of it."""
    folder = tmp_path_factory.mktemp("panels")
    history.fill(folder / "past", DAYS, END)
    data = folder / "past" / "data"
    with Keeping(tool("prometheus"), folder / "server", data).running() as found:
        yield found


def filled_in(expr: str) -> str:
    return _VARIABLE.sub(lambda found: GIVEN.get(found[1], ".*"), expr)


def answer(server: Prometheus, asked: Asked) -> list[dict[str, Any]]:
    expr = filled_in(asked.target["expr"])
    if asked.target.get("range"):
        span = {"start": f"{END - RANGE}", "end": f"{END}", "step": str(STEP)}
        found = server.api("query_range", query=expr, **span)
    else:
        found = server.api("query", query=expr, time=f"{END}")
    result: list[dict[str, Any]] = found["result"]
    return result


A_WEEK = "compares with a week before"
NOTHING = "shows what did not happen on that day"
REGIONS = "shows regions, which are told apart only when asked for"
PROCESS = "shows the process, which has none on a virtual clock"
SILENT = {
    "smsc-exporter/Found late, gaps, skipped rows, folded labels/C": NOTHING,
    "smsc-exporter/Found late, gaps, skipped rows, folded labels/D": NOTHING,
    "smsc-exporter/Memory/A": PROCESS,
    "smsc-exporter/Processor/A": PROCESS,
    "smsc-exporter/Series, and messages followed/A": PROCESS,
    "smsc-operators/Against the same hour a week before/A": A_WEEK,
    "smsc-operators/Regions, 1 h after sending/A": REGIONS,
    "smsc-operators/Regions, 1 h after sending/B": REGIONS,
    "smsc-overview/Messages/B": A_WEEK,
    "smsc-overview/Messages sent, against a day and a week before/C": A_WEEK,
}


@pytest.mark.e2e
@pytest.mark.timeout(900)
def test_every_panel_shows_the_day(server: Prometheus) -> None:
    """Each query finds series, but for what this day lacks, and legends find their labels."""
    empty = set()
    for asked in QUERIES:
        series = answer(server, asked)
        labels = _LABEL.findall(asked.target.get("legendFormat") or "")
        assert all(each["metric"].get(label) for each in series for label in labels), asked.name
        if asked.target.get("format") == "heatmap":
            assert all("le" in each["metric"] for each in series), asked.name
        if not series:
            empty.add(asked.name)
    assert empty == SILENT.keys()


@pytest.mark.e2e
def test_panels_about_the_process_show_a_live_one(
    tool: Tool, demo: Program, tmp_path: Path
) -> None:
    """What the story has no process for is there when a running exporter is scraped."""
    target = demo.url.removeprefix("http://")
    about = [asked for asked in QUERIES if SILENT.get(asked.name) == PROCESS]
    with Prometheus(tool("prometheus"), tmp_path / "prometheus", target).running() as live:
        for asked in about:
            live.await_query(filled_in(asked.target["expr"]), bool, 60)
