"""Listen addresses and the sockets bound to them."""

import errno
import socket
from collections.abc import Iterable

import msgspec

from exporter.web.errors import (
    AddressDeniedError,
    AddressInUseError,
    AddressUnknownError,
    ListenAddressError,
    ListenError,
)


BACKLOG = 256
_HIGHEST_PORT = 65535
_ANY = {"": "::", "0.0.0.0": "0.0.0.0", "::": "::"}  # noqa: S104 - the user chooses what to bind


class ListenAddress(msgspec.Struct, frozen=True):
    """``host:port``; an empty host or ``::`` is every interface, IPv6 and IPv4."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def url(self, scheme: str = "http") -> str:
        """An address to open in a browser on this machine."""
        reachable = "localhost" if self.host in _ANY else self.host
        return f"{scheme}://{ListenAddress(reachable, self.port)}"


def parse_address(text: str) -> ListenAddress:
    """Read ``host:port``, ``[address]:port`` or ``:port``; port 0 lets the system choose."""
    host, separator, port = text.strip().rpartition(":")
    if not separator:
        raise ListenAddressError(f"{text!r} has no port; write host:port, [::1]:port or :port")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ListenAddressError(f"{text!r}: put an IPv6 address in brackets, as in [::1]:10048")
    if not (port.isascii() and port.isdigit() and int(port) <= _HIGHEST_PORT):
        raise ListenAddressError(f"{text!r}: the port must be a number from 0 to {_HIGHEST_PORT}")
    return ListenAddress(host, int(port))


def bind_all(addresses: Iterable[str]) -> list[socket.socket]:
    """Listening sockets for all addresses, or none when one of them fails (`ListenError`)."""
    bound: list[socket.socket] = []
    try:
        for address in dict.fromkeys(map(parse_address, addresses)):
            bound.extend(_bind(address))
    except BaseException:
        close_all(bound)
        raise
    return bound


def close_all(sockets: Iterable[socket.socket]) -> None:
    """Close sockets."""
    for listening in sockets:
        listening.close()


def address_of(listening: socket.socket) -> ListenAddress:
    """Where a socket really listens."""
    host, port = listening.getsockname()[:2]
    return ListenAddress(host, port)


def _bind(address: ListenAddress) -> list[socket.socket]:
    targets = _targets(address)
    sockets: list[socket.socket] = []
    port = address.port
    try:
        for family, host in targets:
            sockets.append(_listen(family, host, port, address))
            port = sockets[0].getsockname()[1]
    except ListenError:
        close_all(sockets)
        raise
    return sockets


def _targets(address: ListenAddress) -> list[tuple[socket.AddressFamily, str]]:
    if not address.host and not _has_ipv6():
        return [(socket.AF_INET, "0.0.0.0")]  # noqa: S104 - as the user asked
    host = _ANY.get(address.host, address.host)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressUnknownError(
            f"cannot listen on {address}: the host name cannot be resolved ({error});"
            " use an address of this machine"
        ) from error
    return list(dict.fromkeys((family, str(sockaddr[0])) for family, *_, sockaddr in found))


def _has_ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
    except OSError:
        return False
    return True


def _listen(
    family: socket.AddressFamily, host: str, port: int, address: ListenAddress
) -> socket.socket:
    try:
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise _explained(error, address) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            both = host == "::"
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not both))
        listening.bind((host, port))
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise _explained(error, address) from error
    return listening


def _explained(error: OSError, address: ListenAddress) -> ListenError:
    start = f"cannot listen on {address}: "
    match error.errno:
        case errno.EADDRINUSE:
            return AddressInUseError(
                f"{start}another program listens there already; stop it (`ss -ltnp` names it)"
                " or choose another port with --web.listen-address"
            )
        case errno.EACCES | errno.EPERM:
            return AddressDeniedError(
                f"{start}this user is not allowed to; choose a port above 1023"
                " with --web.listen-address"
            )
        case errno.EADDRNOTAVAIL:
            return AddressUnknownError(
                f"{start}this machine has no such address; use one that `ip address` shows,"
                " or :port for all"
            )
        case _:
            return ListenError(f"{start}{error.strerror or error}")
