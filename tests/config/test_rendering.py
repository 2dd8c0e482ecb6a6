"""The printed configuration is the one in effect."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.config import InvalidConfigError, load, render


DURATIONS = st.integers(1000, 86_400_000).map(lambda milliseconds: f"{milliseconds}ms")
COUNTRIES = st.lists(st.text("ABCDEFNO", min_size=2, max_size=2), unique=True, max_size=5)


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, Any]:
    requests = draw(st.integers(2, 50))
    return {
        "api_url": draw(st.sampled_from(["https://smsc.ru", "https://smsc.kz/", "http://[::1]:8"])),
        "channels": draw(st.permutations(["sms", "email"]).map(lambda all_: all_[:1])),
        "budget": {
            "requests": requests,
            "window": draw(DURATIONS),
            "concurrency": draw(st.integers(1, 14)),
            "reserve": draw(st.integers(0, requests - 1)),
        },
        "lookback": draw(DURATIONS),
        "timezone": draw(st.sampled_from(["Europe/Moscow", "UTC", "Asia/Almaty"])),
        "currency": draw(st.sampled_from(["RUB", "kzt"])),
        "track_phones": draw(st.booleans()),
        "expected_countries": draw(COUNTRIES),
    }


CONFIGURATIONS = st.fixed_dictionaries(
    {"accounts": st.lists(accounts(), min_size=1, max_size=3)},
    optional={
        "web": st.just({"listen_addresses": ["[::]:80", ":0"], "telemetry_path": "/a/b"}),
        "ledger": st.fixed_dictionaries({"path": st.text("aé '#:-[", min_size=1, max_size=9)}),
        "labels": st.fixed_dictionaries({"region": st.booleans(), "max_sets": st.integers(1, 99)}),
        "log": st.just({"level": "debug", "format": "json"}),
        "deadlines": st.just(["90s", "2h", 86401]),
        "created_series": st.booleans(),
        "exemplars": st.booleans(),
    },
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=CONFIGURATIONS, names=st.lists(st.text("aбN0_.-"), min_size=3, unique=True))
def test_what_is_printed_loads_to_the_same(
    content: dict[str, Any], names: list[str], tmp_path: Path
) -> None:
    """With secrets in files, printing and loading a configuration changes nothing."""
    (tmp_path / "key").write_text("k")
    for account, name in zip(content["accounts"], names, strict=False):
        account |= {"name": f"n{name}", "apikey_file": "key"}
    path = tmp_path / "smsc.yml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True))
    config = load(path, {}).config
    elsewhere = tmp_path / "other"
    elsewhere.mkdir(exist_ok=True)
    (elsewhere / "printed.yml").write_text(render(config))
    assert load(elsewhere / "printed.yml", {}).config == config


def test_secrets_of_the_file_itself_are_marks(read: Any) -> None:
    """An inline secret is printed as a mark, which is refused when loaded again."""
    config = read("accounts: [{name: a, login: l, password: p}]").config
    printed = render(config)
    assert yaml.safe_load(printed)["accounts"][0]["password"] == "<secret>"
    with pytest.raises(InvalidConfigError, match="is the mark <secret> of a printed configuration"):
        read(printed)
    assert read(printed.replace("<secret>", "p")).config == config


def test_printed_paths_hold_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret file found through relative paths is printed in full."""
    (tmp_path / "key").write_text("k")
    (tmp_path / "smsc.yml").write_text("accounts: [{name: a, apikey_file: key}]")
    monkeypatch.chdir(tmp_path)
    printed = yaml.safe_load(render(load(Path("smsc.yml"), {}).config))
    assert printed["accounts"][0]["apikey_file"] == str(tmp_path / "key")


def test_every_key_is_printed(read: Any) -> None:
    """The printed configuration shows defaults too, as people write them."""
    printed = yaml.safe_load(render(read("accounts: [{name: a, apikey: k}]").config))
    assert printed["deadlines"] == ["5m", "1h", "24h"]
    assert printed["accounts"][0]["budget"]["window"] == "1h"
    assert list(printed)[:5] == ["accounts", "web", "ledger", "labels", "log"]
    assert list(printed["accounts"][0])[:3] == ["name", "apikey", "api_url"]
