"""Certificate revocation lists, as the ``x509.ParseCRL`` that Fabric calls reads them."""

from __future__ import annotations

from dataclasses import dataclass

from hlf.errors import IdentityError
from hlf.wire.certificates import algorithms, der, extensions, names, pem, publickeys
from hlf.wire.certificates.certificate import Certificate

_PEM_START = b"-----BEGIN X509 CRL"
_PEM_KIND = "X509 CRL"
_EXTENSIONS = der.context(0, constructed=True)
_MALFORMED = "asn1: structure error: not a revocation list"


@dataclass(frozen=True, slots=True)
class RevocationList:
    """
    A revocation list; all of it has been parsed.

    Attributes:
        serial_numbers: those of the certificates that it revokes.
        authority_key_id: the identifier of the key that signed it; None if the list has none that can be read.
        signed, algorithm, signature: the bytes that its issuer signed, the algorithm and the signature.
    """

    serial_numbers: frozenset[int]
    authority_key_id: bytes | None
    signed: bytes
    algorithm: algorithms.Algorithm
    signature: bytes

    def is_from(self, issuer: Certificate) -> bool:
        """Return whether the key in *issuer* signed the list."""
        return algorithms.verifies(self.algorithm, issuer.public_key.key, self.signed, self.signature, sha1=True)


def parse(encoded: bytes) -> RevocationList:
    """
    Return the list in these bytes, PEM or DER.

    Raises:
        IdentityError: there is none that Fabric reads.
    """
    block = pem.first(encoded) if encoded.startswith(_PEM_START) else None
    outer = der.Reader(block.content if block is not None and block.kind == _PEM_KIND else encoded)
    parts = der.Reader(outer.take(der.SEQUENCE, _MALFORMED))
    signed = parts.whole(der.SEQUENCE, _MALFORMED)
    serial_numbers, authority = _body(der.Reader(der.Reader(signed).take(der.SEQUENCE, _MALFORMED)))
    algorithm = algorithms.parse(parts.take(der.SEQUENCE, _MALFORMED))
    signature = parts.bits(_MALFORMED).right_aligned
    if algorithm.key == publickeys.ECDSA:
        # Fabric encodes the two numbers again before it verifies, so other bytes in the signature are ignored.
        signature = algorithms.encode_numbers(*algorithms.numbers(signature))
    if not outer.empty:
        raise IdentityError("x509: trailing data after CRL")
    return RevocationList(serial_numbers, authority, signed, algorithm, signature)


def _body(body: der.Reader) -> tuple[frozenset[int], bytes | None]:
    """Return the serial numbers that are revoked and the key identifier of the issuer."""
    if body.peek(der.INTEGER):
        body.small_integer(_MALFORMED)
    publickeys.algorithm_identifier(body.take(der.SEQUENCE, _MALFORMED))
    names.parse(body.whole(der.SEQUENCE, _MALFORMED))
    body.seconds("asn1: ")
    if body.peek(der.UTC_TIME) or body.peek(der.GENERALIZED_TIME):
        body.seconds("asn1: ")
    revoked = der.Reader(body.optional(der.SEQUENCE, _MALFORMED) or b"")
    serial_numbers = set()
    while not revoked.empty:
        entry = der.Reader(revoked.take(der.SEQUENCE, _MALFORMED))
        serial_numbers.add(entry.integer(_MALFORMED))
        entry.seconds("asn1: ")
        _listed(entry.optional(der.SEQUENCE, _MALFORMED))
    content = body.optional(_EXTENSIONS, _MALFORMED)
    own = _listed(None if content is None else der.Reader(content).take(der.SEQUENCE, _MALFORMED))
    return frozenset(serial_numbers), _authority_key_id(own)


def _listed(content: bytes | None) -> list[extensions.Extension]:
    reader = der.Reader(content or b"")
    found = []
    while not reader.empty:
        found.append(extensions.extension(reader.take(der.SEQUENCE, _MALFORMED)))
    return found


def _authority_key_id(own: list[extensions.Extension]) -> bytes | None:
    one = next((each for each in own if each.oid == extensions.AUTHORITY_KEY_ID), None)
    if one is None:
        return None
    try:
        named = der.Reader(der.Reader(one.value).take(der.SEQUENCE, _MALFORMED))
        return named.optional(der.context(0), _MALFORMED) or b""
    except IdentityError:
        return None
