"""
The extensions of a certificate, as Go's ``crypto/x509`` reads them.

An extension that Go supports must be well-formed, or the certificate is refused. Others are kept as bytes; if one of
them is critical, the certificate is in no valid chain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hlf.errors import IdentityError
from hlf.wire.certificates import der, uris

SUBJECT_KEY_ID = "2.5.29.14"
KEY_USAGE = "2.5.29.15"
ALTERNATIVE_NAMES = "2.5.29.17"
BASIC_CONSTRAINTS = "2.5.29.19"
NAME_CONSTRAINTS = "2.5.29.30"
DISTRIBUTION_POINTS = "2.5.29.31"
POLICIES = "2.5.29.32"
POLICY_MAPPINGS = "2.5.29.33"
AUTHORITY_KEY_ID = "2.5.29.35"
POLICY_CONSTRAINTS = "2.5.29.36"
EXTENDED_KEY_USAGE = "2.5.29.37"
INHIBIT_ANY_POLICY = "2.5.29.54"
AUTHORITY_INFORMATION = "1.3.6.1.5.5.7.1.1"

KEY_CERT_SIGN = 5
"""The number of the bit in a key usage that lets a key sign certificates."""

EMAIL, DNS, URI, IP = (der.context(number) for number in (1, 2, 6, 7))
"""The kinds of general names that Go reads, as their tags."""
_ADDRESS_SIZES = (4, 16)
_USAGES = 9


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension: its identifier, whether it is critical, and its bytes."""

    oid: str
    critical: bool
    value: bytes


@dataclass(slots=True)
class Extensions:
    """
    The values of a certificate's extensions.

    Attributes:
        by_oid: each extension, unchanged.
        unhandled: the critical extensions that are not supported.
        constrained, authority, path_length: basic constraints; -1 where the path is not limited.
        key_usage: the numbers of the bits that are set.
        purposes: extended key usages; empty where there are none.
        policies, policy_mappings, explicit_policy, inhibit_mapping, inhibit_any_policy: RFC 5280, section 6; -1 if
            absent.
        permitted, excluded: name constraints, each (kind of general name, bytes).
        names: the alternative names that constraints apply to, in the same form.
    """

    by_oid: Mapping[str, Extension] = field(default_factory=lambda: MappingProxyType({}))
    unhandled: tuple[str, ...] = ()
    constrained: bool = False
    authority: bool = False
    path_length: int = -1
    key_usage: frozenset[int] = frozenset()
    purposes: frozenset[str] = frozenset()
    subject_key_id: bytes | None = None
    authority_key_id: bytes | None = None
    names: tuple[tuple[int, bytes], ...] = ()
    permitted: tuple[tuple[int, bytes], ...] = ()
    excluded: tuple[tuple[int, bytes], ...] = ()
    policies: tuple[bytes, ...] = ()
    policy_mappings: tuple[tuple[bytes, bytes], ...] = ()
    explicit_policy: int = -1
    inhibit_mapping: int = -1
    inhibit_any_policy: int = -1


def parse(encoded: bytes) -> Extensions:
    """
    Return the values in the content of the field ``extensions``.

    Raises:
        IdentityError: an extension that Go supports is malformed, or one is there twice.
    """
    reader = der.Reader(der.Reader(encoded).take(der.SEQUENCE, "x509: malformed extensions"))
    listed: dict[str, Extension] = {}
    while not reader.empty:
        one = extension(reader.take(der.SEQUENCE, "x509: malformed extension"))
        if one.oid in listed:
            raise IdentityError(f'x509: certificate contains duplicate extension with OID "{one.oid}"')
        listed[one.oid] = one
    found = Extensions(MappingProxyType(listed))
    unhandled = []
    for oid, one in listed.items():
        read = _READERS.get(oid)
        understood = read is not None and read(found, one)
        if one.critical and not understood:
            unhandled.append(oid)
    found.unhandled = tuple(unhandled)
    return found


def extension(content: bytes) -> Extension:
    """
    Return the extension in this content.

    Raises:
        IdentityError: it is none.
    """
    reader = der.Reader(content)
    oid = reader.object_identifier("x509: malformed extension OID field")
    critical = reader.peek(der.BOOLEAN) and reader.boolean("x509: malformed extension critical field")
    return Extension(oid, critical, reader.take(der.OCTET_STRING, "x509: malformed extension value field"))


def authority_key_id(one: Extension) -> bytes | None:
    """
    Return the key identifier that an AuthorityKeyIdentifier names; None where it names none.

    Raises:
        IdentityError: it is critical, which RFC 5280 forbids, or malformed.
    """
    if one.critical:
        raise IdentityError("x509: authority key identifier incorrectly marked critical")
    refusal = "x509: invalid authority key identifier"
    return der.Reader(der.Reader(one.value).take(der.SEQUENCE, refusal)).optional(der.context(0), refusal)


# Each of these functions reads one extension into the result, and returns whether Go supports all of it.


def _key_usage(found: Extensions, one: Extension) -> bool:
    bits = der.Reader(one.value).bits("x509: invalid key usage")
    found.key_usage = frozenset(number for number in range(_USAGES) if bits[number])
    return True


def _basic_constraints(found: Extensions, one: Extension) -> bool:
    refusal = "x509: invalid basic constraints"
    reader = der.Reader(der.Reader(one.value).take(der.SEQUENCE, refusal))
    found.constrained = True
    if reader.peek(der.BOOLEAN):
        found.authority = reader.boolean(refusal)
    if reader.peek(der.INTEGER):
        found.path_length = reader.small_integer(refusal)
        if found.path_length < 0:
            raise IdentityError(refusal)
    return True


def _alternative_names(found: Extensions, one: Extension) -> bool:
    reader = der.Reader(der.Reader(one.value).take(der.SEQUENCE, "x509: invalid subject alternative names"))
    names = []
    while not reader.empty:
        tag, value = reader.any("x509: invalid subject alternative name")
        if tag in _CHECKED_NAMES:
            _CHECKED_NAMES[tag](value)
            names.append((tag, value))
    found.names = tuple(names)
    # Kinds that Go does not read are skipped; if there are no others, Go counts the extension as unsupported.
    return bool(names)


def _check_email(value: bytes) -> None:
    _ascii(value, "x509: SAN rfc822Name is malformed")


def _check_dns(value: bytes) -> None:
    _ascii(value, "x509: SAN dNSName is malformed")


def _check_uri(value: bytes) -> None:
    if not uris.is_uri(_ascii(value, "x509: SAN uniformResourceIdentifier is malformed")):
        raise IdentityError("x509: cannot parse URI of a subject alternative name")


def _check_ip(value: bytes) -> None:
    if len(value) not in _ADDRESS_SIZES:
        raise IdentityError(f"x509: cannot parse IP address of length {len(value)}")


def _name_constraints(found: Extensions, one: Extension) -> bool:
    refusal = "x509: invalid NameConstraints extension"
    outer = der.Reader(one.value)
    reader = der.Reader(outer.take(der.SEQUENCE, refusal))
    permitted = reader.optional(der.context(0, constructed=True), refusal)
    excluded = reader.optional(der.context(1, constructed=True), refusal)
    if not outer.empty or not reader.empty:
        raise IdentityError(refusal)
    if not permitted and not excluded:
        raise IdentityError("x509: empty name constraints extension")
    found.permitted, all_permitted = _subtrees(permitted or b"", refusal)
    found.excluded, all_excluded = _subtrees(excluded or b"", refusal)
    return all_permitted and all_excluded


def _subtrees(encoded: bytes, refusal: str) -> tuple[tuple[tuple[int, bytes], ...], bool]:
    """Return the constraints that Go can apply, and whether these are all."""
    subtrees = der.Reader(encoded)
    found, known = [], True
    while not subtrees.empty:
        tag, value = der.Reader(subtrees.take(der.SEQUENCE, refusal)).any(refusal)
        if tag in _CONSTRAINTS:
            _CONSTRAINTS[tag](value)
            found.append((tag, value))
        else:
            known = False
    return tuple(found), known


def _constrain_dns(value: bytes) -> None:
    domain = _ascii(value, "x509: invalid constraint value")
    if not uris.is_domain(domain, constraint=True):
        raise IdentityError("x509: failed to parse dnsName constraint")


def _constrain_ip(value: bytes) -> None:
    if len(value) not in (8, 32):
        raise IdentityError(f"x509: IP constraint contained value of length {len(value)}")
    mask = value[len(value) // 2 :]
    # A mask is ones followed by zeros.
    if "01" in f"{int.from_bytes(mask, 'big'):0{len(mask) * 8}b}":
        raise IdentityError(f"x509: IP constraint contained invalid mask {mask.hex()}")


def _constrain_email(value: bytes) -> None:
    text = _ascii(value, "x509: invalid constraint value")
    if not (uris.mailbox(text) if "@" in text else uris.is_domain(text, constraint=True)):
        raise IdentityError("x509: failed to parse rfc822Name constraint")


def _constrain_uri(value: bytes) -> None:
    domain = _ascii(value, "x509: invalid constraint value")
    if uris.is_address(domain) or not uris.is_domain(domain, constraint=True):
        raise IdentityError("x509: failed to parse URI constraint")


def _distribution_points(_: Extensions, one: Extension) -> bool:
    reader = der.Reader(der.Reader(one.value).take(der.SEQUENCE, "x509: invalid CRL distribution points"))
    refusal = "x509: invalid CRL distribution point"
    full_name = der.context(0, constructed=True)
    while not reader.empty:
        name = der.Reader(reader.take(der.SEQUENCE, refusal)).optional(full_name, refusal)
        names = der.Reader(der.Reader(name).take(full_name, refusal) if name is not None else b"")
        while names.peek(URI):
            names.take(URI, refusal)
    return True


def _policies(found: Extensions, one: Extension) -> bool:
    refusal = "x509: invalid certificate policies"
    reader = der.Reader(der.Reader(one.value).take(der.SEQUENCE, refusal))
    listed: dict[bytes, None] = {}
    while not reader.empty:
        oid = der.Reader(reader.take(der.SEQUENCE, refusal)).take(der.OBJECT_IDENTIFIER, refusal)
        if oid in listed or not _is_oid(oid):
            raise IdentityError(refusal)
        listed[oid] = None
    found.policies = tuple(listed)
    return True


def _policy_mappings(found: Extensions, one: Extension) -> bool:
    refusal = "x509: invalid policy mappings extension"
    reader = der.Reader(der.Reader(one.value).take(der.SEQUENCE, refusal))
    pairs = []
    while not reader.empty:
        pair = der.Reader(reader.take(der.SEQUENCE, refusal))
        pairs.append((pair.take(der.OBJECT_IDENTIFIER, refusal), pair.take(der.OBJECT_IDENTIFIER, refusal)))
    found.policy_mappings = tuple(pairs)
    return True


def _policy_constraints(found: Extensions, one: Extension) -> bool:
    refusal = "x509: invalid policy constraints extension"
    reader = der.Reader(der.Reader(one.value).take(der.SEQUENCE, refusal))
    if reader.peek(der.context(0)):
        found.explicit_policy = reader.small_integer(refusal, der.context(0))
    if reader.peek(der.context(1)):
        found.inhibit_mapping = reader.small_integer(refusal, der.context(1))
    return True


def _inhibit_any_policy(found: Extensions, one: Extension) -> bool:
    found.inhibit_any_policy = der.Reader(one.value).small_integer("x509: invalid inhibit any policy extension")
    return True


def _authority_key_id(found: Extensions, one: Extension) -> bool:
    found.authority_key_id = authority_key_id(one)
    return True


def _subject_key_id(found: Extensions, one: Extension) -> bool:
    if one.critical:
        raise IdentityError("x509: subject key identifier incorrectly marked critical")
    found.subject_key_id = der.Reader(one.value).take(der.OCTET_STRING, "x509: invalid subject key identifier")
    return True


def _extended_key_usage(found: Extensions, one: Extension) -> bool:
    refusal = "x509: invalid extended key usages"
    reader = der.Reader(der.Reader(one.value).take(der.SEQUENCE, refusal))
    purposes = set()
    while not reader.empty:
        purposes.add(reader.object_identifier(refusal))
    found.purposes = frozenset(purposes)
    return True


def _authority_information(_: Extensions, one: Extension) -> bool:
    if one.critical:
        raise IdentityError("x509: authority info access incorrectly marked critical")
    refusal = "x509: invalid authority info access"
    reader = der.Reader(der.Reader(one.value).take(der.SEQUENCE, refusal))
    while not reader.empty:
        access = der.Reader(reader.take(der.SEQUENCE, refusal))
        access.object_identifier(refusal)
        if access.peek(URI):
            access.take(URI, refusal)
    return True


def _ascii(value: bytes, refusal: str) -> str:
    try:
        return value.decode("ascii")
    except UnicodeDecodeError:
        raise IdentityError(refusal) from None


def _is_oid(content: bytes) -> bool:
    """Return whether an object identifier is well-formed: no part begins with an empty byte, and the last one ends."""
    begins = (0, *(at + 1 for at, octet in enumerate(content[:-1]) if not octet & 0x80))
    return bool(content) and not content[-1] & 0x80 and all(content[at] != 0x80 for at in begins)


_CHECKED_NAMES: Mapping[int, Callable[[bytes], None]] = {
    EMAIL: _check_email,
    DNS: _check_dns,
    URI: _check_uri,
    IP: _check_ip,
}
_CONSTRAINTS: Mapping[int, Callable[[bytes], None]] = {
    EMAIL: _constrain_email,
    DNS: _constrain_dns,
    URI: _constrain_uri,
    IP: _constrain_ip,
}
_READERS: Mapping[str, Callable[[Extensions, Extension], bool]] = {
    KEY_USAGE: _key_usage,
    BASIC_CONSTRAINTS: _basic_constraints,
    ALTERNATIVE_NAMES: _alternative_names,
    NAME_CONSTRAINTS: _name_constraints,
    DISTRIBUTION_POINTS: _distribution_points,
    AUTHORITY_KEY_ID: _authority_key_id,
    POLICY_CONSTRAINTS: _policy_constraints,
    EXTENDED_KEY_USAGE: _extended_key_usage,
    SUBJECT_KEY_ID: _subject_key_id,
    POLICIES: _policies,
    POLICY_MAPPINGS: _policy_mappings,
    INHIBIT_ANY_POLICY: _inhibit_any_policy,
    AUTHORITY_INFORMATION: _authority_information,
}
