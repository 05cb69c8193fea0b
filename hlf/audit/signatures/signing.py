"""
Check signatures, without checking whose they are.

This is nearly all the work of a verification. It needs neither the channel's configuration nor its state, because
the keys are in the certificates in the blocks. So it can run ahead of the replay, on every core. Whether a
certificate belongs to a member is checked later.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hlf.audit.signatures.worker import REMEMBERED_KEYS, Claim
from hlf.errors import IdentityError, WireError
from hlf.wire import blocks, certificates, signatures


@dataclass(frozen=True, slots=True)
class SignedBlock:
    """
    A block, and which of its signatures are right.

    Attributes:
        orderers: the identity of each of the block's signatures, and whether the signature is right.
        creators: for each transaction, whether its creator's signature is right.
        endorsements: for each transaction, whether the signature of each endorsement is right.
    """

    block: blocks.Block
    orderers: tuple[tuple[bytes, bool], ...]
    creators: tuple[bool, ...]
    endorsements: tuple[tuple[bool, ...], ...]


class IdentityKeys:
    """The keys of serialized identities, each read once."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[bytes, bool]] = OrderedDict()

    def get(self, identity: bytes) -> tuple[bytes, bool]:
        """Return the key in DER, empty if the identity has no readable one, and whether it signs hashes of messages."""
        known = self._known.get(identity)
        if known is None:
            known = self._known[identity] = _key(identity)
            if len(self._known) > REMEMBERED_KEYS:
                self._known.popitem(last=False)
        return known


class SignatureClaims:
    """The claims of one block, in order: its orderers', then each transaction's creator and endorsers."""

    def __init__(self, block: blocks.Block, orderers: Sequence[bytes], keys: IdentityKeys) -> None:
        """*orderers* are the identities of the block's signatures, empty where one is not known."""
        self._block = block
        self._orderers = orderers
        self.claims: list[Claim] = []
        self.size = sum(len(transaction.envelope) for transaction in block.transactions)
        add = self.claims.append
        for identity, signature in zip(orderers, block.signatures, strict=True):
            add(_claim(keys, identity, (signature.signed,), signature.signature))
        for transaction in block.transactions:
            add(_claim(keys, transaction.creator, (transaction.payload,), transaction.signature))
            for action in transaction.actions:
                payload = action.response_payload
                hashed = hashlib.sha256(payload)
                for endorsement in action.endorsements:
                    key, hashes = keys.get(endorsement.endorser)
                    if hashes:
                        each = hashed.copy()
                        each.update(endorsement.endorser)
                        add((key, each.digest(), endorsement.signature))
                    else:
                        add((key, payload + endorsement.endorser, endorsement.signature))

    def answered(self, answers: bytes) -> SignedBlock:
        """
        Return the block with its checked signatures; *answers* has a byte for each claim, 1 if the signature is right.
        """
        rest = iter(answers)
        orderers = tuple([(identity, bool(next(rest))) for identity in self._orderers])
        creators, endorsements = [], []
        for transaction in self._block.transactions:
            creators.append(bool(next(rest)))
            count = sum(len(action.endorsements) for action in transaction.actions)
            endorsements.append(tuple([bool(next(rest)) for _ in range(count)]))
        return SignedBlock(self._block, orderers, tuple(creators), tuple(endorsements))


def _claim(keys: IdentityKeys, identity: bytes, parts: tuple[bytes, ...], signature: bytes) -> Claim:
    key, hashes = keys.get(identity)
    if not hashes:
        return key, b"".join(parts), signature
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(part)
    return key, hashed.digest(), signature


def _key(identity: bytes) -> tuple[bytes, bool]:
    try:
        key = certificates.read(signatures.parse_identity(identity)[1]).public_key.key
    except (IdentityError, WireError):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        # Fabric accepts no signature of any other kind of key.
        return b"", False
    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded, isinstance(key, ec.EllipticCurvePublicKey)
