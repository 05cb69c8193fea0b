"""The chaincode server on the wire: what a peer sees."""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fabric_protos.peer import chaincode_shim_pb2

from chaincode import main
from hlf.shim import api, handler, responses, server
from hlf.shim.peerline import BatchLimits
from tests.unit.hlf.shim import ledger_contracts
from tests.unit.hlf.shim.wirepeer import PATIENCE, Message, WirePeer

PACKAGE = "things:00ff"
# ChaincodeAdditionalParams: use_write_batch, at most 1000, use_get_multiple_keys, at most 7 (which means 100).
BATCHES = bytes([0x08, 1, 0x10, 0xE8, 0x07, 0x18, 1, 0x20, 7])


class Gate(api.Contract):
    """A contract that tells when it runs, and waits until it is let go."""

    entered = threading.Semaphore(0)
    release = threading.Event()

    @api.transaction
    def wait(self, ctx: api.Context) -> str:
        Gate.entered.release()
        assert Gate.release.wait(PATIENCE)
        return "released"


class Odd:
    """Chaincode at the low door that answers what no peer should see."""

    name = "odd"

    def init(self, stub):
        return responses.success(b"ready")

    def invoke(self, stub):
        if stub.args[0] == b"none":
            return None
        if stub.args[0] == b"text":
            return responses.Response("two hundred")
        if stub.args[0] == b"large":
            return responses.success(b"x" * 2000)
        if stub.args[0] == b"write":
            stub.put_state("k", b"x" * 2000)
            return responses.success(b"written")
        if stub.args[0] == b"cancelled":
            raise asyncio.CancelledError
        raise RuntimeError(stub.args[0].decode())


@pytest.fixture
def serving():
    served = [
        server.ServedChaincode(ledger_contracts.chaincode, PACKAGE, "127.0.0.1:0"),
        server.ServedChaincode(api.Chaincode("gate", [Gate]), "gate:1", "127.0.0.1:0"),
        server.ServedChaincode(Odd(), "odd:1", "127.0.0.1:0"),
    ]
    Gate.release.clear()
    with server.background(served) as running:
        yield running


@pytest.fixture
def peer(serving):
    with WirePeer(serving.addresses[0]) as dialled:
        assert dialled.register() == PACKAGE
        yield dialled


def test_a_transaction_asks_and_answers(peer):
    peer.propose("t1", "get", "k")
    request = peer.receive()
    assert (request.type, request.txid, request.channel_id) == (Message.GET_STATE, "t1", "testing")
    assert chaincode_shim_pb2.GetState.FromString(request.payload).key == "k"
    peer.answer(request, b"value")
    response = peer.completed()
    assert (response.status, response.payload) == (200, b"value")


@pytest.mark.parametrize("kind", [99, -1, 1 << 30])
def test_a_message_of_a_kind_that_nobody_knows(serving, kind):
    """An enumeration of proto3 is open, so any number may come: it is out of turn, and the stream ends in order."""
    with WirePeer(serving.addresses[0]) as dialled:
        dialled.register()
        dialled.send(type=kind, txid="t1")
        refusal = dialled.receive()
        assert refusal.type == Message.ERROR
        assert refusal.payload.decode() == f"[t1] chaincode cannot handle message ({kind}) in this state"


def test_many_transactions_run_at_once_on_one_stream(peer):
    """All of them wait for their answers at the same time, and each gets its own, in whatever order."""
    names = [f"t{number}" for number in range(100)]
    for name in names:
        peer.propose(name, "get", name)
    requests = [peer.receive() for _ in names]
    assert sorted(request.txid for request in requests) == sorted(names)
    for request in reversed(requests):
        peer.answer(request, request.txid.encode())
    answers = {message.txid: message for message in (peer.receive() for _ in names)}
    for name in names:
        assert answers[name].type == Message.COMPLETED
        assert name.encode() in answers[name].payload


def test_writes_go_in_batches_where_the_peer_takes_them(serving):
    with WirePeer(serving.addresses[0]) as peer:
        peer.register(BATCHES)
        peer.propose("t", "write_many", "1500")
        sizes = []
        for _ in range(2):
            request = peer.receive()
            assert request.type == Message.WRITE_BATCH_STATE
            sizes.append(len(chaincode_shim_pb2.WriteBatchState.FromString(request.payload).rec))
            peer.answer(request)
        assert sizes == [1000, 500]
        assert peer.completed().status == 200


def test_writes_go_one_by_one_to_a_peer_without_batches(peer):
    peer.propose("t", "write_many", "2")
    for number in range(2):
        request = peer.receive()
        assert request.type == Message.PUT_STATE
        assert chaincode_shim_pb2.PutState.FromString(request.payload).key == f"n{number:05}"
        peer.answer(request)
    assert peer.completed().status == 200


def test_a_batch_that_the_peer_refuses_fails_the_transaction(serving):
    with WirePeer(serving.addresses[0]) as peer:
        peer.register(BATCHES)
        peer.propose("t", "write_many", "1")
        peer.answer(peer.receive(), b"no such luck", kind=Message.ERROR)
        response = peer.completed()
        assert (response.status, response.message) == (500, "refused/PEER_REFUSED: no such luck")


@pytest.mark.parametrize(
    ("payload", "limits"),
    [
        (b"", BatchLimits()),
        (BATCHES, BatchLimits(writes=1000, reads=100)),
        (bytes([0x08, 0, 0x10, 50]), BatchLimits()),
        (b"\xff\xff", BatchLimits()),
        (bytes([0x0A, 1, 0x41]), BatchLimits()),
    ],
)
def test_what_a_peer_offers_is_understood(payload, limits):
    assert handler.offered(payload) == limits


@pytest.mark.parametrize("function", ["fail", "leave"])
def test_an_exception_is_an_answer_and_tells_nothing_private(peer, caplog, function):
    """The caller learns where to look; neither answer nor log has the argument or the exception's text."""
    with caplog.at_level(logging.DEBUG):
        peer.propose("t1", function, *(["hunter2"] if function == "fail" else []), secret=b"hunter2")
        response = peer.completed()
    kind = "KeyError" if function == "fail" else "SystemExit"
    assert response.status == 500
    assert response.message == (
        f"refused/INTERNAL: Things:{function} failed with {kind}; see the chaincode's log for transaction t1"
    )
    assert f"raise {kind}" in caplog.text
    assert "t1" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_refusal_has_status_400_and_no_event(peer):
    peer.propose("t1", "refuse")
    assert peer.receive().type == Message.PUT_STATE
    peer.send(type=Message.RESPONSE, txid="t1", channel_id="testing")
    response = peer.completed()
    assert (response.status, response.message) == (400, "refused/NOT_TODAY: come back tomorrow")


@pytest.mark.parametrize("minutes", [-16, 16, -60 * 24 * 40])
def test_contracts_take_no_transaction_that_is_not_dated_now(peer, minutes):
    """Peers of Fabric 2.5 pass on any time; windows and deadlines count by it."""
    peer.propose("t1", "get", "k", dated=datetime.now(UTC) + timedelta(minutes=minutes))
    response = peer.completed()
    assert response.status == 500
    assert "the transaction's timestamp" in response.message


def test_contracts_bear_clocks_that_differ_a_little(peer):
    """As much as peers of Fabric 3 do."""
    peer.propose("t1", "get", "k", dated=datetime.now(UTC) - timedelta(minutes=14))
    assert peer.receive().type == Message.GET_STATE


def test_a_chaincode_may_take_any_time(serving):
    """What is not written as contracts decides for itself, as with Fabric's own runtimes."""
    with WirePeer(serving.addresses[2]) as peer:
        peer.register()
        peer.propose("t1", "none", kind=Message.INIT, dated=datetime.now(UTC) - timedelta(days=400))
        assert peer.completed().payload == b"ready"


def test_the_event_travels_with_the_answer(peer):
    peer.propose("t1", "announce")
    message = peer.receive()
    assert (message.chaincode_event.event_name, message.chaincode_event.payload) == ("Second", b"2")


def test_an_initialisation_runs_the_function_it_names_or_nothing(peer):
    peer.propose("t1", kind=Message.INIT)
    assert peer.completed().status == 200
    peer.propose("t2", "typed", "1", "true", "null", "[]", kind=Message.INIT)
    assert peer.completed().payload == b"[1,true,null,[]]"


def test_a_transaction_that_runs_already_is_refused(peer):
    peer.propose("t1", "get", "k")
    request = peer.receive()
    peer.propose("t1", "get", "k")
    refusal = peer.receive()
    assert (refusal.type, refusal.payload) == (Message.ERROR, b"transaction t1 is already running")
    peer.answer(request, b"v")
    assert peer.completed().payload == b"v"


def test_an_answer_to_nobody_is_ignored(peer):
    peer.send(type=Message.RESPONSE, txid="gone", channel_id="testing")
    peer.propose("t1", "get", "k")
    peer.answer(peer.receive(), b"v")
    assert peer.completed().payload == b"v"


def test_a_keepalive_is_returned(peer):
    peer.send(type=Message.KEEPALIVE)
    assert peer.receive().type == Message.KEEPALIVE


def test_a_message_out_of_turn_ends_the_stream_with_a_reason(serving):
    with WirePeer(serving.addresses[0]) as peer:
        assert peer.receive().type == Message.REGISTER
        peer.propose("t1", "get", "k")
        refusal = peer.receive()
        assert refusal.type == Message.ERROR
        assert b"TRANSACTION" in refusal.payload
        assert peer.receive() is None


def test_input_that_is_no_input_is_answered(peer):
    peer.send(type=Message.TRANSACTION, txid="t1", channel_id="testing", payload=b"\xff")
    assert peer.receive().type == Message.ERROR


def test_a_broken_stream_ends_its_transactions_and_nothing_else(serving, caplog):
    """A peer that dies takes its transactions along; others are served, and it may come back."""
    with caplog.at_level(logging.WARNING), WirePeer(serving.addresses[0]) as stays:
        stays.register()
        stays.propose("stays", "get", "k")
        waiting = stays.receive()
        with WirePeer(serving.addresses[0]) as dies:
            dies.register()
            dies.propose("dies", "get", "k")
            dies.receive()
        with WirePeer(serving.addresses[0]) as again:
            again.register()
            again.propose("dies", "get", "k")
            again.answer(again.receive(), b"v")
            assert again.completed().payload == b"v"
        stays.answer(waiting, b"w")
        assert stays.completed().payload == b"w"
    assert "transaction dies was abandoned" in caplog.text


def test_stopping_lets_a_running_transaction_finish():
    Gate.release.clear()
    with Stoppable() as (running, peer):
        peer.propose("t1", "wait")
        assert Gate.entered.acquire(timeout=PATIENCE)
        stopping = asyncio.run_coroutine_threadsafe(running.server.stop(), running.loop)
        Gate.release.set()
        assert peer.completed().payload == b"released"
        stopping.result(PATIENCE)


class Stoppable:
    """A server on a loop of the test's own, so that the test can stop it while a transaction runs."""

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.server = server.Server([server.ServedChaincode(api.Chaincode("gate", [Gate]), "gate:1", "127.0.0.1:0")])
        asyncio.run_coroutine_threadsafe(self.server.start(), self.loop).result(PATIENCE)
        self.peer = WirePeer(self.server.addresses[0])
        self.peer.register()
        return self, self.peer

    def __exit__(self, *_):
        self.peer.close()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()


@pytest.mark.parametrize(
    ("argument", "kind"),
    [("none", "AttributeError"), ("text", "TypeError"), ("x", "RuntimeError"), ("cancelled", "CancelledError")],
)
def test_low_level_chaincode_that_misbehaves_is_answered(serving, argument, kind):
    with WirePeer(serving.addresses[2]) as peer:
        assert peer.register() == "odd:1"
        peer.propose("t1", argument)
        response = peer.completed()
        assert response.status == 500
        assert response.message.startswith(f"refused/INTERNAL: odd failed with {kind};")


def test_an_answer_too_large_for_a_message_is_a_failure(serving, monkeypatch):
    monkeypatch.setattr(handler, "LARGEST_MESSAGE", 1000)
    with WirePeer(serving.addresses[2]) as peer:
        peer.register()
        peer.propose("t1", "large")
        assert peer.completed().message == "the answer is larger than a message may be (1000 bytes)"


@pytest.mark.parametrize("ready", [b"", BATCHES])
def test_a_write_too_large_for_a_message_is_refused_before_it_is_sent(serving, monkeypatch, ready):
    """Sent, it would end the stream with every transaction there; so it is the contract's own error."""
    monkeypatch.setattr(handler, "_LARGEST_PAYLOAD", 1000)
    with WirePeer(serving.addresses[2]) as peer:
        peer.register(ready)
        peer.propose("t1", "write")
        response = peer.completed()
        assert response.status == 500
        assert "is larger than a message may be" in response.message
        peer.propose("t2", "none")
        assert peer.completed().status == 500


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def _issue(name, issuer=None):
    """Return a certificate for *name* with its key: of *issuer*, or a CA of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def _key_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_tls_and_the_peers_certificate_are_enforced():
    """With a client CA only peers that show its certificate are let in."""
    authority = _issue("ca.test")
    certificate, key = _issue("chaincode.test", authority)
    mine, my_key = _issue("peer.test", authority)
    ca = _pem(authority[0])
    tls = server.Tls(_pem(certificate), _key_pem(key), ca)
    assert "PRIVATE KEY" not in repr(tls)
    with server.background(
        [server.ServedChaincode(ledger_contracts.chaincode, PACKAGE, "127.0.0.1:0", tls)]
    ) as running:
        known = grpc.ssl_channel_credentials(ca, _key_pem(my_key), _pem(mine))
        with WirePeer(running.addresses[0], known, "chaincode.test") as peer:
            assert peer.register() == PACKAGE
        with WirePeer(running.addresses[0], grpc.ssl_channel_credentials(ca), "chaincode.test") as stranger:
            assert stranger.receive().code() == grpc.StatusCode.UNAVAILABLE


def test_an_address_that_is_taken_is_named(serving):
    with (
        pytest.raises(server.ServerError, match=f"cannot listen at {serving.addresses[0]}: the address is taken"),
        server.background([server.ServedChaincode(Odd(), "odd:1", serving.addresses[0])]),
    ):
        pass
    with (
        pytest.raises(server.ServerError, match="give host:port"),
        server.background([server.ServedChaincode(Odd(), "odd:1", "9999")]),
    ):
        pass


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "nothing to serve"),
        (["--serve", "trade"], "is not of the form NAME=LABEL:HASH@HOST:PORT"),
        (["--serve", "nowhere=a:b@127.0.0.1:0"], "there is no chaincode 'chaincode.nowhere:chaincode'"),
        (["--serve", "tests.unit.hlf.shim.ledger_contracts:nothing=a:b@127.0.0.1:0"], "there is no chaincode"),
        (["--serve", "tests.unit.hlf.shim.ledger_contracts:chaincode=a:b@127.0.0.1"], "is not an address"),
        (["--chaincode", "x", "--tls-cert", "c.pem"], "needs a certificate and its key"),
        (["--chaincode", "x", "--client-ca", "c.pem"], "needs a certificate and its key"),
        (["--chaincode", "x", "--tls-cert", "/no/such.pem", "--tls-key", "/no/such.pem"], "/no/such.pem"),
    ],
)
def test_a_server_that_cannot_begin_says_why(capsys, arguments, reason):
    assert main.main(arguments) == 2
    assert reason in capsys.readouterr().err


def test_the_program_serves_and_ends_on_sigterm(tmp_path):
    """As an operator runs it: several chaincodes in one process, an orderly end, exit status 0."""
    command = [sys.executable, "-m", "chaincode.main"]
    for name in ("one", "two"):
        command += ["--serve", f"tests.unit.hlf.shim.ledger_contracts:chaincode={name}:1@127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
        addresses = []
        for line in program.stderr:
            if " at " in line:
                addresses.append(line.rsplit(" at ", 1)[1].strip())
            if len(addresses) == 2:
                break
        with WirePeer(addresses[1]) as peer:
            assert peer.register() == "two:1"
            peer.propose("t1", "get", "k")
            request = peer.receive()
            program.send_signal(signal.SIGTERM)
            peer.answer(request, b"v")
            assert peer.completed().payload == b"v"
        program.stderr.read()
        assert program.wait(PATIENCE) == 0
