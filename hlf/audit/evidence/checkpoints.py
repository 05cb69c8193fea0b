"""
Checkpoints: the state of a channel that an auditor has verified, signed with its Fabric identity.

A block's hash covers everything that was ordered up to it, and the peers' state hash covers the resulting state.
With a checkpoint from somebody you trust, you can check without a ledger or a network whether an export, a receipt
or another peer's ledger has the same past.

A checkpoint's signature proves that the holder of its certificate signed it. Whether the certificate belongs to the
organisation that it names, check against the channel's configuration (``membership_refusal``), or trust the person
who gave you the checkpoint.
"""

from __future__ import annotations

import base64
import dataclasses
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hlf import errors, identity, signers
from hlf.audit.evidence import documents
from hlf.codec import names
from hlf.errors import WireError
from hlf.wire import signatures
from hlf.wire.config import channelconfig

KIND, VERSION = "selat.checkpoint", 1
# Goes before the signed bytes, so that nobody can use a checkpoint's signature for a message of Fabric: no protobuf
# message begins with a zero.
_PURPOSE = b"\x00selat.checkpoint/1\n"
_MSP_ID = re.compile(r"[^\x00-\x1f\x7f]{1,256}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """
    A channel at one height, as its signer verified it.

    Attributes:
        genesis_hash: hash of block 0, because several channels may have the same name.
        height: the number of blocks.
        hash: the hash of the last block.
        state_hash: the peers' hash of their state after that block; empty where there is only the genesis block.
        made_at: the time, by the signer's clock.
        certificate: the signer's, in PEM.
    """

    channel: str
    genesis_hash: bytes
    height: int
    hash: bytes
    state_hash: bytes
    made_at: str
    msp_id: str
    certificate: bytes = field(repr=False)
    signature: bytes = field(default=b"", repr=False)

    @property
    def signer(self) -> str:
        """The signer, for people: organisation, name, and SHA-256 of the certificate."""
        try:
            certificate = identity.load_certificate(self.certificate)
        except errors.IdentityError:
            return f"{self.msp_id}, with a certificate that cannot be read"
        return f"{self.msp_id}, {certificate.subject.rfc4514()}, certificate {certificate.fingerprint}"

    def to_bytes(self) -> bytes:
        """Return the checkpoint as a file."""
        return documents.dumps({**self._statement(), "signature": base64.b64encode(self.signature).decode()})

    @classmethod
    def from_bytes(cls, data: bytes) -> SignedCheckpoint:
        """
        Return the checkpoint in *data*, which may be any bytes; the signature is not checked here.

        Raises:
            WireError: it is none.
        """
        fields = documents.Fields(documents.loads(data), "the checkpoint")
        kind, version = fields.text("kind"), fields.integer("version")
        if (kind, version) != (KIND, VERSION):
            raise WireError(f"not a {KIND} of version {VERSION}, but {kind[:40]!r} of version {version}")
        checkpoint = cls(
            channel=fields.text("channel", names.CHANNEL.shape),
            genesis_hash=fields.hash("genesis_hash"),
            height=fields.integer("height"),
            hash=fields.hash("hash"),
            state_hash=fields.hash("state_hash", optional=True),
            made_at=fields.text("made_at", _MOMENT),
            msp_id=fields.text("msp_id", _MSP_ID),
            certificate=fields.text("certificate").encode(),
            signature=fields.octets("signature"),
        )
        fields.end()
        if checkpoint.height < 1:
            raise WireError("a checkpoint of a channel without blocks")
        return checkpoint

    def check_signature(self) -> None:
        """
        Raise WireError unless the certificate's holder made the signature.

        Raises:
            WireError: it is not, or the certificate cannot be used.
        """
        try:
            key = identity.load_certificate(self.certificate).public_key.key
        except errors.IdentityError as unusable:
            raise WireError(f"the checkpoint's certificate cannot be used: {unusable}") from None
        if not signatures.verify(key, self.signature, self._signed()):
            raise WireError("the checkpoint's signature does not hold")

    def membership_refusal(self, bundle: channelconfig.Bundle) -> str | None:
        """Return why the signer is not a member of a channel with this configuration; None if it is."""
        try:
            bundle.msps.validate(signatures.serialized_identity(self.msp_id, self.certificate))
        except errors.HlfError as refused:
            return str(refused)
        return None

    def _signed(self) -> bytes:
        return _PURPOSE + documents.dumps(self._statement())

    def _statement(self) -> dict[str, Any]:
        return {
            "kind": KIND,
            "version": VERSION,
            "channel": self.channel,
            "genesis_hash": self.genesis_hash.hex(),
            "height": self.height,
            "hash": self.hash.hex(),
            "state_hash": self.state_hash.hex(),
            "made_at": self.made_at,
            "msp_id": self.msp_id,
            "certificate": self.certificate.decode(),
        }


def sign(
    *,
    channel: str,
    genesis_hash: bytes,
    height: int,
    last_hash: bytes,
    state_hash: bytes,
    who: identity.Identity,
    signer: signers.Signer,
    now: datetime | None = None,
) -> SignedCheckpoint:
    """Return the checkpoint of a channel that *who* has verified up to *height*, signed."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    checkpoint = SignedCheckpoint(
        channel=channel,
        genesis_hash=genesis_hash,
        height=height,
        hash=last_hash,
        state_hash=state_hash,
        made_at=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        msp_id=who.msp_id,
        certificate=who.certificate.pem,
    )
    return dataclasses.replace(checkpoint, signature=signer.sign(checkpoint._signed()))
