"""The web configuration as promtool sees it, and a scrape by the real Prometheus through it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest
import trustme
import yaml

from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.presets import QUIET
from exporter.simulation.serve import serving
from exporter.simulation.visits import Account
from exporter.simulation.world import World
from exporter.web.protection.names import (
    CIPHERS,
    CLIENT_AUTH_TYPES,
    CURVES,
    HEADERS,
    TLS13_CIPHERS,
    VERSIONS,
)
from tests.e2e.conftest import CHECKOUT, Tool
from tests.e2e.servers import Program, Prometheus, free_port


pytestmark = pytest.mark.e2e
PASSWORD = "a-long-password"
BLOCKS = {"web": r"^```yaml web\n(.*?)^```", "scrape": r"^```yaml prometheus\n(.*?)^```"}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def folder(tmp_path: Path, authority: trustme.CA) -> Path:
    """Certificates and keys under the names that page and example use."""
    pairs = {
        "server": authority.issue_cert("localhost", "127.0.0.1"),
        "prometheus": authority.issue_cert("prometheus.example.com"),
        "stranger": authority.issue_cert("stranger.example.com"),
    }
    for name, cert in pairs.items():
        (tmp_path / f"{name}.crt").write_bytes(cert.cert_chain_pems[0].bytes())
        (tmp_path / f"{name}.key").write_bytes(cert.private_key_pem.bytes())
        (tmp_path / f"{name}.key").chmod(0o600)
    for name in ("server-ca.crt", "clients-ca.crt"):
        (tmp_path / name).write_bytes(authority.cert_pem.bytes())
    return tmp_path


@pytest.mark.parametrize("everything", [False, True])
def test_promtool_accepts_our_example(tool: Tool, folder: Path, everything: bool) -> None:  # noqa: FBT001
    """What we take for a web configuration Prometheus does, too, with all that it mentions."""
    text = (CHECKOUT / "deploy/examples/web-config.yml").read_text(encoding="utf-8")
    if everything:
        setting = r"^( *)# ( *(?:\w[\w-]*:(?: \S.*)?|- \S+))$"
        text = re.sub(setting, r"\1\2", text, flags=re.MULTILINE)
        assert "\nrate_limit:" in text
    assert "SUCCESS" in checked(tool, folder, text)


def checked(tool: Tool, folder: Path, text: str) -> str:
    """What promtool says of a web configuration."""
    (folder / "web.yml").write_text(text, encoding="utf-8")
    command = [str(tool("promtool")), "check", "web-config", "web.yml"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


def test_promtool_knows_the_names_that_we_do(tool: Tool, folder: Path) -> None:
    """Versions, suites, curves, client authentication and headers are spelt as in Go."""
    tls = {"cert_file": "server.crt", "key_file": "server.key"}
    settings = [
        *({"tls_server_config": tls | {"min_version": name}} for name in VERSIONS),
        {"tls_server_config": tls | {"cipher_suites": [*CIPHERS, *TLS13_CIPHERS]}},
        {"tls_server_config": tls | {"curve_preferences": list(CURVES)}},
        *({"tls_server_config": tls | {"client_auth_type": name}} for name in CLIENT_AUTH_TYPES),
        {
            "http_server_config": {
                "headers": {name: (*values, "x")[0] for name, values in HEADERS.items()}
            }
        },
    ]
    for setting in settings:
        said = checked(tool, folder, yaml.safe_dump(setting))
        assert "SUCCESS" in said, setting


@pytest.mark.parametrize("section", ["tls_server_config: {certfile: x}", "users: {}"])
def test_promtool_refuses_what_we_refuse(tool: Tool, folder: Path, section: str) -> None:
    """Unknown keys are errors on both sides, so that the checks above mean something."""
    assert "FAILED" in checked(tool, folder, section)


@pytest.fixture
def exporter(folder: Path) -> Iterator[Program]:
    """An exporter with the web configuration of the page on security."""
    page = (CHECKOUT / "docs/security.md").read_text(encoding="utf-8")
    web = yaml.safe_load(re.findall(BLOCKS["web"], page, re.MULTILINE | re.DOTALL)[0])
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode()
    web["basic_auth_users"] = dict.fromkeys(web["basic_auth_users"], hashed)
    (folder / "web.yml").write_text(yaml.safe_dump(web))
    gateway = Gateway(
        [Account(world=World(QUIET), login="e2e", password="secret")],
        limits=Limits(requests=100_000, identical=100_000),
    )
    with serving(gateway) as url:
        address = f"127.0.0.1:{free_port()}"
        account = {"name": "main", "login": "e2e", "password": "secret", "api_url": url}
        config = {
            "accounts": [account],
            "web": {"listen_addresses": [address], "config_file": "web.yml"},
            "ledger": {"path": str(folder / "ledger.sqlite")},
        }
        (folder / "config.yml").write_text(yaml.safe_dump(config))
        command = [sys.executable, "-m", "exporter", "run", f"--config.file={folder}/config.yml"]
        program = Program(command, f"https://{address}", folder / "exporter.log")
        with program.running():
            yield program


def scrape_jobs(folder: Path, target: str) -> list[dict[str, object]]:
    """The job of the page on security, and two that lack what it needs."""
    page = (CHECKOUT / "docs/security.md").read_text(encoding="utf-8")
    block = re.findall(BLOCKS["scrape"], page, re.MULTILINE | re.DOTALL)[0]
    (job,) = yaml.safe_load(block)["scrape_configs"]
    tls = {key: str(folder / name) for key, name in job["tls_config"].items()}
    stranger = {"cert_file": f"{folder}/stranger.crt", "key_file": f"{folder}/stranger.key"}
    secret = folder / job["basic_auth"]["password_file"]
    secret.write_text(PASSWORD)
    job |= {
        "tls_config": tls,
        "basic_auth": job["basic_auth"] | {"password_file": str(secret)},
        "static_configs": [{"targets": [target]}],
        "scrape_interval": "1s",
        "scrape_timeout": "1s",
    }
    return [
        job,
        job | {"job_name": "stranger", "tls_config": tls | stranger},
        job | {"job_name": "guest", "basic_auth": {"username": "prometheus", "password": "no"}},
    ]


def test_prometheus_scrapes_through_it(tool: Tool, folder: Path, exporter: Program) -> None:
    """With certificate and password, as the page says; with another of either it does not."""
    target = exporter.url.removeprefix("https://")
    server = Prometheus(tool("prometheus"), folder / "prometheus", target)
    jobs = scrape_jobs(folder, target)
    (folder / "prometheus/prometheus.yml").write_text(yaml.safe_dump({"scrape_configs": jobs}))
    with server.running():
        server.await_query('up{job="smsc"}', lambda values: values == [1], 60)
        known = 'max_over_time(smsc_exporter_build_info{job="smsc"}[1m])'
        server.await_query(known, lambda values: values == [1], 30)
        for job in ("stranger", "guest"):
            tried = f'count_over_time(up{{job="{job}"}}[1m])'
            server.await_query(tried, lambda values: values > [3], 30)
            assert set(server.query(f'max_over_time(up{{job="{job}"}}[1m])').values()) == {0}
        errors = {
            each["labels"]["job"]: each["lastError"]
            for each in server.api("targets")["activeTargets"]
        }
    assert errors["smsc"] == ""
    assert "401" in errors["guest"]
    assert errors["stranger"] != ""
