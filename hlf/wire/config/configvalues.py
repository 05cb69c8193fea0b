"""The values of a channel's configuration: the message of each key, and the values in the simple ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fabric_protos.common import configuration_pb2, policies_pb2
from fabric_protos.msp import msp_config_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.orderer.etcdraft import configuration_pb2 as raft_pb2
from fabric_protos.peer import configuration_pb2 as peer_pb2
from google.protobuf.message import DecodeError

from hlf import errors

CHANNEL_VALUES = {
    "HashingAlgorithm": configuration_pb2.HashingAlgorithm,
    "BlockDataHashingStructure": configuration_pb2.BlockDataHashingStructure,
    "OrdererAddresses": configuration_pb2.OrdererAddresses,
    "Orderers": configuration_pb2.Orderers,
    "Consortium": configuration_pb2.Consortium,
    "Capabilities": configuration_pb2.Capabilities,
}
ORDERER_VALUES = {
    "ConsensusType": orderer_pb2.ConsensusType,
    "BatchSize": orderer_pb2.BatchSize,
    "BatchTimeout": orderer_pb2.BatchTimeout,
    "KafkaBrokers": orderer_pb2.KafkaBrokers,
    "ChannelRestrictions": orderer_pb2.ChannelRestrictions,
    "Orderers": configuration_pb2.Orderers,
    "Capabilities": configuration_pb2.Capabilities,
}
APPLICATION_VALUES = {"ACLs": peer_pb2.ACLs, "Capabilities": configuration_pb2.Capabilities}
ORDERER_ORGANISATION_VALUES = {"MSP": msp_config_pb2.MSPConfig, "Endpoints": configuration_pb2.OrdererAddresses}
CONSORTIUM_VALUES = {"ChannelCreationPolicy": policies_pb2.Policy}
ORGANISATION_VALUES = {"MSP": msp_config_pb2.MSPConfig}
APPLICATION_ORGANISATION_VALUES = {"MSP": msp_config_pb2.MSPConfig, "AnchorPeers": peer_pb2.AnchorPeers}
_UNITS = {"ns": 1, "us": 10**3, "\u00b5s": 10**3, "\u03bcs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9}
_UNITS["h"] = 60 * _UNITS["m"]
_SECOND = _UNITS["s"]
_LONGEST = (1 << 63) - 1
_DURATION_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([^\d.]*)")


RAFT, BFT = "etcdraft", "BFT"
"""The names of the two consensus types in a configuration."""


def quorum(orderers: int, *, bft: bool) -> int:
    """Return how many of a channel's orderers must agree on a block."""
    if bft:
        faulty = (orderers - 1) // 3
        return (orderers + faulty + 2) // 2
    return orderers // 2 + 1


@dataclass(frozen=True)
class Batch:
    """When the orderer cuts a block: sizes in bytes, the time-out in seconds."""

    max_messages: int
    absolute_max_bytes: int
    preferred_max_bytes: int
    timeout: float


def decode(group: Any, kinds: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    Return a group's values by name; a value that the group does not have is an empty message, as in Fabric.

    Raises:
        ConfigError: a value is malformed, or its name is unknown in such a group.
    """
    decoded = {name: kind() for name, kind in kinds.items()}
    for name, value in sorted(group.values.items()):
        if name not in kinds:
            raise errors.ConfigError(f"failed to deserialize values: Unexpected key {name}")
        try:
            decoded[name] = kinds[name].FromString(value.value)
        except DecodeError as error:
            raise errors.ConfigError(f"failed to deserialize values: {errors.INVALID_WIRE}") from error
    return decoded


def raft_metadata(serialized: bytes) -> raft_pb2.ConfigMetadata:
    """
    Return the consenters and options of a channel that Raft orders.

    Raises:
        ConfigError: the bytes are no such message.
    """
    try:
        return raft_pb2.ConfigMetadata.FromString(serialized)
    except DecodeError as error:
        raise errors.ConfigError(errors.INVALID_WIRE) from error


def fabric_msp(group: Any) -> msp_config_pb2.FabricMSPConfig:
    """Return the MSP configuration in the group of an organisation."""
    return msp_config_pb2.FabricMSPConfig.FromString(_msp(group).config)


def set_fabric_msp(group: Any, config: msp_config_pb2.FabricMSPConfig) -> None:
    """Put the MSP configuration *config* into the group of an organisation."""
    msp = _msp(group)
    msp.config = config.SerializeToString(deterministic=True)
    group.values["MSP"].value = msp.SerializeToString(deterministic=True)


def _msp(group: Any) -> msp_config_pb2.MSPConfig:
    return msp_config_pb2.MSPConfig.FromString(group.values["MSP"].value)


def duration(text: str) -> float:
    """Return the seconds of a Go duration; as ``nanoseconds``."""
    return nanoseconds(text) / _SECOND


def nanoseconds(text: str) -> int:
    """
    Return the nanoseconds of a Go duration (``200ms``, ``1m30s``).

    Raises:
        ConfigError: it is none, in the words of Go's parser.
    """
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    total, at = 0, 0
    while at < len(rest):
        found = _DURATION_PART.match(rest, at)
        if found is None:
            raise errors.ConfigError(f'time: invalid duration "{text}"')
        if not found[2]:
            raise errors.ConfigError(f'time: missing unit in duration "{text}"')
        if found[2] not in _UNITS:
            raise errors.ConfigError(f'time: unknown unit "{found[2]}" in duration "{text}"')
        whole, _, fraction = found[1].partition(".")
        # A number of a thousand digits is too large, or its end too small to matter.
        whole, fraction, unit = whole.lstrip("0") or "0", fraction[:18], _UNITS[found[2]]
        total += int(whole[:20]) * unit + int(fraction or 0) * unit // 10 ** len(fraction)
        at = found.end()
    if not rest or total > _LONGEST:
        raise errors.ConfigError(f'time: invalid duration "{text}"')
    return sign * total


def duration_text(amount: int) -> str:
    """Return nanoseconds as Go writes a duration: ``1m30s``, ``200ms``, ``-1h0m0s``."""
    sign, left = ("-" if amount < 0 else ""), abs(amount)
    if 0 < left < _SECOND:
        name = next(name for name in ("ms", "\u00b5s", "ns") if left >= _UNITS[name])
        return sign + _decimal(left, _UNITS[name]) + name
    hours, left = divmod(left, _UNITS["h"])
    minutes, left = divmod(left, _UNITS["m"])
    above = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{above}{_decimal(left, _SECOND)}s"


def _decimal(amount: int, unit: int) -> str:
    whole, fraction = divmod(amount, unit)
    digits = f"{fraction:0{len(str(unit)) - 1}}".rstrip("0") if fraction else ""
    return f"{whole}.{digits}" if digits else str(whole)


def batch(size: Any, timeout: Any) -> Batch:
    """
    Return when to cut a block, from ``BatchSize`` and ``BatchTimeout``.

    Raises:
        ConfigError: a number is not usable, in Fabric's words.
    """
    start = "Attempted to set the batch size"
    if size.max_message_count == 0:
        raise errors.ConfigError(f"{start} max message count to an invalid value: 0")
    if size.absolute_max_bytes == 0:
        raise errors.ConfigError(f"{start} absolute max bytes to an invalid value: 0")
    if size.preferred_max_bytes == 0:
        raise errors.ConfigError(f"{start} preferred max bytes to an invalid value: 0")
    if size.preferred_max_bytes > size.absolute_max_bytes:
        raise errors.ConfigError(
            f"{start} preferred max bytes ({size.preferred_max_bytes}) greater than the absolute max bytes "
            f"({size.absolute_max_bytes})."
        )
    try:
        amount = nanoseconds(timeout.timeout)
    except errors.ConfigError as error:
        raise errors.ConfigError(f"Attempted to set the batch timeout to a invalid value: {error}") from error
    if amount <= 0:
        said = duration_text(amount)
        raise errors.ConfigError(f"Attempted to set the batch timeout to a non-positive value: {said}")
    return Batch(size.max_message_count, size.absolute_max_bytes, size.preferred_max_bytes, amount / _SECOND)
