"""Endorsement policies for single keys (Fabric: state-based or key-level endorsement)."""

from __future__ import annotations

from collections.abc import Iterable

from fabric_protos.common import policies_pb2
from fabric_protos.msp import msp_principal_pb2

from hlf.shim.errors import ContractError

_ROLES = {"MEMBER": msp_principal_pb2.MSPRole.MEMBER, "PEER": msp_principal_pb2.MSPRole.PEER}


def all_of(msp_ids: Iterable[str], role: str = "PEER") -> bytes:
    """
    Return the policy that every one of *msp_ids* endorses, for ``set_state_validation_parameter``.

    The organisations are sorted and listed once, so that equal sets give equal
    bytes, the same that Fabric's own shims write.
    """
    organisations = sorted(set(msp_ids))
    if not organisations:
        raise ContractError("an endorsement policy of no organisation would let anybody write the key")
    policy = policies_pb2.SignaturePolicyEnvelope(version=0)
    rules = []
    for index, msp_id in enumerate(organisations):
        principal = msp_principal_pb2.MSPRole(msp_identifier=msp_id, role=_ROLES[role])
        policy.identities.add(
            principal_classification=msp_principal_pb2.MSPPrincipal.ROLE, principal=principal.SerializeToString()
        )
        rules.append(policies_pb2.SignaturePolicy(signed_by=index))
    policy.rule.n_out_of.n = len(organisations)
    policy.rule.n_out_of.rules.extend(rules)
    return bytes(policy.SerializeToString())
