"""The program that serves a chaincode: as a service, launched by a peer, and while its source is written."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading

import grpc
import pytest
from google.protobuf import wrappers_pb2

from hlf.shim import command, server
from hlf.shim.serving import dialling
from tests.unit.hlf.shim import ledger_contracts
from tests.unit.hlf.shim.test_server import _issue, _key_pem, _pem
from tests.unit.hlf.shim.wirepeer import PATIENCE, LaunchingPeer, WirePeer

SHOP = """
from hlf.shim import api

class Shop(api.Contract):
    @api.transaction
    def act(self, ctx: api.Context, what: str) -> str:
        {body}
"""
SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3


def _start(*arguments, **environment):
    program = [sys.executable, "-m", "hlf.shim.command", *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CORE_", "CHAINCODE_"))}
    return subprocess.Popen(program, stderr=subprocess.PIPE, text=True, env={**kept, **environment})


def _until(program, word):
    """Return the line of the program's log that has *word* in it."""
    line = next((line for line in program.stderr if word in line), None)
    assert line is not None, f"the program ended without {word!r}"
    return line.strip()


def _health(channel, service="", method="Check"):
    kind = channel.unary_unary if method == "Check" else channel.unary_stream
    ask = kind(
        f"/grpc.health.v1.Health/{method}",
        request_serializer=wrappers_pb2.StringValue.SerializeToString,
        response_deserializer=wrappers_pb2.Int32Value.FromString,
    )
    return ask(wrappers_pb2.StringValue(value=service), timeout=PATIENCE)


def test_the_program_follows_the_source(tmp_path):
    """Each call runs what the file says, over the same stream; what is wrong with it is told until it is mended."""
    source = tmp_path / "shop.py"
    source.write_text(SHOP.format(body="return 'one'"))
    with _start(str(source), "--reload", "--id", "shop:1", "--address", "127.0.0.1:0") as program:
        with WirePeer(_until(program, " serves shop:1 at ").rsplit(" ", 1)[1]) as peer:
            assert peer.register() == "shop:1"
            peer.propose("t1", "act", "x")
            assert peer.completed().payload == b"one"

            source.write_text(SHOP.format(body="return 'two' * 2"))
            peer.propose("t2", "act", "x")
            assert peer.completed().payload == b"twotwo"

            source.write_text(SHOP.format(body="return ("))
            peer.propose("t3", "act", "x")
            told = peer.completed()
            assert (told.status, told.message) == (
                500,
                f"refused/INTERNAL: {source}:7: '(' was never closed: return (",
            )
            assert "shop.py:7: '(' was never closed" in _until(program, "cannot read")

            source.write_text(SHOP.format(body="raise KeyError(f'no {what}')"))
            peer.propose("t4", "act", "x", secret=b"hunter2")
            assert peer.completed().message == (
                "refused/INTERNAL: Shop:act failed with KeyError: 'no x'; see the chaincode's log for transaction t4"
            )
            program.send_signal(signal.SIGTERM)
        program.stderr.read()
        assert program.wait(PATIENCE) == 0


def test_a_service_answers_health_checks():
    """By the name that peers use and by none; others are not known, and a server that stops says so."""
    served = server.ServedChaincode(ledger_contracts.chaincode, "things:1", "127.0.0.1:0")
    with contextlib.ExitStack() as held:
        with server.background([served]) as running:
            channel = held.enter_context(grpc.insecure_channel(running.addresses[0]))
            assert _health(channel).value == SERVING
            assert _health(channel, "protos.Chaincode").value == SERVING
            with pytest.raises(grpc.RpcError) as unknown:
                _health(channel, "other")
            assert unknown.value.code() is grpc.StatusCode.NOT_FOUND
            watched, odd = _health(channel, "", "Watch"), _health(channel, "other", "Watch")
            assert (next(watched).value, next(odd).value) == (SERVING, SERVICE_UNKNOWN)
        assert next(watched).value == NOT_SERVING


@pytest.mark.parametrize("flag", ["-peer.address", None], ids=str)
def test_chaincode_that_a_peer_launched_registers_there(flag):
    """It serves over the stream that it opened, and ends when the peer ends that."""
    with LaunchingPeer() as peer:
        named = {} if flag else {"CORE_PEER_ADDRESS": peer.address}
        given = [f"{flag}={peer.address}"] if flag else []
        module = "tests.unit.hlf.shim.ledger_contracts"
        with _start(module, *given, CORE_CHAINCODE_ID_NAME="things:00ff", **named) as program:
            assert peer.register() == "things:00ff"
            peer.propose("t1", "get", "k")
            peer.answer(peer.receive(), b"value")
            assert peer.completed().payload == b"value"
            peer.close()
            assert f"the peer at {peer.address} is gone: it ended the stream" in program.stderr.read()
            assert program.wait(PATIENCE) == 1


class Dialling:
    """A chaincode that dials, in a thread of the test's own."""

    def __init__(self, address, tls=None):
        self.dialled = dialling.DialledChaincode(ledger_contracts.chaincode, "things:00ff", address, tls)
        self.error = None

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.stopping = asyncio.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self.thread.join(PATIENCE)
        self.loop.close()

    def stop(self):
        self.loop.call_soon_threadsafe(self.stopping.set)

    def _run(self):
        try:
            self.loop.run_until_complete(dialling.serve(self.dialled, self.stopping))
        except dialling.PeerGone as gone:
            self.error = str(gone)


def test_chaincode_that_dialled_finishes_what_runs():
    """An order to stop waits for the transaction that the peer waits for."""
    with LaunchingPeer() as peer, Dialling(peer.address) as chaincode:
        peer.register()
        peer.propose("t1", "get", "k")
        request = peer.receive()
        chaincode.stop()
        peer.answer(request, b"v")
        assert peer.completed().payload == b"v"
    assert chaincode.error is None


def test_chaincode_and_peer_know_each_other_by_their_certificates():
    """The peer wants the certificate that it gave its chaincode, which checks the peer's."""
    authority = _issue("ca.test")
    certificate, key = _issue("peer.test", authority)
    mine, my_key = _issue("chaincode.test", authority)
    ca = _pem(authority[0])
    wanted = grpc.ssl_server_credentials([(_key_pem(key), _pem(certificate))], ca, require_client_auth=True)
    with LaunchingPeer(wanted) as peer:
        known = dialling.PeerTls(ca, _pem(mine), _key_pem(my_key), "peer.test")
        assert "PRIVATE KEY" not in repr(known)
        with Dialling(peer.address, known):
            assert peer.register() == "things:00ff"
        with Dialling(peer.address, dialling.PeerTls(ca, name="peer.test")) as stranger:
            stranger.thread.join(PATIENCE)
        assert "did not take the chaincode things:00ff" in stranger.error


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "absent"])
def test_a_peer_that_does_not_take_the_chaincode_is_named(refused):
    """With what to look at: the address, TLS, and the name."""
    with LaunchingPeer() as peer:
        if refused:
            peer.close()
        with Dialling(peer.address if refused else "127.0.0.1:1") as chaincode:
            chaincode.thread.join(PATIENCE)
    assert "did not take the chaincode things:00ff" in chaincode.error
    assert "CORE_PEER_TLS_ENABLED" in chaincode.error


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nowhere.py", "--id", "a:1"], "chaincode: there is no chaincode 'nowhere.py'"),
        (["tests.unit.hlf.shim.ledger_contracts"], "chaincode: the chaincode has no id; give --id LABEL:HASH"),
        (["tests.unit.hlf.shim.ledger_contracts", "--id", "a:1", "--address", "9999"], "give host:port"),
    ],
)
def test_a_program_that_cannot_begin_says_why(capsys, monkeypatch, arguments, reason):
    """One line on standard error, and exit status 2."""
    for name in ("CHAINCODE_ID", "CORE_CHAINCODE_ID_NAME"):
        monkeypatch.delenv(name, raising=False)
    assert command.main(arguments) == 2
    assert reason in capsys.readouterr().err
