"""Tables: a row for each combination of labels, a column for each query."""

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Final, Unpack

from grafana_foundation_sdk.builders import common as build
from grafana_foundation_sdk.builders import table as sdk
from grafana_foundation_sdk.models.common import (
    TableCellBackgroundDisplayMode,
    TableCellHeight,
    TableColoredBackgroundCellOptions,
)
from grafana_foundation_sdk.models.dashboard import (
    FieldColor,
    FieldColorModeId,
    FieldConfigSource,
    Panel,
    SpecialValueMatch,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.face import Face, dress, instant, shaped, transformed
from grafana.queries import Query
from grafana.style import EXACT, QUIET, Property, absent, for_name


NULL_AND_NAN, EMPTY = SpecialValueMatch.NULL_AND_NAN, SpecialValueMatch.EMPTY


WORDS: Final = (Property("unit", "string"), Property("noValue", " "))
"""Labels that look like numbers, such as codes, are none."""
PLAIN_CELL: Final = Property("custom.cellOptions", {"type": "auto"})
GAUGE: Final = Property(
    "custom.cellOptions", {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
)
"""A bar beside the number, in the colour of its limits."""
BAR: Final = (
    Property("custom.cellOptions", {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}),
    Property("color", {"mode": "fixed", "fixedColor": "light-blue"}),
    Property("fieldMinMax", value=True),
    Property("min", 0),
)
"""A bar of one colour beside the number, as long as its part of the largest: nobody judges it."""
INKED: Final = Property("custom.cellOptions", {"type": "color-text"})
"""The colour of the limits as text."""


def table(labels: Mapping[str, str], *columns: Query, sort: str, **face: Unpack[Face]) -> Panel:
    """A table; ``labels`` has each label's heading.

    ``sort`` is the heading of the column to sort by, largest first.
    """
    builder = (
        sdk.Panel()
        .cell_height(TableCellHeight.SM)
        .sort_by([build.TableSortByFieldState().display_name(sort).desc(desc=True)])
    )
    targets = [shaped(instant(query), PromQueryFormat.TABLE) for query in columns]
    words = [for_name(heading, *WORDS) for heading in labels.values()]
    numbers = [for_name(column.legend, Property("noValue", "–")) for column in columns]
    overrides = [*words, *numbers, *face.get("overrides", ())]
    face = {"unit": EXACT, "decimals": 0, **face, "overrides": overrides}
    panel = dress(builder.build(), targets, face)
    return transformed(panel, ("merge", {}), ("organize", _organised(labels, columns)))


def matrix(query: Query, *, rows: str, columns: str, **face: Unpack[Face]) -> Panel:
    """A table with a line for each value of one label and a column for each of another.

    Backgrounds grow with the numbers.
    """
    builder = (
        sdk.Panel()
        .cell_height(TableCellHeight.SM)
        .cell_options(TableColoredBackgroundCellOptions(mode=TableCellBackgroundDisplayMode.BASIC))
        .width(70)
    )
    corner = for_name(f"{rows}\\{columns}", PLAIN_CELL, *WORDS, width(120))
    blank = [absent(" ", QUIET, match) for match in (NULL_AND_NAN, EMPTY)]
    face = {"unit": EXACT, "decimals": 0, **face, "overrides": [corner], "mappings": blank}
    panel = dress(builder.build(), [shaped(instant(query), PromQueryFormat.TABLE)], face)
    defaults = (panel.field_config or FieldConfigSource()).defaults
    defaults.color = FieldColor(mode=FieldColorModeId.CONTINUOUS_YL_RD)
    how = {"rowField": rows, "columnField": columns, "valueField": "Value"}
    return transformed(panel, ("groupingToMatrix", how))


def width(pixels: int) -> Property:
    """How wide a column is."""
    return Property("custom.width", pixels)


def leads(title: str, url: str) -> Property:
    """A click on a cell leads there; ``${__data.fields.Heading}`` stands for another cell."""
    return Property("links", [{"title": title, "url": url}])


def _organised(labels: Mapping[str, str], columns: Sequence[Query]) -> dict[str, object]:
    """Labels first, then the values, in the order in which they were named."""
    values = {_value(place, columns): query.legend for place, query in enumerate(columns)}
    names = {**labels, **values}
    return {
        "excludeByName": {"Time": True},
        "indexByName": {name: place for place, name in enumerate(names)},
        "renameByName": names,
    }


def _value(place: int, columns: Sequence[Query]) -> str:
    """What Grafana calls the value of a query, which depends on whether it is alone."""
    return "Value" if len(columns) == 1 else f"Value #{ascii_uppercase[place]}"
