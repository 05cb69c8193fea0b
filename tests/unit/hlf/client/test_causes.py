"""A connection that cannot be made is an error that says what to do, from whichever call it comes."""

from __future__ import annotations

import dataclasses
import socket
from concurrent import futures

import grpc
import pytest

from hlf import causes, errors
from hlf.identity import TlsIdentity
from hlf.profile import Profile
from tests.unit.hlf.certificates import issue
from tests.unit.hlf.fake_peer import FakePeer


@pytest.fixture(scope="module")
def strict():
    """Yield a peer that asks its clients for a certificate."""
    started = FakePeer(client_authority=issue("client ca"))
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def plain():
    """Yield the port of a server without TLS."""
    server = grpc.server(futures.ThreadPoolExecutor(2))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    server.stop(0).wait()


@pytest.fixture(scope="module")
def free():
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


CASES = {
    "wrong authority": ({"tls_ca_pem": issue("another").pem}, "put the PEM of the CA that issued it under its tlsCA"),
    "wrong host name": ({"override_hostname": "elsewhere.test"}, "put one of those under its grpcOptions.ssl-target"),
    "plain text": ({"tls_ca_pem": None}, "it may want TLS.* write grpcs:// in its url, with its tlsCACerts"),
    "no TLS there": ({"port": "plain"}, "does not answer in TLS: write grpc:// in its url"),
    "nobody": ({"port": "free"}, "nothing listens there: is it running"),
    "unknown host": ({"address": "nowhere.invalid:7051"}, "host name is not known on this machine"),
    "client certificate missing": ({"of": "strict"}, "may want a client certificate .* so give a tls_identity"),
    "client certificate of a stranger": ({"of": "strict", "tls": True}, "may not trust the authority of the tls_ident"),
}


@pytest.mark.parametrize("case", CASES)
def test_every_cause_is_named_with_its_cure(connect, peer, user, request, case):
    """By a query, by a submit, by an event stream and by ``wait_ready`` alike."""
    change, words = CASES[case]
    change = dict(change)
    tls = None
    if change.pop("tls", False):
        stranger = issue("client", issue("nobody's ca"))
        tls = TlsIdentity(stranger.pem, stranger.key_pem)
    endpoint = request.getfixturevalue(change.pop("of", "peer")).endpoint
    if "port" in change:
        change["address"] = f"127.0.0.1:{request.getfixturevalue(change.pop('port'))}"
    endpoint = dataclasses.replace(endpoint, **change)
    with connect(Profile("test", "CarrierMSP", (endpoint,)), *user, tls_identity=tls) as fabric:
        channel = fabric.network("trade")
        calls = {
            errors.EvaluateError: lambda: channel.contract("lab").evaluate("read"),
            errors.EndorseError: lambda: channel.contract("lab").submit("put"),
            errors.EventsError: channel.height,
            errors.GatewayError: lambda: fabric.wait_ready(0.3),
        }
        for kind, call in calls.items():
            with pytest.raises(kind, match=words) as refused:
                call()
            assert refused.value.status is grpc.StatusCode.UNAVAILABLE
            assert f"{endpoint.name} at {endpoint.address}" in str(refused.value)


def test_an_expired_certificate_is_named():
    """Before the verification that fails because of it."""
    words = "failed to connect: SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED: certificate has expired: OK"
    assert "has expired: renew it" in causes.cure(words)
    assert "has expired" in str(errors.EvaluateError(words, status=grpc.StatusCode.UNAVAILABLE))


def test_a_real_peer_says_by_an_alert_that_it_wants_a_certificate():
    """As a peer of Fabric 3.1.5 with mutual TLS does; gRPC's words are those it had for that."""
    words = "failed to connect to all addresses; last error: UNAVAILABLE: Unwrap failed (TSI_DATA_CORRUPTED)"
    assert "give a tls_identity" in causes.cure(words)
    assert "may not trust the authority of the tls_identity" in causes.cure(words, client_certificate=True)


def test_words_that_say_nothing_ask_for_the_usual():
    """And a peer that goes away in the middle of a call is no matter of certificates."""
    assert causes.cure("failed to connect: Handshake read failed") == causes.UNKNOWN
    assert not errors.EvaluateError("Socket closed", status=grpc.StatusCode.UNAVAILABLE).cure
