"""Connections: TLS both ways, sizes, sharing, closing."""

from __future__ import annotations

import dataclasses
import hashlib
import logging

import grpc
import pytest
from cryptography.hazmat.primitives import serialization

from hlf import errors
from hlf.client import gateway
from hlf.client.session import Session, TlsIdentity
from hlf.profile import Endpoint, Profile
from hlf.steps import connecting
from hlf.steps.connecting import OPTIONS
from hlf.wire import envelopes
from tests.support.cuttablepath import CuttablePath
from tests.unit.hlf.certificates import issue
from tests.unit.hlf.fake_peer import FakePeer


def test_a_peer_is_known_by_its_certificate(peer, user):
    """Another authority, or another name than the profile expects, is not talked to."""
    good = peer.endpoint
    for wrong in (
        dataclasses.replace(good, tls_ca_pem=issue("another").pem),
        dataclasses.replace(good, override_hostname="peer1.carrier.test"),
        dataclasses.replace(good, override_hostname=""),
        dataclasses.replace(good, tls_ca_pem=None),
    ):
        with Session(*user) as session, pytest.raises(errors.GatewayError, match="no connection"):
            session.wait_ready(wrong, 0.5)
    with Session(*user) as session:
        session.wait_ready(good, 60)
    assert set(peer.requests) == {"Health"}


def test_any_answer_is_a_connection(peer, user):
    """A server that goes down under the question is waited for; one without the health service is there."""
    with Session(*user) as session:
        for _ in range(3):
            peer.refuse("Health", grpc.StatusCode.UNAVAILABLE)
        peer.refuse("Health", grpc.StatusCode.UNIMPLEMENTED)
        session.wait_ready(peer.endpoint, 60)
        assert len(peer.requests["Health"]) == 4
        session.wait_ready(peer.endpoint, 60)


def test_mutual_tls(connect, user):
    """A server that asks for a certificate gets the caller's or the profile's, and Deliver requests are bound to it."""
    authority = issue("client ca")
    mine = issue("client", authority)
    peer = FakePeer(client_authority=authority)
    peer.start()
    try:
        tls = TlsIdentity(mine.pem, mine.key_pem)
        with connect(peer.profile, *user, tls_identity=tls) as fabric:
            assert fabric.network("trade").height() == 1
        (sent,) = peer.requests["DeliverFiltered"]
        header = envelopes.parse(sent.SerializeToString()).channel_header
        der = mine.certificate.public_bytes(serialization.Encoding.DER)
        assert header.tls_cert_hash == hashlib.sha256(der).digest()
        with Session(*user) as session, pytest.raises(errors.GatewayError, match="no connection"):
            session.wait_ready(peer.endpoint, 0.5)
        profile = Profile("test", "CarrierMSP", (dataclasses.replace(peer.endpoint, tls_identity=tls),))
        with connect(profile, *user) as fabric:
            assert fabric.network("trade").height() == 1
        bound = envelopes.parse(peer.requests["DeliverFiltered"][-1].SerializeToString()).channel_header
        assert bound.tls_cert_hash == header.tls_cert_hash
    finally:
        peer.stop()
    assert "PRIVATE" not in repr(tls)


def test_large_messages_pass_both_ways(contract, peer):
    """gRPC stops at 4 MiB by default; Fabric allows 100."""
    peer.result = bytes(5 * 1024 * 1024)
    assert contract.evaluate("read", bytes(5 * 1024 * 1024)) == peer.result


def test_a_channel_of_ones_own(peer, user):
    """It is used as it is, with the caller's interceptors around it, and left open."""
    seen = []

    class Seen(grpc.UnaryUnaryClientInterceptor):
        def intercept_unary_unary(self, continuation, client_call_details, request):
            seen.append(client_call_details.method.rpartition("/")[2])
            return continuation(client_call_details, request)

    options = [("grpc.ssl_target_name_override", peer.endpoint.override_hostname)]
    trust = connecting.credentials(peer.endpoint, None)
    with grpc.secure_channel(peer.endpoint.address, trust, options) as channel:
        for _ in range(2):
            with gateway.connect(peer.profile, *user, channel=channel, interceptors=[Seen()]) as fabric:
                assert fabric.network("trade").contract("lab").evaluate("read") == b"result"
    assert seen == ["Evaluate", "Evaluate"]


def test_connections_are_shared(peer, user):
    """Each endpoint has one channel and each service one stub, whoever asks."""
    with Session(*user) as session:
        assert session.channel(peer.endpoint) is session.channel(dataclasses.replace(peer.endpoint))
        assert session.gateway(peer.endpoint) is session.gateway(peer.endpoint)
        assert session.deliver(peer.endpoint) is not session.endorser(peer.endpoint)
        elsewhere = Endpoint("orderer", "127.0.0.1:1", peer.authority.pem)
        assert session.broadcast(elsewhere) is not session.broadcast(peer.endpoint)


def test_loopback_needs_no_proxy(peer, user, monkeypatch):
    """A proxy in the environment is for the outside world."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    with Session(*user) as session:
        session.wait_ready(peer.endpoint, 60)


def test_a_closed_session_opens_nothing(peer, user):
    """And closing twice is no error."""
    session = Session(*user)
    session.wait_ready(peer.endpoint, 60)
    session.close()
    session.close()
    assert session.closed
    with pytest.raises(errors.GatewayError, match="session is closed"):
        session.channel(peer.endpoint)


@pytest.mark.timeout(30)
def test_a_dead_path_is_noticed_in_the_time_that_keepalive_says(connect, peer, user, caplog):
    """A path that swallows every byte breaks the stream, also where gRPC's ping has a longer time of its own."""
    path = CuttablePath(peer.port)
    quick = [("grpc.keepalive_time_ms", 200), ("grpc.keepalive_timeout_ms", 200)]
    try:
        with connect(path.through(peer.profile), *user, options=quick) as fabric:
            stream = fabric.network("trade").chaincode_events("lab", start_block=0)
            peer.add_block("before")
            assert next(stream).name == "before"
            path.swallow()
            peer.add_block("behind the dead path")
            with caplog.at_level(logging.WARNING):
                assert next(stream).name == "behind the dead path"
            assert "event stream broke" in caplog.text
            stream.close()
    finally:
        path.close()


def test_keepalive_is_what_fabric_bears():
    """Peers close connections that ping more often than once a minute."""
    options = dict(OPTIONS)
    assert options["grpc.keepalive_time_ms"] >= 60_000
    assert options["grpc.max_receive_message_length"] == options["grpc.max_send_message_length"] == 100 * 2**20
