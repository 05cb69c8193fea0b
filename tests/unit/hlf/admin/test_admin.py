"""Administration against nodes that are away, or answer what they should not: one typed error, with node and cause."""

from __future__ import annotations

import dataclasses
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import grpc
import pytest
from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2, ab_pb2_grpc
from fabric_protos.peer import peer_pb2_grpc, proposal_response_pb2, query_pb2

from hlf import errors
from hlf.admin import channel, lifecycle
from hlf.admin.orderer import Orderer
from hlf.admin.participation import OrdererAdmin, Participation
from hlf.admin.peer import Peer
from hlf.identity import Identity
from hlf.profile import Endpoint
from hlf.signers import from_pem
from tests.unit.hlf.certificates import issue


@pytest.fixture(scope="module")
def caller():
    admin = issue("admin")
    return Identity("AMSP", admin.pem), from_pem(admin.key_pem)


@pytest.fixture
def nobody():
    """Return an address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


class TestNodesAway:
    """A node that does not listen is named, with what to look at."""

    def test_a_peer(self, caller, nobody):
        with (
            Peer(Endpoint("peer0", nobody, None), *caller, timeout=0.3) as peer,
            pytest.raises(errors.LifecycleError, match="nothing listens there: is it running") as away,
        ):
            lifecycle.installed(peer)
        assert away.value.address == f"peer0 ({nobody})"
        assert away.value.status == "DEADLINE_EXCEEDED"

    def test_blocks_of_a_peer(self, caller, nobody):
        with (
            Peer(Endpoint("peer0", nobody, None), *caller, timeout=0.3) as peer,
            pytest.raises(errors.AdminError, match="nothing listens there: is it running"),
        ):
            next(peer.blocks("c", "newest", "newest"))

    def test_an_orderer(self, caller, nobody):
        with (
            Orderer(Endpoint("orderer0", nobody, None), *caller, timeout=0.3) as orderer,
            pytest.raises(errors.ConfigError, match="nothing listens there: is it running"),
        ):
            orderer.broadcast(query_pb2.ChannelInfo())

    def test_a_peer_of_another_authority(self, caller, peer):
        """The cure is the client's own: administration connects as it does."""
        endpoint = dataclasses.replace(peer.endpoint, tls_ca_pem=issue("another").pem)
        with (
            Peer(endpoint, *caller, timeout=0.3) as admin,
            pytest.raises(errors.AdminError, match="put the PEM of the CA that issued it under its tlsCACerts"),
        ):
            admin.channels()

    def test_a_peer_that_is_there_and_slow(self, caller, peer):
        """It is connected, so nothing is wrong with address and certificates."""
        peer.refuse("Deliver", grpc.StatusCode.DEADLINE_EXCEEDED)
        with (
            Peer(peer.endpoint, *caller, timeout=5) as admin,
            pytest.raises(errors.AdminError, match="it is connected, and has not answered in time"),
        ):
            next(admin.blocks("trade", "newest", "newest"))

    def test_an_admin_listener(self, nobody, tmp_path):
        with (
            _listener(tmp_path, nobody) as listener,
            pytest.raises(errors.ParticipationError, match="is it running") as away,
        ):
            listener.channels()
        assert (away.value.address, away.value.status) == (nobody, None)


class _Endorser(peer_pb2_grpc.EndorserServicer):
    """Answers every proposal with the same response."""

    def __init__(self) -> None:
        self.answer = proposal_response_pb2.ProposalResponse()

    def ProcessProposal(self, request, context):  # noqa: N802 - the service's name
        return self.answer


@pytest.fixture
def endorser():
    servicer = _Endorser()
    server = grpc.server(ThreadPoolExecutor(2))
    peer_pb2_grpc.add_EndorserServicer_to_server(servicer, server)
    servicer.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield servicer
    server.stop(0).wait()


class _Leaderless(ab_pb2_grpc.AtomicBroadcastServicer):
    """An orderer that refuses to give blocks for as long as it is told to."""

    def __init__(self) -> None:
        self.refusals = 0

    def Deliver(self, request_iterator, context):  # noqa: N802 - the service's name
        next(request_iterator)
        if self.refusals:
            self.refusals -= 1
            yield ab_pb2.DeliverResponse(status=common_pb2.SERVICE_UNAVAILABLE)
            return
        yield ab_pb2.DeliverResponse(block=common_pb2.Block(header=common_pb2.BlockHeader(number=7)))
        yield ab_pb2.DeliverResponse(status=common_pb2.SUCCESS)


@pytest.fixture
def leaderless():
    servicer = _Leaderless()
    server = grpc.server(ThreadPoolExecutor(2))
    ab_pb2_grpc.add_AtomicBroadcastServicer_to_server(servicer, server)
    servicer.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield servicer
    server.stop(0).wait()


def test_an_orderer_that_has_not_heard_of_a_leader_is_asked_again(caller, leaderless):
    """It was started a moment ago; its refusal passes, or is told when the time is over."""
    leaderless.refusals = 2
    with Orderer(Endpoint("orderer0", f"127.0.0.1:{leaderless.port}", None), *caller) as orderer:
        assert channel.newest_block(orderer, "c").header.number == 7
    leaderless.refusals = 10**6
    with (
        Orderer(Endpoint("orderer0", f"127.0.0.1:{leaderless.port}", None), *caller, timeout=0.3) as orderer,
        pytest.raises(errors.AdminError, match="SERVICE_UNAVAILABLE"),
    ):
        channel.newest_block(orderer, "c")


def test_a_refusal_keeps_status_and_words(caller, endorser):
    """What the peer said, under the kind of error that was asked for."""
    endorser.answer.response.status, endorser.answer.response.message = 500, "no such thing"
    with (
        Peer(Endpoint("peer0", f"127.0.0.1:{endorser.port}", None), *caller) as peer,
        pytest.raises(errors.LifecycleError, match="no such thing") as refused,
    ):
        lifecycle.install(peer, b"package")
    assert (refused.value.status, refused.value.message) == (500, "no such thing")


def test_statuses_below_400_are_answers(caller, endorser):
    """As in Fabric: 201 is no refusal."""
    endorser.answer.response.status, endorser.answer.response.payload = 399, b"answer"
    with Peer(Endpoint("peer0", f"127.0.0.1:{endorser.port}", None), *caller) as peer:
        assert peer.call("c", "any", [b"f"]) == b"answer"


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        (lambda peer: peer.channels(), errors.AdminError),
        (lambda peer: peer.height("c"), errors.AdminError),
        (lambda peer: lifecycle.install(peer, b"package"), errors.LifecycleError),
        (lifecycle.installed, errors.LifecycleError),
        (lambda peer: lifecycle.installed_package(peer, "x:1"), errors.LifecycleError),
        (lambda peer: lifecycle.approved(peer, "c", "x"), errors.LifecycleError),
        (lambda peer: lifecycle.readiness(peer, "c", lifecycle.Definition("x")), errors.LifecycleError),
        (lambda peer: lifecycle.committed(peer, "c"), errors.LifecycleError),
        (lambda peer: lifecycle.committed_definition(peer, "c", "x"), errors.LifecycleError),
    ],
)
def test_an_answer_that_cannot_be_read_is_the_questions_error(caller, endorser, question, kind):
    """Not protobuf's own, which no caller expects; and it says who answered."""
    endorser.answer.response.status, endorser.answer.response.payload = 200, b"\xff\xff\xff"
    with (
        Peer(Endpoint("peer0", f"127.0.0.1:{endorser.port}", None), *caller) as peer,
        pytest.raises(kind, match="what is no") as unreadable,
    ):
        question(peer)
    assert unreadable.value.address == f"peer0 (127.0.0.1:{endorser.port})"


def test_an_endorsement_that_does_not_fit_is_not_submitted(caller, endorser):
    """An answer of 200 without a result in it: an error before anything is ordered."""
    endorser.answer.response.status = 200
    endorser.answer.payload = b"not a payload"
    with (
        Peer(Endpoint("peer0", f"127.0.0.1:{endorser.port}", None), *caller) as peer,
        pytest.raises(errors.LifecycleError),
    ):
        lifecycle.approve(peer, "c", lifecycle.Definition("x"))


def test_definitions_say_what_fabric_hashes():
    """Policies as text, by reference, or left to the channel; collections with all their settings."""
    plain = lifecycle.Definition("x").fields()
    assert set(plain) == {"name", "version", "sequence", "init_required"}
    with_policy = lifecycle.Definition("x", endorsement="OR('AMSP.peer')").fields()["validation_parameter"]
    by_path = lifecycle.Definition("x", endorsement="/Channel/Application/Admins").fields()["validation_parameter"]
    assert b"AMSP" in with_policy
    assert b"/Channel/Application/Admins" in by_path
    collection = lifecycle.Collection("k", "OR('AMSP.member')", 1, 2, 3, False, True, "AND('AMSP.peer')")
    (config,) = lifecycle.collection_package([collection]).config
    static = config.static_collection_config
    assert (static.required_peer_count, static.maximum_peer_count, static.block_to_live) == (1, 2, 3)
    assert (static.member_only_read, static.member_only_write) == (False, True)
    assert static.HasField("endorsement_policy")
    with pytest.raises(errors.PolicyError):
        lifecycle.Definition("x", endorsement="ANYBODY").fields()


class _Rest(BaseHTTPRequestHandler):
    """Answers what the test says, and keeps what it was sent."""

    answers: list[tuple[int, bytes]]
    asked: list[tuple[str, str, bytes]]

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.command, self.path, body))
        status, content = self.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Location", "https://elsewhere.test/")
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the library's names

    def log_message(self, *_args) -> None:
        """Say nothing."""


class _Server(HTTPServer):
    """Notes on its handler's class that a connection has ended."""

    def shutdown_request(self, request) -> None:
        super().shutdown_request(request)
        self.RequestHandlerClass.ended.set()


class _HangsUp(_Rest):
    """Closes each connection after an answer that promises to keep it open."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        super()._answer()
        self.close_connection = True

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the library's names


@pytest.fixture
def rest(tmp_path, request):
    """Yield an admin listener over mutual TLS that answers as told."""
    authority = issue("tlsca")
    server_files, client_files = issue("orderer0", authority, hosts=("127.0.0.1",)), issue("admin", authority)
    for name, content in (
        ("ca.crt", authority.pem),
        ("server.pem", server_files.pem + server_files.key_pem),
        ("client.crt", client_files.pem),
        ("client.key", client_files.key_pem),
    ):
        (tmp_path / name).write_bytes(content)
    kind = getattr(request, "param", _Rest)
    handler = type("Handler", (kind,), {"answers": [], "asked": [], "ended": threading.Event()})
    server = _Server(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    context.load_verify_locations(tmp_path / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield handler, _listener(tmp_path, f"127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()


def _listener(folder, address: str) -> OrdererAdmin:
    return OrdererAdmin(
        address, ca=folder / "ca.crt", certificate=folder / "client.crt", key=folder / "client.key", timeout=5
    )


CHANNEL = b'{"name":"c","url":"/c","consensusRelation":"consenter","status":"active","height":3}'


def test_channels_are_listed_joined_and_left(rest):
    """The interface of Fabric's orderers, method, path and multipart body."""
    handler, listener = rest
    handler.answers += [
        (200, b'{"systemChannel":null,"channels":[{"name":"d"},{"name":"c"}]}'),
        (201, CHANNEL),
        (204, b""),
    ]
    with listener:
        assert listener.channels() == ("c", "d")
        assert listener.join(b"the block") == Participation("c", "consenter", "active", 3)
        listener.remove("c/../d")
    assert handler.asked[0][:2] == ("GET", "/participation/v1/channels")
    assert handler.asked[1][0] == "POST"
    assert b'name="config-block"' in handler.asked[1][2]
    assert b"the block" in handler.asked[1][2]
    assert handler.asked[2][:2] == ("DELETE", "/participation/v1/channels/c%2F..%2Fd")


@pytest.mark.parametrize("rest", [_HangsUp], indirect=True)
def test_a_connection_that_the_orderer_closed_is_opened_again(rest):
    """An administrator may be idle for longer than an orderer keeps a connection; no request is lost by that."""
    handler, listener = rest
    handler.answers += [(200, b'{"channels":null}'), (201, CHANNEL)]
    with listener:
        listener.channels()
        assert handler.ended.wait(30)
        assert listener.join(b"block").height == 3
    assert len(handler.asked) == 2


class _CutsOff(_Rest):
    """Sends less than the length it names, once."""

    protocol_version = "HTTP/1.1"
    cut = True

    def send_header(self, name, value) -> None:
        if name == "Content-Length" and type(self).cut:
            type(self).cut = False
            value, self.close_connection = str(int(value) + 1), True
        super().send_header(name, value)


@pytest.mark.parametrize("rest", [_CutsOff], indirect=True)
def test_an_answer_that_was_cut_off_is_no_answer(rest):
    """And what is left of it is not taken for the next one."""
    handler, listener = rest
    handler.answers += [(201, CHANNEL), (404, b"{}")]
    with listener:
        with pytest.raises(errors.ParticipationError, match="no answer"):
            listener.join(b"block")
        assert listener.channel("c") is None


def test_files_that_cannot_be_read_are_an_error_of_the_call(rest, tmp_path):
    """A key that is none, and a file that is not there."""
    (tmp_path / "client.key").write_bytes(b"no key")
    with _listener(tmp_path, rest[1].address) as listener, pytest.raises(errors.ParticipationError, match="TLS failed"):
        listener.channels()
    (tmp_path / "ca.crt").unlink()
    with _listener(tmp_path, rest[1].address) as listener, pytest.raises(errors.ParticipationError, match="No such"):
        listener.channels()
    assert rest[0].asked == []


def test_no_channels_is_an_empty_list(rest):
    """Fabric writes null there."""
    handler, listener = rest
    handler.answers += [(200, b'{"systemChannel":null,"channels":null}'), (404, b'{"error":"channel does not exist"}')]
    with listener:
        assert listener.channels() == ()
        assert listener.channel("c") is None


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        (405, b'{"error": "cannot join: channel already exists"}', "channel already exists"),
        (400, b"<html>no JSON</html>", "no JSON"),
        (500, b"", "Internal Server Error"),
        (403, b'["not", "an", "object"]', "unreadable"),
        (201, b"[]", "unreadable"),
        (201, b'{"name":"c"}', "unreadable channel"),
        (201, b'{"name":"c","consensusRelation":"x","status":"y","height":"many"}', "unreadable channel"),
        (302, b"", "unreadable channel"),
    ],
)
def test_whatever_an_orderer_answers_is_one_error(rest, status, content, words):
    """Words and status of the orderer; redirections are not followed anywhere."""
    handler, listener = rest
    handler.answers.append((status, content))
    with listener, pytest.raises(errors.ParticipationError, match=words) as refused:
        listener.join(b"block")
    assert len(handler.asked) == 1
    if status >= 400:
        assert refused.value.status == status


def test_a_stranger_behind_the_address_is_not_spoken_to(rest, tmp_path):
    """Another CA than the orderer's: no request is sent, and the message says where to look."""
    handler, _ = rest
    (tmp_path / "ca.crt").write_bytes(issue("another").pem)
    with (
        _listener(tmp_path, rest[1].address) as listener,
        pytest.raises(errors.ParticipationError, match="TLS failed"),
    ):
        listener.channels()
    assert handler.asked == []
