"""Check a chaincode definition as Fabric does: names, versions, private data collections and changes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_protos.msp import msp_principal_pb2
from fabric_protos.peer import collection_pb2

from hlf import errors
from hlf.codec import names
from hlf.wire import msp, policies

if TYPE_CHECKING:
    from fabric_protos.common import policies_pb2

_BUILT_IN = frozenset({"cscc", "escc", "lscc", "qscc", "vscc"})

Package = collection_pb2.CollectionConfigPackage


class CollectionError(Exception):
    """A definition that Fabric refuses; the text is Fabric's."""


def check_names(name: str, version: str) -> None:
    """
    Check a chaincode's name and version.

    Raises:
        CollectionError: one of them is not allowed.
    """
    if not names.CHAINCODE.fits(name):
        raise CollectionError(
            f"invalid chaincode name '{name}'. Names can only consist of alphanumerics, '_', and '-' and can only "
            "begin with alphanumerics"
        )
    if name in _BUILT_IN:
        raise CollectionError(f"chaincode name '{name}' is the name of a system chaincode")
    if not names.VERSION.fits(version):
        raise CollectionError(
            f"invalid chaincode version '{version}'. Versions can only consist of alphanumerics, '_', '-', '+', and '.'"
        )


def check(package: Package, msps: msp.Msps) -> None:
    """
    Check the collections of a definition against the members of the channel.

    Raises:
        CollectionError: the first that is not allowed.
    """
    seen: set[str] = set()
    for config in _static(package):
        if not names.COLLECTION.fits(config.name):
            raise CollectionError(
                f"invalid collection name '{config.name}'. Names can only consist of alphanumerics, '_', and '-' and "
                "cannot begin with '_'"
            )
        prefix = f"collection-name: {config.name} --"
        if config.name in seen:
            raise CollectionError(f"{prefix} found duplicate in collection configuration")
        seen.add(config.name)
        if config.maximum_peer_count < config.required_peer_count:
            raise CollectionError(
                f"{prefix} maximum peer count ({config.maximum_peer_count}) cannot be less than the required peer "
                f"count ({config.required_peer_count})"
            )
        if config.required_peer_count < 0:
            raise CollectionError(f"{prefix} requiredPeerCount ({config.required_peer_count}) cannot be less than zero")
        _check_members(config, msps)


def check_change(proposed: Package, committed: Package) -> None:
    """
    Check that existing collections stay, with their life times.

    Raises:
        CollectionError: one is missing or has another life time.
    """
    if not committed.config:
        return
    if not proposed.config:
        raise CollectionError("the proposed collection config does not contain previously defined collections")
    by_name = {config.name: config for config in _static(proposed)}
    for existing in _static(committed):
        successor = by_name.get(existing.name)
        if successor is None:
            raise CollectionError(
                f"existing collection [{existing.name}] missing in the proposed collection configuration"
            )
        if successor.block_to_live != existing.block_to_live:
            raise CollectionError(
                f"the BlockToLive in an existing collection [{existing.name}] modified. "
                f"Existing value [{existing.block_to_live}]"
            )


def _static(package: Package) -> list[collection_pb2.StaticCollectionConfig]:
    found = []
    for config in package.config:
        if not config.HasField("static_collection_config"):
            raise CollectionError("collection config contains unexpected payload type: <nil>")
        found.append(config.static_collection_config)
    return found


def _check_members(config: collection_pb2.StaticCollectionConfig, msps: msp.Msps) -> None:
    if not config.HasField("member_orgs_policy"):
        raise CollectionError(f"collection member policy is not set for collection '{config.name}'")
    if not config.member_orgs_policy.HasField("signature_policy"):
        raise CollectionError(f"collection member org policy is empty for collection '{config.name}'")
    policy = config.member_orgs_policy.signature_policy
    try:
        policies.parse(policy)
    except errors.PolicyError as error:
        raise CollectionError(f"invalid member org policy for collection '{config.name}': {error}") from None
    _check_only_or(config.name, policy.rule)
    for proto in policy.identities:
        principal = msp.Principal.of(proto)
        prefix = f"collection-name: {config.name} --"
        if proto.principal_classification == msp_principal_pb2.MSPPrincipal.IDENTITY:
            try:
                msps.identity(proto.principal)
            except errors.IdentityError:
                raise CollectionError(f"{prefix} contains an identity that is not part of the channel") from None
        elif proto.principal_classification in (
            msp_principal_pb2.MSPPrincipal.ROLE,
            msp_principal_pb2.MSPPrincipal.ORGANIZATION_UNIT,
        ):
            if principal.msp_id is None or principal.msp_id not in msps:
                raise CollectionError(f"{prefix} collection member '{principal.msp_id}' is not part of the channel")
        else:
            raise CollectionError(f"{prefix} principal type {proto.principal_classification} is not supported")


def _check_only_or(name: str, rule: policies_pb2.SignaturePolicy) -> None:
    if not rule.HasField("n_out_of"):
        return
    if rule.n_out_of.n != 1:
        raise CollectionError(
            f"collection-name: {name} -- error in member org policy: signature policy is not an OR concatenation, "
            f"NOutOf {rule.n_out_of.n}"
        )
    for inner in rule.n_out_of.rules:
        _check_only_or(name, inner)
