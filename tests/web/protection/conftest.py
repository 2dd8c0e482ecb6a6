"""Certificates, cheap password hashes, and web configurations made of them."""

from collections.abc import Callable
from pathlib import Path

import bcrypt
import pytest
import trustme

from exporter.web.protection.files import Files
from exporter.web.protection.reading import Protection, read_protection


PASSWORD = "right-password"


def hashed(password: str, cost: int = 4) -> str:
    """The bcrypt hash of a password."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


@pytest.fixture(scope="session")
def stranger() -> trustme.CA:
    """Another authority, which nobody trusts."""
    return trustme.CA()


@pytest.fixture(scope="session")
def server_cert(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("localhost", "127.0.0.1")


@pytest.fixture
def folder(tmp_path: Path, authority: trustme.CA, server_cert: trustme.LeafCert) -> Path:
    """A folder with the server's certificate and key and the authority's certificate."""
    (tmp_path / "server.crt").write_bytes(server_cert.cert_chain_pems[0].bytes())
    (tmp_path / "server.key").write_bytes(server_cert.private_key_pem.bytes())
    (tmp_path / "server.key").chmod(0o600)
    (tmp_path / "ca.crt").write_bytes(authority.cert_pem.bytes())
    return tmp_path


Write = Callable[[str], Path]
Read = Callable[[str], Protection]


@pytest.fixture
def write(folder: Path) -> Write:
    """Write the web configuration, readable by its owner only."""

    def write(text: str) -> Path:
        path = folder / "web.yml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return write


@pytest.fixture
def read(write: Write) -> Read:
    """What a web configuration comes to."""
    return lambda text: read_protection(write(text), Files())
