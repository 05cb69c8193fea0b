"""
Selective disclosure (RFC 9901): a document of salted digests, and disclosures that open single digests.

A disclosure is ``base64url(JSON [salt, name, value])``, its digest
``base64url(SHA-256(disclosure))``. The document has the digests but no values. Its SHA-256 is on the channel and
commits the owner to all values.

In RFC 9901 an issuer may add decoy digests to hide the number of claims. A dishonest issuer could use one for a
second value of the same name, and show two readers different values. Here every attribute of a kind of claim has
its own slot in ``_sd``, and there are always SLOTS of them. The slot of an absent attribute has a decoy, and a
disclosure is valid only in the slot of its name. So a document has one value for each name, and nobody sees which
attributes are absent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chaincode.domain.refusals import Refusal
from hlf.codec import base64url, canonical
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

SLOTS = 64
"""The number of digests in every document, always the same so that it reveals nothing."""

SHOWN = Bounds(1, SLOTS)
"""Attributes that a request, a grant or a proof names."""

SALT_BYTES = 16
"""RFC 9901, 9.3 asks for 128 bits. Without salt, others could find a value such as an LPI score by trying all."""

LARGEST_DISCLOSURE = 8_192

_DIGEST = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Disclosure:
    """One disclosed attribute, with its encoded text; the digest is over exactly this text."""

    encoded: str
    salt: str
    name: str
    value: object

    @property
    def digest(self) -> str:
        """Its digest in the document."""
        return digest(self.encoded)


@dataclass(frozen=True)
class Document:
    """
    The digest document that an owner committed to, without the values.

    Attributes:
        digests: one for each slot; those of absent attributes are decoys.
        issued_at: seconds since 1970 (RFC 7519 NumericDate).
    """

    kind: str
    issuer: str
    claim_id: str
    revision: int
    issued_at: int
    digests: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """Return the canonical bytes; their SHA-256 is on the channel. Names are those of RFC 9901 and RFC 7519."""
        return canonical.dumps(
            {
                "_sd": self.digests,
                "_sd_alg": "sha-256",
                "claim_id": self.claim_id,
                "iat": self.issued_at,
                "iss": self.issuer,
                "revision": self.revision,
                "vct": self.kind,
            }
        )


def digest(encoded: str) -> str:
    """Return the RFC 9901 digest of a disclosure in its encoded form."""
    return base64url.encode(hashlib.sha256(encoded.encode("ascii")).digest())


def disclose(salt: bytes, name: str, value: object) -> Disclosure:
    """Return the disclosure of *name*; *salt* is at least SALT_BYTES from a secure source."""
    if len(salt) < SALT_BYTES:
        raise Refusal.SALT_TOO_SHORT(f"a salt has at least {SALT_BYTES * 8} random bits")
    text = base64url.encode(salt)
    return Disclosure(base64url.encode(canonical.dumps([text, name, value])), text, name, value)


def read(encoded: str, field: str = "disclosure") -> Disclosure:
    """
    Return the disclosure in *encoded*.

    Raises:
        Refused: INVALID_ARGUMENT if it is not a disclosure; SALT_TOO_SHORT.
    """
    if len(encoded) > LARGEST_DISCLOSURE or not base64url.DIGITS.fullmatch(encoded):
        raise invalid(field, f"must be base64url of at most {LARGEST_DISCLOSURE} characters")
    try:
        parts = canonical.loads(base64url.decode(encoded))
    except (ValueError, canonical.CanonicalError):
        raise invalid(field, "must be base64url of strict JSON") from None
    if not isinstance(parts, list) or len(parts) != 3:
        raise invalid(field, "must be [salt, name, value]")
    salt, name, value = parts
    if not isinstance(salt, str) or not isinstance(name, str) or name in ("_sd", "..."):
        raise invalid(field, "must be [salt, name, value] with a text as salt and as name")
    check_salt(salt, field)
    return Disclosure(encoded, salt, name, value)


def check_salt(salt: str, field: str = "salt") -> str:
    """Return *salt* if it is base64url of at least SALT_BYTES bytes."""
    if not base64url.DIGITS.fullmatch(salt) or len(salt) * 6 // 8 < SALT_BYTES:
        raise Refusal.SALT_TOO_SHORT(f"{field}: a salt is base64url of at least {SALT_BYTES * 8} random bits")
    return salt


def derived_salt(salt: str, what: str) -> str:
    """Return a salt derived from another, for a part that is shown alone; it does not reveal the other."""
    drawn = hashlib.sha256(f"{salt}/{what}".encode()).digest()[:SALT_BYTES]
    return base64url.encode(drawn)


def commit(
    kind: str,
    issuer: str,
    claim_id: str,
    revision: int,
    issued_at: int,
    values: Mapping[str, object],
    slots: Sequence[str],
    random: Callable[[int], bytes],
) -> tuple[Document, tuple[Disclosure, ...]]:
    """
    Return the document and the disclosures of *values*. The owner's client calls this, because a contract has no
    randomness.

    *slots* are the attributes of *kind* in order; *random* returns the given number of secure random bytes
    (``secrets.token_bytes``).
    """
    unknown = sorted(set(values) - set(slots))
    if unknown:
        raise invalid(unknown[0][:80], f"is no attribute of a {kind}")
    digests, disclosures = slotted(values, (*slots, *[""] * (SLOTS - len(slots))), random)
    return Document(kind, issuer, claim_id, revision, issued_at, digests), disclosures


def slotted(
    values: Mapping[str, object], slots: Sequence[str], random: Callable[[int], bytes]
) -> tuple[tuple[str, ...], tuple[Disclosure, ...]]:
    """Return a digest for each of *slots*, a decoy where *values* has none, and the disclosures of *values*."""
    digests, disclosures = [], []
    for name in slots:
        if name in values:
            disclosures.append(disclose(random(SALT_BYTES), name, values[name]))
            digests.append(disclosures[-1].digest)
        else:
            digests.append(base64url.encode(hashlib.sha256(random(32)).digest()))
    return tuple(digests), tuple(disclosures)


def is_digest(text: str) -> bool:
    """Return whether *text* is written as a digest is."""
    return _DIGEST.fullmatch(text) is not None


def read_document(data: bytes) -> Document:
    """
    Return the document in *data*.

    Raises:
        Refused: INVALID_ARGUMENT if it is not a document in canonical form with SLOTS different digests.
    """
    try:
        parts = canonical.loads(data)
    except canonical.CanonicalError as error:
        raise invalid("document", error.reason) from None
    names = {"_sd": list, "_sd_alg": str, "claim_id": str, "iat": int, "iss": str, "revision": int, "vct": str}
    if not isinstance(parts, dict) or set(parts) != set(names):
        raise invalid("document", "must have exactly the members " + ", ".join(sorted(names)))
    for name, kind in names.items():
        if type(parts[name]) is not kind:
            raise invalid(f"document.{name}", "is of the wrong type")
    if parts["_sd_alg"] != "sha-256":
        raise invalid("document._sd_alg", "must be sha-256")
    digests = parts["_sd"]
    if len(digests) != SLOTS or len(set(map(str, digests))) != SLOTS:
        raise invalid("document._sd", f"must list {SLOTS} different digests, with decoys for absent attributes")
    if not all(isinstance(one, str) and is_digest(one) for one in digests):
        raise invalid("document._sd", "must list base64url SHA-256 digests")
    document = Document(parts["vct"], parts["iss"], parts["claim_id"], parts["revision"], parts["iat"], tuple(digests))
    if document.to_bytes() != data:
        raise invalid("document", "must be in canonical form (RFC 8785)")
    return document


def opened(document: Document, disclosures: Sequence[Disclosure], slots: Sequence[str]) -> dict[str, object]:
    """
    Return the values that *disclosures* prove against *document*, by name.

    Raises:
        Refused: UNKNOWN_ATTRIBUTE if the kind of claim has no such name; ATTRIBUTE_TWICE; NOT_IN_CLAIM if its
            owner did not commit to that value.
    """
    return opened_in(document.digests, disclosures, slots, f"a {document.kind}")


def opened_in(
    digests: Sequence[str], disclosures: Sequence[Disclosure], slots: Sequence[str], what: str
) -> dict[str, object]:
    """Return the values that *disclosures* prove against *digests*, as `opened` does; *what* has these *slots*."""
    values: dict[str, object] = {}
    for one in disclosures:
        if one.name not in slots:
            raise Refusal.UNKNOWN_ATTRIBUTE(f"{what} has no attribute of that name")
        if one.name in values:
            raise Refusal.ATTRIBUTE_TWICE(f"{one.name} is disclosed twice")
        if digests[slots.index(one.name)] != one.digest:
            raise Refusal.NOT_IN_CLAIM(f"{one.name} is not the value that {what} committed to")
        values[one.name] = one.value
    return values
