"""What is written from the limits is current, and can be compressed in time."""

import re
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import typer
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from exporter.monitoring import __main__ as command
from exporter.monitoring.files import monitoring_files, write_files
from exporter.monitoring.model import Alert
from exporter.monitoring.reference import tables, with_tables
from exporter.monitoring.rules import alerts, rule_groups
from exporter.monitoring.tempo import Tempo
from exporter.monitoring.thresholds import Thresholds
from exporter.monitoring.thresholds_file import load_thresholds
from tests.monitoring.scenarios.case import Fires
from tests.monitoring.scenarios.files import FILES
from tests.monitoring.tools import DEPLOY, ROOT


COMMITTED = load_thresholds(DEPLOY / "prometheus" / "thresholds.yml")
UNIT_TESTS = DEPLOY / "prometheus" / "tests"
AGES = {"SmscPollStale": [600.0], "SmscTrafficDropped": [1200.0], "SmscHistoryBehind": [1800.0]}
"""Numbers in expressions that are ages, in seconds."""
_LENGTH = re.compile(r"\b\d+(?:ms|[smhd])\b")
_FILLED_IN = re.compile(
    r" \$labels\.[a-z]+( \| urlquery)? | \$value \| humanize(Percentage|Duration)? "
)
_NUMBER = re.compile(r"(?<![\w.:])\d+(?:\.\d+)?(?![\w.:])")


@pytest.mark.parametrize("name", monitoring_files(COMMITTED))
def test_files_are_current(name: str) -> None:
    """`make rules` would change nothing."""
    assert (DEPLOY / name).read_text(encoding="utf-8") == monitoring_files(COMMITTED)[name]


def test_unit_tests_are_current() -> None:
    """`make rules` would write these unit tests, and no others are there."""
    written = {name: text for file in FILES for name, text in file.texts().items()}
    found = {str(path.relative_to(UNIT_TESTS)): path for path in UNIT_TESTS.rglob("*.yml")}
    assert {name: path.read_text(encoding="utf-8") for name, path in found.items()} == written


def test_the_page_is_current() -> None:
    """The tables of the documentation are those of the rules."""
    page = (ROOT / "docs" / "alerting.md").read_text(encoding="utf-8")
    assert with_tables(page, COMMITTED) == page


@pytest.mark.parametrize("mark", ["<!-- begin alerts -->", "<!-- end inhibitions -->"])
def test_a_page_without_its_marks_is_left_alone(mark: str) -> None:
    """A table is never written to where nobody asked for it."""
    marks = (f"<!-- {edge} {name} -->" for name in tables(COMMITTED) for edge in ("begin", "end"))
    page = "\n".join(marks).replace(mark, "")
    with pytest.raises(ValueError, match=re.escape(mark)):
        with_tables(page, COMMITTED)


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
def test_texts_are_templates_that_prometheus_fills_in(alert: Alert) -> None:
    """What stands in braces is a label or the value, in a form made for it."""
    texts = alert.rule(runbooks="http://r", grafana="http://g")["annotations"].values()
    inside = {found for text in texts for found in re.findall(r"{{(.*?)}}", text)}
    assert all(_FILLED_IN.fullmatch(found) for found in inside)
    assert not any("{" in re.sub(r"{{.*?}}", "", text) for text in texts)


def test_each_alert_is_asked_about_both_ways() -> None:
    """Unit tests let every alert fire, and let it be silent, at some time."""
    asked = (check for file in FILES for case in file.cases for check in case.checks)
    checks = [check for check in asked if isinstance(check, Fires)]
    fires = {check.alert for check in checks if check.whose}
    silent = {check.alert for check in checks if not check.whose}
    assert {alert.name for alert in alerts()} == fires == silent


@pytest.mark.parametrize("speed", [2.0, 30.0, 60.0])
def test_every_length_of_time_is_compressed(speed: float) -> None:
    """Ranges, offsets, waits, intervals and ages are divided by the speed, and nothing else."""
    for usual, fast in zip(rules(1.0), rules(speed), strict=True):
        assert [one / speed for one in lengths(usual)] == pytest.approx(lengths(fast), rel=0.001)
        ages = AGES.get(usual.get("alert", ""), [])
        expected = [one / speed if one in ages else one for one in numbers(usual)]
        assert expected == pytest.approx(numbers(fast))
        assert usual.get("labels") == fast.get("labels")


@given(st.sampled_from(["30s", "5m", "90m", "6h", "7d"]), st.sampled_from([1, 3, 30, 60, 600]))
def test_lengths_are_written_as_prometheus_reads_them(length: str, speed: float) -> None:
    """The number in the text is the length divided by the speed, to the millisecond."""
    tempo = Tempo(speed)
    assert seconds(tempo(length)) == pytest.approx(float(tempo.seconds(length)), abs=0.001)


def test_rules_can_be_written_without_a_checkout(tmp_path: Path) -> None:
    """A user changes a limit in a copy of the file and gets rules with it."""
    limits = tmp_path / "limits.yml"
    limits.write_text("delivery: {down_share: 0.61}\n")
    arguments = ["--thresholds", str(limits), "--output", str(tmp_path)]
    assert CliRunner().invoke(app(), arguments).exit_code == 0
    written = (tmp_path / "prometheus/rules/smsc-alerts.yml").read_text(encoding="utf-8")
    assert "> 0.61" in written
    assert written != (DEPLOY / "prometheus/rules/smsc-alerts.yml").read_text(encoding="utf-8")


def test_limits_can_be_printed() -> None:
    """The file to begin with is one command away."""
    result = CliRunner().invoke(app(), ["--print-thresholds"])
    assert yaml.safe_load(result.stdout) == Thresholds().model_dump(mode="json")


def test_a_wrong_file_is_told_without_a_traceback(tmp_path: Path) -> None:
    """Whoever mistypes a limit reads where and what."""
    limits = tmp_path / "limits.yml"
    limits.write_text("delivery: {z: 9}\n")
    result = CliRunner().invoke(app(), ["--thresholds", str(limits)])
    assert result.exit_code == 1
    assert result.output == f"{limits}:1: delivery.z: must be at most 6.0\n"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The path says which."""
    (tmp_path / "prometheus").write_text("")
    result = CliRunner().invoke(app(), ["--output", str(tmp_path)])
    assert result.exit_code == 1
    assert result.output.startswith(f"{tmp_path}/prometheus/rules: cannot be written: ")


def rules(speed: float) -> list[dict[str, Any]]:
    """Every rule, with the interval of its group."""
    return [
        {**rule, "interval": group["interval"]}
        for group in rule_groups(Thresholds(), speed)
        for rule in group["rules"]
    ]


def lengths(rule: dict[str, Any]) -> list[float]:
    """Lengths of time in a rule, in seconds."""
    waits = [rule.get("for", ""), rule.get("keep_firing_for", ""), rule["interval"]]
    return [seconds(found) for found in _LENGTH.findall(" ".join([unquoted(rule), *waits]))]


def numbers(rule: dict[str, Any]) -> list[float]:
    """Plain numbers in a rule's expression."""
    return [float(found) for found in _NUMBER.findall(unquoted(rule))]


def unquoted(rule: dict[str, Any]) -> str:
    """The expression without label values and names."""
    return re.sub(r"[a-z_]+:[a-z_0-9:]+", "x", re.sub(r'"[^"]*"', '""', rule["expr"]))


def seconds(length: str) -> float:
    """A length of time as Prometheus writes it."""
    return float(promql.parse_duration(length).total_seconds())


def app() -> typer.Typer:
    """The command line."""
    app = typer.Typer()
    app.command()(command.write)
    return app


def test_files_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    """Rules lie where the example of Prometheus looks for them."""
    write_files(tmp_path, Thresholds())
    example = yaml.safe_load((tmp_path / "prometheus/prometheus.yml").read_text(encoding="utf-8"))
    (pattern,) = example["rule_files"]
    assert len(list((tmp_path / "prometheus").glob(pattern))) == 2
