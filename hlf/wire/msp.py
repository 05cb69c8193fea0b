"""
Membership service providers: who belongs to an organisation, and in which role.

An :class:`Msp` is built from the bytes that an organisation publishes in the
channel configuration; :class:`Msps` is the set of one channel. The rules are
those of Fabric's X.509 provider: a certificate counts when it chains to the
organisation's authorities, has not been revoked and has exactly one role
unit (where the organisation uses them). Certificates are judged one second
after their own notBefore, so an expired or a not yet valid one is still a
member; where expiry matters the caller compares :attr:`Identity.not_after`.

Pure: bytes in, values out. Everything read here may be hostile.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fabric_protos.msp import identities_pb2, msp_config_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.wire import certificates, principals, signatures
from hlf.wire.certificates import Certificate, chains, names, publickeys
from hlf.wire.principals import ADMIN, CLIENT, MEMBER, ORDERER, PEER, ROLE_NAMES, Principal

__all__ = ["ADMIN", "CLIENT", "MEMBER", "ORDERER", "PEER", "ROLE_NAMES"]
__all__ += ["Identity", "Msp", "Msps", "Principal", "SignedData"]

FABRIC = 0
IDEMIX = 1
_CACHED_IDENTITIES = 4096
_CACHED_ORGANISATIONS = 256


@dataclass(frozen=True)
class SignedData:
    """One signature for a policy: the exact signed bytes, the signer and the signature."""

    data: bytes
    identity: bytes
    signature: bytes


class Identity:
    """
    A certificate that chains to its organisation's authorities.

    It is not yet a valid member: :meth:`Msp.validate` decides that (role
    units, revocation, no authority's certificate). The object caches the
    answers, because the same identity is checked many times.
    """

    __slots__ = ("_msp", "_refusal", "_satisfied", "_validated", "certificate", "chain", "chain_id", "der", "id",
                 "msp_id", "not_after", "not_before", "public_key", "units")  # fmt: skip

    def __init__(self, msp: Msp, certificate: Certificate, chain: chains.Chain) -> None:
        self._msp = msp
        self._validated = False
        self._refusal: str | None = None
        self._satisfied: dict[Principal, bool] = {}
        self.certificate = certificate
        self.der = certificate.der
        self.msp_id = msp.id
        self.id = hashlib.sha256(self.der).hexdigest()
        self.public_key = certificate.public_key.key
        self.chain = chain
        self.chain_id = chains.chain_id(chain[1:]) if chain else b""
        self.units = certificate.subject.values(names.ORGANIZATIONAL_UNIT)
        self.not_before: datetime = certificate.not_before
        self.not_after: datetime = certificate.not_after

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Return whether this identity's key made *signature* over *message* (a high S is refused)."""
        return signatures.verify(self.public_key, signature, message)

    @property
    def refusal(self) -> str | None:
        """The reason why its organisation does not count it as a member; None if it does."""
        if not self._validated:
            self._refusal = self._msp._refusal(self)
            self._validated = True
        return self._refusal

    @property
    def valid(self) -> bool:
        """Whether its organisation counts it as a member."""
        return self.refusal is None

    def satisfies(self, principal: Principal) -> bool:
        """Return whether this identity satisfies *principal*."""
        known = self._satisfied.get(principal)
        if known is None:
            known = self._satisfied[principal] = self._msp._satisfies(self, principal)
        return known

    def __repr__(self) -> str:
        return f"Identity({self.msp_id}, {self.id[:16]})"


@dataclass(frozen=True)
class RoleUnit:
    """The organisational unit that stands for a role, and the authority that must have issued it (empty: any)."""

    name: str
    certifiers: bytes = b""


class Msp:
    """One organisation's rules of membership."""

    def __init__(self, config: Any, *, ed25519_allowed: bool = False) -> None:
        self.id: str = config.name
        self.config = config
        self._ed25519 = ed25519_allowed
        try:
            self._authorities = chains.Authorities.of_members(config.root_certs, config.intermediate_certs)
            self._revocations = chains.Revocations.of(config.revocation_list)
            self._authorities.check(self._revocations)
            chains.Authorities.of(config.tls_root_certs, config.tls_intermediate_certs).check(self._revocations)
            self._units_required = self._unit_restrictions(config.organizational_unit_identifiers)
            self._roles = self._role_units(config)
            self.enforces_roles = bool(config.fabric_node_ous.enable and self._roles)
            for admin in config.admins:
                chains.read_configured(admin)
            self._admins = {identity.id: identity for identity in map(self.identity, config.admins)}
        except errors.IdentityError as error:
            raise errors.WireError(str(error)) from error
        self._check_admins()

    @classmethod
    def from_config(cls, config: bytes, *, ed25519_allowed: bool = False) -> Msp:
        """
        Return the provider of an encoded ``FabricMSPConfig``; the same object for the same bytes, so leave it as it is.

        *ed25519_allowed* is true if the channel has the capability V3_0.

        Raises:
            WireError: the bytes, an authority or an admin's certificate cannot be used.
        """
        return _from_config(config, ed25519_allowed)

    def identity(self, certificate: bytes) -> Identity:
        """
        Return the identity of a PEM certificate, not yet validated.

        Raises:
            IdentityError: it is no certificate, or none that this organisation's authorities issued.
        """
        parsed = certificates.read(certificate)
        try:
            chains.require_known_key(parsed)
        except errors.IdentityError as error:
            raise errors.IdentityError(f"failed to import certificate's public key: {error}") from None
        # Only for a certificate with an ECDSA signature is the issuer needed here, to bring the
        # signature into its low form; the chain of any other is checked at its validation.
        return Identity(self, *self._authorities.canonical(parsed))

    def validate(self, certificate: bytes, at: datetime | None = None) -> Identity:
        """
        Return the valid member that a PEM certificate names.

        Expiry is checked only if *at* is given; Fabric leaves that check to the caller.

        Raises:
            IdentityError: the certificate is unusable, foreign, revoked, an authority's, without a role or expired.
        """
        identity = self.identity(certificate)
        if identity.refusal is not None:
            raise errors.IdentityError(identity.refusal)
        if at is not None and identity.not_after < at:
            raise errors.IdentityError(f"the certificate of {self.id} expired at {identity.not_after.isoformat()}")
        return identity

    def satisfies(self, identity: Identity, principal: Principal) -> bool:
        """Return whether *identity* satisfies *principal*."""
        return identity.satisfies(principal)

    # How an identity is judged: called by Identity, which keeps the answer.

    def _refusal(self, identity: Identity) -> str | None:
        kind = identity.certificate.public_key.algorithm
        if kind != publickeys.ECDSA and not (self._ed25519 and kind == publickeys.ED25519):
            return f"could not validate identity's public key algorithm: {kind} is not supported"
        if identity.certificate.extensions.authority:
            return (
                "could not obtain certification chain: An X509 certificate with Basic Constraint: "
                "Certificate Authority equals true cannot be used as an identity"
            )
        try:
            chain = identity.chain or self._authorities.chain(identity.certificate)
        except errors.IdentityError as error:
            return f"could not obtain certification chain: failed getting validation chain: {error}"
        if len(chain) < 2:
            return "could not obtain certification chain: expected a chain of length at least 2, got 1"
        if self._authorities.is_inner(chain[1]):
            return (
                "could not obtain certification chain: invalid validation chain. "
                "Parent certificate should be a leaf of the certification tree"
            )
        try:
            self._revocations.check(identity.certificate, chain[1])
        except errors.IdentityError as error:
            return f"could not validate identity against certification chain: {error}"
        identity.chain_id = chains.chain_id(chain[1:])
        return self._unit_refusal(identity)

    def _unit_refusal(self, identity: Identity) -> str | None:
        if self._units_required:
            if not identity.units:
                return (
                    "could not validate identity's OUs: the identity certificate does not contain an "
                    "Organizational Unit (OU)"
                )
            if not any((unit, identity.chain_id) in self._units_required for unit in identity.units):
                return (
                    "could not validate identity's OUs: none of the identity's organizational units "
                    f"{list(identity.units)} are in MSP {self.id}"
                )
        if not self.enforces_roles:
            return None
        by_name = {unit.name: unit for unit in self._roles.values()}
        roles = [by_name[unit] for unit in identity.units if unit in by_name]
        if any(role.certifiers and role.certifiers != identity.chain_id for role in roles[:2]):
            return f"could not validate identity's OUs: certifiersIdentifier does not match, MSP: [{self.id}]"
        if not roles:
            return (
                "could not validate identity's OUs: the identity does not have an OU that resolves to client, peer, "
                f"orderer, or admin role. OUs: {list(identity.units)}, MSP: [{self.id}]"
            )
        if len(roles) > 1:
            return (
                "could not validate identity's OUs: the identity must have a client, a peer, an orderer, or an admin "
                f"OU role to be valid, not a combination of them. OUs: {list(identity.units)}, MSP: [{self.id}]"
            )
        return None

    def _satisfies(self, identity: Identity, principal: Principal) -> bool:
        if principal.classification == principals.KINDS.COMBINED:
            parts = principals.combined(principal)
            return bool(parts) and all(identity.satisfies(part) for part in parts)
        if principal.classification == principals.KINDS.ROLE:
            role = principal.role
            return role is not None and role[0] == self.id and self._has_role(identity, role[1])
        if principal.classification == principals.KINDS.IDENTITY:
            return self._is_identity(identity, principal.value)
        if principal.classification == principals.KINDS.ORGANIZATION_UNIT:
            unit = principals.unit_of(principal)
            return (
                unit is not None
                and unit[0] == self.id
                and identity.valid
                and unit[1] in identity.units
                and unit[2] == identity.chain_id
            )
        if principal.classification == principals.KINDS.ANONYMITY:
            return principals.is_nominal(principal.value)
        return False

    def _has_role(self, identity: Identity, role: int) -> bool:
        if role == ADMIN and identity.id in self._admins:
            return True
        if role == MEMBER:
            return identity.valid
        if not self.enforces_roles or not identity.valid:
            return False
        unit = self._roles.get(role)
        return unit is not None and unit.name in identity.units

    def _is_identity(self, identity: Identity, serialized: bytes) -> bool:
        try:
            wanted = identities_pb2.SerializedIdentity.FromString(serialized)
            if wanted.mspid != self.id:
                return False
            other = self.identity(wanted.id_bytes)
        except (DecodeError, errors.IdentityError):
            return False
        return other.id == identity.id and other.valid

    # How the configuration is read.

    def _unit_restrictions(self, units: Iterable[Any]) -> frozenset[tuple[str, bytes]]:
        return frozenset(
            (unit.organizational_unit_identifier, self._authorities.certifiers_id(unit.certificate)) for unit in units
        )

    def _role_units(self, config: Any) -> dict[int, RoleUnit]:
        if not config.HasField("fabric_node_ous"):
            return {}
        fields = {CLIENT: "client", PEER: "peer", ADMIN: "admin", ORDERER: "orderer"}
        found: dict[int, RoleUnit] = {}
        for role, name in fields.items():
            field = f"{name}_ou_identifier"
            if config.fabric_node_ous.HasField(field):
                unit = getattr(config.fabric_node_ous, field)
                certifiers = self._authorities.certifiers_id(unit.certificate) if unit.certificate else b""
                found[role] = RoleUnit(unit.organizational_unit_identifier, certifiers)
        return found

    def _check_admins(self) -> None:
        if not self._admins and not (self.enforces_roles and ADMIN in self._roles):
            raise errors.WireError("administrators must be declared when no admin ou classification is set")
        for number, admin in enumerate(self._admins.values()):
            if self.enforces_roles:
                accepted = {self._roles[role].name for role in (CLIENT, ADMIN) if role in self._roles}
                if not accepted.intersection(admin.units):
                    raise errors.WireError(f"admin {number} is invalid: it is neither a client nor an admin")
            elif admin.refusal is not None:
                raise errors.WireError(f"admin {number} is invalid: {admin.refusal}")


# A node reads an organisation again for every channel, peer and configuration that it is in. Reading its certificates
# and checking their chains was most of the time in which a network starts.
@functools.lru_cache(_CACHED_ORGANISATIONS)
def _from_config(config: bytes, ed25519_allowed: bool) -> Msp:  # noqa: FBT001 - private, and part of the cache's key
    try:
        return Msp(msp_config_pb2.FabricMSPConfig.FromString(config), ed25519_allowed=ed25519_allowed)
    except DecodeError as error:
        raise errors.WireError(f"failed unmarshalling fabric msp config: {errors.INVALID_WIRE}") from error


class Msps:
    """The organisations of one channel; it caches identities."""

    def __init__(self, msps: Iterable[Msp]) -> None:
        self._msps = {msp.id: msp for msp in msps}
        self._known: OrderedDict[bytes, Identity] = OrderedDict()
        self._lock = threading.Lock()

    def __iter__(self) -> Any:
        return iter(self._msps.values())

    def __contains__(self, msp_id: str) -> bool:
        return msp_id in self._msps

    def __len__(self) -> int:
        return len(self._msps)

    def get(self, msp_id: str) -> Msp | None:
        """Return the organisation of that id, or None."""
        return self._msps.get(msp_id)

    def identity(self, serialized: bytes) -> Identity:
        """
        Return the identity of a ``SerializedIdentity``, not yet validated.

        Raises:
            IdentityError: it is malformed, its organisation is not on the channel, or its authorities did not issue it.
        """
        with self._lock:
            known = self._known.get(serialized)
            if known is not None:
                self._known.move_to_end(serialized)
                return known
        try:
            msp_id, certificate = signatures.parse_identity(serialized)
        except errors.WireError as error:
            raise errors.IdentityError(f"could not deserialize a SerializedIdentity: {error}") from error
        msp = self._msps.get(msp_id)
        if msp is None:
            raise errors.IdentityError(f"MSP {msp_id} is not defined on channel")
        identity = msp.identity(certificate)
        with self._lock:
            self._known[serialized] = identity
            if len(self._known) > _CACHED_IDENTITIES:
                self._known.popitem(last=False)
        return identity

    def validate(self, serialized: bytes) -> Identity:
        """
        Return the valid member that a ``SerializedIdentity`` names.

        Raises:
            IdentityError: as :meth:`identity`, or its organisation does not count it as a member.
        """
        identity = self.identity(serialized)
        if identity.refusal is not None:
            raise errors.IdentityError(identity.refusal)
        return identity

    def signers(self, signed: Iterable[SignedData], made: Callable[..., bool] = lambda _: False) -> list[Identity]:
        """Return the signers with valid signatures, each once and in order; *made* is true for known valid ones."""
        found: dict[tuple[str, str], Identity] = {}
        for item in signed:
            try:
                identity = self.identity(item.identity)
            except errors.IdentityError:
                continue
            key = (identity.msp_id, identity.id)
            if key not in found and (made(item) or identity.verify(item.data, item.signature)):
                found[key] = identity
        return list(found.values())
