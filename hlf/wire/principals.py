"""
Principals of policies: roles, organisational units, certificates, combinations.

A principal is kept as its bytes, so that it can be compared and cached; they
are decoded once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fabric_protos.msp import identities_pb2, msp_principal_pb2
from google.protobuf.message import DecodeError

from hlf.wire import enumerations

KINDS = msp_principal_pb2.MSPPrincipal

MEMBER = msp_principal_pb2.MSPRole.MEMBER
ADMIN = msp_principal_pb2.MSPRole.ADMIN
CLIENT = msp_principal_pb2.MSPRole.CLIENT
PEER = msp_principal_pb2.MSPRole.PEER
ORDERER = msp_principal_pb2.MSPRole.ORDERER
ROLE_NAMES: Mapping[int, str] = {MEMBER: "member", ADMIN: "admin", CLIENT: "client", PEER: "peer", ORDERER: "orderer"}


@dataclass(frozen=True)
class Principal:
    """An MSP role, an organisational unit, one certificate or a combination of these."""

    classification: int
    value: bytes

    @classmethod
    def of_role(cls, msp_id: str, role: int) -> Principal:
        """Return the principal 'any *role* of *msp_id*'."""
        encoded = msp_principal_pb2.MSPRole(msp_identifier=msp_id, role=role).SerializeToString()
        return cls(KINDS.ROLE, encoded)

    @classmethod
    def of(cls, proto: Any) -> Principal:
        """Return the value of a decoded ``MSPPrincipal``."""
        return cls(proto.principal_classification, proto.principal)

    @property
    def role(self) -> tuple[str, int] | None:
        """MSP id and role if this principal is a role, else None."""
        return _role_of(self)

    @property
    def msp_id(self) -> str | None:
        """The MSP id of its organisation; None for a combination or an unreadable principal."""
        return _msp_of(self)

    @property
    def comparable(self) -> bool:
        """Whether it can be compared with others: a readable role, organisational unit or identity."""
        return _subject_of(self) is not None

    def is_a(self, other: Principal) -> bool:
        """
        Return whether everybody who satisfies this principal is known to satisfy *other* too.

        A peer is a member of its MSP, and so is everybody in an organisational
        unit and the holder of a certificate; no other two different ones are
        related (Fabric's ``common/policies/inquire``).
        """
        this, that = _subject_of(self), _subject_of(other)
        if this is None or that is None or this.msp_id != that.msp_id:
            return False
        if that.classification == KINDS.ROLE and that.role == MEMBER:
            return True
        if this.classification == that.classification:
            return this == that
        # Fabric counts a principal of an empty certificate as equal to each that is no certificate.
        return this.classification == KINDS.IDENTITY and not this.certificate

    def __str__(self) -> str:
        role = self.role
        if role is not None:
            return f"{role[0]}.{ROLE_NAMES.get(role[1], role[1])}"
        return f"{enumerations.name(KINDS.Classification, self.classification)}:{self.value.hex()[:16]}"


@lru_cache(maxsize=4096)
def _role_of(principal: Principal) -> tuple[str, int] | None:
    if principal.classification != KINDS.ROLE:
        return None
    try:
        role = msp_principal_pb2.MSPRole.FromString(principal.value)
    except DecodeError:
        return None
    return role.msp_identifier, role.role


@dataclass(frozen=True)
class _Subject:
    """The parts by which two principals are compared."""

    classification: int
    msp_id: str
    role: int = -1
    unit: tuple[str, bytes] = ("", b"")
    certificate: bytes = b""


@lru_cache(maxsize=4096)
def _subject_of(principal: Principal) -> _Subject | None:
    kind = principal.classification
    if kind == KINDS.ROLE:
        role = principal.role
        return None if role is None else _Subject(kind, role[0], role=role[1])
    if kind == KINDS.ORGANIZATION_UNIT:
        unit = unit_of(principal)
        return None if unit is None else _Subject(kind, unit[0], unit=unit[1:])
    if kind == KINDS.IDENTITY:
        try:
            identity = identities_pb2.SerializedIdentity.FromString(principal.value)
        except DecodeError:
            return None
        return _Subject(kind, identity.mspid, certificate=identity.id_bytes)
    return None


@lru_cache(maxsize=4096)
def unit_of(principal: Principal) -> tuple[str, str, bytes] | None:
    """Return the MSP id, unit name and certifiers' identifier of an ORGANIZATION_UNIT principal."""
    try:
        unit = msp_principal_pb2.OrganizationUnit.FromString(principal.value)
    except DecodeError:
        return None
    return unit.msp_identifier, unit.organizational_unit_identifier, unit.certifiers_identifier


@lru_cache(maxsize=4096)
def combined(principal: Principal) -> tuple[Principal, ...]:
    """Return the parts of a COMBINED principal; empty if it is unreadable, and then nobody satisfies it."""
    try:
        parts = msp_principal_pb2.CombinedPrincipal.FromString(principal.value)
    except DecodeError:
        return ()
    return tuple(Principal.of(part) for part in parts.principals)


def _msp_of(principal: Principal) -> str | None:
    if principal.classification == KINDS.ROLE:
        role = principal.role
        return None if role is None else role[0]
    if principal.classification == KINDS.ORGANIZATION_UNIT:
        unit = unit_of(principal)
        return None if unit is None else unit[0]
    if principal.classification == KINDS.IDENTITY:
        try:
            return str(identities_pb2.SerializedIdentity.FromString(principal.value).mspid)
        except DecodeError:
            return None
    return None


def is_nominal(value: bytes) -> bool:
    """Return whether an ANONYMITY principal needs a named identity; every certificate is one."""
    anonymity = msp_principal_pb2.MSPIdentityAnonymity
    try:
        return bool(anonymity.FromString(value).anonymity_type == anonymity.NOMINAL)
    except DecodeError:
        return False
