"""From the web configuration file to what protects the server; every problem at once."""

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
from pydantic import ValidationError

from exporter.config import InvalidConfigError, UnreadableConfigError
from exporter.config.document import Document, read_document
from exporter.config.problems import Findings
from exporter.config.wording import report
from exporter.web.protection.files import Files
from exporter.web.protection.names import HEADERS
from exporter.web.protection.settings import LONG_TEXTS, RateLimit, WebSettings
from exporter.web.protection.tls import ServerContext
from exporter.web.protection.tls_section import TlsSection


FLAG = "--web.config.file"
SLOW_COST = 14
"""A bcrypt cost from which on a login takes about a second of a processor, or more."""

_BCRYPT = re.compile(r"\$2[aby]\$(?:0[4-9]|1[0-9]|2[0-9]|3[01])\$[./A-Za-z0-9]{53}")


class Protection(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before the web application."""

    tls: ServerContext | None = None
    """None is plain HTTP."""
    users: Mapping[str, str] = {}
    """bcrypt hashes by user name; without any everybody is let in."""
    headers: Mapping[str, str] = {}
    """Headers of every answer, in place of the application's own of the same name."""
    rate: RateLimit | None = None
    warnings: tuple[str, ...] = ()
    """What is doubtful in the file, one line each."""


def read_protection(path: Path, files: Files) -> Protection:
    """What the file asks for; ``files`` gets to know every file looked at, also when this fails.

    Raises:
        UnreadableConfigError: the file itself cannot be read as a YAML mapping.
        InvalidConfigError: keys, values, certificates or hashes are wrong.

    """
    findings = Findings()
    with contextlib.suppress(OSError):  # the reason is found, and told, in the next line
        files.read(path)
    document = read_document(path, findings, FLAG, LONG_TEXTS)
    if document is None:
        raise UnreadableConfigError(findings.problems)
    settings = _settings(document, findings)
    section = TlsSection(settings.tls_server_config, document, path.parent, files, findings)
    protection = Protection(
        tls=section.context(),
        users=_users(settings, document, findings),
        headers=_headers(settings, document, findings),
        rate=_rate(settings, document, findings),
    )
    if findings.problems:
        raise InvalidConfigError(findings.problems)
    _doubt(protection, settings, document, findings)
    return msgspec.structs.replace(protection, warnings=tuple(findings.warnings))


def _settings(document: Document, findings: Findings) -> WebSettings:
    """The sections that are sound; of the others it is said what is wrong."""
    content = document.content
    try:
        return WebSettings.model_validate(content)
    except ValidationError as error:
        report(error, WebSettings, lambda location: (document.source, location), findings)
        wrong = {detail["loc"][0] for detail in error.errors()}
        return WebSettings.model_validate({key: content[key] for key in content.keys() - wrong})


def _users(settings: WebSettings, document: Document, findings: Findings) -> Mapping[str, str]:
    users = settings.basic_auth_users
    if "basic_auth_users" in document.content.keys() - settings.model_fields_set:
        return {}
    for name in _written_users(document):
        here = ("basic_auth_users", name)
        if not _BCRYPT.fullmatch(users.get(name, "")):
            message = "must be a bcrypt hash in quotes, as `htpasswd -nBC 10 name` makes them"
            findings.wrong(document.source, here, message)
        if ":" in name or not name:
            message = "is a name that nobody can log in with; it must not be empty or hold a colon"
            findings.wrong(document.source, here, message)
    return users


def _written_users(document: Document) -> list[str]:
    """Every name in the file, also one without a value, which the content leaves out."""
    lines = document.source.lines
    return [str(at[1]) for at in lines if len(at) == 2 and at[0] == "basic_auth_users"]


def _headers(settings: WebSettings, document: Document, findings: Findings) -> Mapping[str, str]:
    headers = {name: text for name, text in settings.http_server_config.headers.items() if text}
    for name, text in headers.items():
        allowed = HEADERS.get(name)
        if allowed is None:
            message = f"is not a header that can be set; only {', '.join(HEADERS)}"
        elif allowed and text not in allowed:
            message = f"must be {' or '.join(allowed)}"
        elif not text.isascii():
            message = "must be ASCII text"
        else:
            continue
        findings.wrong(document.source, ("http_server_config", "headers", name), message)
    return headers


def _rate(settings: WebSettings, document: Document, findings: Findings) -> RateLimit | None:
    rate = settings.rate_limit
    if rate.interval and not rate.burst:
        message = "must be at least 1, or no request would ever be answered"
        findings.wrong(document.source, ("rate_limit", "burst"), message)
    return rate if rate.interval else None


def _doubt(
    protection: Protection, settings: WebSettings, document: Document, findings: Findings
) -> None:
    """Note what works, but perhaps not as it was meant."""
    written = {at for at in document.source.lines if at and at[0] != "tls_server_config"}
    users = ("basic_auth_users",)
    if users in written and not protection.users:
        message = "names nobody, so that everybody is let in; add a user or remove it"
        findings.doubtful(document.source, users, message)
    if protection.users and protection.tls is None:
        message = "are sent unencrypted without tls_server_config; whoever listens can log in"
        findings.doubtful(document.source, users, message)
    for name, hashed in protection.users.items():
        if cost(hashed) >= SLOW_COST:
            message = f"has a cost of {cost(hashed)}, which takes long at each login; 10 will do"
            findings.doubtful(document.source, (*users, name), message)
    if ("http_server_config", "http2") in written and settings.http_server_config.http2:
        message = "changes nothing: HTTP/1.1 is all that is spoken here"
        findings.doubtful(document.source, ("http_server_config", "http2"), message)


def cost(hashed: str) -> int:
    """The cost of a bcrypt hash: its work doubles with each."""
    return int(hashed[4:6])
