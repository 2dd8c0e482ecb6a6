"""`smsc-exporter assets`: what Prometheus and Grafana need, out of the package."""

from pathlib import Path

import yaml

from tests.commands.conftest import Shell


ROOT = Path(__file__).resolve().parents[2]
PLACES = {
    "deploy/prometheus/rules": "prometheus/rules",
    "deploy/alertmanager": "alertmanager",
    "grafana/dashboards": "grafana/dashboards",
    "docs/runbooks": "runbooks",
}


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_they_are_what_the_repository_has(shell: Shell, tmp_path: Path) -> None:
    """Dashboards, rules, alerts and runbooks, to the letter; each file written is named."""
    ran = shell.run("assets", "--to", str(tmp_path / "new" / "folder"))
    assert (ran.status, ran.err) == (0, "")
    for place, target in PLACES.items():
        assert files(tmp_path / "new" / "folder" / target) == files(ROOT / place)
    written = {str(path) for path in (tmp_path / "new").rglob("*") if path.is_file()}
    assert set(ran.out.splitlines()) == written


def test_limits_can_be_ones_own(shell: Shell, tmp_path: Path) -> None:
    """A changed limit is in the rules that are written."""
    limits = tmp_path / "thresholds.yml"
    limits.write_text("delivery: {down_share: 0.625}\n")
    ran = shell.run("assets", "--to", str(tmp_path), "--thresholds", str(limits))
    assert ran.status == 0
    rules = yaml.safe_load((tmp_path / "prometheus/rules/smsc-alerts.yml").read_text())
    (down,) = (
        rule
        for group in rules["groups"]
        for rule in group["rules"]
        if rule["alert"] == "SmscOperatorDown"
    )
    assert "> 0.625" in down["expr"]


def test_wrong_limits_write_nothing(shell: Shell, tmp_path: Path) -> None:
    """Every problem is named with its place, and no file is left."""
    limits = tmp_path / "thresholds.yml"
    limits.write_text("delivery: {down_share: 2, nonsense: 1}\n")
    ran = shell.run("assets", "--to", str(tmp_path / "to"), "--thresholds", str(limits))
    assert ran.status == 2
    assert "delivery.down_share" in ran.err
    assert "delivery.nonsense" in ran.err
    assert not (tmp_path / "to").exists()


def test_a_folder_that_cannot_be(shell: Shell, tmp_path: Path) -> None:
    """A file in the way is one line on standard error."""
    (tmp_path / "taken").write_text("")
    ran = shell.run("assets", "--to", str(tmp_path / "taken"))
    assert ran.status == 1
    assert ran.err.startswith("error: ")
    assert "cannot be written" in ran.err
