import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.rehearsal.chart import Axis, Curve, axis_for, draw, shares


NEVER = float("inf")
SVG = "{http://www.w3.org/2000/svg}"
SMALL = Curve("one & <only>", np.array([30.0, 60.0, 600.0, NEVER]), 0, 0)


def drawn(*curves: Curve, longest: float = 3600.0) -> ET.Element:
    """The chart, parsed."""
    return ET.fromstring(draw('a "title"', "1 < 2 & 3", curves, longest))


def points(line: ET.Element) -> list[tuple[float, float]]:
    """Where a curve goes, in pixels."""
    pairs = (point.split(",") for point in line.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


def test_a_small_chart_is_exact() -> None:
    """The curve is at 0 before the first delay, and steps at each; what never came is missing."""
    (line,) = drawn(SMALL).iter(f"{SVG}polyline")
    at = dict(points(line))
    assert (min(at), max(at)) == (64.0, 832.0)
    steps = {y: min(x for x in at if at[x] == y) for y in at.values()}
    assert list(steps) == [308.5, 233.0, 157.5]
    assert steps[308.5] == 64.0
    assert 64 + 768 * np.log(2) / np.log(120) == pytest.approx(steps[233.0], abs=3.3)
    assert 64 + 768 * np.log(20) / np.log(120) == pytest.approx(steps[157.5], abs=3.3)


def test_words_are_escaped_and_all_there() -> None:
    """Title, traffic, axes and legend stand in the picture as they were given."""
    chart = drawn(SMALL)
    texts = [text.text for text in chart.iter(f"{SVG}text")]
    assert texts[:2] == ['a "title"', "1 < 2 & 3"]
    assert texts[-1] == "one & <only>"
    shown = "0 % 25 % 50 % 75 % 95 % 100 %".replace(" %", "%").split()
    assert [text.replace(" ", "") for text in texts[2:8] if text] == shown
    assert texts[8:15] == ["30 s", "1 min", "2 min", "5 min", "15 min", "30 min", "1 h"]
    assert chart.findtext(f"{SVG}title") == 'a "title"'


def test_light_and_dark_have_colours_of_their_own() -> None:
    """A dark ground has other colours of curves, text and lines."""
    style = drawn(SMALL).findtext(f"{SVG}style") or ""
    light, _, dark = style.partition("@media (prefers-color-scheme: dark)")
    for kind in (".ground", ".grid", ".axis", "text", ".c0", ".c4"):
        colour = re.compile(rf"{re.escape(kind)} {{[^}}]*(#[0-9a-f]{{6}})")
        assert set(colour.findall(light)).isdisjoint(colour.findall(dark))
        assert colour.search(dark)


def test_budgets_and_policies_are_told_apart() -> None:
    """Another policy has another colour, another budget other dashes, in curve and legend alike."""
    chart = drawn(*(Curve("c", SMALL.delays, colour, dash) for colour in (0, 1) for dash in (0, 1)))
    looks = [
        (each.attrib["class"], each.attrib["stroke-dasharray"])
        for each in chart.iter(f"{SVG}polyline")
    ]
    assert len(set(looks)) == 4
    legend = [each.attrib for each in chart.iter(f"{SVG}path") if "curve" in each.attrib["class"]]
    assert [(each["class"], each["stroke-dasharray"]) for each in legend] == looks


@pytest.mark.parametrize(
    ("delays", "longest", "axis"),
    [
        ([45.0, 100.0], 21600.0, (30.0, 21600.0)),
        ([0.2], 900.0, (1.0, 900.0)),
        ([60.0], 1000.0, (60.0, 1800.0)),
        ([], 3600.0, (1.0, 3600.0)),
        ([NEVER], 3600.0, (10800.0, 21600.0)),
        ([500.0], 10.0, (300.0, 900.0)),
    ],
)
def test_the_axis_holds_what_is_to_be_seen(
    delays: list[float], longest: float, axis: tuple[float, float]
) -> None:
    """It begins at the last tick below the fastest delay, and ends at the first above the cap."""
    assert axis_for([Curve("c", np.array(delays), 0, 0)], longest) == axis


def test_shares_count_what_is_over() -> None:
    """A delay is over at its own moment; what never came never is."""
    found = shares(SMALL.delays, np.array([29.9, 30.0, 60.0, 1e9]))
    assert found.tolist() == [0.0, 0.25, 0.5, 0.75]
    assert shares(np.empty(0), np.array([1.0])).tolist() == [0.0]


@given(
    st.lists(st.lists(st.floats(0, 1e6) | st.just(NEVER), max_size=30), min_size=1, max_size=7),
    st.floats(1, 21600),
)
def test_every_chart_is_within_its_frame(lists: list[list[float]], longest: float) -> None:
    """Whatever the delays, curves only rise, stay in the plot, and end at what was learnt."""
    curves = [Curve("c", np.sort(delays), n, n) for n, delays in enumerate(lists)]
    axis: Axis = axis_for(curves, longest)
    for curve, line in zip(
        curves, drawn(*curves, longest=longest).iter(f"{SVG}polyline"), strict=True
    ):
        places = points(line)
        assert places == sorted(places, key=lambda place: (place[0], -place[1]))
        assert all(64 <= x <= 832 and 82 <= y <= 384 for x, y in places)
        last = shares(curve.delays, np.array([axis.high * (1 + 1e-12)]))[0]
        assert places[-1][1] == pytest.approx(384 - 302 * last, abs=0.06)
