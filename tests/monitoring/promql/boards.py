"""Dashboards of Grafana, read as plain JSON."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec


BOARDS = Path(__file__).parents[3] / "grafana" / "dashboards"
DECORATION = frozenset({"row", "text", "dashlist", "alertlist"})
"""Types of panels that show no data of queries."""
LOKI = "loki"

Json = Mapping[str, Any]


class Target(NamedTuple):
    """A query of a panel."""

    data: Json

    @property
    def expr(self) -> str:
        """The PromQL."""
        return str(self.data.get("expr", ""))

    @property
    def name(self) -> str:
        """Letter that tells it from others of its panel."""
        return str(self.data.get("refId", ""))

    @property
    def legend(self) -> str:
        """What its series are called; labels in double braces."""
        return str(self.data.get("legendFormat") or "")


class Panel(msgspec.Struct, frozen=True):
    """A panel; rows are panels, too."""

    board: str
    data: Json

    @property
    def place(self) -> str:
        """Board and title."""
        return f"{self.board} / {self.data.get('title') or self.data.get('id')}"

    @property
    def kind(self) -> str:
        """Type of the panel: stat, timeseries and so on."""
        return str(self.data.get("type", ""))

    @property
    def targets(self) -> tuple[Target, ...]:
        """What it asks for."""
        return tuple(Target(target) for target in self.data.get("targets") or ())

    def place_of(self, target: Target) -> str:
        """Board, title and letter."""
        return f"{self.place} / {target.name}"


class Board(msgspec.Struct, frozen=True):
    """A dashboard."""

    data: Json

    @property
    def uid(self) -> str:
        """Name in addresses."""
        return str(self.data.get("uid") or "")

    @property
    def variables(self) -> tuple[Json, ...]:
        """What the reader can choose."""
        return tuple(self.data.get("templating", {}).get("list", ()))

    @property
    def annotations(self) -> tuple[Json, ...]:
        """Events that are drawn over panels."""
        return tuple(self.data.get("annotations", {}).get("list", ()))

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Every panel, those of collapsed rows included."""
        return tuple(Panel(self.uid, panel) for panel in _flat(self.data.get("panels", ())))

    @property
    def values(self) -> Mapping[str, str]:
        """Variables that stand outside strings, with what is chosen at first."""
        return {str(one["name"]): _chosen(one) for one in self.variables if _chosen(one)}


def committed(folder: Path = BOARDS) -> tuple[Board, ...]:
    """Every dashboard of the repository."""
    return tuple(
        Board(json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*.json"))
    )


def query_of(variable: Json) -> str:
    """What a variable's values are asked with: a text, or an object that holds it."""
    query = variable.get("query", "")
    return str(query.get("query", "") if isinstance(query, Mapping) else query)


def source_of(data: Json) -> str:
    """The data source that a panel, query or variable names; empty when none."""
    source = data.get("datasource")
    return str(source.get("uid", "") if isinstance(source, Mapping) else source or "")


def _flat(panels: Any) -> Iterator[Json]:
    for panel in panels:
        yield panel
        yield from _flat(panel.get("panels") or ())


def _chosen(variable: Json) -> str:
    chosen = (variable.get("current") or {}).get("value", "")
    first = chosen[0] if isinstance(chosen, list) and chosen else chosen
    return first if isinstance(first, str) and not first.startswith("$") else ""
