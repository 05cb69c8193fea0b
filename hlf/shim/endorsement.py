"""Endorsement policies for single keys (Fabric: state-based or key-level endorsement)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from fabric_protos.common import policies_pb2
from fabric_protos.msp import msp_principal_pb2
from google.protobuf.message import DecodeError

from hlf.shim.errors import ContractError
from hlf.wire import enumerations

_Role = msp_principal_pb2.MSPRole
_ROLES = {"MEMBER": _Role.MEMBER, "PEER": _Role.PEER}


class KeyPolicy:
    """
    The policy of one key as a list of organisations that must all endorse, each by a peer or by any member.

        policy = endorsement.KeyPolicy(ctx.stub.get_state_validation_parameter(key))
        policy.add("BuyerMSP")
        policy.delete("SellerMSP")
        ctx.stub.set_state_validation_parameter(key, policy.to_bytes())

    It gives the same bytes as ``statebased`` of Fabric's Go and Node shims, whatever the order of calls.

    Raises:
        ContractError: *policy* is no policy, or one that a list of organisations cannot express.
    """

    def __init__(self, policy: bytes = b"") -> None:
        self._roles: dict[str, int] = _read(policy) if policy else {}

    def add(self, *msp_ids: str, role: str = "PEER") -> None:
        """
        Add each of *msp_ids* by its ``PEER`` or any ``MEMBER``; one that is there gets the new role.

        Raises:
            ContractError: the role is neither of the two.
        """
        if role not in _ROLES:
            raise ContractError(f"a key's policy has the roles {' and '.join(_ROLES)}, not {role!r}")
        self._roles.update(dict.fromkeys(msp_ids, _ROLES[role]))

    def delete(self, *msp_ids: str) -> None:
        """Remove each of *msp_ids* that is in the list."""
        for msp_id in msp_ids:
            self._roles.pop(msp_id, None)

    def listed(self) -> tuple[str, ...]:
        """Return the organisations, sorted."""
        return tuple(sorted(self._roles))

    @property
    def roles(self) -> Mapping[str, str]:
        """The role of each organisation."""
        return MappingProxyType(
            {msp_id: enumerations.name(_Role.MSPRoleType, self._roles[msp_id]) for msp_id in self.listed()}
        )

    def to_bytes(self) -> bytes:
        """
        Return the policy for ``set_state_validation_parameter``.

        Raises:
            ContractError: the list is empty.
        """
        if not self._roles:
            raise ContractError("an endorsement policy of no organisation would let anybody write the key")
        policy = policies_pb2.SignaturePolicyEnvelope(version=0)
        rules = []
        for index, msp_id in enumerate(self.listed()):
            principal = _Role(msp_identifier=msp_id, role=self._roles[msp_id])
            policy.identities.add(
                principal_classification=msp_principal_pb2.MSPPrincipal.ROLE, principal=principal.SerializeToString()
            )
            rules.append(policies_pb2.SignaturePolicy(signed_by=index))
        policy.rule.n_out_of.n = len(rules)
        policy.rule.n_out_of.rules.extend(rules)
        return bytes(policy.SerializeToString())


def all_of(msp_ids: Iterable[str], role: str = "PEER") -> bytes:
    """
    Return the policy that every one of *msp_ids* endorses, for ``set_state_validation_parameter``.

    The organisations are sorted and listed once, so that equal sets give equal
    bytes, the same that Fabric's own shims write.
    """
    policy = KeyPolicy()
    policy.add(*msp_ids, role=role)
    return policy.to_bytes()


def _read(data: bytes) -> dict[str, int]:
    try:
        policy = policies_pb2.SignaturePolicyEnvelope.FromString(data)
        principals = [
            _Role.FromString(identity.principal)
            for identity in policy.identities
            if identity.principal_classification == msp_principal_pb2.MSPPrincipal.ROLE
        ]
    except DecodeError:
        raise ContractError("the key's policy cannot be read; it is not a SignaturePolicyEnvelope") from None
    rule = policy.rule.n_out_of
    signers = [each.signed_by for each in rule.rules if each.WhichOneof("Type") == "signed_by"]
    # A policy that some of its signers satisfy would change its meaning if it became a list of all.
    listed = sorted(signers) == list(range(len(principals))) and rule.n == len(rule.rules) == len(policy.identities)
    if not listed or len({role.msp_identifier for role in principals}) != len(principals):
        raise ContractError("the key's policy does not list organisations that must all endorse; write a new one")
    return {role.msp_identifier: role.role for role in principals}
