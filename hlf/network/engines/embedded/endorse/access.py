"""
Access rules: the policy that Fabric requires for each resource of a peer.

A channel's configuration may set another policy for a resource of the
channel; only the peer's own organisation may use resources of the peer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hlf import errors
from hlf.network.engines.embedded.wire import decisions
from hlf.network.engines.embedded.wire.requests import AccessDeniedError
from hlf.wire import msp

if TYPE_CHECKING:
    from hlf.network.engines.embedded.order.channels import OrderedChannel
    from hlf.network.engines.embedded.wire.localmsp import LocalMsp
    from hlf.network.engines.embedded.wire.requests import ProposalRequest
    from hlf.wire.config import channelconfig

READERS = "/Channel/Application/Readers"
WRITERS = "/Channel/Application/Writers"

PROPOSE = "peer/Propose"
CHAINCODE_TO_CHAINCODE = "peer/ChaincodeToChaincode"
BLOCK_EVENTS = "event/Block"
FILTERED_BLOCK_EVENTS = "event/FilteredBlock"
COMMIT_STATUS = "gateway/CommitStatus"
CHAINCODE_EVENTS = "gateway/ChaincodeEvents"
SUBMIT_SNAPSHOT = "snapshot/submitrequest"
CANCEL_SNAPSHOT = "snapshot/cancelrequest"
PENDING_SNAPSHOTS = "snapshot/listpending"

_OF_CHANNEL = {
    "_lifecycle/CommitChaincodeDefinition": WRITERS,
    "_lifecycle/QueryChaincodeDefinition": WRITERS,
    "_lifecycle/QueryChaincodeDefinitions": WRITERS,
    "_lifecycle/CheckCommitReadiness": WRITERS,
    "qscc/GetChainInfo": READERS,
    "qscc/GetBlockByNumber": READERS,
    "qscc/GetBlockByHash": READERS,
    "qscc/GetTransactionByID": READERS,
    "qscc/GetBlockByTxID": READERS,
    "cscc/GetConfigBlock": READERS,
    "cscc/GetChannelConfig": READERS,
    PROPOSE: WRITERS,
    CHAINCODE_TO_CHAINCODE: WRITERS,
    BLOCK_EVENTS: READERS,
    FILTERED_BLOCK_EVENTS: READERS,
    COMMIT_STATUS: READERS,
    CHAINCODE_EVENTS: READERS,
}
_OF_PEER = {
    "_lifecycle/InstallChaincode": "Admins",
    "_lifecycle/QueryInstalledChaincode": "Admins",
    "_lifecycle/GetInstalledChaincodePackage": "Admins",
    "_lifecycle/QueryInstalledChaincodes": "Admins",
    "_lifecycle/ApproveChaincodeDefinitionForMyOrg": "Admins",
    "_lifecycle/QueryApprovedChaincodeDefinition": "Admins",
    "_lifecycle/QueryApprovedChaincodeDefinitions": "Admins",
    "cscc/JoinChain": "Admins",
    "cscc/JoinChainBySnapshot": "Admins",
    "cscc/JoinBySnapshotStatus": "Admins",
    "cscc/GetChannels": "Members",
    SUBMIT_SNAPSHOT: "Admins",
    CANCEL_SNAPSHOT: "Admins",
    PENDING_SNAPSHOTS: "Admins",
}
# Fabric's texts for an unreadable signer, an unknown role, and a signer without the role.
_OF_PROPOSAL = (
    "Failed deserializing proposal creator",
    "Failed getting local MSP principal",
    "Failed verifying that proposal's creator satisfies local MSP principal",
)
_OF_DATA = (
    "failed deserializing signed data identity",
    "failed getting local MSP principal",
    "failed verifying that the signed data identity satisfies local MSP principal",
)
_ROLES = {"Admins": msp.ADMIN, "Members": msp.MEMBER}


def refusal(
    resource: str, bundle: channelconfig.Bundle | None, channel_id: str, signers: list[msp.Identity]
) -> str | None:
    """Return why *signers* may not use a resource of the channel, in Fabric's words; None when they may."""
    own = bundle.acls.get(resource) if bundle is not None else None
    if bundle is not None and own is not None:
        return _refusal_by_rule(own, bundle, signers)
    path = _OF_CHANNEL.get(resource)
    if path is None:
        return f"Unmapped policy for {resource}"
    if bundle is None:
        return f"Failed to get policy manager for channel [{channel_id}]"
    reason = decisions.refusal(bundle, path, signers)
    if reason is None:
        return None
    return (
        f"Failed evaluating policy on signed data during check policy on channel [{channel_id}] with policy [{path}]: "
        f"[{reason}]"
    )


def _refusal_by_rule(path: str, bundle: channelconfig.Bundle, signers: list[msp.Identity]) -> str | None:
    """Return as ``refusal`` does, for a policy that the channel's configuration sets; Fabric's text differs then."""
    found = bundle.policies.find(path) is not None
    reason = decisions.refusal(bundle, path, signers) if found else f"policy {path} not found"
    if reason is None:
        return None
    return f"failed evaluating policy on signed data during check policy [{path}]: [{reason}]"


def signed_refusal(
    resource: str, bundle: channelconfig.Bundle | None, channel_id: str, signed: msp.SignedData
) -> str | None:
    """Return as ``refusal`` does, for signed bytes."""
    signers = bundle.msps.signers([signed]) if bundle is not None else []
    return refusal(resource, bundle, channel_id, signers)


def permitted(channel: OrderedChannel | None, resource: str, channel_id: str, signed: msp.SignedData) -> OrderedChannel:
    """
    Return *channel* if the signer may use the resource.

    Raises:
        AccessDeniedError: it may not, or there is no such channel; the text is Fabric's.
    """
    reason = signed_refusal(resource, None if channel is None else channel.bundle, channel_id, signed)
    if channel is None or reason is not None:
        raise AccessDeniedError(reason)
    return channel


def proposal_refusal(
    resource: str, bundle: channelconfig.Bundle | None, channel_id: str, request: ProposalRequest, local: LocalMsp
) -> str | None:
    """Return as ``refusal`` does, for a proposal; the peer's own organisation judges resources of the peer."""
    needed = _OF_PEER.get(resource)
    if needed is None and not channel_id:
        # Without a channel, Fabric reads a channel's policy as the name of a role, which does not exist.
        needed = _OF_CHANNEL.get(resource)
        if needed is None:
            return f"Unmapped policy for {resource}"
    signed = msp.SignedData(request.signed.proposal_bytes, request.creator, request.signed.signature)
    if needed is not None:
        return _local_refusal(needed, signed, local, _OF_PROPOSAL)
    return signed_refusal(resource, bundle, channel_id, signed)


def peer_refusal(resource: str, signed: msp.SignedData, local: LocalMsp) -> str | None:
    """Return why a signer may not use a resource of the peer itself, without a proposal; None when it may."""
    return _local_refusal(_OF_PEER[resource], signed, local, _OF_DATA)


def _local_refusal(needed: str, signed: msp.SignedData, local: LocalMsp, words: tuple[str, str, str]) -> str | None:
    reading, asking, judging = words
    where = f"during channelless check policy with policy [{needed}]"
    try:
        identity = local.identity(signed.identity)
    except errors.IdentityError as error:
        return f"{reading} {where}: [{error}]"
    role = _ROLES.get(needed)
    if role is None:
        return f"{asking} {where}: [MSP Principal role [{needed}] not recognized]"
    if not identity.satisfies(msp.Principal.of_role(local.msp_id, role)):
        return f"{judging} {where}: [{_why_not(identity, needed, local.msp_id)}]"
    if not identity.verify(signed.data, signed.signature):
        return "The signature is invalid"
    return None


def _why_not(identity: msp.Identity, needed: str, msp_id: str) -> str:
    if needed == "Admins" and identity.valid:
        return (
            f"The identity is not an admin under this MSP [{msp_id}]: The identity does not contain OU [ADMIN], "
            f"MSP: [{msp_id}]"
        )
    return f"The identity is not a member of MSP [{msp_id}]: {identity.refusal}"
