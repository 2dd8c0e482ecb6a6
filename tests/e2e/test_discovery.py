"""A real Prometheus finds each account by service discovery."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
import yaml

from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.presets import DEMO
from exporter.simulation.serve import serving
from exporter.simulation.visits import Account
from exporter.simulation.world import World
from tests.e2e.servers import Program, Prometheus, free_port


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

DISCOVERY = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: smsc
    http_sd_configs: [{{url: "http://{target}/api/v1/sd", refresh_interval: 1s}}]
  - job_name: smsc-exporter
    params: {{account: [""]}}
    static_configs: [{{targets: ["{target}"]}}]
"""


@contextmanager
def polling(folder: Path) -> Iterator[tuple[Program, Path]]:
    """An exporter of two accounts; gives it and its configuration."""
    spec = msgspec.structs.replace(DEMO, per_hour=7200, history_span=600)
    gateway = Gateway(
        [Account(world=World(spec, seed), login=f"login{seed}") for seed in (1, 2)],
        limits=Limits(requests=7200, identical=1000),
    )
    path, port = folder / "config.yaml", free_port()
    with serving(gateway) as url:
        path.write_text(yaml.safe_dump(config(folder, url, port)))
        path.chmod(0o600)
        command = [sys.executable, "-m", "exporter", "run", "--config.file", str(path)]
        command.append("--web.enable-lifecycle")
        exporter = Program(command, f"http://127.0.0.1:{port}", folder / "log")
        with exporter.running():
            yield exporter, path


def config(folder: Path, url: str, port: int) -> dict[str, object]:
    """A configuration of two accounts."""
    accounts = [
        {
            "name": name,
            "api_url": url,
            "login": f"login{number}",
            "password": "demo",
            "channels": ["sms"],
            "budget": {"requests": 7200, "identical": 1000},
        }
        for number, name in enumerate(("one", "two"), 1)
    ]
    return {
        "accounts": accounts,
        "web": {"listen_addresses": [f"127.0.0.1:{port}"]},
        "ledger": {"path": str(folder / "ledger.sqlite")},
        "zero_hold": 1,
    }


def test_accounts_are_targets_of_their_own(tool: Callable[[str], Path], tmp_path: Path) -> None:
    """Each account's series come once, under its own instance, the process' own come apart."""
    with polling(tmp_path) as (exporter, _):
        target = exporter.url.removeprefix("http://")
        server = Prometheus(tool("prometheus"), tmp_path / "prometheus", target, text=DISCOVERY)
        with server.running():
            submitted = "sum by (account) (smsc_messages_submitted_total) > 0"
            server.await_query(submitted, lambda values: len(values) == 2, 60)
            counted = server.query("count by (instance, job) (smsc_up)")
            shown = {
                tuple(dict(labels)[name] for name in ("instance", "job")) for labels in counted
            }
            assert shown == {("one", "smsc"), ("two", "smsc")}
            assert set(counted.values()) == {1.0}
            own = server.query("count by (job) (smsc_exporter_build_info)")
            assert [dict(labels)["job"] for labels in own] == ["smsc-exporter"]


def test_a_target_leaves_with_its_account(tool: Callable[[str], Path], tmp_path: Path) -> None:
    """After a reload Prometheus drops what is no longer polled, without a restart of anything."""
    with polling(tmp_path) as (exporter, path):
        target = exporter.url.removeprefix("http://")
        server = Prometheus(tool("prometheus"), tmp_path / "prometheus", target, text=DISCOVERY)
        with server.running():
            server.await_query('up{job="smsc"}', lambda values: values == [1, 1], 60)
            found = yaml.safe_load(path.read_text())
            found["accounts"] = found["accounts"][:1]
            path.write_text(yaml.safe_dump(found))
            assert exporter.post("/-/reload") == 200
            server.await_query('up{job="smsc"}', lambda values: values == [1], 60)
            assert [dict(labels)["instance"] for labels in server.query("smsc_up")] == ["one"]
