"""
X.509 chains as Fabric's membership rules build them.

A certificate is checked one second after its own notBefore, against the
authorities its organisation published and against no others; there must be
exactly one chain. What Go's verifier refuses (a missing keyCertSign, a path
that is too long, an extended key usage that excludes servers, an unknown
critical extension, a name beyond an authority's constraints) is refused here
too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator

from cryptography.hazmat.primitives.asymmetric import ec

from hlf import errors
from hlf.wire import certificates, signatures
from hlf.wire.certificates import (
    Certificate,
    RevocationList,
    constraints,
    der,
    extensions,
    pem,
    policytree,
    publickeys,
)

# What Go's verifier tries before it gives up.
_MOST_SIGNATURE_CHECKS = 100
_SERVERS, _ANY_PURPOSE = "1.3.6.1.5.5.7.3.1", "2.5.29.37.0"
_IMPORTED = (publickeys.ECDSA, publickeys.ED25519, publickeys.RSA)

Chain = tuple[Certificate, ...]


def signed_with_ecdsa(certificate: Certificate) -> bool:
    """Return whether the certificate's issuer signed with ECDSA."""
    return certificate.algorithm.key == publickeys.ECDSA


def require_known_key(certificate: Certificate) -> None:
    """
    Raise IdentityError unless Fabric imports keys of the certificate's kind.

    Raises:
        IdentityError: it is not.
    """
    if certificate.public_key.algorithm not in _IMPORTED:
        raise errors.IdentityError(
            "Failed importing key with opts [&{true}]: Certificate's public key type not recognized. "
            "Supported keys: [ECDSA, ED25519, RSA]"
        )


def read_configured(text: bytes) -> Certificate:
    """Return a certificate of an organisation's configuration; as ``certificates.read``, with other error texts."""
    block = pem.first(text)
    if block is None:
        numbers = " ".join(map(str, text))
        raise errors.IdentityError(f"getCertFromPem error: could not decode pem bytes [[{numbers}]]")
    try:
        return certificates.parse(block.content)
    except errors.IdentityError as error:
        raise errors.IdentityError(f"getCertFromPem error: failed to parse x509 cert: {error}") from None


class Authorities:
    """The root and intermediate certificates that an organisation published."""

    def __init__(self, roots: Iterable[Certificate], intermediates: Iterable[Certificate]) -> None:
        self._roots = {found.der: found for found in roots}
        self._intermediates = {found.der: found for found in intermediates}
        self._inner: set[bytes] = set()

    @classmethod
    def of(cls, roots: Iterable[bytes], intermediates: Iterable[bytes]) -> Authorities:
        """
        Return the set of these PEM certificates.

        Raises:
            IdentityError: a certificate cannot be read.
        """
        return cls([read_configured(text) for text in roots], [read_configured(text) for text in intermediates])

    @classmethod
    def of_members(cls, roots: Iterable[bytes], intermediates: Iterable[bytes]) -> Authorities:
        """
        Return the authorities that issue an organisation's members, each in its canonical form.

        Raises:
            WireError: there is no root.
            IdentityError: a certificate cannot be read, or leads to no root.
        """
        found = cls.of(roots, intermediates)
        if not found._roots:
            raise errors.WireError("expected at least one CA certificate")
        for one in found:
            require_known_key(one)
        # All are read before one replaces another, as a node does it.
        return cls(
            [found.canonical(one)[0] for one in found._roots.values()],
            [found.canonical(one)[0] for one in found._intermediates.values()],
        )

    def __iter__(self) -> Iterator[Certificate]:
        yield from self._roots.values()
        yield from self._intermediates.values()

    def check(self, revocations: Revocations) -> None:
        """
        Check every authority, and find those that only certify other authorities.

        Raises:
            IdentityError: one is no authority, has no key identifier, does not chain or is revoked.
        """
        for found in self:
            serial = f"{found.serial_number:x}"
            if not found.extensions.authority:
                raise errors.IdentityError(f"CA Certificate did not have the CA attribute, (SN: {serial})")
            if found.extensions.subject_key_id is None:
                raise errors.IdentityError(
                    "CA Certificate problem with Subject Key Identifier extension, "
                    f"(SN: {serial}): subjectKeyIdentifier not found in certificate"
                )
            try:
                chain = self.chain(found)
                if len(chain) > 1:
                    revocations.check(found, chain[1])
            except errors.IdentityError as error:
                raise errors.IdentityError(
                    f"CA Certificate is not valid, (SN: {found.serial_number}): {error}"
                ) from error
        for found in self._intermediates.values():
            self._inner.update(authority.der for authority in self.chain(found)[1:])

    def is_inner(self, authority: Certificate) -> bool:
        """Return whether *authority* issued another authority; then it cannot issue members."""
        return authority.der in self._inner

    def canonical(self, certificate: Certificate) -> tuple[Certificate, Chain]:
        """
        Return *certificate* with its signature in the low form, by which it is known, and its chain.

        Anyone can change S of an ECDSA signature to its other valid value without the key. Both forms must be one
        identity, or a policy would count one signer twice. The chain is empty where it is not needed for this.

        Raises:
            IdentityError: it was signed with ECDSA and leads to no root.
        """
        if not signed_with_ecdsa(certificate):
            return certificate, ()
        if certificate.extensions.authority and not certificate.signature_refusal(certificate):
            own = _low_s(certificate, certificate)
            Authorities([own], self._intermediates.values()).chain(own)
            return own, ()
        chain = self.chain(certificate)
        if len(chain) < 2:
            raise errors.IdentityError(
                "failed to traverse certificate verification chain for leaf or intermediate certificate, "
                f"with subject {certificate.subject.rfc4514()}"
            )
        return _low_s(certificate, chain[1]), chain

    def chain(self, leaf: Certificate) -> Chain:
        """
        Return the one chain from *leaf* to a root, both included.

        Raises:
            IdentityError: there is none, or more than one.
        """
        candidates, why = self._candidates(leaf)
        found = [chain for chain in candidates if _allowed(chain)]
        if not found:
            why = _why_none(candidates) if candidates else why
            raise errors.IdentityError(f"the supplied identity is not valid: {why}")
        if len(found) > 1:
            raise errors.IdentityError(f"this MSP only supports a single validation chain, got {len(found)}")
        if constraints.bar_common_name(found[0]):
            raise errors.IdentityError(
                "the supplied identity is not valid: x509: issuer has name constraints but leaf doesn't have a SAN "
                "extension"
            )
        return found[0]

    def certifiers_id(self, text: bytes) -> bytes:
        """
        Return the identifier of an authority's own chain, as organisational units name it.

        Raises:
            IdentityError: it is not one of these authorities.
        """
        found, _ = self.canonical(read_configured(text))
        if found.der in self._roots:
            return chain_id((found,))
        if found.der not in self._intermediates:
            raise errors.IdentityError("Failed adding OU. Certificate not in root or intermediate certs.")
        chain = self.chain(found)
        if self.is_inner(found):
            raise errors.IdentityError(
                "invalid validation chain. Parent certificate should be a leaf of the certification tree"
            )
        return chain_id(chain)

    def _candidates(self, leaf: Certificate) -> tuple[list[Chain], str]:
        """Return every chain that signatures, names and times allow, and the reason why there is no other."""
        at = leaf.begins + 1
        refusal = _unusable(leaf, (), at)
        if refusal:
            raise errors.IdentityError(f"the supplied identity is not valid: {refusal}")
        if leaf.der in self._roots:
            return [(leaf,)], ""
        found: list[Chain] = []
        why = hint = ""
        checks = 0
        paths: list[Chain] = [(leaf,)]
        while paths:
            path = paths.pop()
            for issuer, root in self._issuers(path[-1]):
                checks += 1
                if checks > _MOST_SIGNATURE_CHECKS:
                    return found, "x509: signature check attempts limit reached while verifying certificate chain"
                if any(_is_same(issuer, one) for one in path):
                    continue
                unsigned = issuer.signature_refusal(path[-1])
                if unsigned:
                    hint = hint or _hint(unsigned, issuer)
                    continue
                refusal = _unusable(issuer, path, at, intermediate=not root)
                if refusal:
                    why = refusal
                else:
                    (found if root else paths).append((*path, issuer))
        return found, why or f"x509: certificate signed by unknown authority{hint}"

    def _issuers(self, certificate: Certificate) -> Iterator[tuple[Certificate, bool]]:
        """Yield the authorities that a certificate names as its issuer, and whether each is a root."""
        for known, root in ((self._roots, True), (self._intermediates, False)):
            for issuer in known.values():
                if issuer.subject.der == certificate.issuer.der:
                    yield issuer, root


class Revocations:
    """The certificate revocation lists that an organisation published."""

    def __init__(self, lists: Iterable[RevocationList]) -> None:
        self._lists = tuple(lists)

    @classmethod
    def of(cls, encoded: Iterable[bytes]) -> Revocations:
        """
        Return the lists of these PEM or DER bytes.

        Raises:
            IdentityError: one cannot be read.
        """
        try:
            return cls(map(certificates.read_revocations, encoded))
        except errors.IdentityError as error:
            raise errors.IdentityError(f"could not parse RevocationList: {error}") from error

    def check(self, certificate: Certificate, issuer: Certificate) -> None:
        """
        Check that *issuer* has not revoked *certificate*; the time of revocation does not matter.

        Raises:
            IdentityError: it has, or one of the lists does not name its issuer.
        """
        key_id = issuer.extensions.subject_key_id
        if key_id is None:
            raise errors.IdentityError(
                "could not obtain Subject Key Identifier for signer cert: subjectKeyIdentifier not found in certificate"
            )
        for revoked in self._lists:
            if revoked.authority_key_id is None:
                raise errors.IdentityError(
                    "could not obtain Authority Key Identifier for crl: authorityKeyIdentifier not found in certificate"
                )
            if revoked.authority_key_id != key_id or certificate.serial_number not in revoked.serial_numbers:
                continue
            # A list that another key signed revokes nothing.
            if revoked.is_from(issuer):
                raise errors.IdentityError("The certificate has been revoked")


def chain_id(chain: Iterable[Certificate]) -> bytes:
    """Return the digest by which Fabric identifies a chain of authorities."""
    return hashlib.sha256(b"".join(authority.der for authority in chain)).digest()


def _allowed(chain: Chain) -> bool:
    return policytree.permit(chain) and all(map(_serves, chain)) and constraints.permit(chain)


def _why_none(candidates: list[Chain]) -> str:
    """Return why none of the chains is allowed."""
    if not all(map(policytree.permit, candidates)):
        return f"x509: no valid chains built: {len(candidates)} candidate chains with invalid policies"
    if not all(map(_serves, candidates[0])):
        return "x509: certificate specifies an incompatible key usage"
    return "x509: a root or intermediate certificate is not authorized to sign for this name"


def _hint(refusal: str, issuer: Certificate) -> str:
    name = json.dumps(issuer.subject.common_name, ensure_ascii=False)
    return f" (possibly because of {json.dumps(refusal)} while trying to verify candidate authority certificate {name})"


def _is_same(one: Certificate, other: Certificate) -> bool:
    """Return whether two certificates have one holder and one key; a chain can have only one of them."""
    names = [each.extensions.by_oid.get(extensions.ALTERNATIVE_NAMES) for each in (one, other)]
    values = {name.value if name else None for name in names}
    return (one.subject.der, one.public_key.der, 1) == (other.subject.der, other.public_key.der, len(values))


def _unusable(certificate: Certificate, path: Chain, at: int, *, intermediate: bool = False) -> str:
    """Return why a certificate cannot be the next in *path* at that time; empty if it can."""
    says = certificate.extensions
    if says.unhandled:
        return "x509: unhandled critical extension"
    if not certificate.begins <= at <= certificate.ends:
        against = certificate.begins if at < certificate.begins else certificate.ends
        return (
            f"x509: certificate has expired or is not yet valid: current time {_rfc3339(at)} is "
            f"{'before' if at < certificate.begins else 'after'} {_rfc3339(against)}"
        )
    if intermediate and not says.authority:
        return "x509: certificate is not authorized to sign other certificates"
    if says.constrained and 0 <= says.path_length < len(path) - 1:
        return "x509: too many intermediates for path length constraint"
    return ""


def _serves(certificate: Certificate) -> bool:
    """Return whether the extended key usage allows servers (Go's default, which Fabric uses) or any purpose."""
    purposes = certificate.extensions.purposes
    return not purposes or _SERVERS in purposes or _ANY_PURPOSE in purposes


def _low_s(own: Certificate, issuer: Certificate) -> Certificate:
    """Return *own* with its signature in the low form."""
    key = issuer.public_key.key
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return own
    low = signatures.normalise_low_s(own.signature, key.curve)
    if low == own.signature:
        return own
    parts = der.Reader(der.Reader(own.der).take(der.SEQUENCE, "x509: malformed certificate"))
    signed, algorithm = (parts.any_whole("x509: malformed certificate") for _ in range(2))
    return certificates.parse(der.tlv(der.SEQUENCE, signed + algorithm + der.tlv(der.BIT_STRING, b"\x00" + low)))


def _rfc3339(seconds: int) -> str:
    return f"{der.moment(seconds):%Y-%m-%dT%H:%M:%SZ}"
