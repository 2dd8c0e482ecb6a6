"""TLS contexts: from certificates and the words of the web configuration to OpenSSL."""

import ipaddress
import os
import ssl
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import msgspec

from exporter.web.protection.names import CIPHERS, CURVES, VERSIONS
from exporter.web.protection.settings import TlsServer


class Pem(msgspec.Struct, frozen=True):
    """Certificate and key of the server, and the authorities that vouch for its clients."""

    cert: bytes
    key: bytes
    client_ca: bytes | None = None


class TlsError(Exception):
    """A context cannot be made; ``key`` is the setting to blame, without ``_file``."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class _Handshake(ssl.SSLObject):
    """A connection's TLS, which ends at once for a client of another name than the allowed ones."""

    def do_handshake(self) -> None:
        super().do_handshake()
        allowed = cast("ServerContext", self.context).allowed_sans
        if allowed and allowed.isdisjoint(_alternative_names(self)):
            raise ssl.SSLCertVerificationError("the client's certificate has no allowed name")


class ServerContext(ssl.SSLContext):
    """A server's TLS settings, with the names that its clients may have; empty: any."""

    allowed_sans: frozenset[str] = frozenset()
    sslobject_class = _Handshake


def server_context(tls: TlsServer, pem: Pem) -> ServerContext:
    """The context that the settings ask for.

    Raises `TlsError` for certificates and keys that cannot be used.
    """
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    _limit_versions(context, tls)
    _limit_ciphers(context, tls)
    _load_identity(context, pem)
    _ask_clients(context, tls, pem)
    return context


def _limit_versions(context: ssl.SSLContext, tls: TlsServer) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = VERSIONS[tls.min_version]
        context.maximum_version = VERSIONS[tls.max_version]


def _limit_ciphers(context: ssl.SSLContext, tls: TlsServer) -> None:
    chosen = [CIPHERS[name] for name in tls.cipher_suites if name in CIPHERS]
    if tls.cipher_suites and not chosen:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    elif chosen or tls.min_version < "TLS12":
        # OpenSSL's usual level of security has no signatures for versions before 1.2.
        level = ["@SECLEVEL=0"] if tls.min_version < "TLS12" else []
        context.set_ciphers(":".join([*(chosen or ["DEFAULT"]), *level]))
    if not tls.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    if tls.curve_preferences:
        context.set_ecdh_curve(CURVES[tls.curve_preferences[0]])


def _load_identity(context: ssl.SSLContext, pem: Pem) -> None:
    try:
        with _as_file(pem.cert) as cert, _as_file(pem.key) as key:
            context.load_cert_chain(cert, key, password=_encrypted)
    except ssl.SSLError as error:
        raise _explained(error, pem) from None


def _explained(error: ssl.SSLError, pem: Pem) -> TlsError:
    if error.reason == "KEY_VALUES_MISMATCH":
        return TlsError("key", "does not belong to the certificate; use the one it was made with")
    if (error.reason or "").endswith(("_TOO_SMALL", "_TOO_WEAK")):
        return TlsError("cert", "is too weak; make one with at least 2048 bits of RSA and SHA-256")
    if not _certificates(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), pem.cert):
        return TlsError("cert", "holds no certificate in PEM form")
    return TlsError("key", "holds no private key in PEM form")


def _encrypted() -> str:
    raise TlsError("key", "is encrypted; store it without a passphrase, readable by us alone")


def _ask_clients(context: ServerContext, tls: TlsServer, pem: Pem) -> None:
    if pem.client_ca is not None and not _certificates(context, pem.client_ca):
        raise TlsError("client_ca", "holds no certificate in PEM form")
    if tls.client_auth_type == "VerifyClientCertIfGiven":
        context.verify_mode = ssl.CERT_OPTIONAL
    elif tls.client_auth_type == "RequireAndVerifyClientCert":
        context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.allowed_sans = frozenset(map(_plain_name, tls.client_allowed_sans))


def _certificates(context: ssl.SSLContext, pem: bytes) -> bool:
    """Make a context trust the certificates of a file; false when it holds none."""
    try:
        context.load_verify_locations(cadata=pem.decode("ascii", "ignore"))
    except ssl.SSLError:
        return False
    return True


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """The name of a file with this content, for OpenSSL; in memory where the system can."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("pem"), "wb", buffering=0) as file:
            file.write(content)
            yield f"/proc/self/fd/{file.fileno()}"
    else:
        with tempfile.NamedTemporaryFile(buffering=0) as file:
            file.write(content)
            yield file.name


def _alternative_names(connection: ssl.SSLObject) -> set[str]:
    """Host names, addresses, mailboxes and URIs that the client's certificate is for."""
    names = (connection.getpeercert() or {}).get("subjectAltName", ())
    return {_plain_name(str(name)) for _, name in cast("tuple[tuple[str, str], ...]", names)}


def _plain_name(name: str) -> str:
    """The name; an IP address in its shortest form."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name
