"""Links lead where they say."""

import re
from collections.abc import Iterator
from typing import Any

from exporter.monitoring.rules import alerts
from exporter.monitoring.thresholds import Thresholds
from grafana.links import TAG


Json = dict[str, Any]
BOARD = re.compile(r"/d/([\w-]+)\?(.*)")


def links(panel: Json) -> Iterator[str]:
    """Addresses behind a panel's cells."""
    for override in panel["fieldConfig"]["overrides"]:
        for setting in override["properties"]:
            if setting["id"] == "links":
                yield from (link["url"] for link in setting["value"])


def headings(panel: Json) -> set[str]:
    """Columns of a table as it shows them."""
    (names,) = (
        step["options"]["renameByName"]
        for step in panel["transformations"]
        if step["id"] == "organize"
    )
    return set(names.values())


def variables(page: Json) -> set[str]:
    """What a reader of the board can choose."""
    return {variable["name"] for variable in page["templating"]["list"]}


def test_links_between_boards_are_understood_there(
    pages: dict[str, Json], panels: list[tuple[str, Json]]
) -> None:
    """The board exists, takes each variable handed over, and so does the cell it comes from."""
    found = 0
    for uid, panel in panels:
        for url in links(panel):
            if (match := BOARD.fullmatch(url)) is not None:
                found += 1
                there, query = match.groups()
                taken = variables(pages[there])
                assert set(re.findall(r"var-(\w+)=", query)) <= taken
                assert set(re.findall(r"\$\{(\w+):queryparam\}", query)) <= taken & variables(
                    pages[uid]
                )
                assert set(re.findall(r"__data\.fields\.(\w+)", query)) <= headings(panel)
                assert "${__url_time_range}" in query
    assert found >= 2


def test_alerts_in_a_table_lead_to_their_runbooks(panels: list[tuple[str, Json]]) -> None:
    """A name that is clicked opens the page of this alert, where alerts themselves say it is."""
    base = Thresholds().links.runbook_base_url
    urls = [url for _, panel in panels for url in links(panel) if url.startswith(base)]
    assert urls == [f"{base}/${{__data.fields.Alert}}.md"]


def test_boards_list_each_other(pages: dict[str, Json]) -> None:
    """Every board shows all boards of the set, with the same time and the same choices."""
    for page in pages.values():
        assert TAG in page["tags"]
        (list_of_boards,) = page["links"]
        assert list_of_boards["tags"] == [TAG]
        assert list_of_boards["keepTime"]
        assert list_of_boards["includeVars"]
        assert "placement" not in list_of_boards


def test_alerts_lead_to_boards_that_take_their_labels(pages: dict[str, Json]) -> None:
    """The address in a notification opens a board that exists and knows each variable."""
    for alert in alerts():
        assert alert.dashboard in pages, alert.name
        assert set(alert.variables) <= variables(pages[alert.dashboard]), alert.name
