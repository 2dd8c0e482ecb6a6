"""check-config reads the web configuration, too."""

from pathlib import Path

import bcrypt
import pytest

from tests.commands.conftest import Shell


HASH = bcrypt.hashpw(b"CANARY", bcrypt.gensalt(4)).decode()


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A web configuration with a user and no TLS."""
    path = tmp_path / "web.yml"
    path.write_text(f"basic_auth_users: {{anna: {HASH}}}")
    return path


def test_what_is_doubtful_in_it_is_said(shell: Shell, web: Path) -> None:
    """The flag names the file; its warnings are counted with the others."""
    ran = shell.run("check-config", f"--web.config.file={web}")
    assert (ran.status, f"config_file: {web}" in ran.out) == (0, True)
    warning, verdict = ran.err.splitlines()
    assert warning == (
        f"warning: {web}:1: basic_auth_users: are sent unencrypted without tls_server_config;"
        " whoever listens can log in"
    )
    assert verdict == "configuration: usable, 1 warning"


def test_what_is_wrong_in_it_is_said(shell: Shell, web: Path) -> None:
    """Every problem is a line, and the status is that of any other wrong configuration."""
    web.write_text("basic_auth_users: {anna: CANARY}\ntls_config: {}\nrate_limit: {burst: x}")
    ran = shell.run("check-config", f"--web.config.file={web}")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        (
            f"error: {web}:1: basic_auth_users.anna: must be a bcrypt hash in quotes, as"
            " `htpasswd -nBC 10 name` makes them"
        ),
        f"error: {web}:2: tls_config: is not a known key; remove it",
        f"error: {web}:3: rate_limit.burst: must be a whole number",
    ]


def test_the_file_is_found_beside_the_configuration(
    shell: Shell, web: Path, tmp_path: Path
) -> None:
    """A relative name in the configuration starts at its folder, one of a flag where we are."""
    config = tmp_path / "smsc.yml"
    config.write_text("accounts: [{name: a, apikey_file: key}]\nweb: {config_file: web.yml}\n")
    (tmp_path / "key").write_text("k")
    (tmp_path / "key").chmod(0o600)
    ran = shell.run("check-config", f"--config.file={config}")
    assert (ran.status, f"config_file: {web}" in ran.out) == (0, True)
    ran = shell.run("check-config", f"--config.file={config}", "--web.config.file=web.yml")
    assert ran.status == 2
    assert "web.yml: cannot be read: no such file or directory; check --web.config.file" in ran.err
