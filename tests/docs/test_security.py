"""What the page on security says is so."""

import re
from inspect import signature
from pathlib import Path

import bcrypt
import pytest
import trustme
import yaml

from exporter.logs import Repeats
from exporter.web.connections import PATIENCE
from exporter.web.protection.files import Files
from exporter.web.protection.passwords import MOST_OF_ONE, MOST_WAITING
from exporter.web.protection.reading import read_protection


EXAMPLE = Path("deploy/examples/web-config.yml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the certificates that page and example name."""
    authority = trustme.CA()
    cert = authority.issue_cert("localhost")
    (tmp_path / "server.crt").write_bytes(cert.cert_chain_pems[0].bytes())
    (tmp_path / "server.key").write_bytes(cert.private_key_pem.bytes())
    (tmp_path / "server.key").chmod(0o640)
    (tmp_path / "clients-ca.crt").write_bytes(authority.cert_pem.bytes())
    return tmp_path


def uncommented(text: str) -> str:
    """The example with the settings that it only mentions."""
    return re.sub(r"^( *)# ( *(?:\w[\w-]*:(?: \S.*)?|- \S+))$", r"\1\2", text, flags=re.MULTILINE)


@pytest.mark.parametrize("everything", [False, True])
def test_the_example_can_be_used(root: Path, folder: Path, everything: bool) -> None:  # noqa: FBT001
    """As it is, and with all that it mentions, without a doubt left."""
    text = (root / EXAMPLE).read_text(encoding="utf-8")
    (folder / "web.yml").write_text(uncommented(text) if everything else text, encoding="utf-8")
    found = read_protection(folder / "web.yml", Files())
    assert found.tls is not None
    assert found.warnings == ()
    assert bcrypt.checkpw(b"change-me", found.users["prometheus"].encode())
    assert (found.rate is not None, bool(found.headers)) == (everything, everything)
    assert bool(found.tls.allowed_sans) is everything


def test_the_web_configuration_of_the_page(blocks: dict[str, list[str]], folder: Path) -> None:
    """Copied from the page it works, and lets in the Prometheus of the page."""
    (block,) = blocks["yaml web"]
    (folder / "web.yml").write_text(block, encoding="utf-8")
    found = read_protection(folder / "web.yml", Files())
    assert found.warnings == ()
    (job,) = next(
        document["scrape_configs"]
        for document in map(yaml.safe_load, blocks["yaml prometheus"])
        if "basic_auth" in document["scrape_configs"][0]
    )
    assert job["scheme"] == "https"
    assert {job["basic_auth"]["username"]} == set(found.users)
    assert {"ca_file", "cert_file", "key_file"} == set(job["tls_config"])


def test_the_limits_on_the_page_are_those_in_force(root: Path) -> None:
    """A number that changes in the code is noticed."""
    text = (root / "docs" / "security.md").read_text(encoding="utf-8")
    for line in (
        f"| connections at once | {PATIENCE.connections} |",
        f"| a TLS handshake | {PATIENCE.handshake} s |",
        f"from its first byte or a new connection on | {PATIENCE.request} s |",
        f"| an answer | {PATIENCE.answer} s |",
        f"| reading what is left of it | {PATIENCE.reading} s |",
        f"| between requests | {PATIENCE.idle} s |",
        f"| line and headers of a request | {PATIENCE.header_bytes // 1024} KiB |",
        f"at most {MOST_WAITING} wait, {MOST_OF_ONE} of them from\none address",
    ):
        assert line in text
    assert "at most once in\nten minutes for each" in text
    assert signature(Repeats).parameters["every"].default == 600
