"""The exporter as a process behind TLS and logins."""

import json
import re
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest
import trustme

from tests.app.conftest import Exporter, RunExporter, WriteConfig, wait_for


PASSWORD = "CANARY-right-password"
USER = ("prometheus", PASSWORD)
WEB = {"listen_addresses": ["127.0.0.1:0"], "config_file": "web.yml"}
READ_AGAIN = "web configuration read again"


def hashed(password: str, cost: int = 4) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who vouches for the server."""
    return trustme.CA()


WriteWeb = Callable[..., Path]


@pytest.fixture
def write_web(tmp_path: Path, authority: trustme.CA) -> WriteWeb:
    """A writer of the web configuration, with TLS and a user, beside the configuration."""
    cert = authority.issue_cert("127.0.0.1")
    (tmp_path / "server.crt").write_bytes(cert.cert_chain_pems[0].bytes())
    (tmp_path / "server.key").write_bytes(cert.private_key_pem.bytes())
    (tmp_path / "server.key").chmod(0o600)

    def write(password: str = PASSWORD, cost: int = 4, **settings: Any) -> Path:
        document = {
            "tls_server_config": {"cert_file": "server.crt", "key_file": "server.key"},
            "basic_auth_users": {"prometheus": hashed(password, cost)},
            **settings,
        }
        path = tmp_path / "web.yml"
        path.write_text(json.dumps(document))
        return path

    return write


class Client:
    """A client that trusts the authority."""

    def __init__(self, exporter: Exporter, authority: trustme.CA) -> None:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        self.url = str(
            wait_for(lambda: re.search(r"urls=(https://[\d.:]+)", exporter.log), exporter)[1]
        )
        self.http = httpx.Client(verify=context, base_url=self.url, timeout=20)

    def get(self, path: str, auth: tuple[str, str] | None = USER) -> httpx.Response:
        return self.http.get(path, auth=auth)

    def metric(self, name: str, password: str = PASSWORD) -> float:
        """The value of a metric without labels."""
        text = self.get(f"/metrics?name[]={name}", ("prometheus", password)).text
        return float(text.splitlines()[-1].split()[-1])


@pytest.fixture
def visit(authority: trustme.CA) -> Iterator[Callable[[Exporter], Client]]:
    """Makes clients, and closes them."""
    clients = []

    def make(exporter: Exporter) -> Client:
        clients.append(Client(exporter, authority))
        return clients[-1]

    yield make
    for client in clients:
        client.http.close()


Visit = Callable[[Exporter], Client]


def test_it_serves_over_tls_to_who_logs_in(
    write_config: WriteConfig, write_web: WriteWeb, run_exporter: RunExporter, visit: Visit
) -> None:
    """Plain HTTP is not spoken; without a login, or with a wrong one, nothing is shown."""
    write_web(http_server_config={"headers": {"Strict-Transport-Security": "max-age=60"}})
    exporter = run_exporter(write_config(web=WEB))
    client = visit(exporter)
    answer = client.get("/metrics")
    assert "smsc_exporter_build_info" in answer.text
    assert answer.headers["strict-transport-security"] == "max-age=60"
    for auth in (None, ("prometheus", "wrong"), ("somebody", PASSWORD)):
        assert client.get("/metrics", auth).status_code == 401
    with pytest.raises(httpx.TransportError):
        httpx.get(client.url.replace("https", "http") + "/metrics")
    assert exporter.end()[0] == 0
    assert PASSWORD not in exporter.log
    assert hashed(PASSWORD)[:7] not in exporter.log


def test_a_changed_password_counts_at_once(
    write_config: WriteConfig, write_web: WriteWeb, run_exporter: RunExporter, visit: Visit
) -> None:
    """No restart, no reload: the next request is checked by the file as it is."""
    write_web()
    exporter = run_exporter(write_config(web=WEB))
    client = visit(exporter)
    assert client.get("/-/healthy").status_code == 200
    write_web("another-one")
    assert client.get("/-/healthy").status_code == 401
    assert client.get("/-/healthy", ("prometheus", "another-one")).status_code == 200
    assert exporter.log.count(READ_AGAIN) == 1


def test_a_bad_web_configuration_shows_in_the_metrics(
    write_config: WriteConfig, write_web: WriteWeb, run_exporter: RunExporter, visit: Visit
) -> None:
    """It changes nothing, is logged once, and counts as a reload that failed until it is gone."""
    path = write_web()
    exporter = run_exporter(write_config(web=WEB))
    client = visit(exporter)
    ok = "smsc_exporter_config_last_reload_successful"
    assert client.metric(ok) == 1
    path.write_text("basic_auth_users: {}")
    assert [client.metric(ok) for _ in range(3)] == [0, 0, 0]
    assert exporter.log.count("web configuration refused") == 1
    write_web("another-one")
    assert client.metric(ok, "another-one") == 1


def test_a_flood_of_logins_leaves_room_for_scrapes(
    write_config: WriteConfig, write_web: WriteWeb, run_exporter: RunExporter, visit: Visit
) -> None:
    """While many guess, with hashes that take their time, who is known is served."""
    write_web(cost=11)
    exporter = run_exporter(write_config(web=WEB))
    client = visit(exporter)
    assert client.get("/metrics").status_code == 200
    with ThreadPoolExecutor(12) as pool:
        guesses = [
            pool.submit(client.get, "/metrics", ("prometheus", str(number))) for number in range(60)
        ]
        scrapes = 0
        while not all(guess.done() for guess in guesses):
            assert client.get("/metrics").status_code == 200
            scrapes += 1
    codes = [guess.result().status_code for guess in guesses]
    assert set(codes) == {401, 429}
    assert codes.count(401) < scrapes


def test_a_web_configuration_that_cannot_be_used(
    write_config: WriteConfig, write_web: WriteWeb, run_exporter: RunExporter
) -> None:
    """It ends at once; each problem is a line, without a traceback and without what it quotes."""
    write_web(basic_auth_users={"prometheus": PASSWORD}, tls_server_config={"cert": "x"})
    exporter = run_exporter(write_config(web=WEB))
    assert exporter.process.wait(20) == 2
    problems = [line for line in exporter.log.splitlines() if "level=warning" not in line]
    assert len(problems) == 2
    assert all(line.startswith("error: ") and "/web.yml:1: " in line for line in problems)
    assert PASSWORD not in exporter.log


def test_lifecycle_requests_are_off_unless_asked_for(
    write_config: WriteConfig, run_exporter: RunExporter
) -> None:
    """Nobody who reaches the port can make it do anything."""
    exporter = run_exporter(write_config(web={"listen_addresses": ["127.0.0.1:0"]}))
    answer = httpx.post(exporter.url + "/-/reload", timeout=10)
    assert (answer.status_code, answer.text) == (
        403,
        "switched off; start with --web.enable-lifecycle, or send the process SIGHUP\n",
    )
    assert "configuration reloaded" not in exporter.log
