"""The drills' own parts: they must not pass what is wrong."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
import yaml

from tests.e2e.alarms import _stretches
from tests.e2e.backfill import levels
from tests.e2e.drills.catalogue import DRILLS, ordinary
from tests.e2e.drills.course import Course, Plan
from tests.e2e.drills.drill import Drill
from tests.e2e.drills.history import ranged
from tests.e2e.drills.monitored import EXAMPLE, rules
from tests.e2e.drills.page import table
from tests.e2e.drills.record import Alert
from tests.e2e.drills.servers import alertmanager_config
from tests.e2e.drills.times import Times
from tests.e2e.drills.verdict import complaints, strangers
from tests.e2e.lengths import length, seconds


MOMENT = 5000.0
DRILL = Drill(
    key="one",
    title="an incident",
    world=ordinary,
    within={"Down": 300.0},
    besides=frozenset({"Slow"}),
    quiet=frozenset({"Effect"}),
)
TIMES = Times(began_fast=1000.0, began_real=50_000.0, speed=20.0)


def alert(name: str, fired: float, heard: float | None = None, **changes: Any) -> Alert:
    """An alert of the drill's account; times since the moment."""
    labels: Mapping[str, str] = {"job": "smsc-one", "account": "one"}
    made = Alert(name=name, severity="critical", labels=labels, fired=MOMENT + fired)
    made.heard = None if heard is None else MOMENT + heard
    return msgspec.structs.replace(made, **changes)


def course(*alerts: Alert) -> Course:
    return Course(plan=Plan(), moment=MOMENT, drills=(DRILL,), alerts=alerts, lateness=0.0)


GOOD = (alert("Down", 200, 210), alert("Slow", 100, 130), alert("Effect", 220))


def test_a_good_course_has_no_complaints() -> None:
    """What was meant to be heard, what may be heard, and what was silenced."""
    assert list(complaints(course(*GOOD), DRILL)) == []
    assert strangers(course(*GOOD)) == []


@pytest.mark.parametrize(
    ("alerts", "complaint"),
    [
        ((), "nobody heard of Down"),
        ((alert("Down", 200),), "nobody heard of Down"),
        ((alert("Down", 200, 301),), "Down was heard of after 301 s instead of 300 s"),
        ((*GOOD, alert("Other", 10)), "Other must not fire"),
        ((*GOOD[:2], alert("Effect", 10, 20)), "Effect must not be heard of"),
        ((alert("Down", -60, 20),), "Down fired 60 s before the incident"),
    ],
)
def test_complaints(alerts: tuple[Alert, ...], complaint: str) -> None:
    """Whatever is missing, late, too much or too early is told."""
    assert list(complaints(course(*alerts), DRILL)) == [complaint]


def test_alerts_about_nobody_are_told() -> None:
    """An alert without an account or job of a drill is no drill's."""
    lost = alert("Absent", 5, labels={"job": "else"})
    assert strangers(course(*GOOD, lost)) == [lost]


def test_a_table_tells_who_heard_when() -> None:
    """One line an alert, the incident once, the silenced with what silenced them."""
    silenced = alert("Effect", 220, inhibited_by={"Down"})
    assert table(course(*GOOD[:2], silenced)).splitlines()[2:] == [
        "| an incident | Down | critical | 3:20 | 3:30 |  |",
        "|  | Slow | critical | 1:40 | 2:10 |  |",
        "|  | Effect | critical | 3:40 | nobody | Down |",
    ]


def test_every_name_in_the_catalogue_is_an_alert() -> None:
    """No drill waits for, or allows, an alert that is not there."""
    there = {rule.get("alert") for group in rules(Plan()).real for rule in group["rules"]}
    for drill in DRILLS:
        assert {*drill.within, *drill.besides, *drill.quiet} <= there


def test_moments_and_cadences_of_a_page_are_brought_into_real_time() -> None:
    """Whatever rules compare with time() is mapped, with labels or without; all else stays."""
    page = (
        "# TYPE smsc_poll_last_success_timestamp_seconds gauge\n"
        'smsc_poll_last_success_timestamp_seconds{account="a } b"} 1.2e+03\n'
        "smsc_exporter_state_saved_timestamp_seconds 1100.0\n"
        'smsc_poll_cadence_seconds{account="a"} 240.0\n'
        'smsc_history_gap_seconds{account="a"} 240.0\n'
    )
    assert TIMES.page(page) == (
        "# TYPE smsc_poll_last_success_timestamp_seconds gauge\n"
        'smsc_poll_last_success_timestamp_seconds{account="a } b"} 50010.000000\n'
        "smsc_exporter_state_saved_timestamp_seconds 50005.000000\n"
        'smsc_poll_cadence_seconds{account="a"} 12.0\n'
        'smsc_history_gap_seconds{account="a"} 240.0\n'
    )
    assert TIMES.fast(TIMES.real(1234.5)) == pytest.approx(1234.5)


def test_samples_of_the_past_keep_their_place() -> None:
    """Value and time are both mapped, with the distance between them divided by the speed."""
    line = 'smsc_poll_last_success_timestamp_seconds{account="a"} 800.0 900.0'
    assert TIMES.sample(line).split()[1:] == ["49990.000000", "49995.000"]
    assert TIMES.sample('x_total{a="b"} 800.0 900.0') == 'x_total{a="b"} 800.0 49995.000'


def test_levels_put_what_is_read_first() -> None:
    """Each recorded series comes after those that it reads; alerts come not at all."""
    groups = [
        {
            "name": "g",
            "interval": "1m",
            "rules": [
                {"record": "a:c", "expr": "a:b[1h] + a:a"},
                {"alert": "A", "expr": "a:c > 1"},
                {"record": "a:b", "expr": "rate(x[1m])"},
                {"record": "a:a", "expr": 'a:b{l="1"} offset 2h'},
            ],
        }
    ]
    order = [[r["record"] for g in level for r in g["rules"]] for level in levels(groups)]
    assert order == [["a:b"], ["a:a"], ["a:c"]]
    assert ranged(groups) == {"a:b"}


def test_rules_in_a_ring_are_refused() -> None:
    """What can never be worked out ends with an error, not never."""
    ring = [{"record": "a", "expr": "b"}, {"record": "b", "expr": "a"}]
    with pytest.raises(ValueError, match="a, b"):
        list(levels([{"name": "g", "rules": ring}]))


def test_stretches_end_where_an_evaluation_is_missing() -> None:
    """An alert must hold without a break."""
    moments = [0.0, 60.0, 120.0, 240.0, 300.0]
    assert list(_stretches(moments, 60.0)) == [(0.0, 120.0), (240.0, 300.0)]


def test_alertmanager_waits_shorter() -> None:
    """All of the example's waits are compressed, at every depth; inhibitions stay as they are."""
    example = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    made = alertmanager_config(example, "http://hook/", 20.0)
    (below,) = made["route"]["routes"]
    assert seconds(below["group_wait"]) == seconds(example["route"]["routes"][0]["group_wait"]) / 20
    assert all("ms" in route["repeat_interval"] for route in (below, *below["routes"]))
    assert made["inhibit_rules"] == example["inhibit_rules"]
    urls = {each["webhook_configs"][0]["url"] for each in made["receivers"]}
    assert urls == {"http://hook/"}


@pytest.mark.parametrize(("text", "value"), [("1h30m", 5400.0), ("250ms", 0.25), ("1w", 604800.0)])
def test_lengths_are_read(text: str, value: float) -> None:
    """Every unit and sum of units, and back at another speed."""
    assert seconds(text) == value
    assert seconds(length(value, 2.0)) == pytest.approx(value / 2)
