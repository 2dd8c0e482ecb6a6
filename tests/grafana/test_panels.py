"""Each panel can be understood by somebody who sees it for the first time, at night."""

import re
from collections import defaultdict
from typing import Any

from exporter.gateway.codes import OUTCOMES, OWNERS
from exporter.monitoring.alerts_delivery import delivery_alerts
from exporter.monitoring.tempo import Tempo
from exporter.monitoring.thresholds import Thresholds
from grafana import style


Json = dict[str, Any]
PARTS = ("**Clock:**", "**Left out:**", "**If it looks bad:**")
WORD = re.compile(r"\$\{?([a-z_]\w*)")
OF_GRAFANA = {"__rate_interval", "__range", "__url_time_range", "__data"}


def fixed_colours(panel: Json) -> dict[str, str]:
    """Names of series of a panel, and the one colour each has."""
    found = {}
    for override in panel["fieldConfig"]["overrides"]:
        name = override["matcher"]["options"].strip("/^,")
        for setting in override["properties"]:
            if setting["id"] == "color" and setting["value"]["mode"] == "fixed":
                found[name] = setting["value"]["fixedColor"]
    return found


def test_every_panel_explains_itself(panels: list[tuple[str, Json]]) -> None:
    """What it counts, by which clock, without what, and what to do."""
    for uid, panel in panels:
        text = panel["description"]
        assert all(part in text for part in PARTS), (uid, panel["title"])
        assert all(sentence[0] != " " for sentence in text.split("\n\n"))
        assert text.rstrip()[-1] == "."


def test_nothing_unsaid_is_left_in_texts(panels: list[tuple[str, Json]]) -> None:
    """No placeholder of the code stayed in a title or description."""
    left = [p["title"] for _, p in panels if re.search(r"\{\w", p["title"] + p["description"])]
    assert left == []


def test_every_panel_says_what_an_empty_one_means(panels: list[tuple[str, Json]]) -> None:
    """No data has its reason: none yet, not known, or all is well."""
    mute = [
        panel["title"] for _, panel in panels if not panel["fieldConfig"]["defaults"]["noValue"]
    ]
    assert mute == []


def test_no_limit_colours_what_is_not_there(panels: list[tuple[str, Json]]) -> None:
    """A tile without a value is grey, not red or green."""
    for _, panel in panels:
        if panel["type"] == "stat":
            mappings = panel["fieldConfig"]["defaults"]["mappings"]
            empty = [m for m in mappings if m["type"] == "special"]
            assert [m["options"]["result"]["color"] for m in empty] == [style.FAINT]


def test_an_outcome_has_one_colour(panels: list[tuple[str, Json]]) -> None:
    """Wherever an outcome, an owner or a state is drawn, it looks the same."""
    seen: dict[str, set[str]] = defaultdict(set)
    for _, panel in panels:
        for name, colour in fixed_colours(panel).items():
            seen[name].add(colour)
    assert set(OUTCOMES) <= set(seen)
    assert set(OWNERS) <= set(seen)
    assert {name: colours for name, colours in seen.items() if len(colours) > 1} == {}


def test_outcomes_can_be_told_apart() -> None:
    """No two outcomes share a colour, and every one has one."""
    assert set(style.OUTCOMES) == set(OUTCOMES)
    assert len(set(style.OUTCOMES.values())) == len(OUTCOMES)


def test_panels_behind_an_alert_look_at_the_same_series(panels: list[tuple[str, Json]]) -> None:
    """An alert about delivery is no mystery: its own series is drawn with its own limit."""
    asked = " ".join(target["expr"] for _, panel in panels for target in panel["targets"])
    alerts = delivery_alerts(Thresholds(), Tempo())
    drawn = {name for alert in alerts for name in re.findall(r"\w+:\w+:certain", alert.expr)}
    assert drawn
    undrawn = {name for name in drawn if name not in asked}
    assert undrawn == {"account:smsc_undelivered:certain"}, "the tile of arrivals stands for it"


def test_zero_is_never_made_up(panels: list[tuple[str, Json]]) -> None:
    """What is not known has no value, so nothing falls back to 0 by itself."""
    made_up = [
        panel["title"]
        for _, panel in panels
        for target in panel["targets"]
        if re.search(r"or (on \(\) )?vector\(", target["expr"])
    ]
    assert made_up == []


def test_variables_in_texts_and_queries_exist(
    pages: dict[str, Json], panels: list[tuple[str, Json]]
) -> None:
    """No title shows a dollar sign where a value should be."""
    known = {
        uid: {variable["name"] for variable in page["templating"]["list"]} | OF_GRAFANA
        for uid, page in pages.items()
    }
    for uid, panel in panels:
        assert "$" not in panel["fieldConfig"]["defaults"]["noValue"]  # shown as it is
        texts = [panel["title"], panel["description"]]
        for text in (*texts, *(target["expr"] for target in panel["targets"])):
            assert set(WORD.findall(text)) <= known[uid], (uid, panel["title"])
