"""The map: one spot a country, as large as its traffic, as green as its deliveries."""

from typing import Final, Unpack

from grafana_foundation_sdk.builders import geomap
from grafana_foundation_sdk.builders.common import FrameGeometrySource, MapLayerOptions
from grafana_foundation_sdk.models.common import FrameGeometrySourceMode
from grafana_foundation_sdk.models.dashboard import Panel
from grafana_foundation_sdk.models.geomap import TooltipMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.face import Face, dress, instant, shaped, transformed
from grafana.queries import Query


GAZETTEER: Final = "public/gazetteer/countries.json"
"""Grafana's own list of where countries are, by ISO 3166-1 alpha-2."""


def world(size: Query, colour: Query, **face: Unpack[Face]) -> Panel:
    """A map of countries; both queries are by ``country``."""
    builder = (
        geomap.Panel()
        .view(geomap.MapViewConfig().id("fit").lat(0).lon(0).zoom(4).all_layers(all_layers=True))
        .controls(
            geomap.ControlsOptions()
            .show_zoom(show_zoom=True)
            .mouse_wheel_zoom(mouse_wheel_zoom=False)
        )
        .basemap(MapLayerOptions().type("default").name("Base layer"))
        .layers([_spots(size.legend, colour.legend)])
        .tooltip(geomap.TooltipOptions().mode(TooltipMode.DETAILS))
    )
    targets = [shaped(instant(query), PromQueryFormat.TABLE) for query in (size, colour)]
    panel = dress(builder.build(), targets, face)
    names = {"country": "Country", "Value #A": size.legend, "Value #B": colour.legend}
    columns = {"excludeByName": {"Time": True}, "renameByName": names}
    return transformed(panel, ("merge", {}), ("organize", columns))


def _spots(size: str, colour: str) -> MapLayerOptions:
    place = FrameGeometrySource().mode(FrameGeometrySourceMode.LOOKUP).lookup("Country")
    look = {
        "size": {"field": size, "fixed": 5, "min": 5, "max": 30},
        "color": {"field": colour, "fixed": "green"},
        "symbol": {"mode": "fixed", "fixed": "img/icons/marker/circle.svg"},
        "opacity": 0.7,
    }
    return (
        MapLayerOptions()
        .type("markers")
        .name("Countries")
        .config({"style": look, "showLegend": True})
        .location(place.gazetteer(GAZETTEER))
        .tooltip(tooltip=True)
    )
