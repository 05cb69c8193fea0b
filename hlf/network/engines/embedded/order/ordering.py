"""
An orderer's work: accept or refuse messages, collect batches, make blocks.

Refusals have the status and the text of Fabric's broadcast service.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from hlf import errors
from hlf.network.engines.embedded.order import configuration, succession
from hlf.network.engines.embedded.wire import decisions
from hlf.wire import blocks, certificates, envelopes, msp, signatures
from hlf.wire.config import channelconfig

WRITERS = "/Channel/Writers"
ORDERER_WRITERS = "/Channel/Orderer/Writers"


class OrdererSigner(Protocol):
    """An orderer's identity: its serialized form, and its signature."""

    @property
    def serialized(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


class NotOrderedError(Exception):  # noqa: N818 - this is the broadcast service's answer, not a failure of the program.
    """A message is not ordered: its sender gets *status* (``common.Status``) and *info*."""

    def __init__(self, status: int, info: str) -> None:
        super().__init__(info)
        self.status = status
        self.info = info


@dataclass(frozen=True)
class Message:
    """
    An accepted envelope.

    Attributes:
        sequence: that of the configuration under which it was checked.
        verified: whether its creator is a valid member, and its signature valid, under that configuration.
        update: the CONFIG_UPDATE envelope that a CONFIG message came from.
        successor: who orders after an update, and how.
    """

    raw: bytes
    size: int
    sequence: int
    arrived: float
    verified: bool = False
    update: Any = None
    successor: channelconfig.OrderingConfig | None = None


class AdmissionRules:
    """The rules for messages under one version of the configuration."""

    def __init__(self, bundle: channelconfig.Bundle, signer: Callable[[], OrdererSigner]) -> None:
        """*signer* returns the orderer that signs the messages of configurations at the moment."""
        self._bundle = bundle
        self._signer = signer

    def admit(self, envelope: Any, raw: bytes, arrived: float) -> Message:
        """
        Return the message to order for *envelope*; for a configuration update it is the resulting CONFIG message.

        Raises:
            NotOrderedError: a rule refuses it.
        """
        kind = _type(envelope)
        if kind == common_pb2.CONFIG:
            raise NotOrderedError(common_pb2.BAD_REQUEST, "message is of type that cannot be processed directly")
        if kind == common_pb2.ORDERER_TRANSACTION:
            raise NotOrderedError(common_pb2.BAD_REQUEST, "message is of type that is no longer supported")
        if kind == common_pb2.CONFIG_UPDATE:
            return self.admit_update(envelope, arrived)
        if self._maintenance:
            raise NotOrderedError(common_pb2.SERVICE_UNAVAILABLE, "normal transactions are rejected: maintenance mode")
        verified = self._filter(envelope)
        if not envelope.signature:
            # If the policy needs no signatures, a real orderer accepts it, but then no peer accepts the block.
            raise NotOrderedError(
                common_pb2.BAD_REQUEST, "message has no signature: no peer would take a block that holds it"
            )
        return Message(raw, _size(envelope), self._bundle.sequence, arrived, verified)

    def admit_update(self, update: Any, arrived: float) -> Message:
        """Return the CONFIG message of a CONFIG_UPDATE envelope; raise NotOrderedError if a rule refuses it."""
        self._filter(update, "config update for existing channel did not pass initial checks: ")
        channel_id = self._bundle.channel_id
        try:
            proposed = configuration.propose(self._bundle, update)
            successor = channelconfig.Bundle(channel_id, proposed.config)
            succession.check_successor(self._bundle, successor)
        except errors.ConfigError as error:
            raise NotOrderedError(
                common_pb2.BAD_REQUEST, f"error applying config update to existing channel '{channel_id}': {error}"
            ) from error
        header, signer = envelopes.channel_header(common_pb2.CONFIG, channel_id), self._signer()
        payload = envelopes.payload(header, signer.serialized, envelopes.fresh_nonce(), proposed.SerializeToString())
        config = common_pb2.Envelope(payload=payload, signature=signer.sign(payload))
        verified = self._filter(config, "config update for existing channel did not pass final checks: ")
        try:
            succession.check_maintenance(self._bundle, successor, update)
        except errors.ConfigError as error:
            raise NotOrderedError(
                common_pb2.BAD_REQUEST,
                "config update for existing channel did not pass maintenance checks: config transaction inspection "
                f"failed: {error}",
            ) from error
        raw, sequence = config.SerializeToString(), self._bundle.sequence
        return Message(raw, _size(config), sequence, arrived, verified, update, successor.ordering)

    @property
    def _maintenance(self) -> bool:
        return self._bundle.ordering is not None and self._bundle.ordering.maintenance

    def _filter(self, envelope: Any, stage: str = "") -> bool:
        """
        Apply Fabric's rules in Fabric's order: not empty, not too large, not expired, allowed to write.

        Return whether the creator is a valid member; a lenient policy does not require it.
        """
        if not envelope.payload:
            raise NotOrderedError(common_pb2.BAD_REQUEST, f"{stage}Message was empty")
        size, limit = _size(envelope), self._bundle.batch.absolute_max_bytes
        if size > limit:
            raise NotOrderedError(
                common_pb2.BAD_REQUEST,
                f"{stage}message payload is {size} bytes and exceeds maximum allowed {limit} bytes",
            )
        signed = _signed(envelope, stage)
        if self._expired(signed.identity):
            raise NotOrderedError(common_pb2.BAD_REQUEST, f"{stage}broadcast client identity expired")
        path = ORDERER_WRITERS if self._maintenance else WRITERS
        if self._bundle.policies.find(path) is None:
            raise NotOrderedError(common_pb2.BAD_REQUEST, f"{stage}could not find policy {path}")
        signers = self._bundle.msps.signers([signed])
        refused = decisions.refusal(self._bundle, path, signers)
        if refused is not None:
            raise NotOrderedError(common_pb2.FORBIDDEN, f"{stage}{refused}: permission denied")
        return bool(signers) and signers[0].valid

    def _expired(self, serialized: bytes) -> bool:
        """Return whether a certificate has expired, whatever its issuer; the policy refuses one that cannot be read."""
        try:
            not_after = self._bundle.msps.identity(serialized).not_after
        except errors.IdentityError:
            try:
                not_after = certificates.read(signatures.parse_identity(serialized)[1]).not_after
            except (errors.IdentityError, errors.WireError):
                return False
        return not_after <= datetime.now(UTC)


def _type(envelope: Any) -> int:
    try:
        payload = common_pb2.Payload.FromString(envelope.payload)
        return int(common_pb2.ChannelHeader.FromString(payload.header.channel_header).type)
    except DecodeError as error:
        raise NotOrderedError(
            common_pb2.BAD_REQUEST,
            "could not determine channel ID: error unmarshalling Payload: proto: cannot parse invalid wire-format data",
        ) from error


def _size(envelope: Any) -> int:
    return len(envelope.payload) + len(envelope.signature)


def _signed(envelope: Any, stage: str) -> msp.SignedData:
    try:
        payload = common_pb2.Payload.FromString(envelope.payload)
        creator = common_pb2.SignatureHeader.FromString(payload.header.signature_header).creator
    except DecodeError as error:
        raise NotOrderedError(
            common_pb2.BAD_REQUEST,
            f"{stage}could not convert message to signedData: proto: cannot parse invalid wire-format data",
        ) from error
    return msp.SignedData(envelope.payload, creator, envelope.signature)


@dataclass
class BlockCutter:
    """Collects messages in batches by count and size; the caller handles the time-out."""

    _pending: list[Message] = field(default_factory=list)
    _pending_bytes: int = 0

    @property
    def deadline_base(self) -> float | None:
        """The time at which the oldest waiting message arrived; None if none waits."""
        return self._pending[0].arrived if self._pending else None

    def add(self, message: Message, batch: channelconfig.Batch) -> list[list[Message]]:
        """Add a message; return the batches that are complete now (none, one or two)."""
        if message.size > batch.preferred_max_bytes:
            return [*self.cut(), [message]]
        complete = []
        if self._pending_bytes + message.size > batch.preferred_max_bytes:
            complete = self.cut()
        self._pending.append(message)
        self._pending_bytes += message.size
        if len(self._pending) >= batch.max_messages:
            complete += self.cut()
        return complete

    def cut(self) -> list[list[Message]]:
        """Return the waiting messages as one batch, or nothing."""
        waiting, self._pending, self._pending_bytes = self._pending, [], 0
        return [waiting] if waiting else []


def make_block(
    number: int,
    previous_hash: bytes,
    envelopes_raw: Sequence[bytes],
    last_config: int,
    signer: OrdererSigner,
    consenter_metadata: bytes = b"",
) -> common_pb2.Block:
    """Return a signed ``common.Block``; *last_config* is its own number if it holds a configuration."""
    block = blocks.new_block(number, previous_hash, envelopes_raw)
    index = common_pb2.LastConfig(index=last_config)
    value = common_pb2.OrdererBlockMetadata(
        last_config=index,
        consenter_metadata=common_pb2.Metadata(value=consenter_metadata).SerializeToString(),
    ).SerializeToString()
    header = common_pb2.SignatureHeader(creator=signer.serialized, nonce=envelopes.fresh_nonce()).SerializeToString()
    signature = common_pb2.MetadataSignature(
        signature_header=header, signature=signer.sign(value + header + blocks.header_bytes(block.header))
    )
    metadata = block.metadata.metadata
    metadata[common_pb2.SIGNATURES] = common_pb2.Metadata(value=value, signatures=[signature]).SerializeToString()
    metadata[common_pb2.LAST_CONFIG] = common_pb2.Metadata(value=index.SerializeToString()).SerializeToString()
    return block
