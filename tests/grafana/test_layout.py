"""Panels stand where nobody has to search for them."""

from itertools import combinations
from typing import Any

from grafana_foundation_sdk.models.dashboard import GridPos, Panel
from hypothesis import given
from hypothesis import strategies as st

from grafana.layout import COLUMNS, Row, laid_out


Json = dict[str, Any]
SCREEN = 20
"""Grid units that a laptop's screen shows below the controls."""
sizes = st.builds(GridPos, w=st.integers(1, COLUMNS), h=st.integers(1, 12))
rows = st.builds(
    Row,
    title=st.just("Row"),
    panels=st.lists(sizes.map(lambda size: Panel(grid_pos=size)), min_size=1, max_size=8),
    collapsed=st.booleans(),
)


def overlap(one: GridPos, other: GridPos) -> bool:
    """Whether they share a square."""
    beside = one.x + one.w <= other.x or other.x + other.w <= one.x
    return not (beside or one.y + one.h <= other.y or other.y + other.h <= one.y)


def places(panels: list[Any]) -> list[GridPos]:
    """Where headings and panels stand, those of collapsed rows included."""
    inner = [one for panel in panels for one in getattr(panel, "panels", None) or ()]
    return [panel.grid_pos for panel in (*panels, *inner)]


@given(st.lists(rows, min_size=1, max_size=4))
def test_panels_neither_overlap_nor_leave_the_grid(drawn: list[Row]) -> None:
    """Whatever their sizes, panels stand beside and below each other."""
    found = places(laid_out(drawn))
    assert all(place.x >= 0 and place.x + place.w <= COLUMNS for place in found)
    shown = places([panel for panel in laid_out(drawn) if not getattr(panel, "panels", None)])
    assert not any(overlap(*pair) for pair in combinations(shown, 2))


@given(st.lists(rows, min_size=1, max_size=4))
def test_each_panel_has_a_number_of_its_own(drawn: list[Row]) -> None:
    """Links to a panel lead to that one."""
    panels = laid_out(drawn)
    inner = [one for panel in panels for one in getattr(panel, "panels", None) or ()]
    numbers = [panel.id_val for panel in (*panels, *inner)]
    assert len(set(numbers)) == len(numbers)


def test_every_line_is_full(pages: dict[str, Json]) -> None:
    """No panel leaves a hole beside it: each line of a board is as wide as the board."""
    for uid, page in pages.items():
        widths: dict[int, int] = {}
        for panel in page["panels"]:
            place = panel["gridPos"]
            widths[place["y"]] = widths.get(place["y"], 0) + place["w"]
        assert set(widths.values()) == {COLUMNS}, uid


def test_the_first_row_answers_without_scrolling(pages: dict[str, Json]) -> None:
    """Arriving, how fast, at what cost, can I trust this page: eight tiles at the top."""
    panels = pages["smsc-overview"]["panels"]
    tiles = [panel for panel in panels if panel["type"] == "stat"]
    assert panels[0]["type"] == "row"
    assert [tile["gridPos"]["y"] for tile in tiles] == [1] * 8
    asked = " ".join(tile["title"] for tile in tiles)
    for answer in ("Arriving", "Speed", "Cost", "This page", "alerts"):
        assert answer in asked


def test_messages_by_outcome_and_operators_are_on_the_first_screen(
    pages: dict[str, Json],
) -> None:
    """Who scrolls no further still sees what became of messages, and at which operator."""
    seen = {
        panel["title"]
        for panel in pages["smsc-overview"]["panels"]
        if panel["gridPos"]["y"] + panel["gridPos"]["h"] <= SCREEN
    }
    assert {"Outcome $deadline after sending", "Operators, $deadline after sending"} <= seen


def test_titles_fit(panels: list[tuple[str, Json]]) -> None:
    """At 1600 pixels no title is cut."""
    cut = [
        panel["title"]
        for _, panel in panels
        if len(panel["title"].replace("$deadline", "24h")) > 6.6 * panel["gridPos"]["w"]
    ]
    assert cut == []
