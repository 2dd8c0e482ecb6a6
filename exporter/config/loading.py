"""From a file, the environment and flags to one checked configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from exporter.config.credentials import read_secret, resolve
from exporter.config.document import Document, read_document
from exporter.config.environment import (
    ENVIRONMENT,
    account_of,
    at_variable,
    given_variables,
    ledger_path,
    misspelt,
)
from exporter.config.models import (
    Account,
    AccountSettings,
    Config,
    LedgerConfig,
    LogConfig,
    Settings,
    Web,
)
from exporter.config.problems import (
    Findings,
    InvalidConfigError,
    Location,
    Place,
    Source,
    UnreadableConfigError,
)
from exporter.config.wording import report
from exporter.config.written import CredentialKeys, WrittenAccount, WrittenConfig
from exporter.secrets import Secret


COMMAND_LINE = Source("command line")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Flags that win over the file; None, empty and False leave the file's word."""

    listen_addresses: tuple[str, ...] = ()
    telemetry_path: str | None = None
    config_file: Path | None = None
    enable_lifecycle: bool = False
    log_level: str | None = None
    log_format: str | None = None


FLAGS: Mapping[str, tuple[str, str]] = {
    "listen_addresses": ("web", "--web.listen-address"),
    "telemetry_path": ("web", "--web.telemetry-path"),
    "config_file": ("web", "--web.config.file"),
    "enable_lifecycle": ("web", "--web.enable-lifecycle"),
    "log_level": ("log", "--log.level"),
    "log_format": ("log", "--log.format"),
}
"""Each override's section and flag."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that can be used."""

    config: Config
    warnings: tuple[str, ...]
    """What works but should be looked at, one line each."""
    path: Path | None
    """The file it came from; None when the environment gave everything."""


def load(
    path: Path | None, environ: Mapping[str, str], overrides: Overrides = Overrides()
) -> Loaded:
    """Read and check everything, or raise a ConfigError that holds every problem found.

    UnreadableConfigError when the file cannot be read as a YAML mapping, InvalidConfigError when
    it can, but keys, values, variables or flags are wrong.
    """
    findings = Findings()
    document = Document(ENVIRONMENT) if path is None else read_document(path, findings)
    flags = _flags(overrides, findings)
    if document is None:
        raise UnreadableConfigError(findings.problems)
    accounts = _accounts(document, environ, findings)
    settings = _settings(document, environ, findings)
    if settings is None or findings.problems:
        raise InvalidConfigError(findings.problems)
    chosen = {name: getattr(settings, name) for name in Settings.model_fields}
    for section, values in flags.items():
        chosen[section] = chosen[section].model_copy(update=values)
    config = Config(accounts=tuple(filter(None, accounts)), **chosen)
    return Loaded(config, tuple(findings.warnings), path)


def _flags(overrides: Overrides, findings: Findings) -> dict[str, dict[str, Any]]:
    """Checked values of the flags given, by section and key."""
    checked: dict[str, dict[str, Any]] = {}
    for name, (section, flag) in FLAGS.items():
        value = getattr(overrides, name)
        if not value:
            continue
        model = Web if section == "web" else LogConfig
        key = name.removeprefix("log_")
        try:
            checked.setdefault(section, {})[key] = getattr(model(**{key: value}), key)
        except ValidationError as error:
            report(error, model, partial(_on_command_line, flag), findings)
    return checked


def _on_command_line(flag: str, _location: Location) -> tuple[Source, Location]:
    return COMMAND_LINE, (flag,)


def _settings(
    document: Document, environ: Mapping[str, str], findings: Findings
) -> Settings | None:
    content = {key: value for key, value in document.content.items() if key != "accounts"}
    if isinstance(content.get("ledger"), str):
        content["ledger"] = {"url": content["ledger"]}
    try:
        settings = Settings.model_validate(content)
    except ValidationError as error:
        report(error, WrittenConfig, lambda location: (document.source, location), findings)
        return None
    written = settings.ledger.path if "path" in settings.ledger.model_fields_set else None
    path = ledger_path(written, environ)
    folder = Path() if document.source is ENVIRONMENT else Path(document.source.name).parent
    ledger = settings.ledger.model_copy(update={"path": path})
    if ledger.password_file is not None:
        ledger = ledger.model_copy(update={"password_file": folder / ledger.password_file})
    password = _ledger_password(ledger, document, findings)
    ledger = ledger.model_copy(update={"password": password})
    web = settings.web
    if web.config_file is not None:
        web = web.model_copy(update={"config_file": folder / web.config_file})
    return settings.model_copy(update={"ledger": ledger, "web": web})


def _ledger_password(ledger: LedgerConfig, document: Document, findings: Findings) -> Secret | None:
    """The password, from its file if it has one."""
    here = document.source, ("ledger", "password_file")
    if ledger.url is None and (ledger.password or ledger.password_file):
        findings.wrong(*here, "is of no use without ledger.url; remove it, or give that")
    if ledger.password_file is None:
        return ledger.password
    if ledger.password is not None:
        findings.wrong(*here, "is given beside password; keep one of the two")
    return read_secret(ledger.password_file, here, findings)


def _accounts(
    document: Document, environ: Mapping[str, str], findings: Findings
) -> list[Account | None]:
    """Each account in turn, None for those with problems."""
    listed = document.content.get("accounts") or []
    given = given_variables(environ)
    note = findings.doubtful if listed else findings.wrong
    for variable, message in misspelt(environ).items():
        note(ENVIRONMENT, (variable,), message)
    if not isinstance(listed, list):
        findings.wrong(document.source, ("accounts",), "must be a list, each entry after '- '")
        return []
    if listed:
        for variable in given:
            message = "is ignored, because the file lists accounts"
            findings.doubtful(ENVIRONMENT, (variable,), message)
        return _listed(listed, document, findings)
    if given:
        content = account_of(given)
        return [_account(content, at_variable, Path(), findings)]
    message = "are missing; list one in the file, or set SMSC_LOGIN and SMSC_PASSWORD"
    findings.wrong(document.source, ("accounts",), message)
    return []


def _listed(listed: list[Any], document: Document, findings: Findings) -> list[Account | None]:
    accounts = []
    names: dict[str, int] = {}
    for position, content in enumerate(listed):

        def place(location: Location, position: int = position) -> tuple[Source, Location]:
            return document.source, ("accounts", position, *location)

        accounts.append(_account(content, place, Path(document.source.name).parent, findings))
        name = content.get("name") if isinstance(content, dict) else None
        if isinstance(name, str) and names.setdefault(name, position) != position:
            message = f"is already the name of accounts[{names[name]}]; choose another"
            findings.wrong(*place(("name",)), message)
    if document.public and any(_holds_secret(content) for content in listed):
        message = "can be read by every user and holds a secret; chmod 640, or use password_file"
        findings.doubtful(document.source, (), message)
    return accounts


def _account(content: Any, place: Place, folder: Path, findings: Findings) -> Account | None:
    written = None
    try:
        written = WrittenAccount.model_validate(content)
    except ValidationError as error:
        report(error, WrittenAccount, place, findings)
    keys = written or _credential_keys(content)
    credentials = resolve(keys, place, folder, findings) if keys is not None else None
    if written is None or credentials is None:
        return None
    if written.api_url.startswith("http://") and not _is_local(written.api_url):
        message = "sends the credentials unencrypted; use https:// where the gateway allows it"
        findings.doubtful(*place(("api_url",)), message)
    settings = {name: getattr(written, name) for name in AccountSettings.model_fields}
    return Account(credentials=credentials, **settings)


def _credential_keys(content: Any) -> CredentialKeys | None:
    """The credential keys of an account that has other problems, where they are sound."""
    if not isinstance(content, dict):
        return None
    keys = {key: content[key] for key in CredentialKeys.model_fields if key in content}
    try:
        return CredentialKeys.model_validate(keys)
    except ValidationError:
        return None


def _holds_secret(content: Any) -> bool:
    return isinstance(content, dict) and not content.keys().isdisjoint({"password", "apikey"})


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}
