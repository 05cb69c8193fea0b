"""
A transaction in parts: each can be changed before the next is made of it.

What is made of a changed part fits it (ids, hashes and signatures are worked
out again), so that a change is met by the code that reads that part and not by
the first check of a signature.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from fabric_protos.common import common_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.peer import (
    chaincode_event_pb2,
    chaincode_pb2,
    proposal_pb2,
    proposal_response_pb2,
    transaction_pb2,
)

from hlf.wire import envelopes, keys, signatures
from tests.support.networkpeople import Organisation, Person

Change = Callable[[bytes], bytes]


@dataclass
class Endorser:
    """Who endorses: the identity written down and the key that signs need not belong together."""

    serialized: bytes
    key: signatures.PrivateKey

    @classmethod
    def of(cls, person: Person) -> Endorser:
        return cls(person.serialized, person.key)


@dataclass
class TransactionParts:
    """
    An ordinary transaction of *member*'s client, endorsed by its own peer.

    Attributes:
        seeded: the block of the key that is there before.
        key: a key that no other transaction writes.
        changes: what is done to the bytes of a part, by the part's name.
    """

    chance: random.Random
    members: dict[str, Organisation]
    member: str
    channel_id: str
    seeded: int = 0
    chaincode: str = "single"
    changes: dict[str, Change] = field(default_factory=dict)

    def __post_init__(self) -> None:
        own = self.members[self.member]
        self.key = self.chance.randbytes(12).hex()
        self.nonce = self.chance.randbytes(24)
        self.creator, self.signer = own.client.serialized, own.client.key
        self.endorsers = [Endorser.of(own.peer)]
        self.tx_id: str | None = None
        self.header = common_pb2.ChannelHeader(
            type=common_pb2.ENDORSER_TRANSACTION,
            channel_id=self.channel_id,
            timestamp=envelopes.timestamp(),
            extension=proposal_pb2.ChaincodeHeaderExtension(
                chaincode_id=chaincode_pb2.ChaincodeID(name=self.chaincode)
            ).SerializeToString(),
        )
        self.rwset = rwset_pb2.TxReadWriteSet()
        self.public = kv_rwset_pb2.KVRWSet(writes=[kv_rwset_pb2.KVWrite(key=self.key, value=b"v")])
        self.rwset.ns_rwset.add(namespace=self.chaincode)
        self.event: chaincode_event_pb2.ChaincodeEvent | None = None

    def part(self, name: str, content: bytes) -> bytes:
        """Return the bytes of a part, changed where that is wanted."""
        change = self.changes.get(name)
        return content if change is None else change(content)

    def envelope(self) -> bytes:
        """Return the signed envelope."""
        creator = self.part("creator", self.creator)
        self.header.tx_id = keys.transaction_id(self.nonce, creator) if self.tx_id is None else self.tx_id
        own_header = self.part("signature header", envelopes.signature_header(creator, self.nonce))
        header = common_pb2.Header(
            channel_header=self.part("channel header", self.header.SerializeToString()), signature_header=own_header
        )
        called = chaincode_pb2.ChaincodeSpec(chaincode_id=chaincode_pb2.ChaincodeID(name=self.chaincode))
        visible = proposal_pb2.ChaincodeProposalPayload(
            input=chaincode_pb2.ChaincodeInvocationSpec(chaincode_spec=called).SerializeToString()
        )
        proposal = self.part("proposal", visible.SerializeToString())
        digest = hashlib.sha256(header.channel_header + header.signature_header + proposal).digest()
        action = transaction_pb2.ChaincodeActionPayload(
            chaincode_proposal_payload=proposal, action=self._endorsed(self._response(digest))
        )
        transaction = transaction_pb2.Transaction()
        transaction.actions.add(header=own_header, payload=self.part("action payload", action.SerializeToString()))
        data = self.part("transaction", transaction.SerializeToString())
        payload = self.part("payload", common_pb2.Payload(header=header, data=data).SerializeToString())
        signature = self.part("signature", signatures.sign_low_s(self.signer, payload))
        return self.part("envelope", common_pb2.Envelope(payload=payload, signature=signature).SerializeToString())

    def _response(self, digest: bytes) -> bytes:
        if not self.rwset.ns_rwset[0].rwset:
            self.rwset.ns_rwset[0].rwset = self.part("public set", self.public.SerializeToString())
        action = proposal_pb2.ChaincodeAction(
            results=self.part("results", self.rwset.SerializeToString()),
            response=proposal_response_pb2.Response(status=200),
            chaincode_id=chaincode_pb2.ChaincodeID(name=self.chaincode, version="1.0"),
        )
        if self.event is not None:
            self.event.tx_id = self.event.tx_id or self.header.tx_id
            action.events = self.part("event", self.event.SerializeToString())
        payload = proposal_response_pb2.ProposalResponsePayload(
            proposal_hash=digest, extension=self.part("action", action.SerializeToString())
        )
        return self.part("response", payload.SerializeToString())

    def _endorsed(self, response: bytes) -> transaction_pb2.ChaincodeEndorsedAction:
        action = transaction_pb2.ChaincodeEndorsedAction(proposal_response_payload=response)
        for endorser in self.endorsers:
            identity = self.part("endorser", endorser.serialized)
            signature = signatures.sign_low_s(endorser.key, response + identity)
            action.endorsements.add(endorser=identity, signature=self.part("endorser's signature", signature))
        return action
