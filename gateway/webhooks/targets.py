"""
Where webhooks may be sent: the public internet, and the networks that the operator allows.

A name is resolved for each attempt, and the connection goes to the address that was checked, so a name that resolves to
another address a moment later changes nothing (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Sequence[str]]

_PORTS = {"http": 80, "https": 443}
# All of IPv6 that is assigned to the public internet; other ranges, such as old site-local addresses, may lead inside.
_PUBLIC = ipaddress.IPv6Network("2000::/3")
# IPv6 addresses that lead to an IPv4 one: those of a translator (RFC 6052).
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class TargetError(Exception):
    """Nothing may be sent there; the message says why."""


@dataclass(frozen=True)
class Target:
    """The parts of a webhook's URL."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the header ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse(url: str) -> Target:
    """
    Return the parts of a URL.

    Raises:
        TargetError: it is no URL of http or https, or has a user, a password or a fragment.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise TargetError(f"this is no URL: {error}") from None
    if parts.scheme not in _PORTS or not host or not url.isascii() or not url.isprintable() or " " in url:
        raise TargetError("it must be a URL as https://example.com/events, in ASCII")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise TargetError("it must have no user, no password and no fragment; the signature shows who sends")
    if port == 0:
        raise TargetError("it must have a port from 1 to 65535")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def check(target: Target, allowed: Sequence[Network]) -> None:
    """
    Refuse a target that is wrong before its name is resolved.

    Raises:
        TargetError
    """
    try:
        address = ipaddress.ip_address(target.host)
    except ValueError:
        if target.scheme == "http" and not allowed:
            raise TargetError("it must begin with https://") from None
        return
    _check_address(target, address, allowed)


def address_of(target: Target, allowed: Sequence[Network], resolve: Resolve | None = None) -> str:
    """
    Return the address to connect to. All addresses of the name must be allowed, so that retries cannot find another.

    Raises:
        TargetError: the name has no address, or one that is not allowed.
    """
    try:
        found = (resolve or _resolve)(target.host, target.port)
    except (OSError, UnicodeError) as error:
        raise TargetError(f"{target.host} has no address: {error}") from None
    for each in found:
        _check_address(target, ipaddress.ip_address(each), allowed)
    if not found:
        raise TargetError(f"{target.host} has no address")
    return found[0]


def _check_address(target: Target, address: Address, allowed: Sequence[Network]) -> None:
    meant = _meant(address)
    if any(meant in network for network in allowed if network.version == meant.version):
        return
    if not meant.is_global or meant.is_multicast or (meant.version == 6 and meant not in _PUBLIC):
        raise TargetError(
            f"{target.host} is not in the public internet; the gateway's operator may allow its network by "
            "SELAT_WEBHOOK_NETWORKS"
        )
    if target.scheme == "http":
        raise TargetError("it must begin with https://")


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one leads to, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found))
