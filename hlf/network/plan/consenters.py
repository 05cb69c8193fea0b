"""The orderers that agree on a channel's blocks, in its configuration: Raft and BFT keep them in different places."""

from __future__ import annotations

from typing import Any

from fabric_protos.common import configuration_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2

from hlf.wire.config import configtx, configvalues


def add(orderer: Any, wanted: Any, address: str) -> None:
    """Add the orderer *address* of the group *wanted* to the consenters in the group ``/Channel/Orderer``, once."""
    if _is_bft(orderer):
        mapping, theirs = _mapping(orderer), _mapping(wanted)
        found = _missing(mapping.consenter_mapping, theirs.consenter_mapping, address)
        for each in found:
            # Others may have left a gap, so the count of orderers is no free number.
            number = max((held.id for held in mapping.consenter_mapping), default=0) + 1
            mapping.consenter_mapping.add().CopyFrom(each)
            mapping.consenter_mapping[-1].id = number
        if found:
            _set_mapping(orderer, mapping)
        return
    consensus, metadata = _raft(orderer)
    _, theirs = _raft(wanted)
    found = _missing(metadata.consenters, theirs.consenters, address)
    if found:
        metadata.consenters.extend(found)
        _set_raft(orderer, consensus, metadata)


def remove(orderer: Any, address: str) -> None:
    """Remove the orderer *address* from the consenters."""
    if _is_bft(orderer):
        mapping = _mapping(orderer)
        _leave_out(mapping.consenter_mapping, address)
        _set_mapping(orderer, mapping)
        return
    consensus, metadata = _raft(orderer)
    _leave_out(metadata.consenters, address)
    _set_raft(orderer, consensus, metadata)


def addresses(orderer: Any) -> list[str]:
    """Return the addresses of the consenters."""
    agree = _mapping(orderer).consenter_mapping if _is_bft(orderer) else _raft(orderer)[1].consenters
    return [_address(each) for each in agree]


def know_by_tls(orderer: Any, address: str, certificate: bytes) -> None:
    """Set the TLS certificate (PEM) of the orderer *address*, if it is a consenter; its key stays the same."""
    if _is_bft(orderer):
        mapping = _mapping(orderer)
        for each in mapping.consenter_mapping:
            if _address(each) == address:
                each.client_tls_cert = each.server_tls_cert = certificate
        _set_mapping(orderer, mapping)
        return
    consensus, metadata = _raft(orderer)
    for each in metadata.consenters:
        if _address(each) == address and each.client_tls_cert != certificate:
            each.client_tls_cert = each.server_tls_cert = certificate
            _set_raft(orderer, consensus, metadata)


def know_by_identity(orderer: Any, address: str, certificate: bytes) -> None:
    """Set the signing certificate (PEM) of the orderer *address*, if it is a consenter of BFT; its key stays."""
    if not _is_bft(orderer):
        return
    mapping = _mapping(orderer)
    for each in mapping.consenter_mapping:
        if _address(each) == address:
            each.identity = certificate
    _set_mapping(orderer, mapping)


def _missing(present: Any, wanted: Any, address: str) -> list[Any]:
    if address in map(_address, present):
        return []
    return [each for each in wanted if _address(each) == address]


def _leave_out(consenters: Any, address: str) -> None:
    left = [each for each in consenters if _address(each) != address]
    del consenters[:]
    consenters.extend(left)


def _address(consenter: Any) -> str:
    return f"{consenter.host}:{consenter.port}"


def _is_bft(orderer: Any) -> bool:
    found: str = orderer_pb2.ConsensusType.FromString(orderer.values["ConsensusType"].value).type
    return found == configvalues.BFT


def _mapping(orderer: Any) -> configuration_pb2.Orderers:
    return configuration_pb2.Orderers.FromString(orderer.values["Orderers"].value)


def _set_mapping(orderer: Any, mapping: configuration_pb2.Orderers) -> None:
    orderer.values["Orderers"].value = mapping.SerializeToString(deterministic=True)
    orderer.policies["BlockValidation"].policy.CopyFrom(configtx.quorum_policy(mapping.consenter_mapping))


def _raft(orderer: Any) -> tuple[Any, Any]:
    consensus = orderer_pb2.ConsensusType.FromString(orderer.values["ConsensusType"].value)
    return consensus, configvalues.raft_metadata(consensus.metadata)


def _set_raft(orderer: Any, consensus: Any, metadata: Any) -> None:
    consensus.metadata = metadata.SerializeToString(deterministic=True)
    orderer.values["ConsensusType"].value = consensus.SerializeToString(deterministic=True)
