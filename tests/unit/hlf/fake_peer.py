"""
A peer that does what a test says: a real gRPC server, with a chain in memory.

It speaks the gateway and Deliver services over real connections, checks signatures as a peer does, and can be told to
refuse, to break connections and to be away; what it answers otherwise is as simple as possible.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import grpc
from cryptography import x509
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2, gateway_pb2_grpc
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import (
    chaincode_event_pb2,
    chaincode_pb2,
    events_pb2,
    events_pb2_grpc,
    proposal_response_pb2,
    transaction_pb2,
)
from google.protobuf import any_pb2

from hlf.profile import Endpoint, Profile
from hlf.wire import blocks, envelopes, proposals, rwsets, signatures
from tests.unit.hlf.certificates import IssuedCertificate, issue

CHANNEL = "trade"
CHAINCODE = "lab"


class FakePeer(gateway_pb2_grpc.GatewayServicer, events_pb2_grpc.DeliverServicer):
    """
    One peer with one channel.

    Attributes:
        refusals: before a service of that name answers, its next entry is called with the context, to abort it.
        cut_after: how many messages each coming stream sends before it breaks, in turn; None never breaks.
        requests: what came in, by service.
        written: the read-write set of every endorsed transaction.
        code: the validation code of every transaction that is ordered.
        lost: how many of the next transactions are accepted and come into no block.
    """

    def __init__(self, *, client_authority: IssuedCertificate | None = None) -> None:
        self.authority = issue("tlsca")
        self._certificate = issue("peer0", self.authority, hosts=("peer0.carrier.test",))
        self._client_authority = client_authority
        self._lock = threading.Condition()
        self._chain: list[tuple[common_pb2.Block, list[chaincode_event_pb2.ChaincodeEvent]]] = []
        self._codes: dict[str, tuple[int, int]] = {}
        self._server: grpc.Server | None = None
        self.port = 0
        self.refusals: dict[str, deque[Callable[[grpc.ServicerContext], None]]] = {}
        self.cut_after: deque[int | None] = deque()
        self.requests: dict[str, list[Any]] = {}
        self.transform: Callable[[common_pb2.Envelope], common_pb2.Envelope] = lambda envelope: envelope
        self.result = b"result"
        self.written = rwsets.TxRwset()
        self.code, self.lost = 0, 0
        self.add_block()

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), options=options)
        gateway_pb2_grpc.add_GatewayServicer_to_server(self, server)
        events_pb2_grpc.add_DeliverServicer_to_server(self, server)
        health: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "Check": grpc.unary_unary_rpc_method_handler(self._health)
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("grpc.health.v1.Health", health),))
        mutual = self._client_authority
        credentials = grpc.ssl_server_credentials(
            [(self._certificate.key_pem, self._certificate.pem)],
            root_certificates=mutual.pem if mutual else None,
            require_client_auth=mutual is not None,
        )
        self.port = server.add_secure_port(f"127.0.0.1:{self.port}", credentials)
        server.start()
        self._server = server

    def stop(self) -> None:
        """Break every connection and listen no more."""
        server, self._server = self._server, None
        with self._lock:
            self._lock.notify_all()
        if server is not None:
            server.stop(grace=0).wait()

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(
            "peer0.carrier.test", f"127.0.0.1:{self.port}", self.authority.pem, "CarrierMSP", "peer0.carrier.test"
        )

    @property
    def profile(self) -> Profile:
        return Profile("test", "CarrierMSP", (self.endpoint,))

    def refuse(
        self, service: str, code: grpc.StatusCode, words: str = "refused", metadata: tuple[Any, ...] = ()
    ) -> None:
        """Let the next call of *service* fail."""

        def abort(context: grpc.ServicerContext) -> None:
            context.set_trailing_metadata(metadata)
            context.abort(code, words)

        self.refusals.setdefault(service, deque()).append(abort)

    def stall(self, service: str) -> None:
        """Let the next call of *service* be answered by nothing until its caller gives up."""

        def wait(context: grpc.ServicerContext) -> None:
            given_up = threading.Event()
            if context.add_callback(given_up.set):
                given_up.wait(10)
            context.abort(grpc.StatusCode.CANCELLED, "given up")

        self.refusals.setdefault(service, deque()).append(wait)

    def add_block(self, *event_names: str, code: int = 0, transaction_id: str | None = None) -> int:
        """Append a block with one transaction for each event; return its number."""
        with self._lock:
            number = len(self._chain)
            ids = [f"tx-{number}-{index}" for index in range(len(event_names))]
            if transaction_id is not None:
                ids = [transaction_id]
            previous = blocks.header_hash(self._chain[-1][0].header) if self._chain else b""
            block = blocks.new_block(number, previous, [_envelope(tx_id) for tx_id in ids])
            block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER] = bytes([code] * len(ids))
            events = [
                chaincode_event_pb2.ChaincodeEvent(
                    chaincode_id=CHAINCODE, tx_id=tx_id, event_name=name, payload=name.encode()
                )
                for tx_id, name in zip(ids, event_names, strict=False)
            ]
            self._chain.append((block, events))
            self._codes.update(dict.fromkeys(ids, (code, number)))
            self._lock.notify_all()
            return number

    def Evaluate(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name.
        self._enter("Evaluate", request, context)
        _require_signed(request.proposed_transaction)
        return gateway_pb2.EvaluateResponse(result=proposal_response_pb2.Response(status=200, payload=self.result))

    def Endorse(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._enter("Endorse", request, context)
        _require_signed(request.proposed_transaction)
        parsed = proposals.parse(request.proposed_transaction.proposal_bytes)
        payload = proposals.response_payload(
            parsed.hash,
            rwsets.encode(self.written),
            b"",
            proposal_response_pb2.Response(status=200, payload=self.result),
            chaincode_pb2.ChaincodeID(name=parsed.chaincode, version="1"),
        )
        response = proposal_response_pb2.ProposalResponse(payload=payload)
        response.endorsement.endorser = b"peer"
        envelope = envelopes.transaction_envelope(request.proposed_transaction.proposal_bytes, [response])
        return gateway_pb2.EndorseResponse(prepared_transaction=self.transform(envelope))

    def Submit(self, request: Any, context: Any) -> Any:  # noqa: N802
        envelope = envelopes.parse(request.prepared_transaction.SerializeToString())
        if not signatures.verify(_key(envelope.signature_header.creator), envelope.signature, envelope.payload):
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "signature")
        if self.lost:
            self.lost -= 1
        elif request.transaction_id not in self._codes:
            self.add_block(transaction_id=request.transaction_id, code=self.code)
        self._enter("Submit", request, context)
        return gateway_pb2.SubmitResponse()

    def CommitStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._enter("CommitStatus", request, context)
        asked = gateway_pb2.CommitStatusRequest.FromString(request.request)
        assert signatures.verify(_key(asked.identity), request.signature, request.request)
        with self._lock:
            while asked.transaction_id not in self._codes:
                if not context.is_active() or self._server is None:
                    context.abort(grpc.StatusCode.ABORTED, "gone")
                self._lock.wait(0.05)
        code, number = self._codes[asked.transaction_id]
        return gateway_pb2.CommitStatusResponse(result=code, block_number=number)

    def ChaincodeEvents(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        self._enter("ChaincodeEvents", request, context)
        asked = gateway_pb2.ChaincodeEventsRequest.FromString(request.request)
        assert signatures.verify(_key(asked.identity), request.signature, request.request)
        after, start = asked.after_transaction_id, asked.start_position.specified.number
        if after in self._codes:
            start = self._codes[after][1]
        passed = not after
        for number in self._numbers(start, envelopes.LAST_BLOCK, context):
            found = []
            for event in self._chain[number][1]:
                if passed and event.chaincode_id == asked.chaincode_id:
                    found.append(event)
                passed = passed or event.tx_id == after
            if found:
                yield gateway_pb2.ChaincodeEventsResponse(events=found, block_number=number)

    def Deliver(self, request_iterator: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        yield from self._deliver("Deliver", request_iterator, context, lambda b: {"block": b})

    def DeliverFiltered(self, request_iterator: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        yield from self._deliver(
            "DeliverFiltered", request_iterator, context, lambda b: {"filtered_block": self._filtered(b)}
        )

    def DeliverWithPrivateData(self, request_iterator: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        yield from self._deliver(
            "DeliverWithPrivateData", request_iterator, context, lambda b: {"block_and_private_data": _private(b)}
        )

    def _health(self, request: bytes, context: Any) -> bytes:
        self._enter("Health", request, context)
        return b""

    def _deliver(
        self, service: str, request_iterator: Any, context: Any, content: Callable[[Any], dict[str, Any]]
    ) -> Any:
        envelope = next(request_iterator)
        self._enter(service, envelope, context)
        parsed = envelopes.parse(envelope.SerializeToString())
        if not signatures.verify(_key(parsed.signature_header.creator), parsed.signature, parsed.payload):
            yield events_pb2.DeliverResponse(status=common_pb2.FORBIDDEN)
            return
        if parsed.channel_header.channel_id != CHANNEL:
            yield events_pb2.DeliverResponse(status=common_pb2.NOT_FOUND)
            return
        seek = ab_pb2.SeekInfo.FromString(parsed.data)
        newest = len(self._chain) - 1
        named = {"newest": newest, "oldest": 0}
        start = named.get(seek.start.WhichOneof("Type") or "", seek.start.specified.number)
        stop = named.get(seek.stop.WhichOneof("Type") or "", seek.stop.specified.number)
        for number in self._numbers(start, stop, context):
            yield events_pb2.DeliverResponse(**content(self._chain[number][0]))
        yield events_pb2.DeliverResponse(status=common_pb2.SUCCESS)

    def _numbers(self, start: int, stop: int, context: Any) -> Iterator[int]:
        """Block numbers as they come to exist, until the stream is to break."""
        limit = self.cut_after.popleft() if self.cut_after else None
        number = start
        while number <= stop:
            if limit is not None and number - start >= limit:
                context.abort(grpc.StatusCode.UNAVAILABLE, "broken by the test")
            with self._lock:
                while number >= len(self._chain):
                    if not context.is_active() or self._server is None:
                        return
                    self._lock.wait(0.05)
            yield number
            number += 1

    def _filtered(self, block: Any) -> Any:
        filtered = events_pb2.FilteredBlock(channel_id=CHANNEL, number=block.header.number)
        flags = block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER]
        found = {event.tx_id: event for event in self._chain[block.header.number][1]}
        for index, entry in enumerate(block.data.data):
            tx_id = envelopes.parse(entry).channel_header.tx_id
            transaction = filtered.filtered_transactions.add(txid=tx_id, type=3, tx_validation_code=flags[index])
            if tx_id in found:
                action = transaction.transaction_actions.chaincode_actions.add()
                action.chaincode_event.chaincode_id = found[tx_id].chaincode_id
                action.chaincode_event.event_name = found[tx_id].event_name
        return filtered

    def _enter(self, service: str, request: Any, context: Any) -> None:
        self.requests.setdefault(service, []).append(request)
        if self.refusals.get(service):
            self.refusals[service].popleft()(context)


def _key(creator: bytes) -> object:
    return x509.load_pem_x509_certificate(signatures.parse_identity(creator)[1]).public_key()


def _require_signed(signed: Any) -> None:
    creator = proposals.parse(signed.proposal_bytes).signature_header.creator
    assert signatures.verify(_key(creator), signed.signature, signed.proposal_bytes)


def _envelope(transaction_id: str) -> bytes:
    header = envelopes.channel_header(common_pb2.ENDORSER_TRANSACTION, CHANNEL, tx_id=transaction_id)
    payload = envelopes.payload(header, b"", b"", transaction_pb2.Transaction().SerializeToString())
    return common_pb2.Envelope(payload=payload, signature=b"signature").SerializeToString()


def _private(block: Any) -> Any:
    plain = rwsets.PrivateCollection("hidden", (rwsets.Write("k", b"v"),))
    written = rwsets.encode_private(rwsets.PrivateRwset((rwsets.PrivateNamespace(CHAINCODE, (plain,)),)))
    both = events_pb2.BlockAndPrivateData(block=block)
    for index in range(len(block.data.data)):
        both.private_data_map[index].CopyFrom(rwset_pb2.TxPvtReadWriteSet.FromString(written))
    return both


def status_details(*details: gateway_pb2.ErrorDetail) -> bytes:
    """Return a serialized google.rpc.Status, with details packed as the gateway packs them."""
    serialized = b"\x08\x0a\x12\x05words"
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        content = packed.SerializeToString()
        assert 0x80 <= len(content) < 0x4000
        serialized += b"\x1a" + bytes([len(content) & 0x7F | 0x80, len(content) >> 7]) + content
    return serialized
