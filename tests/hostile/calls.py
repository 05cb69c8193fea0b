"""Requests to peers with a change at random: proposals, questions for outcomes and events, seeks, discovery."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.discovery import protocol_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import events_pb2, proposal_pb2, proposal_response_pb2

from hlf.wire import envelopes, proposals
from tests.conformance.lab import CHANNEL, OLDEST
from tests.hostile import certificates, mutations, sets
from tests.support.networkpeople import Organisation, Person

#: In seconds: for an answer, and for what a changed question may wait for in vain.
PATIENCE, WAITING = 20.0, 2.0
LATE = "no answer in time"


@dataclass(frozen=True)
class Call:
    """A request to a method of a peer; *read* tells of a good answer what must be the same everywhere."""

    method: str
    request: bytes
    words: str
    read: Callable[[bytes], object]
    may_wait: bool

    def outcome(self, channel: grpc.Channel) -> str:
        """Return the status of the call, and what *read* says of the first answer."""
        patience = WAITING if self.may_wait else PATIENCE
        method: Any = channel.stream_stream(self.method)
        called = method(iter([self.request]), timeout=patience)
        try:
            return f"OK {self.read(next(called))}"
        except StopIteration:
            return "OK without an answer"
        except grpc.RpcError as error:
            # Which side notices first that the time is over decides between the two.
            late = error.code() in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
            return LATE if late else str(error.code().name)
        finally:
            called.cancel()


def make(chance: random.Random, own: Organisation, committed: str) -> Call:
    """Return a call in the name of the client of *own*; *committed* is a transaction that is in a block."""
    kind = chance.choice(tuple(_KINDS))
    method, read = _KINDS[kind]
    creator, words = own.client.serialized, ""
    if chance.random() < 0.2:
        creator, words = certificates.bent(chance, own.client, own.authority)
    content = _CONTENTS[kind](creator, committed)
    if not words and chance.random() < 0.9:
        bent = mutations.bend_message(chance, content)
        content, words = bent.content, bent.words
    request = _SIGNED[kind](content, _signature(chance, own.client, content))
    if chance.random() < 0.1:
        bent = mutations.bend_message(chance, request)
        request, words = bent.content, f"{words}, signed {bent.words}"
    return Call(method, request, f"{kind}: {words}", read, kind in ("status", "deliver", "filtered"))


def _signature(chance: random.Random, who: Person, content: bytes) -> bytes:
    signature = who.sign(content)
    return mutations.bend(chance, signature).content if chance.random() < 0.05 else signature


def _proposal(creator: bytes, _: str) -> bytes:
    return proposals.new(CHANNEL, "single", [b"get", sets.SEED.encode()], creator).bytes


def _status(creator: bytes, committed: str) -> bytes:
    asked = gateway_pb2.CommitStatusRequest(transaction_id=committed, channel_id=CHANNEL, identity=creator)
    return bytes(asked.SerializeToString())


def _seek(creator: bytes, _: str) -> bytes:
    seek = ab_pb2.SeekInfo(start=OLDEST, stop=OLDEST, behavior=ab_pb2.SeekInfo.FAIL_IF_NOT_READY)
    header = envelopes.channel_header(common_pb2.DELIVER_SEEK_INFO, CHANNEL)
    return envelopes.payload(header, creator, b"n" * 24, seek.SerializeToString())


def _discovery(creator: bytes, _: str) -> bytes:
    asked = protocol_pb2.Request(authentication=protocol_pb2.AuthInfo(client_identity=creator))
    asked.queries.add(channel=CHANNEL).config_query.SetInParent()
    asked.queries.add(channel=CHANNEL).peer_query.SetInParent()
    return bytes(asked.SerializeToString())


def _signed_proposal(content: bytes, signature: bytes) -> proposal_pb2.SignedProposal:
    return proposal_pb2.SignedProposal(proposal_bytes=content, signature=signature)


_CONTENTS: dict[str, Callable[[bytes, str], bytes]] = {
    "evaluate": _proposal,
    "endorse": _proposal,
    "process": _proposal,
    "status": _status,
    "deliver": _seek,
    "filtered": _seek,
    "discover": _discovery,
}
_SIGNED: dict[str, Callable[[bytes, bytes], bytes]] = {
    "evaluate": lambda content, signature: gateway_pb2.EvaluateRequest(
        proposed_transaction=_signed_proposal(content, signature)
    ).SerializeToString(),
    "endorse": lambda content, signature: gateway_pb2.EndorseRequest(
        proposed_transaction=_signed_proposal(content, signature)
    ).SerializeToString(),
    "process": lambda content, signature: _signed_proposal(content, signature).SerializeToString(),
    "status": lambda content, signature: gateway_pb2.SignedCommitStatusRequest(
        request=content, signature=signature
    ).SerializeToString(),
    "deliver": lambda content, signature: common_pb2.Envelope(payload=content, signature=signature).SerializeToString(),
    "filtered": lambda content, signature: common_pb2.Envelope(
        payload=content, signature=signature
    ).SerializeToString(),
    "discover": lambda content, signature: protocol_pb2.SignedRequest(
        payload=content, signature=signature
    ).SerializeToString(),
}


def _seen(answer: bytes) -> object:
    response = events_pb2.DeliverResponse.FromString(answer)
    return response.status or response.WhichOneof("Type")


_KINDS: dict[str, tuple[str, Callable[[bytes], object]]] = {
    "evaluate": (
        "/gateway.Gateway/Evaluate",
        lambda answer: gateway_pb2.EvaluateResponse.FromString(answer).result.status,
    ),
    "endorse": ("/gateway.Gateway/Endorse", bool),
    "process": (
        "/protos.Endorser/ProcessProposal",
        lambda answer: proposal_response_pb2.ProposalResponse.FromString(answer).response.status,
    ),
    "status": (
        "/gateway.Gateway/CommitStatus",
        lambda answer: gateway_pb2.CommitStatusResponse.FromString(answer).result,
    ),
    "deliver": ("/protos.Deliver/Deliver", _seen),
    "filtered": ("/protos.Deliver/DeliverFiltered", _seen),
    "discover": (
        "/discovery.Discovery/Discover",
        lambda answer: [result.WhichOneof("result") for result in protocol_pb2.Response.FromString(answer).results],
    ),
}
