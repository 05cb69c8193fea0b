"""
Whom a policy asks for: roles, organisational units, certificates, combinations.

A principal is kept as its bytes, so that it can be compared and remembered;
what is in them is read once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fabric_protos.msp import identities_pb2, msp_principal_pb2
from google.protobuf.message import DecodeError

KINDS = msp_principal_pb2.MSPPrincipal

MEMBER = msp_principal_pb2.MSPRole.MEMBER
ADMIN = msp_principal_pb2.MSPRole.ADMIN
CLIENT = msp_principal_pb2.MSPRole.CLIENT
PEER = msp_principal_pb2.MSPRole.PEER
ORDERER = msp_principal_pb2.MSPRole.ORDERER
ROLE_NAMES: Mapping[int, str] = {MEMBER: "member", ADMIN: "admin", CLIENT: "client", PEER: "peer", ORDERER: "orderer"}


@dataclass(frozen=True)
class Principal:
    """Whom a policy asks for: an MSP role, an organisational unit, one certificate or a combination of these."""

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
        """MSP id and role where this principal is a role, else None."""
        return _role_of(self)

    @property
    def msp_id(self) -> str | None:
        """The organisation asked for, or None for a combination or an unreadable principal."""
        return _msp_of(self)

    def __str__(self) -> str:
        role = self.role
        if role is not None:
            return f"{role[0]}.{ROLE_NAMES.get(role[1], role[1])}"
        return f"{KINDS.Classification.Name(self.classification)}:{self.value.hex()[:16]}"


@lru_cache(maxsize=4096)
def _role_of(principal: Principal) -> tuple[str, int] | None:
    if principal.classification != KINDS.ROLE:
        return None
    try:
        role = msp_principal_pb2.MSPRole.FromString(principal.value)
    except DecodeError:
        return None
    return role.msp_identifier, role.role


@lru_cache(maxsize=4096)
def unit_of(principal: Principal) -> tuple[str, str, bytes] | None:
    """MSP id, unit name and certifiers' identifier of an ORGANIZATION_UNIT principal."""
    try:
        unit = msp_principal_pb2.OrganizationUnit.FromString(principal.value)
    except DecodeError:
        return None
    return unit.msp_identifier, unit.organizational_unit_identifier, unit.certifiers_identifier


@lru_cache(maxsize=4096)
def combined(principal: Principal) -> tuple[Principal, ...]:
    """The parts of a COMBINED principal; empty where it is unreadable, which satisfies nobody."""
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
    """Whether an ANONYMITY principal asks for a named identity, which every certificate is."""
    anonymity = msp_principal_pb2.MSPIdentityAnonymity
    try:
        return bool(anonymity.FromString(value).anonymity_type == anonymity.NOMINAL)
    except DecodeError:
        return False
