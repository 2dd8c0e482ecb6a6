"""Panels that draw: tiles, lines, areas, bars, rankings, strips and heat maps."""

from typing import Final, Unpack

from grafana_foundation_sdk.builders import bargauge, heatmap, stat, statetimeline, timeseries
from grafana_foundation_sdk.builders import common as build
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BarGaugeNamePlacement,
    BarGaugeValueMode,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueJustifyMode,
    BigValueTextMode,
    GraphDrawStyle,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    ScaleDistribution,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import Panel
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode, HeatmapColorScale
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.face import SHARE_STEP, Face, dress, instant, ranged, shaped
from grafana.queries import Query
from grafana.style import EXACT, absent


BRIDGED: Final = 900_000
"""Longest pause (ms) over which a line is drawn: a quarter of an hour."""


def tiles(*queries: Query, coloured: bool = True, **face: Unpack[Face]) -> Panel:
    """Big numbers as of the end of the time range; each query gives one or several."""
    several = any(query.legend for query in queries)
    builder = (
        stat.Panel()
        .color_mode(BigValueColorMode.BACKGROUND if coloured else BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .text_mode(BigValueTextMode.VALUE_AND_NAME if several else BigValueTextMode.VALUE)
        .justify_mode(BigValueJustifyMode.CENTER)
        .orientation(VizOrientation.HORIZONTAL)
        .wide_layout(wide_layout=True)
        .text(build.VizTextDisplayOptions().title_size(13).value_size(24))
        .reduce_options(_latest())
    )
    nothing = absent(face.get("nothing", "not known"))
    mappings = [nothing, *face.get("mappings", ())]
    face = {"unit": EXACT, "width": 3, "height": 5, **face, "mappings": mappings}
    return dress(builder.build(), [instant(query) for query in queries], face)


def lines(
    *queries: Query, logarithmic: bool = False, floor: float = 0, **face: Unpack[Face]
) -> Panel:
    """Lines over time; limits are drawn across. The axis starts at ``floor`` or below."""
    builder = _over_time().line_width(2).fill_opacity(0).span_nulls(BRIDGED)
    if "limits" in face:
        drawn = build.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        builder.thresholds_style(drawn)
    if logarithmic:
        scale = build.ScaleDistributionConfig().type(ScaleDistribution.LOG).log(10)
        builder.scale_distribution(scale)
    else:
        builder.axis_soft_min(floor)
    return dress(builder.build(), [ranged(query) for query in queries], face)


def areas(*queries: Query, **face: Unpack[Face]) -> Panel:
    """Areas over time, on top of each other."""
    builder = _stacked().line_width(1).fill_opacity(60)
    return dress(builder.build(), [ranged(query) for query in queries], face)


def bars(*queries: Query, **face: Unpack[Face]) -> Panel:
    """Bars over time, on top of each other."""
    builder = _stacked().draw_style(GraphDrawStyle.BARS).line_width(0).fill_opacity(90)
    return dress(builder.build(), [ranged(query) for query in queries], face)


def ranking(*queries: Query, above: bool = False, **face: Unpack[Face]) -> Panel:
    """Horizontal bars, one a series, each with its value; long names stand above their bars."""
    names = BarGaugeNamePlacement.TOP if above else BarGaugeNamePlacement.LEFT
    builder = (
        bargauge.Panel()
        .orientation(VizOrientation.HORIZONTAL)
        .display_mode(BarGaugeDisplayMode.BASIC)
        .value_mode(BarGaugeValueMode.TEXT)
        .name_placement(names)
        .show_unfilled(show_unfilled=True)
        .text(build.VizTextDisplayOptions().title_size(11).value_size(16))
        .min_viz_height(16)
        .max_viz_height(40 if above else 28)
        .reduce_options(_latest())
    )
    face = {"minimum": 0, **face}
    return dress(builder.build(), [instant(query) for query in queries], face)


def strips(*queries: Query, **face: Unpack[Face]) -> Panel:
    """One strip a series, coloured by its state; mappings say what the numbers mean."""
    builder = (
        statetimeline.Panel()
        .show_value(VisibilityMode.NEVER)
        .row_height(0.8)
        .line_width(0)
        .fill_opacity(80)
        .merge_values(merge_values=True)
        .legend(_legend())
        .tooltip(_tooltip(TooltipDisplayMode.SINGLE))
    )
    return dress(builder.build(), [ranged(query) for query in queries], face)


def heat(query: Query, **face: Unpack[Face]) -> Panel:
    """A histogram over time: bucket by bucket, the brighter the more."""
    builder = (
        heatmap.Panel()
        .calculate(calculate=False)
        .color(_heat())
        .y_axis(heatmap.YAxisConfig().unit("s"))
        .cell_gap(1)
        .show_legend()
        .tooltip(
            heatmap.HeatmapTooltip().mode(TooltipDisplayMode.SINGLE).y_histogram(y_histogram=True)
        )
    )
    target = shaped(ranged(query), PromQueryFormat.HEATMAP)
    face = {"step": SHARE_STEP, **face}
    return dress(builder.build(), [target], face)


def _heat() -> heatmap.HeatmapColorOptions:
    return (
        heatmap.HeatmapColorOptions()
        .mode(HeatmapColorMode.SCHEME)
        .scheme("Oranges")
        .scale(HeatmapColorScale.EXPONENTIAL)
        .exponent(0.5)
        .steps(64)
    )


def _over_time() -> timeseries.Panel:
    return (
        timeseries.Panel()
        .legend(_legend())
        .tooltip(_tooltip(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        .show_points(VisibilityMode.AUTO)
        .point_size(4)
    )


def _stacked() -> timeseries.Panel:
    stacking = build.StackingConfig().mode(StackingMode.NORMAL).group("A")
    return _over_time().stacking(stacking).show_points(VisibilityMode.NEVER).axis_soft_min(0)


def _legend() -> build.VizLegendOptions:
    return (
        build.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(show_legend=True)
    )


def _tooltip(mode: TooltipDisplayMode) -> build.VizTooltipOptions:
    return build.VizTooltipOptions().mode(mode)


def _latest() -> build.ReduceDataOptions:
    return build.ReduceDataOptions().calcs(["lastNotNull"])
