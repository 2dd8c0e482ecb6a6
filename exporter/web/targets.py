"""What is scraped account by account, told to Prometheus' service discovery.

See https://prometheus.io/docs/prometheus/latest/http_sd/ for the format.
"""

import msgspec

from exporter.ledger.snapshot import Snapshot


PROBE = "/probe"


def targets_json(snapshot: Snapshot, address: str, scheme: str) -> bytes:
    """A target for each account polled here.

    ``address`` is this exporter's as the asker reached it, ``host:port``. The target's instance is
    the account, so that its series stay the same ones when another replica takes the account over.
    """
    names = sorted(account.account for account in snapshot.accounts)
    return msgspec.json.encode([_target(name, address, scheme) for name in names])


def polls(snapshot: Snapshot, account: str) -> bool:
    """Whether an account is polled here."""
    return any(each.account == account for each in snapshot.accounts)


def _target(account: str, address: str, scheme: str) -> dict[str, object]:
    labels = {
        "__scheme__": scheme,
        "__metrics_path__": PROBE,
        "__param_account": account,
        "instance": account,
    }
    return {"targets": [address], "labels": labels}
