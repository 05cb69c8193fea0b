"""
Chaincodes that run as services: dialled, registered and executed for one peer.

There is one stream per installed package; all transactions of the peer share
it. If a chaincode closes the stream, its running transactions fail, and the next
one dials it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

import grpc
from fabric_protos.peer import chaincode_pb2, chaincode_shim_pb2, chaincode_shim_pb2_grpc
from google.protobuf import message

from hlf.network.engines.embedded.endorse import packages, simulator, transactions
from hlf.network.engines.embedded.state import lifecycle
from hlf.network.engines.embedded.wire import statuses
from hlf.network.engines.embedded.wire.statuses import MAX_MESSAGE
from hlf.wire import enumerations

log = logging.getLogger(__name__)

STARTUP_SECONDS = 300.0
TIMED_OUT = "timeout expired while executing transaction"
TERMINATED = "chaincode stream terminated"

Message = chaincode_shim_pb2.ChaincodeMessage
KINDS = chaincode_shim_pb2.ChaincodeMessage.Type
_TRANSACTION = KINDS.Value("TRANSACTION")
_INIT = KINDS.Value("INIT")
_COMPLETED = KINDS.Value("COMPLETED")
_ERROR = KINDS.Value("ERROR")
_RESPONSE = KINDS.Value("RESPONSE")
_INVOKE = KINDS.Value("INVOKE_CHAINCODE")
_KEEPALIVE = KINDS.Value("KEEPALIVE")
_REGISTER = KINDS.Value("REGISTER")
# Batches of up to a thousand writes or reads, as in the READY message of real peers.
_OFFER = chaincode_pb2.ChaincodeAdditionalParams(
    use_write_batch=True, max_size_write_batch=1000, use_get_multiple_keys=True, max_size_get_multiple_keys=1000
).SerializeToString()

Invoke = Callable[[transactions.SimulatedTransaction, bytes], Awaitable[bytes]]
_Running = tuple[transactions.SimulatedTransaction, asyncio.Future[Message]]


class ExecutionError(Exception):
    """A chaincode did not finish a transaction; the text is that of Fabric's peer."""


class Runtime:
    """The chaincodes of one peer."""

    def __init__(self, store: packages.PackageStore, execute_timeout: float, invoke: Invoke) -> None:
        """*invoke* carries out a chaincode's call of another chaincode and returns the answer's bytes."""
        self._store = store
        self._timeout = execute_timeout
        self._invoke = invoke
        self._streams: dict[str, _Stream] = {}
        self._launching: dict[str, asyncio.Lock] = {}

    async def execute(self, package_id: str, transaction: transactions.SimulatedTransaction, given: bytes) -> Message:
        """
        Run *transaction* with the encoded ChaincodeInput *given*; return the COMPLETED or ERROR message.

        Raises:
            ExecutionError: it did not start, did not finish in time, or closed the stream.
        """
        stream = self._streams.get(package_id)
        if stream is None or stream.closed:
            stream = await self._launch(package_id)
        try:
            return await stream.execute(transaction, given, self._timeout)
        except ExecutionError as error:
            raise ExecutionError(f"error sending: {error}") from None

    async def close(self) -> None:
        """Close every stream; the chaincodes themselves go on."""
        for stream in list(self._streams.values()):
            await stream.close()

    async def _launch(self, package_id: str) -> _Stream:
        async with self._launching.setdefault(package_id, asyncio.Lock()):
            stream = self._streams.get(package_id)
            if stream is not None and not stream.closed:
                return stream
            package = self._store.get(package_id)
            prefix = f"could not launch chaincode {package_id}"
            if package is None:
                raise ExecutionError(f"{prefix}: could not find chaincode with package id '{package_id}'")
            if package.unusable:
                raise ExecutionError(f"{prefix}: error building chaincode: {package.unusable}")
            try:
                channel = await _dial(package.connection)
            except ExecutionError as error:
                raise ExecutionError(
                    f"{prefix}: connection to {package_id} failed: error cannot create connection for {package_id}: "
                    f"error creating grpc connection to {package.connection.address}: {error}"
                ) from None
            stream = _Stream(package_id, channel, self._invoke)
            try:
                await stream.register()
            except BaseException as error:
                await stream.close()
                if isinstance(error, ExecutionError):
                    raise ExecutionError(f"{prefix}: connection to {package_id} failed: {error}") from None
                raise
            self._streams[package_id] = stream
            return stream


class _Stream:
    """One chaincode's conversation with its peer."""

    def __init__(self, package_id: str, channel: grpc.aio.Channel, invoke: Invoke) -> None:
        self._package_id = package_id
        self._channel = channel
        self._invoke = invoke
        self._call = chaincode_shim_pb2_grpc.ChaincodeStub(channel).Connect()
        self._outgoing: asyncio.Queue[Message] = asyncio.Queue()
        self._running: dict[tuple[str, str], _Running] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self.closed = False

    async def register(self) -> None:
        try:
            async with asyncio.timeout(STARTUP_SECONDS):
                first = await self._read()
                if first is None or first.type != _REGISTER:
                    raise ExecutionError(f"connection to {self._package_id} terminated")
                name = chaincode_pb2.ChaincodeID.FromString(first.payload).name
                if name != self._package_id:
                    raise ExecutionError(
                        f"chaincode registration failed: the chaincode at this address registered as '{name}'; start "
                        f"it with the package id {self._package_id}"
                    )
                await self._call.write(Message(type=KINDS.Value("REGISTERED")))
                await self._call.write(Message(type=KINDS.Value("READY"), payload=_OFFER))
        except message.DecodeError:
            raise ExecutionError("error in handling register chaincode: no chaincode id in it") from None
        except TimeoutError:
            raise ExecutionError(f"timeout expired while starting chaincode {self._package_id}") from None
        except grpc.aio.AioRpcError as error:
            raise ExecutionError(f"error creating grpc client connection: {error.details()}") from None
        self._tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._receive())]

    async def execute(self, transaction: transactions.SimulatedTransaction, given: bytes, timeout: float) -> Message:
        if self.closed:
            raise ExecutionError(TERMINATED)
        identity = (transaction.channel_id, transaction.tx_id)
        if identity in self._running:
            raise ExecutionError(f"txid: {transaction.tx_id}({transaction.channel_id}) exists")
        answered: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._running[identity] = (transaction, answered)
        try:
            self._outgoing.put_nowait(
                Message(
                    type=_INIT if transaction.is_init else _TRANSACTION,
                    payload=given,
                    txid=transaction.tx_id,
                    channel_id=transaction.channel_id,
                    proposal=transaction.signed_proposal,
                )
            )
            async with asyncio.timeout(timeout):
                return await answered
        except TimeoutError:
            raise ExecutionError(TIMED_OUT) from None
        finally:
            del self._running[identity]

    async def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        for _, answered in self._running.values():
            if not answered.done():
                answered.set_exception(ExecutionError(TERMINATED))
        current = asyncio.current_task()
        for task in (*self._tasks, *self._calls):
            if task is not current:
                task.cancel()
        self._call.cancel()
        await self._channel.close()

    async def _read(self) -> Message | None:
        """Return the chaincode's next message, or None at the end of the stream."""
        received = await self._call.read()
        return received if isinstance(received, Message) else None

    async def _send(self) -> None:
        with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            while True:
                outgoing = await self._outgoing.get()
                size = outgoing.ByteSize()
                if size > MAX_MESSAGE:
                    # As at real peers, this ends its own transaction, and the stream with all others.
                    self._end(outgoing, f"trying to send message larger than max ({size} vs. {MAX_MESSAGE})")
                    break
                await self._call.write(outgoing)
        await self.close()

    def _end(self, unsent: Message, reason: str) -> None:
        running = self._running.get((unsent.channel_id, unsent.txid))
        if running is not None and not running[1].done():
            told = f"[{unsent.txid[:8]}] error sending {enumerations.name(KINDS, unsent.type)}"
            payload = f"{told}: rpc error: code = ResourceExhausted desc = {reason}".encode()
            running[1].set_result(Message(type=_ERROR, payload=payload))

    async def _receive(self) -> None:
        with contextlib.suppress(grpc.aio.AioRpcError):
            while (received := await self._read()) is not None:
                if not self._handle(received):
                    log.warning("chaincode %s sent a message out of turn; its stream is closed", self._package_id)
                    break
        await self.close()

    def _handle(self, received: Message) -> bool:
        """Answer one message; return False if a chaincode in this state must not send it."""
        if received.type == _KEEPALIVE:
            return True
        running = self._running.get((received.channel_id, received.txid))
        if received.type in (_COMPLETED, _ERROR):
            if running is not None and not running[1].done():
                running[1].set_result(received)
            return True
        if received.type == _INVOKE:
            task = asyncio.create_task(self._handle_invoke(received, running))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)
            return True
        if received.type not in transactions.ASKED:
            return False
        try:
            if running is None or running[0].simulation is None:
                raise simulator.SimulationError(transactions.NO_LEDGER)
            payload = transactions.answer(running[0], received.type, received.payload)
        except Exception as error:  # noqa: BLE001 - one transaction's trouble must not end the others' stream.
            self._reply(received, _ERROR, _failure(received, error))
        else:
            self._reply(received, _RESPONSE, payload)
        return True

    async def _handle_invoke(self, received: Message, running: _Running | None) -> None:
        try:
            if running is None:
                raise simulator.SimulationError("could not get valid transaction")
            payload = await self._invoke(running[0], received.payload)
        except Exception as error:  # noqa: BLE001 - one transaction's trouble must not end the others' stream.
            self._reply(received, _ERROR, _failure(received, error))
        else:
            self._reply(received, _RESPONSE, payload)

    def _reply(self, asked: Message, kind: int, payload: bytes) -> None:
        self._outgoing.put_nowait(Message(type=kind, payload=payload, txid=asked.txid, channel_id=asked.channel_id))


def _failure(received: Message, error: Exception) -> bytes:
    if isinstance(error, simulator.SimulationError | lifecycle.LayoutError):
        reason = str(error)
    else:
        reason = "panic during execution"
        log.error("%s of a chaincode failed: %s", enumerations.name(KINDS, received.type), statuses.where(error))
    return f"{enumerations.name(KINDS, received.type)} failed: transaction ID: {received.txid}: {reason}".encode()


async def _dial(connection: packages.ChaincodeConnection) -> grpc.aio.Channel:
    """
    Connect to a chaincode server; fail at once if nothing listens.

    gRPC itself would keep trying; so the address is tried first.
    """
    host, _, port = connection.address.rpartition(":")
    if not host:
        raise ExecutionError(
            'failed to create new connection: connection error: desc = "transport: error while dialing: dial tcp: '
            f'address {connection.address}: missing port in address"'
        )
    try:
        async with asyncio.timeout(connection.dial_seconds):
            _, writer = await asyncio.open_connection(host.strip("[]"), port)
            writer.close()
            channel = _channel(connection)
            try:
                await _until_ready(channel)
            except BaseException:
                await channel.close()
                raise
            return channel
    except TimeoutError:
        raise ExecutionError("failed to create new connection: context deadline exceeded") from None
    except (OSError, ValueError, OverflowError) as error:
        raise ExecutionError(
            'failed to create new connection: connection error: desc = "transport: error while dialing: dial tcp '
            f'{connection.address}: {_cause(error)}"'
        ) from None


async def _until_ready(channel: grpc.aio.Channel) -> None:
    state = channel.get_state(try_to_connect=True)
    while state is not grpc.ChannelConnectivity.READY:
        if state is grpc.ChannelConnectivity.TRANSIENT_FAILURE:
            raise ExecutionError(
                'failed to create new connection: connection error: desc = "transport: authentication handshake failed"'
            )
        await channel.wait_for_state_change(state)
        state = channel.get_state(try_to_connect=True)


def _channel(connection: packages.ChaincodeConnection) -> grpc.aio.Channel:
    options = [
        ("grpc.max_receive_message_length", MAX_MESSAGE),
        ("grpc.max_send_message_length", MAX_MESSAGE),
        # Each peer has its own connection, as real peers have.
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if not connection.tls:
        return grpc.aio.insecure_channel(connection.address, options)
    credentials = grpc.ssl_channel_credentials(
        connection.root_cert.encode(),
        connection.client_key.encode() if connection.client_auth else None,
        connection.client_cert.encode() if connection.client_auth else None,
    )
    return grpc.aio.secure_channel(connection.address, credentials, options)


def _cause(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connect: connection refused"
    return f"connect: {getattr(error, 'strerror', None) or error}"
