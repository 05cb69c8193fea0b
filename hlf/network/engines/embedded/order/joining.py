"""The checks of orderers and peers on the block of a join, in Fabric's order and with its error texts."""

from __future__ import annotations

from typing import Any

from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.network.engines.embedded.order import consenters
from hlf.network.engines.embedded.wire.requests import MalformedError, decode
from hlf.wire import blocks, enumerations
from hlf.wire.config import channelconfig

BAD_REQUEST = 400


class ParticipationRefused(Exception):  # noqa: N818 - the participation interface's answer, not a program's failure.
    """The orderer does not join; *status* is HTTP's, *reason* Fabric's text."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class JoinError(errors.HlfError):
    """A peer cannot join; the text is Fabric's."""


# At the orderer.


def participation_block(encoded: bytes) -> tuple[Any, channelconfig.Bundle]:
    """
    Return the block and its configuration, if the participation interface accepts it.

    Raises:
        ParticipationRefused: it does not.
    """
    refuse = "invalid join block: "
    try:
        block = common_pb2.Block.FromString(encoded)
        channelconfig.config_of(channelconfig.config_envelope_of(block))
    except (DecodeError, errors.WireError) as error:
        raise ParticipationRefused(BAD_REQUEST, f"{refuse}block is not a config block") from error
    if not block.metadata.metadata:
        raise ParticipationRefused(BAD_REQUEST, f"{refuse}invalid block: does not have metadata")
    if blocks.data_hash(block.data.data) != block.header.data_hash:
        raise ParticipationRefused(
            BAD_REQUEST, f"{refuse}invalid block: Header.DataHash is different from Hash(block.Data)"
        )
    try:
        bundle = channelconfig.Bundle.from_config_block(block)
    except errors.ConfigError as error:
        raise ParticipationRefused(BAD_REQUEST, f"{refuse}{error}") from error
    if bundle.has_consortiums:
        raise ParticipationRefused(
            BAD_REQUEST, f"{refuse}invalid config: contains consortiums: system channel not supported"
        )
    if not bundle.has_application:
        raise ParticipationRefused(BAD_REQUEST, f"{refuse}invalid config: must contain application config")
    return block, bundle


def takes_part(block: Any, bundle: channelconfig.Bundle, own: consenters.OwnIdentity) -> bool:
    """
    Return whether the orderer is one of the channel's consenters.

    Raises:
        ParticipationRefused: no orderer could set the channel up.
    """
    refuse = "cannot join: "
    try:
        ordering = _ordering(bundle)
    except errors.ConfigError as error:
        raise ParticipationRefused(BAD_REQUEST, f"{refuse}failed creating ledger resources: {error}") from error
    if ordering.consensus_type not in (consenters.RAFT, consenters.BFT):
        raise ParticipationRefused(
            BAD_REQUEST, f"{refuse}failed to find a consenter for consensus type: {ordering.consensus_type}"
        )
    try:
        found = own.takes_part(ordering)
    except errors.ConfigError as error:
        raise ParticipationRefused(
            BAD_REQUEST, f"{refuse}failed to determine cluster membership from join-block: {error}"
        ) from error
    if found and ordering.consensus_type == consenters.BFT:
        raise ParticipationRefused(BAD_REQUEST, f"{refuse}the embedded engine has no BFT consensus")
    if found and block.header.number == 0:
        try:
            _check_first(block)
        except errors.ConfigError as error:
            raise ParticipationRefused(
                BAD_REQUEST, f"{refuse}failed to append join block to the ledger: {error}"
            ) from error
    return found


def _ordering(bundle: channelconfig.Bundle) -> channelconfig.OrderingConfig:
    unusable = f"error checking bundle for channel: {bundle.channel_id}: "
    if bundle.ordering is None:
        raise errors.ConfigError(f"{unusable}config does not contain orderer config")
    for level in ("Orderer", "Channel"):
        unsupported = bundle.capabilities.unsupported(level)
        if unsupported is not None:
            raise errors.ConfigError(
                f"{unusable}config requires unsupported {level.lower()} capabilities: {unsupported}: {unsupported}"
            )
    if bundle.policies.find("/Channel/Orderer/BlockValidation") is None:
        raise errors.ConfigError("no policies in config block")
    return bundle.ordering


def _check_first(block: Any) -> None:
    if block.header.previous_hash:
        raise errors.ConfigError(
            "unexpected Previous block hash. Expected PreviousHash = [], PreviousHash referred in the latest block= "
            f"[{block.header.previous_hash.hex()}]"
        )


# At a peer.


def peer_block(encoded: bytes) -> tuple[str, Any]:
    """
    Return the channel's name and the block, if a peer accepts it as a configuration.

    Raises:
        JoinError: it does not.
    """
    try:
        block = decode(common_pb2.Block, encoded)
    except MalformedError as error:
        raise JoinError(f"Failed to reconstruct the genesis block, {error}") from error
    try:
        header = _channel_header(block)
    except MalformedError as error:
        raise JoinError(f'"JoinChain" request failed to extract channel id from the block due to [{error}]') from error
    try:
        _check_configuration(block, header)
    except errors.HlfError as error:
        raise JoinError(
            f'"JoinChain" for channelID = {header.channel_id} failed because of validation of configuration block, '
            f"because of {error}"
        ) from error
    return header.channel_id, block


def first_block(block: Any) -> channelconfig.Bundle:
    """
    Return the configuration with which a peer can begin a ledger.

    Raises:
        JoinError: the block is not the first, or its configuration cannot be used.
    """
    if block.header.number != 0:
        raise JoinError(
            "cannot create ledger from genesis block: expected block number=0, "
            f"received block number={block.header.number}"
        )
    try:
        _check_first(block)
    except errors.ConfigError as error:
        raise JoinError(f"cannot create ledger from genesis block: {error}") from error
    try:
        bundle = channelconfig.Bundle.from_config_block(block)
    except errors.HlfError as error:
        raise JoinError(str(error)) from error
    if bundle.ordering is None:
        raise JoinError(
            f"[channel {bundle.channel_id}] cannot create channel because ChannelConfig is missing OrdererConfig"
        )
    return bundle


def transaction_id(block: Any) -> str:
    """Return the id of the transaction in a configuration block."""
    return str(_channel_header(block).tx_id)


def _channel_header(block: Any) -> common_pb2.ChannelHeader:
    if not block.data.data:
        raise MalformedError("failed to retrieve channel id - block is empty")
    payload = decode(common_pb2.Payload, decode(common_pb2.Envelope, block.data.data[0]).payload)
    if not payload.HasField("header"):
        raise MalformedError("failed to retrieve channel id - payload header is empty")
    return decode(common_pb2.ChannelHeader, payload.header.channel_header)


def _check_configuration(block: Any, header: Any) -> None:
    if header.type != common_pb2.CONFIG:
        kind = enumerations.name(common_pb2.HeaderType, header.type)
        raise JoinError(f"Bad configuration envelope: invalid type {kind}, expected CONFIG")
    if len(block.data.data) != 1:
        # Real peers accept such a block, which no orderer makes, with all writes of its other transactions.
        raise JoinError("the embedded engine takes no further transactions in a genesis block")
    if len(block.metadata.metadata) <= common_pb2.TRANSACTIONS_FILTER:
        # The process of a real peer of this version ends here.
        raise JoinError("the block has no metadata for the validation codes of its transactions")
    _, envelope = channelconfig.config_of(channelconfig.config_envelope_of(block))
    if not envelope.HasField("config"):
        raise JoinError("Nil config envelope Config")
    if not envelope.config.HasField("channel_group"):
        raise JoinError("Nil channel group")
    groups = envelope.config.channel_group.groups
    if not groups:
        raise JoinError("No channel configuration groups are available")
    if channelconfig.APPLICATION not in groups:
        raise JoinError("Invalid configuration block, missing Application configuration group")
    try:
        capabilities = channelconfig.ConfigValues(envelope.config.channel_group).capabilities
    except errors.ConfigError as error:
        raise JoinError(f"Failed capabilities check: [no valid channel configuration found: {error}]") from error
    for level in ("Channel", "Application"):
        unsupported = capabilities.unsupported(level)
        if unsupported is not None:
            raise JoinError(f"Failed capabilities check: [{unsupported}]")
