"""The committed files are what the code draws, and what Grafana loads."""

import difflib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from exporter.monitoring.thresholds import Delivery, Thresholds
from exporter.monitoring.thresholds_file import load_thresholds
from grafana.__main__ import FOLDER, LIMITS, main, pages, text


Json = dict[str, Any]
KINDS = {"timeseries", "stat", "bargauge", "table", "heatmap", "state-timeline", "geomap"}
"""Types of panels that Grafana 11.0 has."""
UIDS = ["smsc-cost", "smsc-errors", "smsc-exporter", "smsc-objectives", "smsc-operators"]


def lost(ours: Any, theirs: Any, place: str = "") -> list[str]:
    """Paths of what the second lacks or has otherwise."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        parts = [lost(ours[key], theirs.get(key), f"{place}.{key}") for key in ours]
        return [path for part in parts for path in part]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [path for at, pair in pairs for path in lost(*pair, f"{place}[{at}]")]
    return [] if ours == theirs else [place]


def test_the_committed_files_are_what_the_code_draws() -> None:
    """``make dashboards`` was run after the last change."""
    drawn = {name: text(page) for name, page in pages(load_thresholds(LIMITS)).items()}
    assert {path.name for path in FOLDER.iterdir()} == set(drawn)
    for name, wanted in drawn.items():
        found = (FOLDER / name).read_text(encoding="utf-8")
        changed = difflib.unified_diff(found.splitlines(), wanted.splitlines(), lineterm="", n=1)
        assert found == wanted, "\n".join(list(changed)[:40])


@pytest.mark.parametrize("uid", [*UIDS, "smsc-overview"])
def test_grafana_knows_every_key(pages: dict[str, Json], uid: str) -> None:
    """What the SDK reads and writes again is what was there: no key is misspelt or misplaced."""
    register_default_plugins()
    page = pages[uid]
    again = json.loads(JSONEncoder().encode(Dashboard.from_json(page)))
    assert lost(page, again) == []


def test_a_misspelt_key_would_be_found() -> None:
    """The comparison sees what the SDK drops, at any depth."""
    assert lost({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}], "d": 3}) == [".a[0].c"]


def test_files_can_be_provisioned_and_imported(pages: dict[str, Json]) -> None:
    """No file belongs to one Grafana or one data source, and all open read-only."""
    for uid, page in pages.items():
        assert page["uid"] == uid
        assert not {"id", "__inputs", "__requires", "version"} & set(page)
        assert page["editable"] is False
        assert page["schemaVersion"] <= 42


def test_panels_are_of_types_that_grafana_11_has(panels: list[tuple[str, Json]]) -> None:
    """Nothing shows as an unknown plugin."""
    assert {panel["type"] for _, panel in panels} <= KINDS


def test_limits_come_from_the_thresholds() -> None:
    """A limit that a user changes moves in the panels as it does in the alerts."""
    changed = Thresholds(delivery=Delivery(degraded_share=0.123, down_share=0.456))
    (panel,) = (
        panel
        for panel in pages(changed)["smsc-overview.json"]["panels"]
        if panel["title"] == "Messages certainly lost, worst operators"
    )
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [step["value"] for step in steps] == [None, 0.123, 0.456]


def test_a_user_can_draw_own_limits(tmp_path: Path) -> None:
    """The file that changes the alerts changes the dashboards; the committed ones stay."""
    limits, into = tmp_path / "thresholds.yml", tmp_path / "boards"
    limits.write_text("objective: {target_share: 0.875}\n")
    assert main(["--thresholds", str(limits), "--into", str(into)]) == 0
    assert "0.875" in (into / "smsc-overview.json").read_text(encoding="utf-8")


def test_limits_that_cannot_be_read_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A typo gives a sentence and no files."""
    limits, into = tmp_path / "thresholds.yml", tmp_path / "boards"
    limits.write_text("objective: {target_shore: 0.9}\n")
    assert main(["--thresholds", str(limits), "--into", str(into)]) == 1
    assert "target_shore" in capsys.readouterr().err
    assert not into.exists()


def test_provisioning_finds_the_files(root: Path) -> None:
    """The examples name a Prometheus, and a folder for dashboards that nobody can edit."""
    folder = root / "grafana" / "provisioning"
    (source,) = yaml.safe_load((folder / "datasources" / "smsc.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((folder / "dashboards" / "smsc.yml").read_text())["providers"]
    assert source["type"] == "prometheus"
    assert provider["type"] == "file"
    assert provider["allowUiUpdates"] is False
    assert provider["options"]["path"].startswith("/")
