"""A ledger in PostgreSQL, as it is configured."""

from pathlib import Path

import pytest

from exporter.config import ConfigError, load
from exporter.config.rendering import render


ACCOUNT = "accounts: [{name: a, login: l, apikey: null, password: p}]\n"
URL = "postgresql://smsc@db.example/smsc"


def config(folder: Path, ledger: str) -> Path:
    """A file with this ledger."""
    path = folder / "config.yml"
    path.write_text(f"{ACCOUNT}{ledger}\n")
    path.chmod(0o600)
    return path


def test_an_address_alone_will_do(tmp_path: Path) -> None:
    """``ledger: postgresql://...`` is short for the key url."""
    assert load(config(tmp_path, f"ledger: {URL}"), {}).config.ledger.url == URL


def test_the_password_comes_from_a_file_and_is_shown_nowhere(tmp_path: Path) -> None:
    """It is read, told to the log's redaction, and printed as the file's name only."""
    (tmp_path / "secret").write_text("hush-hush\n")
    (tmp_path / "secret").chmod(0o600)
    path = config(tmp_path, f"ledger: {{url: '{URL}', password_file: secret}}")
    loaded = load(path, {}).config
    assert "hush-hush" in {secret.reveal() for secret in loaded.secrets()}
    shown = render(loaded)
    assert str(tmp_path / "secret") in shown
    assert "hush" not in shown + str(loaded) + repr(loaded)


@pytest.mark.parametrize(
    ("ledger", "words"),
    [
        ("ledger: postgresql://smsc:hush@db/smsc", "must not hold a password; use the key"),
        ("ledger: 'postgresql://db/smsc?password=hush'", "must not hold a password"),
        ("ledger: mysql://db/smsc", "must begin with postgresql://"),
        ("ledger: postgresql://db", "must be an address such as"),
        ("ledger: {password: hush}", "is of no use without ledger.url"),
        (f"ledger: {{url: '{URL}', password: hush, password_file: x}}", "keep one of the two"),
        (f"ledger: {{url: '{URL}', password_file: nowhere}}", "cannot be read"),
        (f"ledger: {{url: '{URL}', lease: 1s}}", "must be from 4s to 10m"),
    ],
)
def test_mistakes_are_told_without_the_secret(tmp_path: Path, ledger: str, words: str) -> None:
    """Each says what is wrong and what to do."""
    with pytest.raises(ConfigError) as caught:
        load(config(tmp_path, ledger), {})
    told = "\n".join(str(problem) for problem in caught.value.problems)
    assert words in told
    assert "hush" not in told
