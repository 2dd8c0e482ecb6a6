"""What the web configuration file says, and what is said of its mistakes."""

import ssl
from collections.abc import Iterable
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from exporter.config import ConfigError, UnreadableConfigError
from exporter.web.protection.files import Files
from exporter.web.protection.reading import read_protection
from exporter.web.protection.settings import RateLimit
from tests.web.protection.conftest import Read


HASH = "$2b$04$MCAferr28rMIUZBIbuYy2OLTjoM5IXDgi3puDtucSSn8yK.g6vNOW"
"""Of `PASSWORD`; a fresh one would give each process of the tests other names of cases."""
TLS = "tls_server_config: {cert_file: server.crt, key_file: server.key"
CLIENTS = f"{TLS}, client_ca_file: ca.crt"
STRICT = f"{CLIENTS}, client_auth_type: RequireAndVerifyClientCert"


def told(findings: Iterable[object]) -> str:
    """Everything that is said of a file, in one line, without the folder."""
    return " ".join(str(finding).rpartition("/web.yml")[2] for finding in findings)


def unfolded(text: str) -> str:
    """The text in one line."""
    return " ".join(text.split())


@pytest.mark.parametrize("text", ["", "{}", "# nothing", "basic_auth_users: {}", "rate_limit: {}"])
def test_nothing_is_no_protection(read: Read, text: str) -> None:
    """A file that asks for nothing is plain HTTP for everybody, as in Prometheus."""
    found = read(text)
    assert (found.tls, found.users, found.headers, found.rate) == (None, {}, {}, None)


def test_everything_is_read(read: Read) -> None:
    """Each section has its effect."""
    found = read(
        f"""\
tls_server_config: {{cert_file: server.crt, key_file: server.key, min_version: TLS13}}
http_server_config:
  http2: false
  headers:
    X-Frame-Options: sameorigin
    Strict-Transport-Security: max-age=60
    X-XSS-Protection: ""
basic_auth_users: {{prometheus: {HASH}, мария: {HASH}}}
rate_limit: {{interval: 1m30.5s, burst: 20}}
"""
    )
    assert found.tls is not None
    assert found.tls.minimum_version is ssl.TLSVersion.TLSv1_3
    assert found.headers == {
        "X-Frame-Options": "sameorigin",
        "Strict-Transport-Security": "max-age=60",
    }
    assert found.users == {"prometheus": HASH, "мария": HASH}
    assert found.rate == RateLimit(interval=90.5, burst=20)
    assert found.warnings == ()


def test_file_names_start_at_the_file(
    read: Read, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any
) -> None:
    """The working folder doesn't matter; an absolute name is taken as it is."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert read(f"{STRICT}}}").tls is not None
    absolute = TLS.replace("server.crt", str(folder / "server.crt"))
    assert read(f"{absolute}}}").tls is not None


@pytest.mark.parametrize("in_memory", [True, False])
def test_certificates_in_the_file_itself(
    read: Read,
    server_cert: trustme.LeafCert,
    authority: trustme.CA,
    monkeypatch: pytest.MonkeyPatch,
    in_memory: bool,  # noqa: FBT001  a table's column
) -> None:
    """Certificate, key and authority may stand in the file, whatever the system offers OpenSSL."""
    if not in_memory:
        monkeypatch.delattr("os.memfd_create", raising=False)
    parts = {
        "cert": server_cert.cert_chain_pems[0],
        "key": server_cert.private_key_pem,
        "client_ca": authority.cert_pem,
    }
    text = "tls_server_config:\n  client_auth_type: RequireAndVerifyClientCert\n"
    for key, pem in parts.items():
        text += f"  {key}: |\n" + indent(pem.bytes().decode(), "    ")
    found = read(text)
    assert found.tls is not None
    assert found.tls.cert_store_stats()["x509_ca"] == 1


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "tls_server_confg: {}",
            """
            :1: tls_server_confg: is not a known key; did you mean tls_server_config?
            """,
        ),
        (
            f"{TLS}, certfile: x}}",
            """
            :1: tls_server_config.certfile: is not a known key; did you mean cert_file?
            """,
        ),
        (
            "cert_file: x",
            """
            :1: cert_file: is not a known key; did you mean tls_server_config.cert_file?
            """,
        ),
        (
            "[]",
            """
            :1: must be a mapping, such as 'accounts:' with a list below it
            """,
        ),
        (
            "tls_server_config: {min_version: TLS12}",
            """
            :1: tls_server_config.cert_file: is missing; add it, or remove
                tls_server_config for plain HTTP
            :1: tls_server_config.key_file: is missing; add it, or remove
                tls_server_config for plain HTTP
            """,
        ),
        (
            f"{TLS}, key: x}}",
            """
            :1: tls_server_config.key_file: is given beside key; keep one of the two
            """,
        ),
        (
            "tls_server_config: {cert_file: absent.crt, key_file: ''}",
            """
            :1: tls_server_config.key_file: is missing; add it, or remove
                tls_server_config for plain HTTP
            :1: tls_server_config.cert_file: names a file that cannot be read: no such
                file or directory
            """,
        ),
        (
            "tls_server_config: {cert_file: web.yml, key_file: server.key}",
            """
            :1: tls_server_config.cert_file: holds no certificate in PEM form
            """,
        ),
        (
            "tls_server_config: {cert_file: server.crt, key: secret-key-text}",
            """
            :1: tls_server_config.key: holds no private key in PEM form
            """,
        ),
        (
            "tls_server_config: {cert_file: ca.crt, key_file: server.key}",
            """
            :1: tls_server_config.key_file: does not belong to the certificate; use the
                one it was made with
            """,
        ),
        (
            f"{TLS}, min_version: TLS13, max_version: TLS12}}",
            """
            :1: tls_server_config.max_version: must not be below min_version, which is
                TLS13
            """,
        ),
        (
            f"{TLS}, min_version: '1.2'}}",
            """
            :1: tls_server_config.min_version: must be TLS10, TLS11, TLS12 or TLS13
            """,
        ),
        (
            f"{TLS}, max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]}}",
            """
            :1: tls_server_config.cipher_suites: names no suite of TLS12; add one
            """,
        ),
        (
            f"{TLS}, curve_preferences: [X25519, Curve25519]}}",
            """
            :1: tls_server_config.curve_preferences[1]: must be X25519, CurveP256,
                CurveP384 or CurveP521
            """,
        ),
        (
            f"{TLS}, prefer_server_cipher_suites: perhaps}}",
            """
            :1: tls_server_config.prefer_server_cipher_suites: must be true or false
            """,
        ),
        (
            f"{TLS}, client_auth_type: RequireAnyClientCert}}",
            """
            :1: tls_server_config.client_auth_type: lets in whoever makes a certificate
                up, and is not done here; use RequireAndVerifyClientCert
            """,
        ),
        (
            f"{TLS}, client_auth_type: RequireAndVerifyClientCert}}",
            """
            :1: tls_server_config.client_ca_file: is missing; name the authority whose
                certificates are accepted
            """,
        ),
        (
            f"{CLIENTS}}}",
            """
            :1: tls_server_config.client_auth_type: must be RequireAndVerifyClientCert
                for client_ca to be of use
            """,
        ),
        (
            (STRICT.replace("ca.crt", "server.key") + "}"),
            """
            :1: tls_server_config.client_ca_file: holds no certificate in PEM form
            """,
        ),
        (
            f"{STRICT}, client_allowed_sans: []}}",
            """
            :1: tls_server_config.client_allowed_sans: names nobody; add a name or
                remove it
            """,
        ),
        (
            f"{TLS}, client_allowed_sans: [a]}}",
            """
            :1: tls_server_config.client_allowed_sans: needs client_auth_type:
                RequireAndVerifyClientCert
            """,
        ),
        (
            (
                "http_server_config: {headers: {X-Powered-By: x, X-Frame-Options: never,"
                " Content-Security-Policy: é}}"
            ),
            """
            :1: http_server_config.headers.X-Powered-By: is not a header that can be
                set; only Content-Security-Policy, Strict-Transport-Security,
                X-Content-Type-Options, X-Frame-Options, X-XSS-Protection
            :1: http_server_config.headers.X-Frame-Options: must be deny or sameorigin
            :1: http_server_config.headers.Content-Security-Policy: must be ASCII text
            """,
        ),
        (
            'http_server_config: {headers: {X-XSS-Protection: "0\\r\\nX-Evil: 1"}}',
            """
            :1: http_server_config.headers.X-XSS-Protection: holds a line break or a
                control character; write it on one line
            """,
        ),
        (
            ("basic_auth_users:\n  nobody:\n  plain: secret\n  'a:b': " + HASH),
            """
            :2: basic_auth_users.nobody: must be a bcrypt hash in quotes, as `htpasswd
                -nBC 10 name` makes them
            :3: basic_auth_users.plain: must be a bcrypt hash in quotes, as `htpasswd
                -nBC 10 name` makes them
            :4: basic_auth_users.a:b: is a name that nobody can log in with; it must not
                be empty or hold a colon
            """,
        ),
        (
            "basic_auth_users: [a]",
            """
            :1: basic_auth_users: must be a mapping of keys
            """,
        ),
        (
            "rate_limit: {interval: 5, burst: -1}",
            """
            :1: rate_limit.interval: must be a duration with its unit, such as 500ms, 1s
                or 1m30s
            :1: rate_limit.burst: must be at least 0
            """,
        ),
        (
            "rate_limit: {interval: 1s}",
            """
            :1: rate_limit.burst: must be at least 1, or no request would ever be
                answered
            """,
        ),
    ],
)
def test_mistakes_are_told(read: Read, text: str, problems: str) -> None:
    """Each is told at once, with its line and what to do, and no value is quoted."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert told(caught.value.problems) == unfolded(problems)


def test_a_file_that_is_not_there(folder: Path) -> None:
    """The flag to check is named."""
    with pytest.raises(UnreadableConfigError, match=r"no such file .* check --web\.config\.file"):
        read_protection(folder / "absent.yml", Files())


def test_an_encrypted_key(read: Read, folder: Path, server_cert: trustme.LeafCert) -> None:
    """Nobody is there to type its passphrase, and nobody is asked."""
    key = load_pem_private_key(server_cert.private_key_pem.bytes(), None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    (folder / "server.key").write_bytes(pem)
    with pytest.raises(ConfigError) as caught:
        read(f"{TLS}}}")
    assert told(caught.value.problems) == (
        ":1: tls_server_config.key_file: is encrypted; store it without a passphrase,"
        " readable by us alone"
    )


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        (
            f"basic_auth_users: {{a: {HASH}}}",
            """
            :1: basic_auth_users: are sent unencrypted without tls_server_config;
                whoever listens can log in
            """,
        ),
        (
            "basic_auth_users:",
            """
            :1: basic_auth_users: names nobody, so that everybody is let in; add a user
                or remove it
            """,
        ),
        (
            f"{TLS}}}\nbasic_auth_users: {{a: {HASH.replace('$04$', '$14$')}}}",
            """
            :2: basic_auth_users.a: has a cost of 14, which takes long at each login; 10
                will do
            """,
        ),
        (
            f"{TLS}, min_version: TLS10}}",
            """
            :1: tls_server_config.min_version: allows TLS10, which is broken; use TLS12
                or TLS13
            """,
        ),
        (
            f"{TLS}, client_auth_type: RequestClientCert}}",
            """
            :1: tls_server_config.client_auth_type: is taken for NoClientCert: nobody
                would look at the certificate
            """,
        ),
        (
            f"{CLIENTS}, client_auth_type: VerifyClientCertIfGiven}}",
            """
            :1: tls_server_config.client_auth_type: lets in clients without a
                certificate; use RequireAndVerifyClientCert
            """,
        ),
        (
            f"{TLS}, curve_preferences: [CurveP384, X25519]}}",
            """
            :1: tls_server_config.curve_preferences: is taken for CurveP384 alone: only
                one curve can be set here
            """,
        ),
        (
            "http_server_config: {http2: true}",
            """
            :1: http_server_config.http2: changes nothing: HTTP/1.1 is all that is
                spoken here
            """,
        ),
        (f"{TLS}, client_auth_type: ''}}", ""),
    ],
)
def test_doubts_are_told(read: Read, text: str, warnings: str) -> None:
    """What works, but perhaps not as meant, is said and used."""
    assert told(read(text).warnings) == unfolded(warnings)


def test_a_key_that_everybody_can_read(read: Read, folder: Path) -> None:
    """The key's file, or the one it stands in, should be for the exporter alone."""
    (folder / "server.key").chmod(0o644)
    (line,) = read(f"{TLS}}}").warnings
    assert "key_file: can be read by every user of this machine; chmod 640" in line
