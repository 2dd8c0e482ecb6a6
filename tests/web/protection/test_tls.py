"""TLS over real sockets: who gets through, and on what terms."""

import asyncio
import ssl
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme
from starlette.applications import Starlette

from exporter.web.protection.names import CIPHERS, CURVES, VERSIONS
from exporter.web.server import serve
from tests.web.protection.conftest import Read


TLS = "tls_server_config: {cert_file: server.crt, key_file: server.key"
STRICT = f"{TLS}, client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert"
REFUSED = (OSError, asyncio.IncompleteReadError)
"""What a client sees that isn't let in; with TLS 1.3 its own part of the handshake is over."""

Visit = Callable[[str, ssl.SSLContext], Awaitable[ssl.SSLObject]]


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """A client that trusts the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context


@pytest.fixture
def visit(read: Read, app: Starlette) -> Visit:
    """Ask a server that has the given web configuration; gives what was agreed on."""

    async def visit(text: str, context: ssl.SSLContext) -> ssl.SSLObject:
        tls = read(text).tls
        async with serve(app, ["127.0.0.1:0"], tls=lambda: tls) as server:
            return await asked(server.addresses[0].port, context)

    return visit


async def asked(port: int, context: ssl.SSLContext) -> ssl.SSLObject:
    """Make a connection, ask for a page, get it."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="localhost"
    )
    try:
        writer.write(b"GET /-/ready HTTP/1.1\r\nhost: x\r\n\r\n")
        assert await reader.readuntil(b"\r\n") == b"HTTP/1.1 200 OK\r\n"
        agreed: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return agreed
    finally:
        writer.transport.abort()


def bounded(context: ssl.SSLContext, version: str) -> ssl.SSLContext:
    """The context for this version alone, as lax as old ones need it."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = VERSIONS[version]
    return context


async def test_a_client_sees_the_certificate(visit: Visit, trusting: ssl.SSLContext) -> None:
    """The server proves who it is, to HTTP/1.1 by agreement, with the newest version."""
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    agreed = await visit(f"{TLS}}}", trusting)
    assert ("DNS", "localhost") in (agreed.getpeercert() or {})["subjectAltName"]
    assert (agreed.version(), agreed.selected_alpn_protocol()) == ("TLSv1.3", "http/1.1")


@pytest.mark.parametrize(
    ("settings", "spoken"),
    [
        ("", {"TLS12", "TLS13"}),
        (", min_version: TLS10", set(VERSIONS)),
        (", min_version: TLS11, max_version: TLS12", {"TLS11", "TLS12"}),
        (", min_version: TLS13", {"TLS13"}),
        (", max_version: TLS12", {"TLS12"}),
        (", cipher_suites: [TLS_AES_128_GCM_SHA256]", {"TLS13"}),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
async def test_versions(
    visit: Visit, trusting: ssl.SSLContext, settings: str, spoken: set[str], version: str
) -> None:
    """A version is spoken when it is within the bounds, and no other."""
    client = bounded(trusting, version)
    if version in spoken:
        agreed = await visit(f"{TLS}{settings}}}", client)
        assert (agreed.version() or "").replace("v1.", "1").replace("v1", "10") == version
    else:
        with pytest.raises(REFUSED):
            await visit(f"{TLS}{settings}}}", client)


@pytest.mark.parametrize("name", CIPHERS)
async def test_suites(
    visit: Visit, trusting: ssl.SSLContext, authority: trustme.CA, folder: Path, name: str
) -> None:
    """The one suite that is allowed is used, and without it there is no connection."""
    kind = trustme.KeyType.RSA if "_RSA_" in name else trustme.KeyType.ECDSA
    cert = authority.issue_cert("localhost", key_type=kind)
    (folder / "server.crt").write_bytes(cert.cert_chain_pems[0].bytes())
    (folder / "server.key").write_bytes(cert.private_key_pem.bytes())
    only = f"{TLS}, cipher_suites: [{name}]}}"
    client = bounded(trusting, "TLS12")
    assert ((await visit(only, client)).cipher() or "")[0] == CIPHERS[name]
    client.set_ciphers(f"ALL:!{CIPHERS[name]}")
    with pytest.raises(REFUSED):
        await visit(only, client)


@pytest.mark.parametrize(("servers_choice", "cipher"), [("true", 0), ("false", 1)])
async def test_whose_order_of_suites(
    visit: Visit, trusting: ssl.SSLContext, servers_choice: str, cipher: int
) -> None:
    """The server's order counts, or the client's."""
    suites = ("AES_256_GCM_SHA384", "AES_128_GCM_SHA256")
    names = [f"TLS_ECDHE_ECDSA_WITH_{suite}" for suite in suites]
    client = bounded(trusting, "TLS12")
    client.set_ciphers(":".join(CIPHERS[name] for name in reversed(names)))
    chosen = f"cipher_suites: [{', '.join(names)}], prefer_server_cipher_suites: {servers_choice}"
    assert ((await visit(f"{TLS}, {chosen}}}", client)).cipher() or "")[0] == CIPHERS[names[cipher]]


@pytest.mark.parametrize("curve", CURVES)
async def test_curves(visit: Visit, trusting: ssl.SSLContext, curve: str) -> None:
    """The first curve of the list is the one in use."""
    other = "X25519" if curve == "CurveP256" else "CurveP256"
    only = f"{TLS}, curve_preferences: [{curve}, {other}]}}"
    trusting.set_ecdh_curve(CURVES[curve])
    await visit(only, trusting)
    trusting.set_ecdh_curve(CURVES[other])
    with pytest.raises(REFUSED):
        await visit(only, trusting)


WHO = ("nobody", "friend", "stranger")


@pytest.mark.parametrize(
    ("settings", "let_in"),
    [
        (f"{TLS}, client_auth_type: NoClientCert}}", WHO),
        (f"{TLS}, client_auth_type: RequestClientCert}}", WHO),
        (STRICT.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven}"), WHO[:2]),
        (f"{STRICT}}}", WHO[1:2]),
    ],
)
@pytest.mark.parametrize("who", WHO)
async def test_who_is_let_in(
    visit: Visit,
    trusting: ssl.SSLContext,
    authority: trustme.CA,
    stranger: trustme.CA,
    settings: str,
    let_in: tuple[str, ...],
    who: str,
) -> None:
    """Clients without a certificate, with ours, with one that anybody could make."""
    if who != "nobody":
        issuer = authority if who == "friend" else stranger
        issuer.issue_cert("client.example").configure_cert(trusting)
    if who in let_in:
        await visit(settings, trusting)
    else:
        with pytest.raises(REFUSED):
            await visit(settings, trusting)


@pytest.mark.parametrize("version", ["TLS12", "TLS13"])
@pytest.mark.parametrize(
    ("allowed", "let_in"),
    [
        ("client.example", True),
        ("other.example, ops@client.example", True),
        ("10.1.2.3", True),
        ("'2001:db8::1'", True),
        ("'2001:DB8:0:0:0:0:0:1'", True),
        ("other.example, 10.1.2.4", False),
        ("example", False),
        ("'*.example'", False),
        ("CLIENT.EXAMPLE", False),
    ],
)
async def test_allowed_names(
    visit: Visit,
    trusting: ssl.SSLContext,
    authority: trustme.CA,
    allowed: str,
    let_in: bool,  # noqa: FBT001  a table's column
    version: str,
) -> None:
    """Of the certificates of our authority only those with one of the names, letter by letter."""
    names = ("client.example", "ops@client.example", "10.1.2.3", "2001:db8::1")
    authority.issue_cert(*names).configure_cert(trusting)
    settings = f"{STRICT}, client_allowed_sans: [{allowed}]}}"
    if let_in:
        await visit(settings, bounded(trusting, version))
    else:
        with pytest.raises(REFUSED):
            await visit(settings, bounded(trusting, version))


async def test_plain_http_at_a_tls_port(
    read: Read, app: Starlette, caplog: pytest.LogCaptureFixture
) -> None:
    """It ends the connection, quietly, and others are served on."""
    tls = read(f"{TLS}}}").tls
    async with serve(app, ["127.0.0.1:0"], tls=lambda: tls) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.addresses[0].port)
        writer.write(b"GET /-/ready HTTP/1.1\r\nhost: x\r\n\r\n")
        assert b"HTTP" not in await reader.read()
        writer.close()
    assert [record.getMessage() for record in caplog.records] == []


async def test_a_certificate_may_vouch_for_itself(
    visit: Visit, trusting: ssl.SSLContext, authority: trustme.CA, folder: Path
) -> None:
    """As in Go, `client_ca` may hold the very certificates that are accepted."""
    friend, other = (authority.issue_cert("client.example") for _ in range(2))
    (folder / "ca.crt").write_bytes(friend.cert_chain_pems[0].bytes())
    friend.configure_cert(trusting)
    await visit(f"{STRICT}}}", trusting)
    other.configure_cert(trusting)
    with pytest.raises(REFUSED):
        await visit(f"{STRICT}}}", trusting)
