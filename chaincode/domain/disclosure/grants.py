"""
Requests, grants, receipts and seals: who may see which attributes of a claim, for which purpose, until when.

Each record is in the implicit collections of the parties and the auditor, never in public state. It has a salt,
because the channel has its SHA-256 and others could otherwise find its content by trying.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from chaincode.domain.disclosure import audience, claims, disclosures
from chaincode.domain.refusals import Refusal
from chaincode.domain.vocabulary import bounds, identifiers
from hlf.codec import moments, names, texts
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

_ATTRIBUTES = frozenset(name for kind in claims.KINDS.values() for name in kind.slots)


@dataclasses.dataclass(frozen=True)
class CounterOffer:
    """The attributes that the requester shows in return, if the owner agrees."""

    claim_id: str
    revision: int
    attributes: tuple[str, ...]

    def __post_init__(self) -> None:
        identifiers.check("offer.claim_id", self.claim_id)
        REVISION.check("offer.revision", self.revision)
        check_attributes("offer.attributes", self.attributes)


@dataclasses.dataclass(frozen=True)
class RequestTerms:
    """A request as the requester writes it: owner, claim, attributes, purpose, expiry and an offer in return."""

    owner: str
    claim_id: str
    revision: int
    attributes: tuple[str, ...]
    purpose: str
    expires_at: str
    salt: str
    offer: CounterOffer | None = None

    def __post_init__(self) -> None:
        names.MSP_ID.check("request.owner", self.owner)
        identifiers.check("request.claim_id", self.claim_id)
        REVISION.check("request.revision", self.revision)
        check_attributes("request.attributes", self.attributes)
        check_purpose("request.purpose", self.purpose)
        moment("request.expires_at", self.expires_at)
        disclosures.check_salt(self.salt, "request.salt")


@dataclasses.dataclass(frozen=True)
class Request:
    """A request as it is stored."""

    request_id: str
    requester: str
    auditor: str
    requested_at: str
    asked: RequestTerms

    @property
    def parties(self) -> frozenset[str]:
        """The organisations that store it and may read it."""
        return frozenset({self.requester, self.asked.owner, self.auditor})


@dataclasses.dataclass(frozen=True)
class GrantTerms:
    """A grant as the owner writes it: recipient, attributes, purpose and expiry."""

    claim_id: str
    revision: int
    recipient: str
    attributes: tuple[str, ...]
    purpose: str
    expires_at: str
    salt: str
    request_id: str | None = None

    def __post_init__(self) -> None:
        identifiers.check("grant.claim_id", self.claim_id)
        names.MSP_ID.check("grant.recipient", self.recipient)
        REVISION.check("grant.revision", self.revision)
        check_attributes("grant.attributes", self.attributes)
        check_purpose("grant.purpose", self.purpose)
        moment("grant.expires_at", self.expires_at)
        disclosures.check_salt(self.salt, "grant.salt")


@dataclasses.dataclass(frozen=True)
class Grant:
    """
    A grant as it is stored.

    Attributes:
        document_hash: SHA-256 of the claim's document at the time of the grant; the delivered document must be
            the same.
        counterpart: the other grant of a reciprocal pair; empty for a single grant.
        revoked_at: the time of the revocation; empty while the grant is in force.
    """

    grant_id: str
    owner: str
    auditor: str
    granted_at: str
    document_hash: str
    terms: GrantTerms
    counterpart: str = ""
    revoked_at: str = ""

    @property
    def recipient(self) -> str:
        """The organisation that may see the attributes."""
        return self.terms.recipient

    @property
    def parties(self) -> frozenset[str]:
        """The organisations that store it and may read it."""
        return frozenset({self.owner, self.recipient, self.auditor})

    def state(self, now: int) -> str:
        """Return ``revoked``, ``expired`` or ``open`` at *now* (milliseconds since 1970)."""
        if self.revoked_at:
            return "revoked"
        return "expired" if moment("grant.expires_at", self.terms.expires_at) <= now else "open"

    def check_open(self, now: int) -> None:
        """
        Refuse a grant that is revoked or expired.

        Raises:
            Refused: REVOKED or EXPIRED.
        """
        state = self.state(now)
        if state == "revoked":
            raise Refusal.REVOKED(f"grant {self.grant_id} is revoked")
        if state == "expired":
            raise Refusal.EXPIRED(f"grant {self.grant_id} is expired")

    def check_exactly(self, names: Iterable[str]) -> None:
        """
        Raise Refused unless *names* are exactly the attributes granted.

        Raises:
            Refused: ATTRIBUTE_NOT_GRANTED or ATTRIBUTE_MISSING.
        """
        given, granted = set(names), set(self.terms.attributes)
        if given - granted:
            raise Refusal.ATTRIBUTE_NOT_GRANTED(f"{min(given - granted)} is not among the attributes granted")
        if granted - given:
            raise Refusal.ATTRIBUTE_MISSING(f"{min(granted - given)} was granted and is not delivered")

    def revoked(self, at: str, salt: str) -> Grant:
        """
        Return the grant as revoked by its owner, with a new *salt*.

        Raises:
            Refused: REVOKED if it is already revoked.
        """
        if self.revoked_at:
            raise Refusal.REVOKED(f"grant {self.grant_id} is revoked")
        disclosures.check_salt(salt)
        if salt == self.terms.salt:
            raise Refusal.SALT_REUSED("a changed record needs a salt of its own")
        return dataclasses.replace(self, revoked_at=at, terms=dataclasses.replace(self.terms, salt=salt))


@dataclasses.dataclass(frozen=True)
class RevocationReceipt:
    """
    The receipt of a revoked grant: the grant existed, and the recipient's copy was purged.

    Attributes:
        purged_hash: SHA-256 of the purged copy, empty if nothing had been delivered.
    """

    grant_id: str
    owner: str
    recipient: str
    auditor: str
    revoked_at: str
    purged_hash: str
    salt: str

    @property
    def parties(self) -> frozenset[str]:
        """The organisations that store it and may read it."""
        return frozenset({self.owner, self.recipient, self.auditor})


@dataclasses.dataclass(frozen=True)
class SealTerms:
    """An owner's record of attributes encrypted to the key of somebody outside the channel."""

    claim_id: str
    revision: int
    attributes: tuple[str, ...]
    recipient: str
    key_thumbprint: str
    suite: str
    ciphertext_sha256: str
    purpose: str
    expires_at: str
    salt: str

    def __post_init__(self) -> None:
        identifiers.check("sealed.claim_id", self.claim_id)
        REVISION.check("sealed.revision", self.revision)
        check_attributes("sealed.attributes", self.attributes)
        texts.check("sealed.recipient", self.recipient)
        if self.suite not in SUITES:
            raise invalid("sealed.suite", "must be one of " + ", ".join(SUITES))
        for field in ("key_thumbprint", "ciphertext_sha256"):
            names.SHA256.check(f"sealed.{field}", getattr(self, field))
        check_purpose("sealed.purpose", self.purpose)
        moment("sealed.expires_at", self.expires_at)
        disclosures.check_salt(self.salt, "sealed.salt")


@dataclasses.dataclass(frozen=True)
class Seal:
    """A sealing as owner and auditor store it; its hash on the channel proves the hash of the ciphertext."""

    seal_id: str
    owner: str
    auditor: str
    sealed_at: str
    document_hash: str
    sealing: SealTerms

    @property
    def parties(self) -> frozenset[str]:
        """The organisations that store it and may read it."""
        return frozenset({self.owner, self.auditor})


REVISION = Bounds(1, 999_999)
SUITES = ("DHKEM-P256", "DHKEM-X25519", "MLKEM768-X25519")
"""The HPKE suites that hlf.sealing offers; use the hybrid one for data that stays secret for long."""


def counter_terms(request: Request, salt: str) -> GrantTerms:
    """
    Return the grant that the requester offered in return, with the terms of its request.

    Raises:
        Refused: NOT_RECIPROCAL if it offered nothing.
    """
    asked = request.asked
    if asked.offer is None:
        raise Refusal.NOT_RECIPROCAL(f"request {request.request_id} offers nothing in return")
    return GrantTerms(
        asked.offer.claim_id,
        asked.offer.revision,
        asked.owner,
        asked.offer.attributes,
        asked.purpose,
        asked.expires_at,
        salt,
        request.request_id,
    )


def check_answers(terms: GrantTerms, request: Request) -> None:
    """
    Refuse *terms* that differ from *request*; the offer in return was made for exactly that request.

    Raises:
        Refused: NOT_AS_REQUESTED names the field.
    """
    asked = request.asked
    pairs = {
        "recipient": (terms.recipient, request.requester),
        "claim_id": (terms.claim_id, asked.claim_id),
        "revision": (terms.revision, asked.revision),
        "attributes": (set(terms.attributes), set(asked.attributes)),
        "purpose": (terms.purpose, asked.purpose),
        "expires_at": (terms.expires_at, asked.expires_at),
        "request_id": (terms.request_id, request.request_id),
    }
    for field, (granted, wanted) in pairs.items():
        if granted != wanted:
            raise Refusal.NOT_AS_REQUESTED(f"the grant differs from the request in {field}")


def check_attributes(field: str, names: tuple[str, ...]) -> None:
    """Refuse unknown or repeated names, and an audience without its size."""
    if not names or len(set(names)) != len(names):
        raise invalid(field, "must name at least one attribute, and each once")
    if not set(names) <= _ATTRIBUTES:
        raise invalid(field, "has a name that is no attribute of a claim")
    audience.check_named(names)


def check_purpose(field: str, purpose: str) -> None:
    """Refuse a purpose that is empty or malformed."""
    texts.check(field, purpose, bounds.SENTENCE)
    if not purpose.strip():
        raise invalid(field, "must name the purpose")


def moment(field: str, text: str) -> int:
    """Return *text* in milliseconds since 1970."""
    return moments.stated(field, text).at
