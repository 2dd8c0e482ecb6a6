"""Scraping account by account."""

import json
from typing import Any

import msgspec
import pytest

from exporter.ledger.snapshot import AccountState


@pytest.fixture(autouse=True)
def two_accounts(world: Any) -> None:
    """The state behind the application tells of two accounts."""
    world.current = msgspec.structs.replace(
        world.current,
        accounts=tuple(AccountState(account=name, up=True) for name in ("spare", "main")),
    )


async def test_every_account_is_a_target(ask: Any) -> None:
    """Service discovery gets each account's probe at the address it asked itself."""
    answer = await ask("GET", "/api/v1/sd", headers={"host": "one.example:10048"})
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.content) == [
        {
            "targets": ["one.example:10048"],
            "labels": {
                "__scheme__": "http",
                "__metrics_path__": "/probe",
                "__param_account": name,
                "instance": name,
            },
        }
        for name in ("main", "spare")
    ]


async def test_no_accounts_is_no_target(ask: Any, world: Any) -> None:
    """A replica that polls nothing answers with an empty list, which takes its targets away."""
    world.current = msgspec.structs.replace(world.current, accounts=())
    assert (await ask("GET", "/api/v1/sd")).content == b"[]"


async def test_a_probe_is_one_account(ask: Any) -> None:
    """Nothing of other accounts, of the process or of Python."""
    text = (await ask("GET", "/probe?account=main")).text
    assert 'smsc_up{account="main"} 1.0' in text
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert all('account="main"' in line for line in samples)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/probe", 400, "which account? ask for /probe?account=NAME"),
        ("/probe?account=other", 404, "no account of that name is polled here"),
        ("/probe?account=", 404, "no account of that name is polled here"),
    ],
)
async def test_probes_of_nobody(ask: Any, path: str, status: int, words: str) -> None:
    """The answer says what is wrong; Prometheus shows the target as down."""
    answer = await ask("GET", path)
    assert answer.status_code == status
    assert words in answer.text


async def test_metrics_of_some_accounts(ask: Any) -> None:
    """?account= (repeatable) leaves other accounts out, and keeps what is nobody's."""
    text = (await ask("GET", "/metrics?account=spare")).text
    assert 'account="spare"' in text
    assert 'account="main"' not in text
    assert "smsc_exporter_build_info" in text
    assert 'account="' not in (await ask("GET", "/metrics?account=")).text
