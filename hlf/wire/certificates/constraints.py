"""Name constraints (RFC 5280, section 4.2.1.10), applied to a chain as Go applies them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hlf.wire.certificates import extensions, uris
from hlf.wire.certificates.certificate import Certificate
from hlf.wire.certificates.extensions import DNS, EMAIL, IP, URI

Named = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class _Name:
    """One alternative name, ready to be compared: the text that domain constraints apply to, and the whole name."""

    kind: int
    domain: str
    whole: object


def permit(chain: Sequence[Certificate]) -> bool:
    """Return whether the certificates above allow each certificate's alternative names."""
    for place, holder in enumerate(chain):
        if extensions.ALTERNATIVE_NAMES not in holder.extensions.by_oid:
            continue
        above = [one for one in chain[place + 1 :] if extensions.NAME_CONSTRAINTS in one.extensions.by_oid]
        if above and not _permitted(holder.extensions.names, above):
            return False
    return True


def bar_common_name(chain: Sequence[Certificate]) -> bool:
    """Return whether Fabric refuses the chain because constraints would apply to a host's name in the common name."""
    leaf, above = chain[0], chain[1:]
    if extensions.ALTERNATIVE_NAMES in leaf.extensions.by_oid:
        return False
    if not any(extensions.NAME_CONSTRAINTS in one.extensions.by_oid for one in above):
        return False
    return uris.is_host_name(leaf.subject.common_name)


def _permitted(names: Sequence[Named], above: Sequence[Certificate]) -> bool:
    for kind, value in names:
        name = _NAMES[kind](value)
        if name is None or not (kind == IP or uris.is_domain(name.domain)):
            return False
        if not all(_allows(one.extensions, name) for one in above):
            return False
    return True


def _allows(holder: extensions.Extensions, name: _Name) -> bool:
    permitted = [value for kind, value in holder.permitted if kind == name.kind]
    excluded = [value for kind, value in holder.excluded if kind == name.kind]
    if permitted and not any(_matches(name, value) for value in permitted):
        return False
    return not any(_matches(name, value, excluding=True) for value in excluded)


def _matches(name: _Name, value: bytes, *, excluding: bool = False) -> bool:
    if name.kind == IP:
        address, size = name.whole, len(value) // 2
        return (
            isinstance(address, bytes)
            and len(address) == size
            and _masked(address, value[size:]) == _masked(value[:size], value[size:])
        )
    constraint = value.decode("ascii")
    if name.kind == EMAIL and "@" in constraint:
        exact = uris.mailbox(constraint)
        return exact is not None and name.whole == (exact[0], exact[1].lower())
    return _within(name.domain.lower(), constraint.lower(), excluding)


def _within(domain: str, constraint: str, excluding: bool) -> bool:
    """Return whether a domain matches a constraint; a constraint with a leading dot needs at least one label more."""
    if not constraint:
        return True
    if domain.endswith(constraint):
        before = domain[: -len(constraint)]
        return constraint.startswith(".") or not before or before.endswith(".")
    # A wildcard is excluded if any of the names that it matches is.
    if excluding and domain.startswith("*") and "." in domain:
        return domain[domain.index(".") :] == constraint[constraint.find(".") :] and "." in constraint
    return False


def _masked(address: bytes, mask: bytes) -> bytes:
    return bytes(one & bits for one, bits in zip(address, mask, strict=True))


def _domain(value: bytes) -> _Name:
    text = value.decode("ascii")
    return _Name(DNS, text, text)


def _host(value: bytes) -> _Name | None:
    host = uris.constrained_host(value.decode("ascii"))
    return None if host is None else _Name(URI, host, host)


def _mailbox(value: bytes) -> _Name | None:
    found = uris.mailbox(value.decode("ascii"))
    return None if found is None else _Name(EMAIL, found[1], (found[0], found[1].lower()))


def _address(value: bytes) -> _Name:
    return _Name(IP, "", value)


_NAMES: dict[int, Callable[[bytes], _Name | None]] = {DNS: _domain, URI: _host, EMAIL: _mailbox, IP: _address}
