"""What people read about the configuration is true."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from exporter.config import load
from exporter.config.reference import configuration_page, example_file
from exporter.config.wording import nested_model
from exporter.config.written import WrittenConfig


ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "deploy" / "examples"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for example in EXAMPLES.glob("*.yml"):
        shutil.copy(example, tmp_path)
        for name in re.findall(r"^ +\w+_file: (\S+)", example.read_text(), re.MULTILINE):
            (tmp_path / name).write_text("k")
            (tmp_path / name).chmod(0o600)
    return tmp_path


def keys(model: type[BaseModel]) -> Iterator[str]:
    for key, field in model.model_fields.items():
        yield key
        below = nested_model(field)
        if below is not None:
            yield from keys(below)


def test_the_page_is_current() -> None:
    """docs/configuration.md is what the code says; `make docs` writes it."""
    assert (ROOT / "docs" / "configuration.md").read_text() == configuration_page()


def test_the_example_is_current() -> None:
    """The commented example is what the code says; `make docs` writes it."""
    assert (EXAMPLES / "smsc-exporter.yml").read_text() == example_file()


def test_page_and_example_know_every_key() -> None:
    """No key is left out of the page or the example."""
    for key in keys(WrittenConfig):
        assert f"| `{key}` | " in configuration_page()
        assert re.search(rf"^[ #-]*{key}:", example_file(), re.MULTILINE)


def test_the_full_example_has_the_defaults(folder: Path) -> None:
    """Deleting a line of the example changes nothing."""
    full = load(folder / "smsc-exporter.yml", {})
    minimal = load(folder / "minimal.yml", {})
    assert full.config == minimal.config
    assert full.warnings == minimal.warnings == ()


def test_the_example_of_several_accounts_loads(folder: Path) -> None:
    """The example of several accounts is sound and shows what it promises."""
    loaded = load(folder / "accounts.yml", {})
    assert [account.name for account in loaded.config.accounts] == [
        "shop",
        "newsletter",
        "kazakhstan",
    ]
    assert loaded.config.account("newsletter").channels == ("sms", "email")
    assert loaded.warnings == ()
