"""The section on TLS: what is wrong or doubtful in it, and the context that it means."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exporter.config.document import Document, reason
from exporter.config.problems import Findings
from exporter.web.protection.files import Files
from exporter.web.protection.names import CIPHERS, VERIFYING
from exporter.web.protection.settings import TlsServer
from exporter.web.protection.tls import Pem, ServerContext, TlsError, server_context


SECTION = "tls_server_config"
STRICTEST = "RequireAndVerifyClientCert"

Remark = tuple[str, str]
"""A key of the section, and what to say of it."""


@dataclass(frozen=True, slots=True)
class TlsSection:
    """The section, the folder its file names start at, and where to say what is wrong with it."""

    tls: TlsServer
    document: Document
    folder: Path
    files: Files
    findings: Findings

    def context(self) -> ServerContext | None:
        """The context that is meant; None without such a section, or with problems."""
        if not self.tls.model_fields_set:
            return None
        for remark in (*_incomplete(self.tls), *_contradictory(self.tls)):
            self._wrong(*remark)
        for key, message in _doubtful(self.tls):
            self.findings.doubtful(self.document.source, (SECTION, key), message)
        cert, key_, client_ca = (self._pem(name) for name in ("cert", "key", "client_ca"))
        if self.findings.problems or cert is None or key_ is None:
            return None
        try:
            return server_context(self.tls, Pem(cert, key_, client_ca))
        except TlsError as error:
            named = getattr(self.tls, error.key) is None
            self._wrong(f"{error.key}_file" if named else error.key, str(error))
            return None

    def _wrong(self, key: str, message: str) -> None:
        self.findings.wrong(self.document.source, (SECTION, key), message)

    def _pem(self, name: str) -> bytes | None:
        """What stands in the section itself, or in the file that it names."""
        named: Path | None = getattr(self.tls, f"{name}_file")
        if named is not None:
            return self._content(f"{name}_file", self.folder / named)
        if name == "key" and self.tls.key is not None:
            self._check_public(public=self.document.public, key=name)
            return self.tls.key.reveal().encode()
        inline: str | None = getattr(self.tls, name)
        return None if inline is None else inline.encode()

    def _content(self, key: str, path: Path) -> bytes | None:
        try:
            content = self.files.read(path)
            public = bool(path.stat().st_mode & stat.S_IROTH)
        except OSError as error:
            self._wrong(key, f"names a file that cannot be read: {reason(error)}")
            return None
        if key == "key_file":
            self._check_public(public=public, key=key)
        return content

    def _check_public(self, *, public: bool, key: str) -> None:
        if public:
            message = "can be read by every user of this machine; chmod 640 the file or stricter"
            self.findings.doubtful(self.document.source, (SECTION, key), message)


def _incomplete(tls: TlsServer) -> Iterator[Remark]:
    for name in ("cert", "key", "client_ca"):
        given = [key for key in (name, f"{name}_file") if getattr(tls, key) is not None]
        if len(given) == 2:
            yield given[1], f"is given beside {name}; keep one of the two"
        elif not given and name != "client_ca":
            yield f"{name}_file", f"is missing; add it, or remove {SECTION} for plain HTTP"


def _contradictory(tls: TlsServer) -> Iterator[Remark]:
    if tls.min_version > tls.max_version:
        yield "max_version", f"must not be below min_version, which is {tls.min_version}"
    if (
        tls.cipher_suites
        and tls.max_version < "TLS13"
        and CIPHERS.keys().isdisjoint(tls.cipher_suites)
    ):
        yield "cipher_suites", f"names no suite of {tls.max_version}; add one"
    yield from _of_clients(tls)


def _of_clients(tls: TlsServer) -> Iterator[Remark]:
    verifies = tls.client_auth_type in VERIFYING
    has_ca = (tls.client_ca, tls.client_ca_file) != (None, None)
    if tls.client_auth_type == "RequireAnyClientCert":
        message = f"lets in whoever makes a certificate up, and is not done here; use {STRICTEST}"
        yield "client_auth_type", message
    elif verifies and not has_ca:
        yield "client_ca_file", "is missing; name the authority whose certificates are accepted"
    elif has_ca and not verifies:
        yield "client_auth_type", f"must be {STRICTEST} for client_ca to be of use"
    if "client_allowed_sans" in tls.model_fields_set:
        if not tls.client_allowed_sans:
            yield "client_allowed_sans", "names nobody; add a name or remove it"
        elif tls.client_auth_type != STRICTEST:
            yield "client_allowed_sans", f"needs client_auth_type: {STRICTEST}"


def _doubtful(tls: TlsServer) -> Iterator[Remark]:
    if tls.min_version < "TLS12":
        yield "min_version", f"allows {tls.min_version}, which is broken; use TLS12 or TLS13"
    if tls.client_auth_type == "RequestClientCert":
        yield "client_auth_type", "is taken for NoClientCert: nobody would look at the certificate"
    if tls.client_auth_type == "VerifyClientCertIfGiven":
        yield "client_auth_type", f"lets in clients without a certificate; use {STRICTEST}"
    if len(tls.curve_preferences) > 1:
        first = tls.curve_preferences[0]
        yield "curve_preferences", f"is taken for {first} alone: only one curve can be set here"
