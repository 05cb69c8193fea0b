"""Callers: an identity, and the signatures of its requests."""

from __future__ import annotations

from fabric_protos.common import common_pb2
from fabric_protos.peer import proposal_pb2

from hlf import signers
from hlf.errors import IdentityError, WireError
from hlf.identity import Identity, TlsIdentity
from hlf.profile import Endpoint
from hlf.signers import Signer
from hlf.steps import connecting
from hlf.wire import envelopes, proposals, signatures


class SigningCaller:
    """An identity and its signature."""

    def __init__(self, identity: Identity, signer: Signer | None, tls_identity: TlsIdentity | None = None) -> None:
        """
        Make a caller.

        Args:
            signer: None if every message is signed elsewhere (offline signing).
            tls_identity: for servers that require mutual TLS, in place of the profile's own; Deliver requests are bound
                to its certificate.
        """
        self.identity = identity
        self.creator = identity.serialized
        self.signer = signer
        self._curve = identity.certificate.public_key.curve
        self._canonical = self._curve is not None and signers.makes(signer, self._curve)
        self._tls_identity = tls_identity

    def sign(self, message: bytes) -> bytes:
        """
        Return the caller's signature of *message*.

        Raises:
            IdentityError: there is no signer, or it gave no signature. A signer may raise others.
        """
        if self.signer is None:
            raise IdentityError("no signer was given, so each step must be signed before it is sent: .sign(signature)")
        signature = self.signer.sign(message)
        if self._curve is None or self._canonical:
            return signature
        try:
            return signatures.canonical(signature, self._curve)
        except WireError as malformed:
            raise IdentityError(f"the signer gave no signature of the certificate's key: {malformed}") from None

    def signed_proposal(self, proposal: proposals.UnsignedProposal) -> proposal_pb2.SignedProposal:
        """Return a ``protos.SignedProposal`` to send to an endorser."""
        return proposal_pb2.SignedProposal(proposal_bytes=proposal.bytes, signature=self.sign(proposal.bytes))

    def seek_envelope(
        self,
        node: Endpoint,
        channel_id: str,
        start: envelopes.Position,
        stop: envelopes.Position = envelopes.LAST_BLOCK,
        *,
        wait: bool = True,
    ) -> common_pb2.Envelope:
        """Return a signed request to *node* for blocks *start* to *stop*; Fabric accepts it for 15 minutes."""
        envelope = self.unsigned_seek_envelope(node, channel_id, start, stop, wait=wait)
        envelope.signature = self.sign(envelope.payload)
        return envelope

    def unsigned_seek_envelope(
        self,
        node: Endpoint,
        channel_id: str,
        start: envelopes.Position,
        stop: envelopes.Position = envelopes.LAST_BLOCK,
        *,
        wait: bool = True,
    ) -> common_pb2.Envelope:
        """Return the same without its signature."""
        shown = connecting.shown(node, self._tls_identity)
        return envelopes.seek_envelope(
            channel_id,
            self.creator,
            start=start,
            stop=stop,
            wait=wait,
            nonce=envelopes.fresh_nonce(),
            tls_cert_hash=shown.certificate_hash if shown else b"",
        )
