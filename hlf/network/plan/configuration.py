"""Change single places of a channel's configuration; whatever the file does not name stays unchanged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fabric_protos.common import configtx_pb2, configuration_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.orderer.smartbft import configuration_pb2 as smartbft_pb2
from fabric_protos.peer import configuration_pb2 as peer_pb2

from hlf.admin import channel as channels
from hlf.network.plan import consenters
from hlf.network.plan.steps import AddOrderer, Configure, RemoveOrderer
from hlf.wire.config import configvalues
from hlf.wire.config.channelwords import ANCHORS

# Where in the two groups a setting of a batch stands: for BFT, its consensus has the same ones once more.
_BATCH_SIZES = {
    "max_messages": ("max_message_count", "request_batch_max_count"),
    "preferred_max_bytes": ("preferred_max_bytes", ""),
    "absolute_max_bytes": ("absolute_max_bytes", ""),
}


def changed(original: Any, wanted: Any, step: Configure | AddOrderer | RemoveOrderer) -> configtx_pb2.Config:
    """Return *original* (``common.Config``) with what a step changes as in the group *wanted*."""
    result = channels.copy(original)
    group = result.channel_group
    if isinstance(step, AddOrderer):
        _add_orderer(group.groups["Orderer"], wanted.groups["Orderer"], step)
        return result
    if isinstance(step, RemoveOrderer):
        _remove_orderer(group.groups["Orderer"], step.address)
        return result
    for msp_id in step.added:
        group.groups["Application"].groups[msp_id].CopyFrom(wanted.groups["Application"].groups[msp_id])
    for msp_id in step.removed:
        del group.groups["Application"].groups[msp_id]
    for change in step.changes:
        kind, _, name = change.what.partition(".")
        if f"{kind}." == ANCHORS and name in step.added:
            continue
        _WRITERS[kind](group, wanted, name)
    return result


def with_organisation(original: Any, wanted: Any, step: AddOrderer) -> configtx_pb2.Config:
    """Return *original* with the organisation of an orderer that is about to follow: it may then read the channel."""
    result = channels.copy(original)
    organisation = result.channel_group.groups["Orderer"].groups[step.msp_id]
    organisation.CopyFrom(wanted.groups["Orderer"].groups[step.msp_id])
    # An organisation without an address is refused, and of one that has others they come one at a time.
    _set_endpoints(organisation, [step.address])
    return result


def with_consenter(original: Any, wanted: Any, step: AddOrderer) -> configtx_pb2.Config:
    """Return *original* with another consenter, whose address clients do not get yet."""
    result = channels.copy(original)
    consenters.add(result.channel_group.groups["Orderer"], wanted.groups["Orderer"], step.address)
    return result


def without_address(original: Any, step: RemoveOrderer) -> configtx_pb2.Config:
    """Return *original* without the address of an orderer, unless it is the only one of its organisation."""
    result = channels.copy(original)
    hide(result.channel_group.groups["Orderer"], step.address)
    return result


def hide(orderer: Any, address: str) -> None:
    """Remove an orderer's address from ``/Channel/Orderer``, unless it is the only one of its organisation."""
    for organisation in orderer.groups.values():
        left = [each for each in _endpoints(organisation) if each != address]
        if left and left != _endpoints(organisation):
            _set_endpoints(organisation, left)


def show(orderer: Any, msp_id: str, address: str) -> None:
    """Add an orderer's address to those of its organisation in ``/Channel/Orderer``."""
    organisation = orderer.groups[msp_id]
    addresses = _endpoints(organisation)
    if address not in addresses:
        _set_endpoints(organisation, [*addresses, address])


def has_one_address(orderer: Any, msp_id: str) -> bool:
    """Return whether ``/Channel/Orderer`` has exactly one address of an organisation."""
    return msp_id in orderer.groups and len(_endpoints(orderer.groups[msp_id])) == 1


def _add_orderer(orderer: Any, wanted: Any, step: AddOrderer) -> None:
    consenters.add(orderer, wanted, step.address)
    organisation = orderer.groups[step.msp_id]
    if not organisation.mod_policy:
        organisation.CopyFrom(wanted.groups["Orderer"].groups[step.msp_id])
    show(orderer, step.msp_id, step.address)


def _remove_orderer(orderer: Any, address: str) -> None:
    consenters.remove(orderer, address)
    for msp_id, organisation in list(orderer.groups.items()):
        addresses = _endpoints(organisation)
        if addresses == [address]:
            del orderer.groups[msp_id]
        elif address in addresses:
            _set_endpoints(organisation, [each for each in addresses if each != address])


def _endpoints(organisation: Any) -> list[str]:
    return list(configuration_pb2.OrdererAddresses.FromString(organisation.values["Endpoints"].value).addresses)


def _set_endpoints(organisation: Any, addresses: list[str]) -> None:
    value = configuration_pb2.OrdererAddresses(addresses=addresses)
    organisation.values["Endpoints"].value = value.SerializeToString(deterministic=True)


def _batch(group: Any, wanted: Any, name: str) -> None:
    orderer, asked = group.groups["Orderer"], wanted.groups["Orderer"]
    in_consensus = "request_batch_max_interval"
    if name == "timeout":
        orderer.values["BatchTimeout"].value = asked.values["BatchTimeout"].value
    else:
        field, in_consensus = _BATCH_SIZES[name]
        size = orderer_pb2.BatchSize.FromString(orderer.values["BatchSize"].value)
        setattr(size, field, getattr(orderer_pb2.BatchSize.FromString(asked.values["BatchSize"].value), field))
        orderer.values["BatchSize"].value = size.SerializeToString(deterministic=True)
    consensus = orderer_pb2.ConsensusType.FromString(orderer.values["ConsensusType"].value)
    if consensus.type == configvalues.BFT and in_consensus:
        options = smartbft_pb2.Options.FromString(consensus.metadata)
        theirs = orderer_pb2.ConsensusType.FromString(asked.values["ConsensusType"].value)
        value = getattr(smartbft_pb2.Options.FromString(theirs.metadata), in_consensus)
        setattr(options, in_consensus, value)
        consensus.metadata = options.SerializeToString(deterministic=True)
        orderer.values["ConsensusType"].value = consensus.SerializeToString(deterministic=True)


def _capabilities(group: Any, wanted: Any, level: str) -> None:
    place, asked = (each if level == "channel" else each.groups[level.capitalize()] for each in (group, wanted))
    place.values["Capabilities"].CopyFrom(_as_new(place.values, "Capabilities", asked.values["Capabilities"]))


def _policy(group: Any, wanted: Any, name: str) -> None:
    policies, asked = (each.groups["Application"].policies for each in (group, wanted))
    if name not in asked:
        del policies[name]
    elif name in policies:
        policies[name].policy.CopyFrom(asked[name].policy)
    else:
        policies[name].CopyFrom(asked[name])


def _acl(group: Any, wanted: Any, resource: str) -> None:
    values, asked = (each.groups["Application"].values for each in (group, wanted))
    theirs = peer_pb2.ACLs.FromString(asked["ACLs"].value) if "ACLs" in asked else peer_pb2.ACLs()
    held = peer_pb2.ACLs.FromString(values["ACLs"].value) if "ACLs" in values else peer_pb2.ACLs()
    if resource in theirs.acls:
        held.acls[resource].CopyFrom(theirs.acls[resource])
    else:
        del held.acls[resource]
    if "ACLs" in asked and "ACLs" not in values:
        values["ACLs"].CopyFrom(asked["ACLs"])
    if held.acls:
        values["ACLs"].value = held.SerializeToString(deterministic=True)
    else:
        del values["ACLs"]


def _anchors(group: Any, wanted: Any, msp_id: str) -> None:
    values, asked = (each.groups["Application"].groups[msp_id].values for each in (group, wanted))
    values["AnchorPeers"].CopyFrom(_as_new(values, "AnchorPeers", asked["AnchorPeers"]))


def _as_new(values: Any, name: str, asked: Any) -> Any:
    """Return the wanted value with the version and modification policy of the present one."""
    made = configtx_pb2.ConfigValue(value=asked.value, mod_policy=asked.mod_policy)
    if name in values:
        made.version = values[name].version
        made.mod_policy = values[name].mod_policy
    return made


_WRITERS: dict[str, Callable[[Any, Any, str], None]] = {
    "batch": _batch,
    "capabilities": _capabilities,
    "policies": _policy,
    "acls": _acl,
    "anchors": _anchors,
}
