"""What the environment says: a single account, and where state belongs."""

import difflib
from collections.abc import Mapping
from pathlib import Path

from exporter.config.problems import Location, Source


ENVIRONMENT = Source("environment")
VARIABLES: Mapping[str, str] = {
    "SMSC_LOGIN": "Login of the single account.",
    "SMSC_LOGIN_FILE": "File that holds the login.",
    "SMSC_PASSWORD": "Password of that login.",
    "SMSC_PASSWORD_FILE": "File that holds the password.",
    "SMSC_APIKEY": "API key, instead of login and password.",
    "SMSC_APIKEY_FILE": "File that holds the API key.",
    "SMSC_API_URL": "Address of the gateway, `https://smsc.ru` when unset.",
}
"""Variables that give the single account, and what each means."""

ACCOUNT_NAME = "default"
"""What the environment's account is called."""


def given_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The account's variables that are set; empty ones count as unset."""
    return {name: environ[name] for name in VARIABLES if environ.get(name)}


def account_of(given: Mapping[str, str]) -> dict[str, str]:
    """The single account in the form of the file."""
    keys = {name.removeprefix("SMSC_").lower(): text for name, text in given.items()}
    return {"name": ACCOUNT_NAME, **keys}


def at_variable(location: Location) -> tuple[Source, Location]:
    """The variable that stands for a key of the account."""
    return ENVIRONMENT, tuple(f"SMSC_{key}".upper() for key in location)


def misspelt(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that look like one of ours but are none, and what to say of them."""
    unknown = (name for name in sorted(environ) if name not in VARIABLES and name.isprintable())
    close = {name: difflib.get_close_matches(name, VARIABLES, n=1, cutoff=0.9) for name in unknown}
    return {name: f"is not used; did you mean {to[0]}?" for name, to in close.items() if to}


def ledger_path(written: Path | None, environ: Mapping[str, str]) -> Path:
    """The ledger's place, below the first folder of ``STATE_DIRECTORY`` or the working one."""
    state = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if written is None:
        return Path(state or "var") / "smsc-exporter.sqlite"
    return Path(state) / written
