"""Charts drawn by the server."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.charts import BAR, HEIGHT, STEP, WIDTH, Column, Part, bars, legend, strip, sums
from exporter.web.colours import COLOURS, colour_style


TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=20)
PARTS = st.lists(st.builds(Part, TEXT, TEXT, st.integers(0, 10**7)), max_size=5).map(tuple)
COLUMNS = st.lists(st.builds(Column, TEXT, PARTS), min_size=1, max_size=8)


def test_columns_are_stacked_from_the_ground() -> None:
    """Heights are shares of the highest column; each says what it holds."""
    column = Column("12:05", (Part("delivered", "delivered", 3), Part("expired", "expired", 1)))
    assert bars("Sent", [Column("12:00", ()), column], least=1, blank=1) == (
        '<div class="plot"><span aria-hidden="true">4</span>'
        '<svg class="bars" role="img" viewBox="0 0 20 100" preserveAspectRatio="none">'
        "<title>Sent</title><desc>delivered 3, expired 1</desc>"
        '<rect class="blank" width="10" height="100"/>'
        '<path class="grid" d="M0 0H20M0 50H20M0 100H20"/>'
        "<g><title>12:05: delivered 3, expired 1</title>"
        '<rect class="c-delivered" x="11" y="25" width="8" height="75"/>'
        '<rect class="c-expired" x="11" y="0" width="8" height="25"/></g></svg></div>'
    )


def test_a_strip_shows_shares() -> None:
    """Widths are shares of the whole."""
    assert strip("Ages", [Part("pending", "young", 3), Part("expired", "<old>", 1)]) == (
        '<svg class="strip" role="img" viewBox="0 0 1000 10" preserveAspectRatio="none">'
        "<title>Ages</title><desc>young 3, &lt;old&gt; 1</desc>"
        '<rect class="c-pending" x="0" width="750" height="10"><title>young 3</title></rect>'
        '<rect class="c-expired" x="750" width="250" height="10">'
        "<title>&lt;old&gt; 1</title></rect></svg>"
    )
    assert strip("Ages", [Part("pending", "young", 0)]) == ""


def test_a_legend_tells_amounts_and_shares() -> None:
    """What is not there is left out; an unknown name cannot become a class."""
    parts = [Part("delivered", "delivered", 1999), Part("x y", "x<y", 1), Part("expired", "e", 0)]
    assert legend(parts, shares=True) == (
        '<ul class="legend"><li><i class="c-delivered"></i>delivered <b>1,999</b>'
        ' <small>99.9%</small></li><li><i class="c-other"></i>x&lt;y <b>1</b>'
        " <small>&lt;0.1%</small></li></ul>"
    )
    assert legend(parts[2:], shares=False) == ""


def test_sums_keep_the_order_of_the_first_column() -> None:
    """A legend does not jump about while columns come and go."""
    first = Column("", (Part("a", "A", 0), Part("b", "B", 2)))
    second = Column("", (Part("b", "B", 3), Part("a", "A", 1), Part("c", "C", 1)))
    assert sums([first, second]) == (Part("a", "A", 1), Part("b", "B", 5), Part("c", "C", 1))


@given(columns=COLUMNS, title=TEXT, least=st.integers(1, 100))
def test_columns_stay_within_the_chart(columns: list[Column], title: str, least: int) -> None:
    """Whatever the numbers and words: well-formed, and nothing beyond the edges."""
    drawn = ET.fromstring(bars(title, columns, least=least))
    boxes = [box for box in drawn.iter("rect") if box.get("class") != "blank"]
    assert len(boxes) == sum(part.value > 0 for column in columns for part in column.parts)
    for box in boxes:
        x, y, height = (float(box.get(key, "nan")) for key in ("x", "y", "height"))
        assert 0 <= y <= HEIGHT
        assert y + height <= HEIGHT + 0.1
        assert 0 <= x <= len(columns) * STEP - BAR
    found = drawn.find("svg/title")
    assert found is not None
    assert (found.text or "") == title


@given(parts=PARTS)
def test_a_strip_is_filled(parts: tuple[Part, ...]) -> None:
    """The pieces fill the width, and are as wide as their shares."""
    drawn = strip("t", parts)
    if not drawn:
        assert not any(part.value for part in parts)
        return
    widths = [float(box.get("width", "nan")) for box in ET.fromstring(drawn).iter("rect")]
    total = sum(part.value for part in parts)
    assert sum(widths) == pytest.approx(WIDTH, abs=0.1)
    assert widths == pytest.approx([WIDTH * part.value / total for part in parts], abs=0.1)


def test_each_colour_has_a_light_and_a_dark_form() -> None:
    """Every class is set on both grounds."""
    classes = re.findall(r"^\.c-([\w-]+) ", colour_style(), re.MULTILINE)
    assert sorted(classes) == sorted([*COLOURS, *COLOURS])
