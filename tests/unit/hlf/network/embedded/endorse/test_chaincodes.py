"""The peer's side of the shim stream, against chaincodes that do what no good runtime would."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import grpc
import pytest
from fabric_protos.peer import chaincode_pb2, proposal_response_pb2
from fabric_protos.peer import chaincode_shim_pb2 as shim

from hlf.network import certificates
from hlf.network.engines.embedded.endorse import chaincodes, packages
from hlf.network.engines.embedded.endorse.simulator import SimulationError, Simulator
from hlf.network.engines.embedded.endorse.transactions import SimulatedTransaction
from tests.support import ccaas, goldennetwork, scriptedchaincode
from tests.support.scriptedchaincode import Line
from tests.support.snapshots import State

INPUT = chaincode_pb2.ChaincodeInput(args=[b"f"]).SerializeToString()


class Peer:
    """A peer's runtime with one package installed."""

    def __init__(self, folder, timeout: float = 5.0) -> None:
        self.state = State()
        self.state.put("cc", "a", b"1")
        self.state.put("cc", "large", b"x" * 1000)
        self.store = packages.PackageStore(folder, {})
        self.called: list[bytes] = []
        self.runtime = chaincodes.Runtime(self.store, timeout, self._invoke)
        self.package_id = ""

    def install(self, address: str, **more) -> str:
        self.package_id = self.store.install(ccaas.package(address=address, **more)).package_id
        return self.package_id

    def transaction(self, tx_id: str = "tx") -> SimulatedTransaction:
        simulated = Simulator(self.state, "trade", goldennetwork.MEMBERS, "Org1MSP", tx_id)
        return SimulatedTransaction("trade", tx_id, "cc", None, None, goldennetwork.bundle(), simulated)

    async def execute(self, tx_id: str = "tx") -> bytes:
        """Return the payload of the chaincode's response."""
        answer = await self.runtime.execute(self.package_id, self.transaction(tx_id), INPUT)
        assert answer.type == shim.ChaincodeMessage.COMPLETED
        return proposal_response_pb2.Response.FromString(answer.payload).payload

    async def refusal(self, tx_id: str = "tx") -> str:
        with pytest.raises(chaincodes.ExecutionError) as refused:
            await self.runtime.execute(self.package_id, self.transaction(tx_id), INPUT)
        return str(refused.value)

    async def _invoke(self, calling: SimulatedTransaction, payload: bytes) -> bytes:
        if payload.startswith(b"break"):
            raise RuntimeError(payload.decode())
        if payload == b"refuse":
            raise SimulationError("execute failed: nobody there")
        self.called.append(payload)
        return b"answer of " + payload


def play(tmp_path, scenario: Callable[[Peer], Awaitable[None]], timeout: float = 5.0) -> Peer:
    peer = Peer(tmp_path / "packages", timeout)

    async def run() -> None:
        try:
            await scenario(peer)
        finally:
            await peer.runtime.close()

    asyncio.run(asyncio.wait_for(run(), 30))
    return peer


def logged(caplog) -> list[str]:
    """Return what the peer wrote to its log; gRPC's own lines about the loops of earlier tests are not its."""
    return [record.getMessage() for record in caplog.records if record.name == chaincodes.log.name]


def test_many_transactions_share_one_stream(tmp_path):
    """Answers may come in any order; each finds its transaction, and the chaincode is dialled once."""
    streams = 0

    async def script(line: Line) -> None:
        nonlocal streams
        streams += 1
        await line.register(peer_ids[0])
        waiting = [await line.receive() for _ in range(50)]
        for message in reversed(waiting):
            await line.complete(message, message.txid.encode())
        await line.receive()

    peer_ids: list[str] = []

    async def scenario(peer: Peer) -> None:
        async with scriptedchaincode.serving(script) as address:
            peer_ids.append(peer.install(address))
            names = [f"tx{number}" for number in range(50)]
            answers = await asyncio.gather(*(peer.execute(name) for name in names))
            assert answers == [name.encode() for name in names]

    play(tmp_path, scenario)
    assert streams == 1


def test_a_chaincode_that_goes_away_fails_what_it_had_in_hand(tmp_path):
    """The transaction is told in Fabric's words, and the next one dials again."""
    lives = iter(["dies", "lives"])

    async def scenario(peer: Peer) -> None:
        async def script(line: Line) -> None:
            await line.register(peer.package_id)
            message = await line.receive()
            if next(lives) == "dies":
                return
            await line.complete(message, b"back")
            await line.receive()

        async with scriptedchaincode.serving(script) as address:
            peer.install(address)
            assert await peer.refusal() == "error sending: chaincode stream terminated"
            assert await peer.execute() == b"back"

    play(tmp_path, scenario)


def test_a_chaincode_that_does_not_answer_is_given_up(tmp_path):
    """Its time is limited; a late answer meets nobody, and the stream still serves others."""

    async def scenario(peer: Peer) -> None:
        async def script(line: Line) -> None:
            await line.register(peer.package_id)
            late = await line.receive()
            await line.complete(await line.receive(), b"second")
            await line.complete(late, b"late")
            await line.complete(await line.receive(), b"third")
            await line.receive()

        async with scriptedchaincode.serving(script) as address:
            peer.install(address)
            assert await peer.refusal("first") == "error sending: timeout expired while executing transaction"
            assert await peer.execute("second") == b"second"
            assert await peer.execute("third") == b"third"

    play(tmp_path, scenario, timeout=0.3)


def test_a_message_too_large_for_the_stream_ends_it(tmp_path, monkeypatch):
    """Its own transaction learns the reason, the others that the stream is gone; the next one dials again."""

    async def scenario(peer: Peer) -> None:
        async def script(line: Line) -> None:
            await line.register(peer.package_id)
            waiting = {message.txid: message for message in [await line.receive(), await line.receive()]}
            if "asking" in waiting:
                monkeypatch.setattr(chaincodes, "MAX_MESSAGE", 1000)
                await line.send("GET_STATE", shim.GetState(key="large").SerializeToString(), waiting["asking"])
            else:
                for message in waiting.values():
                    await line.complete(message, message.txid.encode())
            await line.receive()

        async with scriptedchaincode.serving(script) as address:
            peer.install(address)
            answer, other = await asyncio.gather(
                peer.runtime.execute(peer.package_id, peer.transaction("asking"), INPUT), peer.refusal("other")
            )
            assert answer.type == shim.ChaincodeMessage.ERROR
            assert answer.payload.startswith(
                b"[asking] error sending RESPONSE: rpc error: code = ResourceExhausted desc = trying to send message "
                b"larger than max ("
            )
            assert other == "error sending: chaincode stream terminated"
            assert await asyncio.gather(peer.execute("a"), peer.execute("b")) == [b"a", b"b"]

    play(tmp_path, scenario)


def test_nobody_listening_is_told_with_the_address(tmp_path):
    """What an administrator needs: which package, which address, what the system said."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"

    async def scenario(peer: Peer) -> None:
        name = peer.install(address)
        assert await peer.refusal() == (
            f"could not launch chaincode {name}: connection to {name} failed: error cannot create connection for "
            f"{name}: error creating grpc connection to {address}: failed to create new connection: connection error: "
            f'desc = "transport: error while dialing: dial tcp {address}: connect: connection refused"'
        )

    play(tmp_path, scenario)


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:notaport", ":", "[::1]:99999", "127.0.0.1:-1"])
def test_an_address_that_is_none_is_an_error_of_the_call(tmp_path, address):
    """A package may hold anything; it ends in words, not in an exception of the peer."""

    async def scenario(peer: Peer) -> None:
        name = peer.install(address)
        assert (await peer.refusal()).startswith(f"could not launch chaincode {name}: connection to {name} failed: ")

    play(tmp_path, scenario)


def test_a_chaincode_under_another_name_is_not_taken(tmp_path):
    """Two chaincodes at swapped addresses are found out at once, with the id to start the right one with."""

    async def scenario(peer: Peer) -> None:
        async def script(line: Line) -> None:
            await line.send("REGISTER", chaincode_pb2.ChaincodeID(name="other_1:00").SerializeToString())
            await line.receive()

        async with scriptedchaincode.serving(script) as address:
            name = peer.install(address)
            words = await peer.refusal()
            assert words.endswith(
                "chaincode registration failed: the chaincode at this address registered as 'other_1:00'; start it "
                f"with the package id {name}"
            )

    play(tmp_path, scenario)


@pytest.mark.parametrize("payload", [b"\xff\xff\xff", b""])
def test_a_registration_that_cannot_be_read_is_refused(tmp_path, payload):
    """The peer does not wait for something better."""

    async def scenario(peer: Peer) -> None:
        async def script(line: Line) -> None:
            await line.send("REGISTER", payload)
            await line.receive()

        async with scriptedchaincode.serving(script) as address:
            peer.install(address)
            assert "regist" in await peer.refusal()

    play(tmp_path, scenario)


def test_garbage_in_a_question_is_answered_and_forgotten(tmp_path, caplog):
    """An ERROR goes back, the transaction and its neighbours go on."""

    async def scenario(peer: Peer) -> None:
        async def script(line: Line) -> None:
            await line.register(peer.package_id)
            message = await line.receive()
            await line.send("GET_STATE", b"\xff\xff", message)
            assert (await line.receive()).payload == (
                b"GET_STATE failed: transaction ID: tx: unmarshal failed: proto: cannot parse invalid wire-format data"
            )
            await line.send("GET_STATE", shim.GetState(key="a").SerializeToString(), message)
            await line.complete(message, (await line.receive()).payload)
            await line.receive()

        async with scriptedchaincode.serving(script) as address:
            peer.install(address)
            assert await peer.execute() == b"1"

    play(tmp_path, scenario)
    assert logged(caplog) == []


def test_questions_about_a_transaction_that_is_not_there_are_refused(tmp_path):
    """Neither of another channel, nor of one that has ended."""

    async def scenario(peer: Peer) -> None:
        async def script(line: Line) -> None:
            await line.register(peer.package_id)
            message = await line.receive()
            for about in ({"txid": "tx", "channel_id": "other"}, {"txid": "gone", "channel_id": "trade"}):
                await line.send("GET_STATE", shim.GetState(key="a").SerializeToString(), None, **about)
                answer = await line.receive()
                assert answer.type == shim.ChaincodeMessage.ERROR
                assert answer.payload.endswith(b"no ledger context")
            await line.complete(message, b"done")
            await line.receive()

        async with scriptedchaincode.serving(script) as address:
            peer.install(address)
            assert await peer.execute() == b"done"

    play(tmp_path, scenario)


@pytest.mark.parametrize("kind", ["REGISTER", "READY", "TRANSACTION", "RESPONSE", "UNDEFINED"])
def test_a_message_out_of_turn_ends_the_stream(tmp_path, kind):
    """As at a real peer: who does not keep to the protocol is not talked to."""

    async def scenario(peer: Peer) -> None:
        async def script(line: Line) -> None:
            await line.register(peer.package_id)
            await line.send(kind, b"", await line.receive())
            await line.receive()

        async with scriptedchaincode.serving(script) as address:
            peer.install(address)
            assert await peer.refusal() == "error sending: chaincode stream terminated"

    play(tmp_path, scenario)


def test_a_chaincode_calls_another_and_gets_its_answer(tmp_path):
    """The call runs beside the stream; refusals and failures come back as ERROR, a failure without its words."""
    seen = {}

    async def scenario(peer: Peer) -> None:
        async def script(line: Line) -> None:
            await line.register(peer.package_id)
            message = await line.receive()
            for payload in (b"called", b"refuse", b"break: private words"):
                await line.send("INVOKE_CHAINCODE", payload, message)
                seen[payload] = await line.receive()
            await line.complete(message)
            await line.receive()

        async with scriptedchaincode.serving(script) as address:
            peer.install(address)
            await peer.execute()

    play(tmp_path, scenario)
    assert seen[b"called"].payload == b"answer of called"
    prefix = b"INVOKE_CHAINCODE failed: transaction ID: tx: "
    assert seen[b"refuse"].payload == prefix + b"execute failed: nobody there"
    assert seen[b"break: private words"].payload == prefix + b"panic during execution"


def test_a_failure_is_logged_without_its_words(tmp_path, caplog):
    """What went wrong may quote what a caller sent; where it went wrong does not."""
    test_a_chaincode_calls_another_and_gets_its_answer(tmp_path)
    (line,) = logged(caplog)
    assert "RuntimeError" in line
    assert "private words" not in line


def test_one_transaction_runs_once_at_a_time(tmp_path):
    """The same id a second time, while the first runs, would mix their answers."""

    async def scenario(peer: Peer) -> None:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def script(line: Line) -> None:
            await line.register(peer.package_id)
            message = await line.receive()
            begun.set()
            await may_end.wait()
            await line.complete(message, b"first")
            await line.receive()

        async with scriptedchaincode.serving(script) as address:
            peer.install(address)
            first = asyncio.create_task(peer.execute())
            await begun.wait()
            assert await peer.refusal() == "error sending: txid: tx(trade) exists"
            may_end.set()
            assert await first == b"first"

    play(tmp_path, scenario)


def test_a_cancelled_launch_leaves_no_connection(tmp_path):
    """A client that gives up while its chaincode starts must not leave the next one a half-made stream."""

    async def scenario(peer: Peer) -> None:
        dialled, gone = asyncio.Event(), asyncio.Event()
        silent = True

        async def script(line: Line) -> None:
            dialled.set()
            if silent:
                try:
                    await line.receive()
                finally:
                    gone.set()
            await line.register(peer.package_id)
            await line.complete(await line.receive(), b"started")
            await line.receive()

        async with scriptedchaincode.serving(script) as address:
            peer.install(address)
            first = asyncio.create_task(peer.execute())
            await dialled.wait()
            first.cancel()
            await gone.wait()
            silent = False
            assert await peer.execute() == b"started"

    play(tmp_path, scenario)


def test_a_chaincode_may_ask_for_mutual_tls(tmp_path):
    """Certificates come from the package; a chaincode without them is not talked to in the clear."""
    authority = certificates.authority("ca", "cc.test", "SG")
    server = certificates.tls(authority, "cc", "cc.test", "SG", ["127.0.0.1"])
    client = certificates.tls(authority, "peer", "cc.test", "SG", ["127.0.0.1"])
    credentials = grpc.ssl_server_credentials(
        [(server.key_pem, server.certificate_pem)], authority.certificate_pem, require_client_auth=True
    )

    async def scenario(peer: Peer) -> None:
        async def script(line: Line) -> None:
            await line.register(peer.package_id)
            await line.complete(await line.receive(), b"secure")
            await line.receive()

        async with scriptedchaincode.serving(script, credentials=credentials) as address:
            root = authority.certificate_pem.decode()
            peer.install(address, label="plain", dial_timeout="2s")
            assert (await peer.refusal()).startswith("could not launch chaincode")
            peer.install(
                address,
                label="secure",
                tls_required=True,
                client_auth_required=True,
                root_cert=root,
                client_key=client.key_pem.decode(),
                client_cert=client.certificate_pem.decode(),
            )
            assert await peer.execute() == b"secure"

    play(tmp_path, scenario)
