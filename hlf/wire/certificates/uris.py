"""
Names of hosts and addresses in certificates, checked as Go checks them.

Go refuses a certificate if its ``net/url`` cannot parse one of the alternative names.
"""

from __future__ import annotations

import ipaddress
import re

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_USER = re.compile(r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*")
_PORT = re.compile(r"(?::[0-9]*)?")
_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})?")
_HOST = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:\[\]<>\"%-]*")
_LABEL = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9_:-]*")
_STRICT = ("http", "https")
# RFC 2821 as Go reads it: a quoted text, or atoms with dots between them; a backslash escapes anything.
_QUOTED = re.compile(r'"((?:\\[\x01-\x09\x0b\x0c\x0e-\x7f]|[\x01-\x08\x0b\x0c\x0e-!#-\[\]-\x7f])*)"@')
_ATOMS = re.compile(r"((?:\\.|[0-9A-Za-z!#$%&'*+/=?^_`{|}~.-])+)@", re.DOTALL)


def is_uri(text: str) -> bool:
    """Return whether *text*, which is ASCII, is a URI with a possible host."""
    rest, _, fragment = text.partition("#")
    host = _host(rest)
    return host is not None and _escapes_well(fragment) and is_domain(host)


def constrained_host(text: str) -> str | None:
    """Return the host of a URI, to which name constraints apply; None if there is none, or an address."""
    host = _host(text.partition("#")[0])
    if not host:
        return None
    if ":" in host and not host.endswith("]"):
        host, _, port = host.rpartition(":")
        if ":" in host and not (host.startswith("[") and host.endswith("]")):
            return None
        host = host.strip("[]")
    return None if is_address(host.partition("%")[0]) or host.startswith("[") else host


def is_domain(name: str, *, constraint: bool = False) -> bool:
    """Return whether *name* can be a host's; a *constraint* may begin with a dot."""
    if not name:
        return True
    if constraint and name.startswith("."):
        name = name[1:]
        if not name:
            return False
    return all(label and all("!" <= char <= "~" for char in label) for label in name.split("."))


def is_host_name(text: str) -> bool:
    """Return whether Fabric reads a common name as a host's; the first label may be a wildcard."""
    labels = text.removesuffix(".").split(".")
    return all(_LABEL.fullmatch(label) or (not place and label == "*") for place, label in enumerate(labels))


def mailbox(text: str) -> tuple[str, str] | None:
    """Return the local part and the domain of a mailbox; None if *text* is none."""
    found = _QUOTED.match(text)
    if found is not None:
        local = _unescaped_local(found[1])
    else:
        found = _ATOMS.match(text)
        if found is None:
            return None
        local = _unescaped_local(found[1])
        if local.startswith(".") or local.endswith(".") or ".." in local:
            return None
    domain = text[found.end() :]
    return (local, domain) if is_domain(domain) else None


def _unescaped_local(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def is_address(text: str) -> bool:
    """Return whether *text* is an IP address without a zone."""
    try:
        return "%" not in text and bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _host(text: str) -> str | None:
    """Return the host (and port) of a URI without its fragment; empty if it has none, None if it is no URI."""
    if _CONTROLS.search(text) or text.startswith(":"):
        return None
    if text == "*":
        return ""
    found = _SCHEME.match(text)
    scheme, rest = (found[0][:-1].lower(), text[found.end() :]) if found else ("", text)
    rest = rest.partition("?")[0]
    if not rest.startswith("/"):
        # After a scheme, this is opaque; without one, the first part must not look like a scheme.
        return "" if scheme or ":" not in rest.partition("/")[0] and _escapes_well(rest) else None
    if not rest.startswith("//") or (not scheme and rest.startswith("///")):
        return "" if _escapes_well(rest) else None
    authority, slash, path = rest[2:].partition("/")
    user, at, host = authority.rpartition("@")
    if at and not (_USER.fullmatch(user) and _escapes_well(user)):
        return None
    return _unescaped_host(scheme, host) if _escapes_well(slash + path) else None


def _unescaped_host(scheme: str, host: str) -> str | None:
    opening = host.rfind("[")
    if opening > 0:
        return None
    if opening == 0:
        return _literal(host)
    if ":" in host:
        # Only for web addresses does Go refuse a host with several colons.
        at = host.index(":") if scheme in _STRICT else host.rindex(":")
        if not _PORT.fullmatch(host[at:]):
            return None
    return _unescaped(host)


def _literal(host: str) -> str | None:
    """Return an IPv6 address in brackets, with its port if there is one."""
    closing = host.rfind("]")
    if closing < 0 or not _PORT.fullmatch(host[closing + 1 :]):
        return None
    address, marked, zone = host[1:closing].partition("%25")
    plain, name = _unescaped(address), _zone(marked + zone)
    if plain is None or name is None:
        return None
    whole = plain + name
    number, percent, scope = whole.partition("%")
    try:
        ipaddress.IPv6Address(number)
    except ValueError:
        return None
    if percent and not scope:
        return None
    return f"[{whole}]{host[closing + 1 :]}"


def _zone(text: str) -> str | None:
    """Return a zone; in it a space, and any character that a host can have, may be escaped."""
    if not _escapes_well(text) or not _HOST.fullmatch(re.sub(r"[^\x00-\x7f]", "", text)):
        return None
    for found in _ESCAPED.finditer(text):
        char = chr(int(found[1], 16))
        if found[0] != "%25" and char != " " and (char == "%" or not _HOST.fullmatch(char)):
            return None
    return _plain(text)


def _unescaped(host: str) -> str | None:
    """Return a host; in it only characters beyond ASCII may be escaped."""
    if not _escapes_well(host) or not _HOST.fullmatch(host):
        return None
    if any(int(found[1], 16) < 0x80 and found[0] != "%25" for found in _ESCAPED.finditer(host)):
        return None
    return _plain(host)


def _escapes_well(text: str) -> bool:
    return all(found[1] for found in _ESCAPED.finditer(text))


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
