"""The files are followed without a restart, and never into the open."""

import os
import ssl
from pathlib import Path

import pytest
import trustme
from starlette.applications import Starlette
from structlog.testing import capture_logs

from exporter.web.protection.watched import WatchedProtection
from exporter.web.server import serve
from tests.web.protection.conftest import PASSWORD, Write, hashed
from tests.web.protection.test_tls import REFUSED, asked


HASH = hashed(PASSWORD)
TLS = "tls_server_config: {cert_file: server.crt, key_file: server.key"
STRICT = f"{TLS}, client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert"
USERS = f"basic_auth_users: {{anna: {HASH}, boris: {HASH}}}"


def test_without_a_file_there_is_no_protection() -> None:
    """Nothing is read, and everybody is let in."""
    watched = WatchedProtection(None)
    assert (watched.current().tls, watched.current().users, watched.good) == (None, {}, True)


def test_what_has_not_changed_is_not_read_again(write: Write) -> None:
    """A request costs no new context while the files stay as they are."""
    watched = WatchedProtection(write(f"{TLS}}}"))
    first = watched.current()
    write(f"{TLS}}}")
    assert watched.current() is first


def test_users_come_and_go(write: Write) -> None:
    """A new user counts at once, and so does the loss of one."""
    watched = WatchedProtection(write(USERS))
    write(f"basic_auth_users: {{boris: {HASH}, clara: {HASH}}}")
    assert set(watched.current().users) == {"boris", "clara"}


def test_a_change_within_one_tick_of_the_clock(write: Write) -> None:
    """Two writes of one length at one time of change are told apart."""
    path = write(USERS)
    watched = WatchedProtection(path)
    times = path.stat()
    write(USERS.replace("anna", "hans"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert set(watched.current().users) == {"hans", "boris"}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("basic_auth_users: [", "is not valid YAML"),
        (USERS.replace("$2b", "$9b"), "must be a bcrypt hash"),
        (f"{STRICT}}}\n{USERS}\nnonsense: 1", "nonsense: is not a known key"),
    ],
)
def test_a_bad_file_changes_nothing(write: Write, broken: str, said: str) -> None:
    """What held goes on to hold; it is said once, and when it is over."""
    path = write(f"{STRICT}}}\n{USERS}")
    watched = WatchedProtection(path)
    before = watched.current()
    with capture_logs() as lines:
        write(broken)
        assert watched.current() is before
        assert watched.current() is before
        assert not watched.good
        write(f"{STRICT}}}\n{USERS}\nhttp_server_config: {{headers: {{X-XSS-Protection: '0'}}}}")
        assert watched.current().headers == {"X-XSS-Protection": "0"}
        assert watched.good
    refused, read = lines
    assert (refused["event"], refused["log_level"]) == ("web configuration refused", "error")
    assert said in refused["problems"]
    assert HASH not in str(lines)
    assert (read["event"], read["path"]) == ("web configuration read again", str(path))


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        (USERS, "", "basic_auth_users"),
        (USERS, "basic_auth_users:", "basic_auth_users"),
        (f"{TLS}}}", "", "tls_server_config"),
        ("", f"{TLS}}}", "tls_server_config"),
        (f"{STRICT}}}", f"{TLS}}}", "tls_server_config.client_auth_type"),
        (
            f"{STRICT}}}",
            f"{STRICT}}}".replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven"),
            "tls_server_config.client_auth_type",
        ),
        (
            f"{STRICT}, client_allowed_sans: [a]}}",
            f"{STRICT}}}",
            "tls_server_config.client_allowed_sans",
        ),
    ],
)
def test_no_barrier_falls_while_it_runs(write: Write, before: str, after: str, key: str) -> None:
    """Half a file, as an editor may leave it for a moment, opens no door."""
    path = write(before)
    watched = WatchedProtection(path)
    held = watched.current()
    with capture_logs() as lines:
        write(after)
        assert watched.current() is held
    problem = f"{path}: {key}: is switched on or off by a restart only; restart, or put it back"
    assert problem in [line.get("problems") for line in lines]


def test_logins_may_be_asked_for_from_now_on(write: Write) -> None:
    """Putting a barrier up needs no restart."""
    watched = WatchedProtection(write(f"{TLS}}}"))
    write(f"{STRICT}, client_allowed_sans: [a]}}\n{USERS}")
    tls = watched.current().tls
    assert set(watched.current().users) == {"anna", "boris"}
    assert tls is not None
    assert (tls.verify_mode, tls.allowed_sans) == (ssl.CERT_REQUIRED, frozenset({"a"}))


def test_files_that_vanish_and_come_back(write: Write, folder: Path) -> None:
    """While a certificate is away the last one holds."""
    watched = WatchedProtection(write(f"{TLS}}}"))
    before = watched.current()
    (folder / "server.crt").rename(folder / "elsewhere")
    assert watched.current() is before
    assert not watched.good
    (folder / "elsewhere").rename(folder / "server.crt")
    assert watched.current().tls is not None
    assert watched.good


async def test_a_new_certificate_counts_from_the_next_connection(
    write: Write, folder: Path, app: Starlette, authority: trustme.CA
) -> None:
    """The certificate is renewed, first its file, then its key's; nobody is turned away."""
    watched = WatchedProtection(write(f"{TLS}}}"))
    client = ssl.create_default_context()
    authority.configure_trust(client)

    async def seen(port: int) -> int:
        return int((await asked(port, client)).getpeercert()["serialNumber"], 16)  # type: ignore[index, arg-type]

    async with serve(app, ["127.0.0.1:0"], tls=lambda: watched.current().tls) as server:
        port = server.addresses[0].port
        first = await seen(port)
        renewed = authority.issue_cert("localhost")
        (folder / "server.crt").write_bytes(renewed.cert_chain_pems[0].bytes())
        assert await seen(port) == first
        (folder / "server.key").write_bytes(renewed.private_key_pem.bytes())
        assert await seen(port) != first
        write(f"{STRICT}}}")
        with pytest.raises(REFUSED):
            await seen(port)
