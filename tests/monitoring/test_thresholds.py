"""Limits come from one file, in which every one of them is explained."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from exporter.config import ConfigError
from exporter.monitoring.rules import rule_groups
from exporter.monitoring.thresholds import Thresholds
from exporter.monitoring.thresholds_file import load_thresholds, thresholds_file
from tests.monitoring.tools import DEPLOY


COMMITTED = DEPLOY / "prometheus" / "thresholds.yml"
KEYS = [
    (section, key)
    for section, field in Thresholds.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    for key in field.annotation.model_fields
]
OTHERS: dict[str, Any] = {
    "grafana_base_url": "https://grafana.example",
    "runbook_base_url": "https://wiki.example/docs/runbooks",
    "channels": "sms",
    "errs": "254|255",
    "job": "exporter",
    "seconds": 120,
    "deadline": "2m",
    "behind": "1h",
    "stale": "20m",
}
"""Another value of each limit that no number between its bounds can stand for."""


def test_the_committed_file_is_complete() -> None:
    """Every limit is there with its meaning and default, whatever its value."""
    text = COMMITTED.read_text(encoding="utf-8")
    assert text == thresholds_file(load_thresholds(COMMITTED))


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_every_limit_counts(tmp_path: Path, section: str, key: str) -> None:
    """A limit that is changed in the file changes what Prometheus reads."""
    value = getattr(getattr(Thresholds(), section), key)
    other = OTHERS.get(key) or (value + 1 if isinstance(value, int) else value * 0.9)
    changed = tmp_path / "thresholds.yml"
    changed.write_text(yaml.safe_dump({section: {key: other}}))
    assert rule_groups(load_thresholds(changed)) != rule_groups(Thresholds())


@given(
    share=st.floats(0.05, 0.4),
    seconds=st.integers(60, 7 * 86400),
    messages=st.integers(1, 10**9),
    url=st.sampled_from(["https://wiki.example/a", "http://localhost:8080/wiki#page"]),
)
def test_what_is_written_is_read_back(share: float, seconds: int, messages: int, url: str) -> None:
    """Writing a file from limits and reading it loses nothing."""
    thresholds = Thresholds.model_validate(
        {
            "links": {"runbook_base_url": url},
            "delivery": {"degraded_share": share, "messages": messages},
            "polling": {"stale": seconds},
        }
    )
    assert Thresholds.model_validate(yaml.safe_load(thresholds_file(thresholds))) == thresholds


@pytest.mark.parametrize(
    ("written", "problems"),
    [
        (
            "delivery:\n  degraded_share: 25\n  z: three\n",
            [
                ":2: delivery.degraded_share: must be below 1",
                ":3: delivery.z: must be a number",
            ],
        ),
        (
            "delivery:\n  degraded: 0.3\n",
            [":2: delivery.degraded: is not a known key; did you mean degraded_share?"],
        ),
        (
            "delivery:\n  down_share: 0.2\n",
            [":1: delivery: down_share must be above degraded_share"],
        ),
        (
            "slow:\n  seconds: 45\n",
            [
                (
                    ":2: slow.seconds: must be a bucket of smsc_message_delivery_seconds:"
                    " 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 10800, 43200, 86400"
                ),
            ],
        ),
        (
            "refusals:\n  errs: 254,255\n",
            [
                (
                    ":2: refusals.errs: must be names or numbers with '|' between them,"
                    " such as sms|email"
                ),
            ],
        ),
        (
            "scraping:\n  job: 'a\"b'\n",
            [":2: scraping.job: must be the job's name, or a regular expression without quotes"],
        ),
        (
            "links:\n  grafana_base_url: grafana\n",
            [":2: links.grafana_base_url: must begin with https:// or http:// and have no spaces"],
        ),
        (
            "polling:\n  stale: soon\n  behind: 30\n",
            [
                (
                    ":2: polling.stale: must be a duration such as 90s, 5m or 1h30m,"
                    " or a number of seconds"
                ),
                ":3: polling.behind: must be from 1m to 168h",
            ],
        ),
    ],
)
def test_wrong_limits_are_told_with_their_lines(
    tmp_path: Path, written: str, problems: list[str]
) -> None:
    """Every problem is told at once: where it is, what is wrong and what to do."""
    path = tmp_path / "thresholds.yml"
    path.write_text(written)
    with pytest.raises(ConfigError) as caught:
        load_thresholds(path)
    assert str(caught.value).splitlines() == [f"{path}{problem}" for problem in problems]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A wrong path is no reason for a traceback."""
    with pytest.raises(ConfigError, match=r"nowhere.yml: cannot be read: .*; check --thresholds"):
        load_thresholds(tmp_path / "nowhere.yml")
