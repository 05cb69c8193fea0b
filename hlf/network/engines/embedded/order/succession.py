"""
Check that a configuration may follow another.

An update can be authorised in every element and still have a result that the
channel's nodes cannot use. The rules and texts are those of Fabric's orderers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fabric_protos.common import configtx_pb2

from hlf import errors
from hlf.network.engines.embedded.order import configuration, consenters
from hlf.wire.config import channelconfig


def check_successor(bundle: channelconfig.Bundle, successor: channelconfig.Bundle) -> None:
    """
    Check that *successor* may follow *bundle*.

    Raises:
        ConfigError: it drops a part, changes an organisation's MSP id or requires unsupported capabilities.
    """
    if successor.ordering is None:
        raise errors.ConfigError("config update is not compatible: config does not contain orderer config")
    for level in ("Orderer", "Channel"):
        unsupported = successor.capabilities.unsupported(level)
        if unsupported is not None:
            raise errors.ConfigError(
                "config update is not compatible: config requires unsupported "
                f"{level.lower()} capabilities: {unsupported}: {unsupported}"
            )
    if bundle.has_application and not successor.has_application:
        raise errors.ConfigError("current config has application section, but new config does not")
    kept = bundle.ordering.organisations if bundle.ordering is not None else {}
    _check_ids("orderer", kept, successor.ordering.organisations)
    _check_ids("application", bundle.application_organisations, successor.application_organisations)
    if successor.has_consortiums:
        raise errors.ConfigError("current config has no consortiums section, but new config does")
    _check_consensus(bundle, successor)


def _check_ids(
    kind: str, old: Mapping[str, channelconfig.MemberConfig], new: Mapping[str, channelconfig.MemberConfig]
) -> None:
    for name, organisation in old.items():
        if name in new and new[name].msp_id != organisation.msp_id:
            raise errors.ConfigError(
                f"{kind} org {name} attempted to change MSP ID from {organisation.msp_id} to {new[name].msp_id}"
            )


def _check_consensus(bundle: channelconfig.Bundle, successor: channelconfig.Bundle) -> None:
    if bundle.ordering is None or successor.ordering is None:
        return
    if bundle.ordering.consensus_type == successor.ordering.consensus_type:
        try:
            consenters.check_update(bundle.ordering, successor.ordering)
        except errors.ConfigError as error:
            raise errors.ConfigError(
                f"consensus metadata update for channel config update is invalid: {error}"
            ) from error


def check_maintenance(bundle: channelconfig.Bundle, successor: channelconfig.Bundle, envelope: Any) -> None:
    """
    Check that *envelope* enters, leaves and uses maintenance mode correctly.

    Raises:
        ConfigError: it asks for another consensus type, which this engine does not support, or the change of
            state comes with other changes.
    """
    if bundle.ordering is None or successor.ordering is None:
        return
    old, new = bundle.ordering, successor.ordering
    if old.maintenance != new.maintenance:
        _check_state_only(_update_of(envelope).write_set)
        change = f"ConsensusType.State is changing from {_state(old)} to {_state(new)}"
        if old.consensus_type != new.consensus_type:
            types = f"from {old.consensus_type} to {new.consensus_type}"
            raise errors.ConfigError(f"attempted to change ConsensusType.Type {types}, but {change}")
        if old.consensus_metadata != new.consensus_metadata:
            raise errors.ConfigError(f"attempted to change ConsensusType.Metadata, but {change}")
    if old.consensus_type != new.consensus_type:
        change = f"attempted to change consensus type from {old.consensus_type} to {new.consensus_type}"
        if not old.maintenance:
            raise errors.ConfigError(f"{change}, but current config ConsensusType.State is not in maintenance mode")
        raise errors.ConfigError(f"{change}, transition not supported")


def _state(ordering: channelconfig.OrderingConfig) -> str:
    return "STATE_MAINTENANCE" if ordering.maintenance else "STATE_NORMAL"


def _check_state_only(written: Any) -> None:
    if written.values:
        raise errors.ConfigError(f"config update contains changes to values in group {channelconfig.ROOT}")
    if len(written.groups) > 1:
        raise errors.ConfigError("config update contains changes to more than one group")
    if channelconfig.ORDERER not in written.groups:
        raise errors.ConfigError(f"update does not contain the {channelconfig.ORDERER} group")
    group = written.groups[channelconfig.ORDERER]
    if group.groups:
        raise errors.ConfigError(f"config update contains changes to groups within the {channelconfig.ORDERER} group")
    if set(group.values) != {"ConsensusType"}:
        raise errors.ConfigError(
            f"config update contain more then just the ConsensusType value in the {channelconfig.ORDERER} group"
        )


def _update_of(envelope: Any) -> configtx_pb2.ConfigUpdate:
    return configtx_pb2.ConfigUpdate.FromString(configuration.update_envelope(envelope).config_update)
