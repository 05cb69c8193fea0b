"""The engine's process: what it is told, what it refuses to start with, and the limits it keeps."""

from __future__ import annotations

import hashlib
import json
import socket

import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2, gateway_pb2_grpc
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import events_pb2_grpc

from hlf.network import certificates
from hlf.network.engines.embedded.node import node
from hlf.network.engines.embedded.wire import settings
from hlf.wire import envelopes
from tests.support.embedded import Engine
from tests.support.runningchannel import consortium

OLDEST = ab_pb2.SeekPosition(oldest=ab_pb2.SeekOldest())


def start(folder, document) -> int:
    file = folder / "embedded.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return node.main([str(file)])


@pytest.fixture
def document(tmp_path) -> dict:
    return Engine(tmp_path, consortium()).document


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda one: one.pop("data"), "the document has no 'data'"),
        (lambda one: one["orderers"][0].pop("admin_address"), "orderers[0] has no 'admin_address'"),
        (lambda one: one["peers"][1].update(name=7), "'name' of peers[1] is int, which it must not be"),
        (lambda one: one.update(peers={}), "'peers' of the document is dict, which it must not be"),
        (lambda one: one["peers"].append("x"), "peers[3] is not an object"),
    ],
)
def test_a_mistake_in_the_configuration_is_named(tmp_path, document, caplog, spoil, words):
    """Which field, and what is wrong with it."""
    spoil(document)
    with pytest.raises(settings.SettingsFileError, match="^" + words.replace("[", r"\[") + "$"):
        settings.read(document)
    assert start(tmp_path, document) == 2
    assert words in caplog.text


def test_a_file_that_is_no_configuration_is_an_error(tmp_path, caplog):
    """Neither missing nor broken JSON ends in a stack."""
    assert start(tmp_path, "{") == 2
    assert node.main([str(tmp_path / "nothing.json")]) == 2
    assert node.main([]) == 2
    assert caplog.text.count("cannot be used") == 2


def test_a_port_that_is_taken_is_named(tmp_path, document, caplog):
    """With the address, so that the other program can be found; nothing is left listening."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        document["peers"][0]["address"] = address
        assert start(tmp_path, document) == 1
    assert f"cannot listen on {address}: the port is taken" in caplog.text


def test_missing_key_material_is_named(tmp_path, document, caplog):
    """The folder is told, not the place in the code."""
    document["peers"][0]["msp_dir"] = str(tmp_path / "nowhere")
    assert start(tmp_path, document) == 1
    assert f"{tmp_path / 'nowhere' / 'signcerts'} must hold exactly one file and has 0" in caplog.text
    assert not [record for record in caplog.records if record.exc_info]


def test_a_tls_key_of_another_certificate_is_named(tmp_path, document, caplog):
    """gRPC would say that it cannot listen."""
    document["peers"][0]["tls_key"] = document["peers"][1]["tls_key"]
    assert start(tmp_path, document) == 1
    key, certificate = document["peers"][0]["tls_key"], document["peers"][0]["tls_cert"]
    assert f"{key}: is no key of the certificate {certificate} (KEY_VALUES_MISMATCH)" in caplog.text
    assert "Remove the state folder" in caplog.text


def status_request(engine: Engine) -> gateway_pb2.SignedCommitStatusRequest:
    """Return a question that waits: what became of a transaction nobody sent."""
    client = engine.who["AMSP"].client
    request = gateway_pb2.CommitStatusRequest(
        transaction_id="nobody's", channel_id="trade", identity=client.serialized
    ).SerializeToString()
    return gateway_pb2.SignedCommitStatusRequest(request=request, signature=client.sign(request))


def test_calls_beyond_the_limit_are_refused(tmp_path):
    """In Fabric's words, at once; a call that ended makes room again."""
    engine = Engine(tmp_path, consortium(), gateway_calls=2)
    engine.start()
    try:
        engine.join()
        with engine.channel() as channel:
            gateway = gateway_pb2_grpc.GatewayStub(channel)
            waiting = [gateway.CommitStatus.future(status_request(engine), timeout=30) for _ in range(2)]
            words = "too many requests for /gateway.Gateway, exceeding concurrency limit (2)"
            assert wait_for_refusal(gateway, grpc.StatusCode.UNKNOWN) == words
            for call in waiting:
                call.cancel()
            words = "failed to unpack transaction proposal: a signed proposal is required"
            assert wait_for_refusal(gateway, grpc.StatusCode.INVALID_ARGUMENT) == words
    finally:
        engine.stop()


def wait_for_refusal(gateway: gateway_pb2_grpc.GatewayStub, code: grpc.StatusCode) -> str:
    """Ask until the calls before this one have arrived, or ended, which shows in how it is refused."""
    while True:
        with pytest.raises(grpc.RpcError) as refused:
            gateway.Evaluate(gateway_pb2.EvaluateRequest(), timeout=30)
        if refused.value.code() == code:
            return refused.value.details()


def test_streams_under_mutual_tls_are_bound_to_the_certificate(tmp_path):
    """A seek copied from another connection is a BAD_REQUEST; without a certificate there is no connection."""
    who = consortium()
    engine = Engine(tmp_path, who, client_auth_required=True)
    member = who["AMSP"]
    own = certificates.tls(member.tlsca, "client", member.domain, "SG", ["127.0.0.1"])
    digest = hashlib.sha256(own.certificate.public_bytes(serialization.Encoding.DER)).digest()
    engine.start()
    try:
        engine.join()
        with engine.channel(client=own) as channel:
            deliver = events_pb2_grpc.DeliverStub(channel).Deliver
            for bound, status in ((digest, common_pb2.SUCCESS), (b"", common_pb2.BAD_REQUEST), (b"x" * 32, 400)):
                header = envelopes.channel_header(common_pb2.DELIVER_SEEK_INFO, "trade", tls_cert_hash=bound)
                seek = ab_pb2.SeekInfo(start=OLDEST, stop=OLDEST).SerializeToString()
                payload = envelopes.payload(header, member.client.serialized, b"n" * 24, seek)
                envelope = common_pb2.Envelope(payload=payload, signature=member.client.sign(payload))
                answers = list(deliver(iter([envelope]), timeout=30))
                assert answers[-1].status == status
        with engine.channel() as channel, pytest.raises(grpc.RpcError) as refused:
            gateway_pb2_grpc.GatewayStub(channel).Evaluate(gateway_pb2.EvaluateRequest(), timeout=30)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
    finally:
        engine.stop()


def test_a_node_starts_again_with_what_it_had(tmp_path):
    """Channels, joins and ledgers are on disk; a stop in between loses nothing."""
    who = consortium()
    first = Engine(tmp_path, who)
    first.start()
    first.join()
    first.stop()
    second = Engine(tmp_path, who)
    second.start()
    try:
        joined = {peer.name: second.node.channels.joined(peer.name) for peer in second.settings.peers}
        assert joined == {f"peer0.{name}": ["trade"] for name in who.members}
        assert second.node.channels.get("trade").ledger.height == 1
    finally:
        second.stop()
