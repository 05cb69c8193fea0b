"""
The laboratory: its organisations, one channel, chaincodes of known behaviour, and every way to question them.

Requests are made from the raw stubs and the wire functions, not through the
client library, because most questions are ones that a good client never asks:
a wrong signature, a missing field, an envelope put together by hand.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from fabric_protos.common import common_pb2, ledger_pb2
from fabric_protos.discovery import protocol_pb2_grpc
from fabric_protos.gateway import gateway_pb2, gateway_pb2_grpc
from fabric_protos.orderer import ab_pb2, ab_pb2_grpc
from fabric_protos.peer import (
    chaincode_event_pb2,
    events_pb2_grpc,
    peer_pb2_grpc,
    proposal_pb2,
    proposal_response_pb2,
    snapshot_pb2_grpc,
    transaction_pb2,
)

from hlf import identity, profile
from hlf.admin.peer import Peer
from hlf.client.session import TlsIdentity
from hlf.network import admin
from hlf.wire import envelopes, proposals, signatures
from tests.conformance.answers import Answer, ask

CHANNEL = "mychannel"
#: How long an answer is awaited unless a case says otherwise, in seconds.
PATIENCE = 20.0
#: Larger than the 100 MiB a peer allows, so that the refusal is the peer's.
MESSAGE_LIMIT = 200 * 1024 * 1024

_ATTEMPTS = 20

Arg = str | bytes


@dataclass(frozen=True)
class Caller:
    """Who asks: the serialised identity that goes into headers, and what signs."""

    creator: bytes
    sign: Callable[[bytes], bytes]


class Node:
    """One listener of the network and the stubs to question it with."""

    def __init__(self, endpoint: profile.Endpoint, shown: TlsIdentity | None = None) -> None:
        """*shown* is what the client shows where the node wants a certificate."""
        self.endpoint = endpoint
        pair = (shown.key_pem, shown.certificate_pem) if shown else (None, None)
        self.channel = grpc.secure_channel(
            endpoint.address,
            grpc.ssl_channel_credentials(endpoint.tls_ca_pem, *pair),
            options=[
                ("grpc.ssl_target_name_override", endpoint.override_hostname or endpoint.name),
                ("grpc.max_send_message_length", MESSAGE_LIMIT),
                ("grpc.max_receive_message_length", MESSAGE_LIMIT),
            ],
        )
        self.gateway = gateway_pb2_grpc.GatewayStub(self.channel)
        self.endorser = peer_pb2_grpc.EndorserStub(self.channel)
        self.deliver = events_pb2_grpc.DeliverStub(self.channel)
        self.discovery = protocol_pb2_grpc.DiscoveryStub(self.channel)
        self.orderer = ab_pb2_grpc.AtomicBroadcastStub(self.channel)
        self.snapshots = snapshot_pb2_grpc.SnapshotStub(self.channel)


@dataclass(frozen=True)
class EndorsedTransaction:
    """An endorsed transaction, ready to be signed and submitted (or spoilt first)."""

    transaction_id: str
    envelope: common_pb2.Envelope
    caller: Caller
    organisation: str

    @property
    def action(self) -> transaction_pb2.ChaincodeActionPayload:
        """The chaincode action inside, decoded afresh."""
        payload = common_pb2.Payload.FromString(self.envelope.payload)
        transaction = transaction_pb2.Transaction.FromString(payload.data)
        return transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload)

    @property
    def event_name(self) -> str:
        """The name of the event the transaction will give, empty where it sets none."""
        payload = proposal_response_pb2.ProposalResponsePayload.FromString(self.action.action.proposal_response_payload)
        action = proposal_pb2.ChaincodeAction.FromString(payload.extension)
        return str(chaincode_event_pb2.ChaincodeEvent.FromString(action.events).event_name)

    @property
    def endorsers(self) -> list[str]:
        """The organisations whose peers endorsed, sorted."""
        endorsements = self.action.action.endorsements
        return sorted(signatures.parse_identity(endorsement.endorser)[0] for endorsement in endorsements)


class Lab:
    """The running laboratory, opened from the state folder of ``selat network up``."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.nodes: dict[str, Node] = {}
        self.callers: dict[tuple[str, str], Caller] = {}
        self.addresses: dict[str, str] = {}
        for path in sorted((state / "profiles").glob("Org*MSP.json")):
            organisation = path.stem.removesuffix("MSP")
            loaded = profile.Profile.load(path)
            self.nodes[organisation] = Node(loaded.gateway, self.tls_identity(organisation))
            number = organisation.removeprefix("Org")
            for index, peer in enumerate(loaded.own_peers):
                self.addresses[peer.address] = f"<peer{number}.{index}>" if index else f"<peer{number}>"
            self.nodes["orderer"] = self.nodes.get("orderer") or Node(loaded.orderers[0])
        self.addresses[self.nodes["orderer"].endpoint.address] = "<orderer>"

    def close(self) -> None:
        """End every connection."""
        for node in self.nodes.values():
            node.channel.close()

    @property
    def organisations(self) -> list[str]:
        """The organisations, in order."""
        return [name for name in self.nodes if name != "orderer"]

    def placed(self, address: str) -> str:
        """Return the placeholder of a node's address, which is another in each run."""
        return self.addresses[address]

    def tls_identity(self, organisation: str, user: str = "User1") -> TlsIdentity | None:
        """Return what *user* shows to nodes with mutual TLS."""
        return TlsIdentity.load(self.state / "organisations" / f"{organisation}MSP" / "users" / user)

    def caller(self, organisation: str = "Org1", user: str = "User1") -> Caller:
        """Return the caller *user* of *organisation*, read once from the state folder."""
        key = (organisation, user)
        if key not in self.callers:
            folder = self.state / "organisations" / f"{organisation}MSP" / "users" / user
            who, signer = identity.load_user(folder, f"{organisation}MSP")
            self.callers[key] = Caller(who.serialized, signer.sign)
        return self.callers[key]

    # Questions to the chaincode.

    def proposal(
        self,
        function: str,
        *args: Arg,
        caller: Caller | None = None,
        chaincode: str = "lab",
        channel: str = CHANNEL,
        transient: Mapping[str, bytes] | None = None,
        is_init: bool = False,
    ) -> tuple[str, proposal_pb2.SignedProposal]:
        """Return the transaction id and the signed proposal."""
        who = caller or self.caller()
        encoded = [arg.encode() if isinstance(arg, str) else arg for arg in (function, *args)]
        made = proposals.new(channel, chaincode, encoded, who.creator, transient=transient, is_init=is_init)
        signed = proposal_pb2.SignedProposal(proposal_bytes=made.bytes, signature=who.sign(made.bytes))
        return made.transaction_id, signed

    def evaluate(
        self,
        function: str,
        *args: Arg,
        organisation: str = "Org1",
        targets: Sequence[str] = (),
        patience: float = PATIENCE,
        caller: Caller | None = None,
        **options: Any,
    ) -> Answer:
        """Ask the gateway of *organisation* to evaluate."""
        transaction_id, signed = self.proposal(function, *args, caller=caller or self.caller(organisation), **options)
        return self.evaluate_signed(signed, transaction_id, organisation, targets, patience)

    def evaluate_signed(
        self,
        signed: proposal_pb2.SignedProposal,
        transaction_id: str = "",
        organisation: str = "Org1",
        targets: Sequence[str] = (),
        patience: float = PATIENCE,
    ) -> Answer:
        """Ask the gateway of *organisation* to evaluate exactly these bytes."""
        request = gateway_pb2.EvaluateRequest(
            transaction_id=transaction_id,
            channel_id=CHANNEL,
            proposed_transaction=signed,
            target_organizations=targets,
        )
        return ask(lambda: response(self.nodes[organisation].gateway.Evaluate(request, timeout=patience).result))

    def process(
        self, function: str, *args: Arg, organisation: str = "Org1", caller: Caller | None = None, **options: Any
    ) -> Answer:
        """Send the proposal to the endorser service of *organisation*'s peer itself."""
        _, signed = self.proposal(function, *args, caller=caller or self.caller(organisation), **options)
        return self.process_signed(signed, organisation)

    def process_signed(
        self, signed: proposal_pb2.SignedProposal, organisation: str = "Org1", patience: float = 40.0
    ) -> Answer:
        """Send exactly these bytes to the endorser service of *organisation*'s peer."""
        stub = self.nodes[organisation].endorser
        return ask(lambda: response(stub.ProcessProposal(signed, timeout=patience).response))

    def endorse(
        self,
        function: str,
        *args: Arg,
        organisation: str = "Org1",
        orgs: Sequence[str] = (),
        caller: Caller | None = None,
        patience: float = PATIENCE,
        **options: Any,
    ) -> EndorsedTransaction:
        """
        Return the endorsed transaction.

        Raises:
            grpc.RpcError: the gateway's refusal; wrap the call in `ask` to record it.
        """
        who = caller or self.caller(organisation)
        transaction_id, signed = self.proposal(function, *args, caller=who, **options)
        request = gateway_pb2.EndorseRequest(
            transaction_id=transaction_id,
            channel_id=CHANNEL,
            proposed_transaction=signed,
            endorsing_organizations=orgs,
        )
        answer = self.nodes[organisation].gateway.Endorse(request, timeout=patience)
        return EndorsedTransaction(transaction_id, answer.prepared_transaction, who, organisation)

    def endorse_signed(
        self, signed: proposal_pb2.SignedProposal, organisation: str = "Org1", orgs: Sequence[str] = ()
    ) -> Answer:
        """Ask the gateway to endorse exactly these bytes; tell whether a transaction came back."""
        request = gateway_pb2.EndorseRequest(
            channel_id=CHANNEL, proposed_transaction=signed, endorsing_organizations=orgs
        )
        gateway = self.nodes[organisation].gateway
        return ask(lambda: bool(gateway.Endorse(request, timeout=PATIENCE).prepared_transaction.payload))

    def endorse_answer(self, *args: Any, **options: Any) -> Answer:
        """Ask for an endorsement and tell the contract's result, or the refusal."""
        return ask(lambda: result_of(self.endorse(*args, **options)))

    # Ordering and commit.

    def send(self, endorsed: EndorsedTransaction, patience: float = PATIENCE) -> None:
        """Sign and submit through the gateway that endorsed; raise `grpc.RpcError` where it is refused."""
        envelope = common_pb2.Envelope()
        envelope.CopyFrom(endorsed.envelope)
        envelope.signature = endorsed.caller.sign(envelope.payload)
        self.send_envelope(envelope, endorsed.transaction_id, endorsed.organisation, patience)

    def send_envelope(
        self,
        envelope: common_pb2.Envelope,
        transaction_id: str,
        organisation: str = "Org1",
        patience: float = PATIENCE,
        channel: str = CHANNEL,
    ) -> None:
        """Submit exactly this envelope."""
        request = gateway_pb2.SubmitRequest(
            transaction_id=transaction_id, channel_id=channel, prepared_transaction=envelope
        )
        self.nodes[organisation].gateway.Submit(request, timeout=patience)

    def broadcast(self, envelope: common_pb2.Envelope) -> list[str]:
        """Send *envelope* to the orderer itself; return the status and words of its answer."""
        stream = self.nodes["orderer"].orderer.Broadcast(iter([envelope]), timeout=PATIENCE)
        answer: ab_pb2.BroadcastResponse = next(stream)
        stream.cancel()
        return [common_pb2.Status.Name(answer.status), answer.info]

    def status(
        self, transaction_id: str, organisation: str = "Org1", caller: Caller | None = None, patience: float = PATIENCE
    ) -> gateway_pb2.CommitStatusResponse:
        """Wait for the transaction's validation code at *organisation*'s peer."""
        who = caller or self.caller(organisation)
        request = gateway_pb2.CommitStatusRequest(
            transaction_id=transaction_id, channel_id=CHANNEL, identity=who.creator
        ).SerializeToString()
        signed = gateway_pb2.SignedCommitStatusRequest(request=request, signature=who.sign(request))
        return self.nodes[organisation].gateway.CommitStatus(signed, timeout=patience)

    def code(self, transaction_id: str, organisation: str = "Org1", patience: float = PATIENCE) -> str:
        """Return the validation code's name, once committed."""
        return code_name(self.status(transaction_id, organisation, patience=patience).result)

    def submit(self, function: str, *args: Arg, patience: float = PATIENCE, **options: Any) -> Answer:
        """Endorse, submit, wait (for each of them up to *patience*): the code, the contract's result, who endorsed."""

        def whole() -> dict[str, Any]:
            endorsed = self.endorse(function, *args, patience=patience, **options)
            self.send(endorsed, patience)
            local = f"{endorsed.organisation}MSP"
            named = options.get("orgs") or [local]
            return {
                "validation_code": self.code(endorsed.transaction_id, endorsed.organisation, patience),
                "result": result_of(endorsed),
                # Which of several equal organisations the gateway adds to its own is chance.
                "endorsers": sorted(each if each in named else "<another>" for each in endorsed.endorsers),
            }

        return ask(whole)

    def submit_together(self, *several: EndorsedTransaction) -> list[str]:
        """Submit all before waiting for any; return their codes in the same order."""
        for endorsed in several:
            self.send(endorsed)
        return [self.code(endorsed.transaction_id) for endorsed in several]

    def in_one_block(
        self, prepare: Callable[[], Sequence[EndorsedTransaction]]
    ) -> tuple[Sequence[EndorsedTransaction], list[str]]:
        """
        Submit what *prepare* endorses so that one block holds all of it; return it and its codes.

        A block's time may be over while a slow machine submits, so it is tried again.
        """
        for _ in range(_ATTEMPTS):
            several = prepare()
            codes = self.submit_together(*several)
            if len({self.status(each.transaction_id).block_number for each in several}) == 1:
                return several, codes
        raise TimeoutError(f"{_ATTEMPTS} times no block held all {len(several)} transactions")

    def must(self, function: str, *args: Arg, **options: Any) -> str:
        """Commit something a case needs first; fail the case where that does not work."""
        answer = self.submit(function, *args, **options)
        if answer.grpc_status != "OK" or answer.result["validation_code"] != "VALID":
            raise AssertionError(f"preparing {function} {args}: {answer}")
        # Peers commit a block one after another; what the case asks next may go to any of them.
        self.wait_for_all()
        return str(answer.result["result"])

    # Blocks and events.

    def height(self, organisation: str = "Org1") -> int:
        """Return the number of blocks the peer of *organisation* has."""
        _, signed = self.proposal("GetChainInfo", CHANNEL, chaincode="qscc", caller=self.caller(organisation))
        answer = self.nodes[organisation].endorser.ProcessProposal(signed, timeout=PATIENCE)
        return int(ledger_pb2.BlockchainInfo.FromString(answer.response.payload).height)

    def chaincode_events(
        self,
        start: ab_pb2.SeekPosition | None = None,
        after: str = "",
        chaincode: str = "lab",
        caller: Caller | None = None,
        organisation: str = "Org1",
        patience: float = PATIENCE,
    ) -> Any:
        """Open the event stream of *chaincode*; iterate over its `ChaincodeEventsResponse` and cancel it."""
        who = caller or self.caller(organisation)
        request = gateway_pb2.ChaincodeEventsRequest(
            channel_id=CHANNEL,
            chaincode_id=chaincode,
            identity=who.creator,
            start_position=start,
            after_transaction_id=after,
        ).SerializeToString()
        signed = gateway_pb2.SignedChaincodeEventsRequest(request=request, signature=who.sign(request))
        return self.nodes[organisation].gateway.ChaincodeEvents(signed, timeout=patience)

    def seek(
        self,
        start: ab_pb2.SeekPosition,
        stop: ab_pb2.SeekPosition,
        *,
        behaviour: ab_pb2.SeekInfo.SeekBehavior.ValueType = ab_pb2.SeekInfo.BLOCK_UNTIL_READY,
        content: ab_pb2.SeekInfo.SeekContentType.ValueType = ab_pb2.SeekInfo.BLOCK,
        channel: str = CHANNEL,
        caller: Caller | None = None,
    ) -> common_pb2.Envelope:
        """Return a signed seek envelope for any of the Deliver services."""
        seek = ab_pb2.SeekInfo(start=start, stop=stop, behavior=behaviour, content_type=content)
        return self.seek_envelope(common_pb2.DELIVER_SEEK_INFO, seek, channel, caller)

    def seek_envelope(
        self,
        kind: common_pb2.HeaderType.ValueType,
        seek: ab_pb2.SeekInfo,
        channel: str = CHANNEL,
        caller: Caller | None = None,
        tls_cert_hash: bytes = b"",
    ) -> common_pb2.Envelope:
        """Exactly this seek, signed, under a header of any type."""
        who = caller or self.caller()
        header = envelopes.channel_header(kind, channel, tls_cert_hash=tls_cert_hash)
        payload = envelopes.payload(header, who.creator, os.urandom(24), seek.SerializeToString())
        return common_pb2.Envelope(payload=payload, signature=who.sign(payload))

    def delivered(
        self,
        seeks: Iterable[common_pb2.Envelope],
        node: str = "Org1",
        service: str = "Deliver",
        patience: float = PATIENCE,
    ) -> Answer:
        """
        Send *seeks* to a Deliver service and describe everything up to as many statuses as there were seeks.

        The stream is closed from this side after the last status; a peer keeps it open for more.
        """
        stub = self.nodes[node].orderer if node == "orderer" else self.nodes[node].deliver
        waiting = list(seeks)
        stream = getattr(stub, service)(iter(waiting), timeout=patience)

        def whole() -> list[Any]:
            told: list[Any] = []
            statuses = 0
            for message in stream:
                told.append(described(message))
                statuses += message.HasField("status")
                if statuses == len(waiting):
                    break
            return told

        try:
            return ask(whole)
        finally:
            stream.cancel()

    def system(
        self, chaincode: str, function: str, *args: Arg, channel: str = CHANNEL, caller: Caller | None = None
    ) -> Answer:
        """Ask a system chaincode at Org1's peer."""
        return self.process(function, *args, chaincode=chaincode, channel=channel, caller=caller)

    def filtered_codes(self, number: int) -> list[str]:
        """Return the validation codes of block *number*, in order."""
        stream = self.nodes["Org1"].deliver.DeliverFiltered(
            iter([self.seek(at_block(number), at_block(number))]), timeout=PATIENCE
        )
        try:
            block = next(stream).filtered_block
            return [code_name(each.tx_validation_code) for each in block.filtered_transactions]
        finally:
            stream.cancel()

    @property
    def genesis(self) -> bytes:
        """The channel's genesis block, as the network's administrator made it."""
        return (self.state / "channels" / f"{CHANNEL}.block").read_bytes()

    def package(self, chaincode: str) -> bytes:
        """Return the package that was installed for *chaincode*."""
        return (self.state / "packages" / f"{CHANNEL}-{chaincode}.tar.gz").read_bytes()

    @contextmanager
    def administrators(self) -> Iterator[list[Peer]]:
        """Each organisation's peer as its own administrator uses it, in order."""
        with ExitStack() as open_connections:
            peers = []
            for organisation in self.organisations:
                folder = self.state / "organisations" / f"{organisation}MSP" / "users" / "Admin"
                who, signer = identity.load_user(folder, f"{organisation}MSP")
                peers.append(open_connections.enter_context(Peer(self.nodes[organisation].endpoint, who, signer)))
            yield peers

    @contextmanager
    def without(self, *nodes: str) -> Iterator[None]:
        """Yield the network while *nodes* (``Org2``, ``orderer``) are stopped; start them again afterwards."""
        names = [self.nodes[node].endpoint.name for node in nodes]
        admin.stop_nodes(names, self.state)
        try:
            yield
        finally:
            admin.start_nodes(names, self.state)

    def fresh(self, prefix: str) -> str:
        """Return a key that no case used before, nor any earlier run on the same ledger."""
        return f"{prefix}-{os.urandom(4).hex()}"

    def wait_for_height(self, organisation: str, patience: float = PATIENCE) -> None:
        """Return once the peer of *organisation* has every block that any of them has now."""
        wanted = max(self.height(each) for each in self.organisations)
        self.wait_until(lambda: self.height(organisation) >= wanted, f"height {wanted} at {organisation}", patience)

    def wait_for_all(self, patience: float = PATIENCE) -> None:
        """Return once every peer has every block that any of them has now."""
        for organisation in self.organisations:
            self.wait_for_height(organisation, patience)

    @staticmethod
    def wait_until(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        """Return once *condition* holds; raise `TimeoutError` naming *what* otherwise."""
        deadline = time.monotonic() + patience
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come true in {patience} s")
            time.sleep(0.05)


def response(answered: proposal_response_pb2.Response) -> dict[str, Any]:
    """Return a chaincode response as a record."""
    return {"status": answered.status, "message": answered.message, "payload": answered.payload}


def result_of(endorsed: EndorsedTransaction) -> bytes:
    """Return the contract's own answer inside an endorsed transaction."""
    payload = proposal_response_pb2.ProposalResponsePayload.FromString(endorsed.action.action.proposal_response_payload)
    return proposal_pb2.ChaincodeAction.FromString(payload.extension).response.payload


def described(message: Any) -> Any:
    """Return what a peer's or an orderer's Deliver service sent, without what differs from run to run."""
    kind = message.WhichOneof("Type")
    if kind == "status":
        return {"status": common_pb2.Status.Name(message.status)}
    if kind == "block":
        filled = [bool(entry) for entry in message.block.metadata.metadata]
        return {"block": message.block.header.number, "data": bool(message.block.data.data), "metadata": filled}
    if kind == "filtered_block":
        return {
            "filtered_block": message.filtered_block.channel_id,
            "transactions": [
                {
                    "type": common_pb2.HeaderType.Name(each.type),
                    "code": code_name(each.tx_validation_code),
                    "events": [
                        {
                            "name": action.chaincode_event.event_name,
                            "chaincode": action.chaincode_event.chaincode_id,
                            "payload_bytes": len(action.chaincode_event.payload),
                        }
                        for action in each.transaction_actions.chaincode_actions
                    ],
                }
                for each in message.filtered_block.filtered_transactions
            ],
        }
    private = message.block_and_private_data.private_data_map
    return {
        "private": {
            str(index): [
                [namespace.namespace, [collection.collection_name for collection in namespace.collection_pvt_rwset]]
                for namespace in private[index].ns_pvt_rwset
            ]
            for index in sorted(private)
        }
    }


def code_name(code: int) -> str:
    """Return the name of a validation code."""
    return transaction_pb2.TxValidationCode.Name(transaction_pb2.TxValidationCode.ValueType(code))


def at_block(number: int) -> ab_pb2.SeekPosition:
    """Return the position of block *number*."""
    return ab_pb2.SeekPosition(specified=ab_pb2.SeekSpecified(number=number))


OLDEST = ab_pb2.SeekPosition(oldest=ab_pb2.SeekOldest())
NEWEST = ab_pb2.SeekPosition(newest=ab_pb2.SeekNewest())
NEXT_COMMIT = ab_pb2.SeekPosition(next_commit=ab_pb2.SeekNextCommit())
