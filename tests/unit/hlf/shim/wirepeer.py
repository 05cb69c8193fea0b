"""A peer's end of the shim protocol, played by hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent import futures
from datetime import datetime
from queue import SimpleQueue
from typing import Any

import grpc
from fabric_protos.peer import chaincode_pb2, chaincode_shim_pb2, proposal_pb2, proposal_response_pb2

from hlf.shim import testing
from hlf.wire import proposals

Message = chaincode_shim_pb2.ChaincodeMessage
CHANNEL = "testing"
PATIENCE = 10.0


class PeerEnd:
    """A peer's end of one stream; messages go out and come in one by one."""

    def __init__(self) -> None:
        self.outgoing: SimpleQueue[Any] = SimpleQueue()
        self.incoming: SimpleQueue[Any] = SimpleQueue()

    def register(self, ready: bytes = b"") -> str:
        """Complete the handshake; the package id under which the chaincode registered."""
        registration = self.receive()
        assert registration.type == Message.REGISTER
        self.send(type=Message.REGISTERED)
        self.send(type=Message.READY, payload=ready)
        return chaincode_pb2.ChaincodeID.FromString(registration.payload).name

    def send(self, **fields: Any) -> None:
        self.outgoing.put(Message(**fields))

    def receive(self) -> Any:
        """Return the next message, or the RpcError that ended the stream."""
        return self.incoming.get(timeout=PATIENCE)

    def propose(
        self,
        tx_id: str,
        *args: str,
        kind: int = Message.TRANSACTION,
        secret: bytes = b"",
        dated: datetime | None = None,
    ) -> None:
        """Send a transaction as a peer does, with the whole proposal beside the arguments."""
        caller = testing.client("AMSP")
        encoded = [argument.encode() for argument in args]
        proposal = proposals.new(
            CHANNEL, "things", encoded, caller.serialized, transient={"value": secret}, timestamp=dated
        )
        self.send(
            type=kind,
            txid=tx_id,
            channel_id=CHANNEL,
            payload=chaincode_pb2.ChaincodeInput(args=encoded).SerializeToString(),
            proposal=proposal_pb2.SignedProposal(proposal_bytes=proposal.bytes),
        )

    def answer(self, request: Any, payload: bytes = b"", kind: int = Message.RESPONSE) -> None:
        self.send(type=kind, txid=request.txid, channel_id=request.channel_id, payload=payload)

    def completed(self) -> Any:
        """Return the response in the next message, which must end a transaction."""
        message = self.receive()
        assert message.type == Message.COMPLETED, message
        return proposal_response_pb2.Response.FromString(message.payload)


class WirePeer(PeerEnd):
    """Dials a chaincode server and registers it."""

    def __init__(self, address: str, credentials: grpc.ChannelCredentials | None = None, name: str = "") -> None:
        super().__init__()
        options = [("grpc.ssl_target_name_override", name)] if name else []
        if credentials is None:
            self.channel = grpc.insecure_channel(address, options)
        else:
            self.channel = grpc.secure_channel(address, credentials, options)
        connect = self.channel.stream_stream(
            "/protos.Chaincode/Connect",
            request_serializer=Message.SerializeToString,
            response_deserializer=Message.FromString,
        )
        self.stream = connect(iter(self.outgoing.get, None), timeout=60)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> WirePeer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Break the stream, as a peer that dies does."""
        self.stream.cancel()
        self.channel.close()
        self.outgoing.put(None)
        self._reader.join(PATIENCE)

    def _read(self) -> None:
        try:
            for message in self.stream:
                self.incoming.put(message)
        except grpc.RpcError as error:
            self.incoming.put(error)
        else:
            self.incoming.put(None)


class LaunchingPeer(PeerEnd):
    """Listens as a peer that launches its chaincode does, takes one that registers, and ends the stream after it."""

    def __init__(self, credentials: grpc.ServerCredentials | None = None) -> None:
        super().__init__()
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
        register = grpc.stream_stream_rpc_method_handler(self._register, Message.FromString, Message.SerializeToString)
        handler = grpc.method_handlers_generic_handler("protos.ChaincodeSupport", {"Register": register})
        self._server.add_generic_rpc_handlers((handler,))
        if credentials is None:
            port = self._server.add_insecure_port("127.0.0.1:0")
        else:
            port = self._server.add_secure_port("127.0.0.1:0", credentials)
        self.address = f"127.0.0.1:{port}"
        self._server.start()

    def __enter__(self) -> LaunchingPeer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._server.stop(0).wait(PATIENCE)

    def close(self) -> None:
        """End the stream in order, as a peer does that stops."""
        self.outgoing.put(None)

    def _register(self, requests: Any, _context: Any) -> Iterator[Any]:
        def read() -> None:
            try:
                for message in requests:
                    self.incoming.put(message)
            except grpc.RpcError as error:
                self.incoming.put(error)
            else:
                self.incoming.put(None)
                self.close()

        threading.Thread(target=read, daemon=True).start()
        yield from iter(self.outgoing.get, None)
