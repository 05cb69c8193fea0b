"""
One peer's stream: registers the chaincode, then runs the transactions that arrive, many at once.

The stream is asyncio, because one process serves the streams of many peers.
Each transaction has a thread, because contracts read from top to bottom and
block on the peer's answers; the stream passes each answer to the thread that
waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any

from fabric_protos.peer import chaincode_event_pb2, chaincode_pb2, chaincode_shim_pb2, proposal_response_pb2
from google.protobuf import empty_pb2
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet  # type: ignore[import-not-found]  # (no stubs)

from hlf.shim import invocation, responses
from hlf.shim.errors import PeerRefused, TransactionAbandoned
from hlf.shim.peerline import BatchLimits
from hlf.shim.serving.workers import Workers
from hlf.shim.stub import Stub
from hlf.wire import enumerations, messages

logger = logging.getLogger("hlf.chaincode")

Message = chaincode_shim_pb2.ChaincodeMessage
LARGEST_MESSAGE = messages.LARGEST
"""The largest message that a peer accepts, and so the largest that the server accepts and sends."""

# The message has the ids of transaction and channel beside the payload.
_LARGEST_PAYLOAD = LARGEST_MESSAGE - 1024
_SMALLEST_LIMIT = 100


class Handler:
    """The chaincode's end of one stream."""

    def __init__(self, chaincode: invocation.Chaincode, package_id: str, workers: Workers) -> None:
        self._chaincode = chaincode
        self._package_id = package_id
        self._workers = workers
        self._loop = asyncio.get_running_loop()
        self._outgoing: deque[Any] = deque()
        self._something_to_send = asyncio.Event()
        self._sender_awake = False
        self._transactions: dict[tuple[str, str], _Transaction] = {}
        self._unfinished: set[_Transaction] = set()
        self._draining = False
        self._drained = asyncio.Event()
        self._receive = self._in_created
        self.limits = BatchLimits()

    async def serve(
        self, read: Callable[[], Awaitable[Any]], write: Callable[[Any], Awaitable[None]], end: object
    ) -> None:
        """
        Register with the peer and serve until *read* returns *end* or the peer violates the protocol.

        Transactions that still run then are abandoned.
        """
        registration = chaincode_pb2.ChaincodeID(name=self._package_id)
        await write(Message(type=Message.REGISTER, payload=registration.SerializeToString()))
        sending = asyncio.create_task(self._send_all(write))
        try:
            while (message := await read()) is not end:
                if message.type == Message.KEEPALIVE:
                    self.send(message)
                elif not self._receive(message):
                    kind = enumerations.name(Message.Type, message.type)
                    logger.error("%s: the peer sent %s out of turn; closing the stream", self._package_id, kind)
                    refusal = f"[{message.txid}] chaincode cannot handle message ({kind}) in this state"
                    await write(Message(type=Message.ERROR, payload=refusal.encode(), txid=message.txid))
                    return
        finally:
            sending.cancel()
            for transaction in list(self._transactions.values()):
                transaction.abandon()

    @property
    def registered(self) -> bool:
        """Whether the peer accepted the registration."""
        return self._receive != self._in_created

    async def drained(self) -> None:
        """Return once no transaction is running and every answer has been sent."""
        self._draining = True
        while self._unfinished or self._outgoing:
            self._drained.clear()
            await self._drained.wait()

    def send(self, message: Any) -> None:
        """
        Send *message* to the peer; may be called from any thread.

        Raises:
            TransactionAbandoned: the server has stopped.
        """
        self._outgoing.append(message)
        if self._sender_awake:
            return
        # A wake-up is a system call, so one serves all messages until the sender sleeps again.
        self._sender_awake = True
        self._wake(self._something_to_send)

    def _wake(self, event: asyncio.Event) -> None:
        try:
            self._loop.call_soon_threadsafe(event.set)
        except RuntimeError:
            raise TransactionAbandoned from None

    async def _send_all(self, write: Callable[[Any], Awaitable[None]]) -> None:
        while True:
            while self._outgoing:
                await write(self._outgoing[0])
                self._outgoing.popleft()
            self._something_to_send.clear()
            self._sender_awake = False
            # Another thread may have added a message just now without a wake-up, because the sender was awake.
            if self._outgoing:
                continue
            self._drained.set()
            await self._something_to_send.wait()

    # The protocol's states; each handles a message and returns whether it was allowed.

    def _in_created(self, message: Any) -> bool:
        if message.type != Message.REGISTERED:
            return False
        self._receive = self._in_established
        return True

    def _in_established(self, message: Any) -> bool:
        if message.type != Message.READY:
            return False
        self.limits = offered(message.payload)
        self._receive = self._in_ready
        return True

    def _in_ready(self, message: Any) -> bool:
        if message.type in (Message.RESPONSE, Message.ERROR):
            transaction = self._transactions.get((message.channel_id, message.txid))
            if transaction is not None:
                transaction.answered(message)
            return True
        if message.type in (Message.TRANSACTION, Message.INIT):
            self._start(message)
            return True
        return False

    def _start(self, message: Any) -> None:
        place = (message.channel_id, message.txid)
        if place in self._transactions:
            text = f"transaction {message.txid} is already running"
            self.send(_reply(message, Message.ERROR, text.encode()))
            return
        transaction = self._transactions[place] = _Transaction(self, message)
        self._unfinished.add(transaction)
        self._workers.run(lambda: self._run(place, transaction))

    def _run(self, place: tuple[str, str], transaction: _Transaction) -> None:
        """Run a transaction and send its answer; called in a worker's thread."""
        try:
            try:
                answer = transaction.run(self._chaincode)
            finally:
                # This comes before the answer, because the peer may use the id again as soon as it has the answer.
                self._transactions.pop(place, None)
            self.send(answer)
        except TransactionAbandoned:
            logger.warning("transaction %s was abandoned: the stream to the peer ended", transaction.tx_id)
        finally:
            self._unfinished.discard(transaction)
            if self._draining and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._drained.set)


class _Transaction:
    """One transaction's requests to the peer that runs it."""

    def __init__(self, handler: Handler, message: Any) -> None:
        self.limits = handler.limits
        self.tx_id: str = message.txid
        self._handler = handler
        self._message = message
        self._answers: SimpleQueue[Any] = SimpleQueue()
        self._abandoned = False

    def run(self, chaincode: invocation.Chaincode) -> Any:
        """
        Return the message that ends the transaction.

        Raises:
            TransactionAbandoned: the stream has ended.
        """
        message = self._message
        try:
            request = chaincode_pb2.ChaincodeInput.FromString(message.payload)
        except DecodeError:
            return _reply(message, Message.ERROR, b"failed to unmarshal input")
        stub = Stub(
            self,
            message.channel_id,
            message.txid,
            request.args,
            message.proposal if message.HasField("proposal") else None,
            batch_writes=getattr(chaincode, "batch_writes", True),
            decorations=dict(request.decorations),
        )
        try:
            response = self._untimely(chaincode, stub) or invocation.run(
                chaincode, stub, init=message.type == Message.INIT
            )
            return self._completed(response, stub)
        except TransactionAbandoned:
            raise
        except BaseException as error:  # noqa: BLE001
            # A status that is no number, text that is not UTF-8, or a BaseException such as the cancelled task of a
            # contract also need an answer: a peer without one waits for half a minute.
            return self._completed(invocation.failed(chaincode, chaincode.name, error, stub), None)

    def _untimely(self, chaincode: invocation.Chaincode, stub: Stub) -> responses.Response | None:
        """Return the refusal if the transaction's time is outside the chaincode's time window; else None."""
        window = getattr(chaincode, "time_window", None)
        if window is None or not self._message.HasField("proposal"):
            return None
        if abs(datetime.now(UTC) - stub.timestamp) <= window:
            return None
        dated = f"the transaction's timestamp {stub.timestamp.isoformat()}"
        return responses.failure(f"{dated} is more than {window} from the chaincode's clock")

    def _completed(self, response: responses.Response, stub: Stub | None) -> Message:
        event = chaincode_event_pb2.ChaincodeEvent()
        if stub and stub.event and response.status < responses.REFUSED:
            event = chaincode_event_pb2.ChaincodeEvent(event_name=stub.event[0], payload=stub.event[1])
        answered = proposal_response_pb2.Response(
            status=response.status, message=response.message, payload=response.payload
        )
        completed = _reply(self._message, Message.COMPLETED, answered.SerializeToString())
        if event.event_name:
            completed.chaincode_event.CopyFrom(event)
        if completed.ByteSize() > LARGEST_MESSAGE:
            too_large = responses.failure(f"the answer is larger than a message may be ({LARGEST_MESSAGE} bytes)")
            return self._completed(too_large, None)
        return completed

    def ask(self, kind: int, payload: bytes) -> bytes:
        """Return the peer's answer; see :class:`hlf.shim.peerline.PeerLine`."""
        if self._abandoned:
            raise TransactionAbandoned
        if len(payload) > _LARGEST_PAYLOAD:
            # If it were sent, it would end the stream with all other transactions on it.
            name = enumerations.name(Message.Type, kind)
            raise PeerRefused(f"{name} is larger than a message may be ({len(payload)} of {LARGEST_MESSAGE} bytes)")
        self._handler.send(_reply(self._message, kind, payload))
        answer = self._answers.get()
        if answer is None:
            raise TransactionAbandoned
        if answer.type == Message.ERROR:
            raise PeerRefused(answer.payload.decode("utf-8", "replace"))
        result: bytes = answer.payload
        return result

    def answered(self, message: Any) -> None:
        """Pass the peer's answer to the waiting thread."""
        self._answers.put(message)

    def abandon(self) -> None:
        """End the transaction at its next request, or at once if it waits for an answer."""
        self._abandoned = True
        self._answers.put(None)


def offered(payload: bytes) -> BatchLimits:
    """
    Return the limits in the peer's READY message.

    ``ChaincodeAdditionalParams`` came with Fabric 3.1 and is not in the Python
    protos: use_write_batch=1, max_size_write_batch=2, use_get_multiple_keys=3,
    max_size_get_multiple_keys=4. A size below 100 means 100, as in Fabric's own
    shim; without readable parameters the peer takes single requests only.
    """
    try:
        message = empty_pb2.Empty.FromString(payload)
    except DecodeError:
        return BatchLimits()
    numbers = {field.field_number: field.data for field in UnknownFieldSet(message) if isinstance(field.data, int)}
    return BatchLimits(
        writes=max(numbers.get(2, 0), _SMALLEST_LIMIT) if numbers.get(1) else 0,
        reads=max(numbers.get(4, 0), _SMALLEST_LIMIT) if numbers.get(3) else 0,
    )


def _reply(message: Any, kind: int, payload: bytes) -> Message:
    return Message(type=kind, payload=payload, txid=message.txid, channel_id=message.channel_id)
