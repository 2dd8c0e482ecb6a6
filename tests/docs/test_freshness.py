"""The example of `simulate` is what the command prints, but for the numbers."""

import re
import shlex
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from exporter.commands.expected import jobs_for, world_of
from exporter.commands.forecast import CHART_TITLE
from exporter.commands.forecast_shown import EXPLAINED, in_words
from exporter.commands.wanted import Wanted, read_wanted
from exporter.rehearsal.policies import TITLES


LISTS = ("campaign", "outage")


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "freshness.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def asked(page: str) -> Wanted:
    """What the command on the page asks for."""
    line = re.search(r"^smsc-exporter simulate (.*)$", page, re.MULTILINE)
    assert line is not None
    words = shlex.split(line[1])
    pairs = {
        flag.removeprefix("--").replace("-", "_"): value
        for flag, value in zip(words[::2], words[1::2], strict=True)
    }
    pairs.pop("chart")
    return read_wanted(
        {key: [value] if key in LISTS else value for key, value in pairs.items()}, None, None
    )


@pytest.fixture(scope="module")
def output(page: str) -> str:
    """What it is said to print."""
    section = page.partition("\n## What will I get?\n")[2]
    fences = re.finditer(r"^```([^\n]*)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return next(fence[2] for fence in fences if not fence[1])


def test_the_output_is_that_of_the_command(output: str, asked: Wanted) -> None:
    """Traffic, columns, a row for each budget and policy in order, and the explanation."""
    traffic, table, explained, verdicts = output.split("\n\n")
    assert traffic == in_words(asked)
    assert f"{explained}\n" == EXPLAINED
    heading, *rows = table.splitlines()
    wanted = [(job.scenario.budget.requests, TITLES[job.policy]) for job in jobs_for(asked)]
    assert [re.split(r" {2,}", row.strip())[:2] for row in rows] == [
        [str(permits), title] for permits, title in wanted
    ]
    assert re.split(r" {2,}", heading.strip()) == COLUMNS
    assert len(verdicts.splitlines()) == len(asked.flags.permits)


COLUMNS = [
    "permits",
    "polling",
    "calls/h",
    "seen",
    "learnt",
    "known after",
    "half in",
    "95 % in",
    "99 % in",
    "seen after",
    "in 5m",
]


def test_the_picture_is_that_of_the_command(root: Path, asked: Wanted) -> None:
    """Its title, its traffic and a name for each curve are those of the example."""
    drawn = ET.parse(root / "docs" / "pictures" / "freshness.svg")
    texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    jobs = jobs_for(asked)
    names = [
        f"{TITLES[job.policy]}, {job.scenario.budget.requests} permits an hour" for job in jobs
    ]
    assert texts[:2] == [CHART_TITLE, in_words(asked)]
    assert texts[-len(jobs) :] == names


def test_the_file_is_understood(blocks: dict[str, list[str]], tmp_path: Path) -> None:
    """A file that is copied from the page gives its traffic, keys of a world included."""
    (block,) = blocks["yaml traffic"]
    path = tmp_path / "traffic.yml"
    path.write_text(block, encoding="utf-8")
    spec = world_of(read_wanted({}, path, None))
    assert spec.late_share > 0
    assert len(spec.campaigns) == 2
    assert len(spec.operators[0].outages) == 1
