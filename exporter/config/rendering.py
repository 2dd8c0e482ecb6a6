"""Prints a configuration with its secrets redacted."""

from typing import Any

import yaml

from exporter.config.models import Account, Config
from exporter.config.written import ACCOUNT_KEYS


def render(config: Config) -> str:
    """The effective configuration as YAML, every key written out.

    Secrets from files stay references to the files; others are ``<secret>``, which `load` refuses,
    so that a printed configuration cannot be used by mistake.
    """
    accounts = [_account(account) for account in config.accounts]
    content = {"accounts": accounts, **config.model_dump(mode="json", exclude={"accounts"})}
    ledger = content["ledger"]
    if ledger["password_file"] is not None:
        del ledger["password"]
    content["ledger"] = {key: value for key, value in ledger.items() if value is not None}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def _account(account: Account) -> dict[str, Any]:
    settings = account.model_dump(mode="json", exclude={"credentials"})
    given = account.credentials.model_dump(mode="json", exclude={"files", "origins"})
    for kind, path in account.credentials.origins.items():
        given[f"{kind}_file"] = str(path.absolute())
        del given[kind]
    known = {key: value for key, value in given.items() if value is not None}
    content = known | settings
    return {key: content[key] for key in ACCOUNT_KEYS if key in content}
