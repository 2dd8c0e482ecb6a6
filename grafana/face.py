"""What every panel has: title, explanation, queries, unit, limits, size."""

from collections.abc import Sequence
from string import ascii_uppercase
from typing import Final, NamedTuple, Required, TypedDict

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.models.dashboard import (
    DashboardFieldConfigSourceOverrides as Override,
)
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    FieldConfig,
    FieldConfigSource,
    GridPos,
    Panel,
    ThresholdsConfig,
    ValueMapping,
)
from grafana_foundation_sdk.models.prometheus import Dataquery, PromQueryFormat

from grafana import style
from grafana.queries import Query
from grafana.variables import SOURCE


STEP: Final = "5m"
"""Least distance of two points: polls come minutes apart, and points that are closer show their
rhythm rather than the traffic's."""
SHARE_STEP: Final = "15m"
"""The same of shares and times, which need more messages to mean something."""


class About(NamedTuple):
    """What a reader must know of a panel."""

    counts: str
    """What it shows."""
    clock: str
    """Whose time decides where on the axis a thing stands."""
    without: str
    """What is left out."""
    act: str
    """What to do when it looks bad."""

    def text(self) -> str:
        """Markdown, as the panel's (i) shows it."""
        return (
            f"{self.counts}\n\n**Clock:** {self.clock}\n\n**Left out:** {self.without}"
            f"\n\n**If it looks bad:** {self.act}"
        )


class Face(TypedDict, total=False):
    """What the kinds of panels have in common; sizes in grid units, 24 of them in a row."""

    title: Required[str]
    about: Required[About]
    unit: str
    width: int
    height: int
    decimals: int
    minimum: float
    maximum: float
    limits: ThresholdsConfig
    overrides: Sequence[Override]
    mappings: Sequence[ValueMapping]
    nothing: str
    """Shown where there is no value."""
    step: str
    """Least distance of two points."""


def dress(panel: Panel, targets: Sequence[Dataquery], face: Face) -> Panel:
    """Give a panel what all have; where it stands is decided by the layout."""
    panel.title = face["title"]
    panel.description = face["about"].text()
    panel.datasource = SOURCE
    panel.targets = [_labelled(*pair) for pair in zip(ascii_uppercase, targets, strict=False)]
    panel.grid_pos = GridPos(w=face.get("width", 12), h=face.get("height", 8))
    panel.interval = face.get("step", STEP)
    panel.field_config = panel.field_config or FieldConfigSource()
    panel.field_config.defaults = _defaults(panel.field_config.defaults, face)
    panel.field_config.overrides = list(face.get("overrides", ()))
    return panel


def transformed(panel: Panel, *steps: tuple[str, object]) -> Panel:
    """Let data pass these transformations, by the names that Grafana gives them."""
    panel.transformations = [DataTransformerConfig(id_val=name, options=how) for name, how in steps]
    return panel


def ranged(query: Query) -> Dataquery:
    """A query over the whole time range."""
    return prometheus.Dataquery().expr(query.expr).legend_format(query.legend).range().build()


def instant(query: Query) -> Dataquery:
    """A query at the end of the time range."""
    return prometheus.Dataquery().expr(query.expr).legend_format(query.legend).instant().build()


def shaped(target: Dataquery, shape: PromQueryFormat) -> Dataquery:
    """The same query with an answer in another shape."""
    target.format_val = shape
    return target


def _labelled(name: str, target: Dataquery) -> Dataquery:
    target.ref_id = name
    target.datasource = SOURCE
    return target


def _defaults(found: FieldConfig | None, face: Face) -> FieldConfig:
    defaults = found or FieldConfig()
    defaults.unit = face.get("unit", style.COUNT)
    defaults.decimals = face.get("decimals")
    defaults.min_val = face.get("minimum")
    defaults.max_val = face.get("maximum")
    defaults.thresholds = face.get("limits", style.no_limits())
    defaults.mappings = list(face.get("mappings", ()))
    defaults.no_value = face.get("nothing")
    return defaults
