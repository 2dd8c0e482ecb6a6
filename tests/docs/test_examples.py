"""Blocks of YAML on the pages can be used as they are."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from exporter import DEFAULT_PORT
from exporter.config import load
from exporter.simulation.presets import find_world
from exporter.simulation.world import World


ROOT = Path(__file__).resolve().parents[2]


def test_configurations_load(blocks: dict[str, list[str]], tmp_path: Path) -> None:
    """A configuration that is copied from a page is accepted, without a warning."""
    for block in blocks["yaml"]:
        for name in re.findall(r"^ +\w+_file: (\S+)", block, re.MULTILINE):
            (tmp_path / name).write_text("k")
            (tmp_path / name).chmod(0o600)
        path = tmp_path / "config.yml"
        path.write_text(block, encoding="utf-8")
        assert load(path, {}).warnings == ()


def test_worlds_load(blocks: dict[str, list[str]], tmp_path: Path) -> None:
    """A world that is copied from a page can be lived in."""
    (block,) = blocks["yaml world"]
    path = tmp_path / "world.yml"
    path.write_text(block, encoding="utf-8")
    spec = find_world(str(path))
    assert World(spec, 1).truth(1_800_000_000, 1_800_003_600)


def test_scrape_configurations_name_the_port(blocks: dict[str, list[str]]) -> None:
    """Prometheus is pointed at the port that the exporter listens on."""
    for block in blocks["yaml prometheus"]:
        for job in yaml.safe_load(block)["scrape_configs"]:
            lists = (each["url"] for each in job.get("http_sd_configs", ()))
            fixed = (each["targets"] for each in job.get("static_configs", ()))
            named = [urlsplit(url).netloc for url in lists] + [t for each in fixed for t in each]
            assert {target.rpartition(":")[2] for target in named} == {str(DEFAULT_PORT)}


def test_rule_files_are_those_of_the_repository(blocks: dict[str, list[str]]) -> None:
    """What Prometheus is told to load is there."""
    for block in blocks["yaml rules"]:
        for pattern in yaml.safe_load(block)["rule_files"]:
            assert list((ROOT / "deploy" / "prometheus").glob(pattern))


KINDS = (
    "sh",
    "ini",
    "json",
    "promql",
    "yaml",
    "yaml prometheus",
    "yaml rules",
    "yaml web",
    "yaml traffic",
    "yaml values",
    "yaml world",
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_block_is_known(blocks: dict[str, list[str]], kind: str) -> None:
    """A block that no test reads is noticed."""
    assert kind in blocks
    assert set(blocks) <= {"", *KINDS}
