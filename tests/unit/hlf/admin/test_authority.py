"""A Fabric CA's client: the same rules with a small CA in this process and with the real server where there is one."""

from __future__ import annotations

import base64
import json
import os
import pickle
import shutil
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from hlf import errors, identity, signers
from hlf.admin import enrollment
from hlf.admin.authority import Authority
from hlf.admin.enrollment import CertificateRequest
from hlf.admin.registrar import CertificateAttribute, Registrar, serial_and_aki
from hlf.wire import certificates, signatures
from hlf.wire.certificates import Certificate, extensions
from hlf.wire.certificates.names import ORGANIZATIONAL_UNIT
from tests.unit.hlf.certificates import issue
from tests.unit.hlf.fake_authority import FakeAuthority

BOSS = ("boss", "boss-secret")
_ATTRIBUTES = "1.2.3.4.5.6.7.8.1"


@dataclass
class Server:
    """Where a CA listens, and the file of its TLS CA."""

    address: str
    ca: Path


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    started = FakeAuthority(tmp_path_factory.mktemp("fake"), BOSS)
    yield started
    started.stop()


def _program() -> str | None:
    home = os.environ.get("FABRIC_HOME")
    there = shutil.which("fabric-ca-server", path=str(Path(home) / "bin")) if home else None
    return there or shutil.which("fabric-ca-server")


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Iterator[Server]:
    """Yield a Fabric CA server with TLS on loopback."""
    program = _program()
    if program is None:
        pytest.skip(
            "no fabric-ca-server in FABRIC_HOME/bin or on PATH; a release is at "
            "https://github.com/hyperledger/fabric-ca/releases"
        )
    folder = tmp_path_factory.mktemp("real")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [program, "start", "-H", folder, "-b", ":".join(BOSS), "-n", "ca1", "-p", str(port)]
    command += ["--address", "127.0.0.1", "--tls.enabled", "--csr.hosts", "127.0.0.1", "--csr.cn", "ca.test"]
    command += ["--cfg.identities.allowremove"]
    # Its settings come from the environment too, and telemetry would listen where another may.
    environment = {"PATH": os.environ["PATH"], "FABRIC_CA_SERVER_OPERATIONS_LISTENADDRESS": "127.0.0.1:0"}
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as server:
        said = []
        for line in server.stderr:
            said.append(line)
            if "Listening on https" in line:
                break
        else:
            pytest.fail("fabric-ca-server did not start:\n" + "".join(said[-20:]))
        # A full pipe would stop the server.
        reader = threading.Thread(target=server.stderr.read)
        reader.start()
        yield Server(f"127.0.0.1:{port}", folder / "ca-cert.pem")
        server.terminate()
        reader.join()


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.native)])
def server(request):
    """Each test that asks for it runs with both."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def authority(server):
    with Authority(server.address, ca=server.ca, anchor=server.ca, timeout=20) as opened:
        yield opened


@pytest.fixture
def boss(authority):
    return authority.enroll(*BOSS, "AMSP")


@pytest.fixture
def registrar(authority, boss):
    return Registrar(authority, boss.identity, boss.signer)


@pytest.fixture
def name(request):
    """Return an enrollment id of this test's own, in a registry that all share."""
    return f"{request.node.originalname}@example"


def _enrolled(authority, registrar, name, request=None, **registration):
    return authority.enroll(name, registrar.register(name, **registration), "AMSP", request)


def _attributes(certificate: Certificate) -> dict[str, str]:
    return json.loads(certificate.extensions.by_oid[_ATTRIBUTES].value)["attrs"]


class TestEnrolling:
    """A key made here, a certificate of the CA for it."""

    def test_the_ca_describes_itself(self, authority, server):
        info = authority.info()
        assert info.name == "ca1"
        assert info.version
        assert x509.load_pem_x509_certificate(info.chain_pem) == x509.load_pem_x509_certificate(server.ca.read_bytes())

    def test_certificate_key_and_chain_belong_together(self, boss, server):
        """And can be used at once."""
        assert boss.identity.msp_id == "AMSP"
        message = boss.signer.sign(b"message")
        assert signatures.verify(boss.identity.certificate.public_key.key, message, b"message")
        assert certificates.read(boss.chain_pem).issued(boss.identity.certificate)

    def test_a_tls_certificate_for_a_server(self, authority, registrar, name):
        """Hosts become alternative names, addresses as addresses; the curve is the asker's."""
        request = CertificateRequest(hosts=("peer0.a.test", "127.0.0.1"), profile="tls", curve=ec.SECP384R1())
        certificate = _enrolled(authority, registrar, name, request, type="peer").identity.certificate
        names = certificate.extensions.names
        assert names == ((extensions.DNS, b"peer0.a.test"), (extensions.IP, bytes((127, 0, 0, 1))))
        assert certificate.public_key.key.curve.name == "secp384r1"
        assert certificate.subject.values(ORGANIZATIONAL_UNIT)[0] == "peer"

    def test_attributes_are_those_asked_for(self, authority, registrar, name):
        """Those registered for every certificate, unless the enrolment names others."""
        secret = registrar.register(
            name, attributes=[CertificateAttribute("desk", "7", ecert=True), CertificateAttribute("floor", "2")]
        )
        plain = authority.enroll(name, secret, "AMSP").identity.certificate
        assert _attributes(plain)["desk"] == "7"
        assert "floor" not in _attributes(plain)
        request = CertificateRequest(attributes=("floor",), optional_attributes=("garden",))
        assert _attributes(authority.enroll(name, secret, "AMSP", request).identity.certificate) == {"floor": "2"}
        with pytest.raises(errors.AuthorityError, match="garden"):
            authority.enroll(name, secret, "AMSP", CertificateRequest(attributes=("garden",)))

    def test_none_are_put_in_if_none_are_asked_for(self, authority, registrar, name):
        secret = registrar.register(name, attributes=[CertificateAttribute("desk", "7", ecert=True)])
        bare = authority.enroll(name, secret, "AMSP", CertificateRequest(attributes=())).identity.certificate
        assert _attributes(bare) == {}

    def test_a_wrong_secret_is_refused_without_quoting_it(self, authority):
        with pytest.raises(errors.AuthorityError, match="registered secret") as refused:
            authority.enroll("boss", "wrong-horse", "AMSP")
        assert (refused.value.status, refused.value.code) == (401, 20)
        assert "wrong-horse" not in str(refused.value)

    def test_a_secret_enrols_as_often_as_registered(self, authority, registrar, name):
        secret = registrar.register(name, max_enrollments=1)
        authority.enroll(name, secret, "AMSP")
        with pytest.raises(errors.AuthorityError, match="enrolments left"):
            authority.enroll(name, secret, "AMSP")

    def test_a_profile_that_is_not_there_is_refused(self, authority):
        with pytest.raises(errors.AuthorityError, match="profile"):
            authority.enroll(*BOSS, "AMSP", CertificateRequest(profile="nosuch"))

    def test_another_ca_of_the_server_is_asked_by_name(self, server):
        """Also in calls with a token, whose signature covers the name."""
        with Authority(server.address, ca=server.ca, name="ca1") as named:
            boss = named.enroll(*BOSS, "AMSP")
            assert Registrar(named, boss.identity, boss.signer).registrations()
        with (
            Authority(server.address, ca=server.ca, name="ca9") as absent,
            pytest.raises(errors.AuthorityError, match="name of the CA") as refused,
        ):
            absent.info()
        assert refused.value.code == 19

    def test_renewing_takes_the_present_certificate(self, authority, boss):
        """The same identity with a new key."""
        renewed = authority.reenroll(boss.identity, boss.signer)
        assert renewed.identity.certificate.subject == boss.identity.certificate.subject
        assert renewed.key_pem != boss.key_pem
        assert authority.reenroll(renewed.identity, renewed.signer, CertificateRequest(curve=ec.SECP384R1()))

    def test_a_p384_key_signs_tokens(self, authority):
        boss = authority.enroll(*BOSS, "AMSP", CertificateRequest(curve=ec.SECP384R1()))
        assert Registrar(authority, boss.identity, boss.signer).registration("boss")

    def test_a_stranger_is_refused(self, authority):
        stranger = issue("boss", issue("another"))
        with pytest.raises(errors.AuthorityError, match="of this CA") as refused:
            authority.reenroll(identity.Identity("AMSP", stranger.pem), signers.ecdsa(stranger.key))
        assert refused.value.code == 20


class TestRegistrar:
    """The registry of the CA."""

    def test_what_is_registered_can_be_read(self, registrar, name):
        secret = registrar.register(
            name,
            type="peer",
            affiliation="org1",
            attributes=[CertificateAttribute("desk", "7", True)],
            max_enrollments=3,
            secret="s",
        )
        assert secret == "s"
        read = registrar.registration(name)
        assert (read.enrollment_id, read.type, read.affiliation, read.max_enrollments) == (name, "peer", "org1", 3)
        assert CertificateAttribute("desk", "7", True) in read.attributes
        assert read in registrar.registrations()

    def test_twice_is_refused(self, registrar, name):
        registrar.register(name)
        with pytest.raises(errors.AuthorityError, match="already registered"):
            registrar.register(name)

    def test_changes_leave_the_rest(self, authority, registrar, name):
        registrar.register(
            name, affiliation="org1", attributes=[CertificateAttribute("desk", "7"), CertificateAttribute("floor", "2")]
        )
        now = registrar.modify(
            name, attributes=[CertificateAttribute("desk", "8"), CertificateAttribute("floor", "")], secret="new"
        )
        assert (now.type, now.affiliation) == ("client", "org1")
        assert {each.name: each.value for each in now.attributes if each.name in ("desk", "floor")} == {"desk": "8"}
        authority.enroll(name, "new", "AMSP")
        assert registrar.modify(name, max_enrollments=0).max_enrollments == 0
        with pytest.raises(errors.AuthorityError):
            authority.enroll(name, "new", "AMSP")

    def test_what_is_removed_is_not_there(self, authority, registrar, name):
        """Nor are its certificates of any use."""
        held = _enrolled(authority, registrar, name)
        registrar.remove(name)
        assert registrar.registration(name) is None
        assert registrar.certificates(name, not_revoked=True) == ()
        with pytest.raises(errors.AuthorityError):
            authority.reenroll(held.identity, held.signer)
        with pytest.raises(errors.AuthorityError) as refused:
            registrar.remove(name)
        assert refused.value.status == 404

    def test_affiliations_are_dotted_paths(self, registrar, request):
        assert {"org1", "org1.department1"} <= set(registrar.affiliations())
        registrar.add_affiliation("org1.new")
        with pytest.raises(errors.AuthorityError):
            registrar.add_affiliation("orgx.deep.down")
        registrar.add_affiliation("org1.deep.down", force=True)
        assert {"org1.new", "org1.deep.down"} <= set(registrar.affiliations())

    def test_a_revoked_identity_is_refused_everywhere(self, authority, registrar, name):
        """Its certificates are in the CRL that comes with the answer, and its secret is void."""
        secret = registrar.register(name)
        held = authority.enroll(name, secret, "AMSP")
        revoked = registrar.revoke(name, "keyCompromise", crl=True)
        (serial, _aki), serial_number = revoked.certificates[0], held.identity.certificate.serial_number
        assert int(serial, 16) == serial_number
        crl = x509.load_pem_x509_crl(revoked.crl_pem)
        assert crl.get_revoked_certificate_by_serial_number(serial_number)
        for call in (
            lambda: authority.reenroll(held.identity, held.signer),
            lambda: authority.enroll(name, secret, "A"),
        ):
            with pytest.raises(errors.AuthorityError) as refused:
                call()
            assert refused.value.status in (401, 403)

    def test_one_certificate_is_revoked(self, authority, registrar, name):
        """The other of the same identity stays; twice is refused."""
        secret = registrar.register(name)
        first, second = (authority.enroll(name, secret, "AMSP") for _ in range(2))
        revoked = registrar.revoke_certificate(*serial_and_aki(first.identity.certificate), "superseded")
        assert len(revoked.certificates) == 1
        assert revoked.crl_pem is None
        assert registrar.certificates(name, not_revoked=True) == (second.identity.certificate,)
        assert len(registrar.certificates(name)) == 2
        assert registrar.certificates(serial=serial_and_aki(first.identity.certificate)[0])
        crl = x509.load_pem_x509_crl(registrar.crl())
        assert crl.get_revoked_certificate_by_serial_number(first.identity.certificate.serial_number)
        assert not crl.get_revoked_certificate_by_serial_number(second.identity.certificate.serial_number)
        with pytest.raises(errors.AuthorityError) as refused:
            registrar.revoke_certificate(*serial_and_aki(first.identity.certificate))
        assert refused.value.code == 66

    def test_every_reason_of_rfc_5280_is_known(self, authority, registrar, name):
        """The server takes an unknown one for none without a word, so names are checked here."""
        secret = registrar.register(name)
        for reason in x509.ReasonFlags:
            held = authority.enroll(name, secret, "AMSP").identity.certificate
            assert registrar.revoke_certificate(*serial_and_aki(held), reason.value).certificates
        with pytest.raises(errors.AuthorityError, match="cessationOfOperation"):
            registrar.revoke(name, "keycompromised")

    def test_a_crl_of_a_time(self, authority, registrar, name):
        """Moments travel as RFC 3339; one without its zone is not guessed."""
        serial = _enrolled(authority, registrar, name).identity.certificate.serial_number
        registrar.revoke(name)
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        for crl, there in (
            (registrar.crl(revoked_before=long_ago), False),
            (registrar.crl(expire_after=long_ago), True),
        ):
            found = x509.load_pem_x509_crl(crl).get_revoked_certificate_by_serial_number(serial)
            assert (found is not None) == there
        with pytest.raises(errors.AuthorityError, match="zone"):
            registrar.crl(expire_after=datetime(2020, 1, 1))  # noqa: DTZ001 - that is the question

    def test_who_is_no_registrar_is_told_what_is_missing(self, authority, registrar, name):
        held = _enrolled(authority, registrar, name)
        with pytest.raises(errors.AuthorityError, match="hf.Registrar.Roles") as refused:
            Registrar(authority, held.identity, held.signer).register("another")
        assert (refused.value.status, refused.value.code) == (403, 71)

    @pytest.mark.parametrize("unusable", ["", ".", "..", "a/b"])
    def test_ids_do_not_lead_elsewhere(self, registrar, unusable):
        with pytest.raises(errors.AuthorityError, match="slash"):
            registrar.remove(unusable)

    def test_ids_keep_their_characters(self, registrar):
        registrar.register("ä ?&%2f+#;=")
        assert registrar.registration("ä ?&%2f+#;=").enrollment_id == "ä ?&%2f+#;="


class TestFolder:
    """What is saved, and what is never left."""

    def test_it_is_what_load_user_reads(self, boss, tmp_path):
        boss.save(tmp_path / "users" / "boss")
        loaded, signer = identity.load_user(tmp_path / "users" / "boss", "AMSP")
        assert loaded == boss.identity
        assert signatures.verify(loaded.certificate.public_key.key, signer.sign(b"m"), b"m")
        assert (tmp_path / "users" / "boss" / "ca.pem").read_bytes() == boss.chain_pem
        assert stat.S_IMODE((tmp_path / "users" / "boss" / "key.pem").stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "users" / "boss").stat().st_mode) == 0o700

    def test_keys_are_never_overwritten(self, fake, tmp_path):
        with Authority(fake.address, ca=fake.ca) as authority:
            first, second = (authority.enroll(*BOSS, "AMSP") for _ in range(2))
        first.save(tmp_path / "boss")
        with pytest.raises(errors.AuthorityError, match="does not exist yet"):
            second.save(tmp_path / "boss")
        assert (tmp_path / "boss" / "key.pem").read_bytes() == first.key_pem
        assert os.listdir(tmp_path) == ["boss"]

    @pytest.mark.parametrize("call", ["fsync", "open"])
    def test_half_of_it_is_never_left(self, fake, tmp_path, monkeypatch, call):
        """Whichever write fails, there is no folder, and no key beside it."""
        with Authority(fake.address, ca=fake.ca) as authority:
            boss = authority.enroll(*BOSS, "AMSP")
        true, calls = getattr(os, call), []

        def full(*args, **kwargs):
            calls.append(args)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
            return true(*args, **kwargs)

        with monkeypatch.context() as broken:
            broken.setattr(enrollment.os, call, full)
            with pytest.raises(errors.AuthorityError, match="No space left"):
                boss.save(tmp_path / "boss")
        assert os.listdir(tmp_path) == []


@pytest.fixture
def client(fake):
    with Authority(fake.address, ca=fake.ca, timeout=5) as opened:
        yield opened
    fake.answers.clear()
    fake.issued_for, fake.chain = None, fake.root.pem


class TestHostileServer:
    """What is answered is believed only as far as it can be checked."""

    def test_the_private_key_stays_here(self, client, fake):
        """Nothing of it is sent; the secret only as the header it belongs in."""
        boss = client.enroll(*BOSS, "AMSP")
        _method, _address, headers, body = fake.asked[-1]
        assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"boss:boss-secret"
        assert b"PRIVATE" not in body
        assert b"boss-secret" not in body
        assert "PRIVATE" not in repr(boss)
        assert "CERTIFICATE" not in repr(boss)

    def test_a_certificate_of_another_key_is_refused(self, client, fake):
        fake.issued_for = issue("boss", fake.root)
        with pytest.raises(errors.AuthorityError, match="another key") as refused:
            client.enroll(*BOSS, "AMSP")
        assert refused.value.address == fake.address

    def test_a_certificate_of_another_id_is_refused(self, client, fake):
        """Checked by itself, since the key would match."""
        key = ec.generate_private_key(ec.SECP256R1())
        with pytest.raises(errors.AuthorityError, match="another enrollment id"):
            enrollment.accept(
                issue("admin", fake.root, key=key).pem, fake.root.pem, key=key, enrollment_id="boss", msp_id="AMSP"
            )

    def test_a_chain_of_another_authority_is_refused(self, client, fake):
        fake.chain = issue("ca.test").pem
        with pytest.raises(errors.AuthorityError, match="none of its CA's certificates"):
            client.enroll(*BOSS, "AMSP")

    def test_an_issuer_that_is_no_authority_is_refused(self, fake):
        """A leaf may sign what it likes; it makes nobody a member."""
        leaf = issue("leaf", fake.root)
        key = ec.generate_private_key(ec.SECP256R1())
        forged = issue("boss", leaf, key=key).pem
        with pytest.raises(errors.AuthorityError, match="none of its CA's certificates"):
            enrollment.accept(forged, leaf.pem + fake.root.pem, key=key, enrollment_id="boss", msp_id="AMSP")

    def test_a_ca_that_was_not_meant_is_refused(self, fake, tmp_path):
        (tmp_path / "meant.pem").write_bytes(issue("meant").pem)
        with (
            Authority(fake.address, ca=fake.ca, anchor=tmp_path / "meant.pem") as client,
            pytest.raises(errors.AuthorityError, match="that was meant"),
        ):
            client.enroll(*BOSS, "AMSP")

    def test_strangers_in_the_chain_are_left_out(self, client, fake):
        fake.chain = issue("stranger").pem + fake.root.pem
        assert client.enroll(*BOSS, "AMSP").chain_pem == fake.root.pem

    def test_a_chain_has_an_end(self, client, fake):
        fake.chain = fake.root.pem * 11
        with pytest.raises(errors.AuthorityError, match="at most 10"):
            client.enroll(*BOSS, "AMSP")

    @pytest.mark.parametrize(
        ("status", "content", "words"),
        [
            (200, b"<html>no JSON</html>", "is not a Fabric CA's"),
            (502, b"<html>no gateway boss-secret</html>", "no gateway \\*\\*\\*"),
            (502, b"x" * 195 + b"boss-secret", "x\\*\\*\\*'"),
            (200, b"[" * 100_000, "is not a Fabric CA's"),
            (
                200,
                b'{"result":{"identities":[{"id":"a"}],"errors":[{"code":1}],"success":false}',
                "is not a Fabric CA's",
            ),
            (200, b'["a list"]', "is not a Fabric CA's"),
            (302, b"", "is not a Fabric CA's"),
            (200, b'{"result":"","errors":[{"code":0,"message":"in the middle"}],"success":false}', "in the middle"),
            (200, b'{"result":"","errors":[],"success":false}', "refused with status 200"),
            (500, b'{"result":"","errors":"all","success":false}', "refused with status 500"),
            (500, b'{"result":"","errors":["a",{"code":"b"}],"success":false}', "500"),
            (
                400,
                b'{"errors":[{"code":5,"message":"body=boss-secret"},{"code":6,"message":"b"}]}',
                "body=\\*\\*\\*; b",
            ),
            (201, b'{"result":null,"success":true}', "unreadable certificate"),
            (201, b'{"result":{"Cert":"?","ServerInfo":{"CAChain":""}},"success":true}', "unreadable certificate"),
            (201, b'{"result":{"Cert":[1],"ServerInfo":7},"success":true}', "unreadable certificate"),
            (201, b'{"result":{"Cert":"eA==","ServerInfo":{"CAChain":"eA=="}},"success":true}', "cannot be used"),
        ],
    )
    def test_whatever_is_answered_is_one_error(self, client, fake, status, content, words):
        """With address, status and words; redirections are followed nowhere, and no secret is quoted."""
        fake.answers.append((status, content))
        before = len(fake.asked)
        with pytest.raises(errors.AuthorityError, match=words) as refused:
            client.enroll(*BOSS, "AMSP")
        assert len(fake.asked) == before + 1
        assert refused.value.address == fake.address
        assert "boss-secret" not in str(refused.value) + str(vars(refused.value))

    @pytest.mark.parametrize(
        ("ask", "content"),
        [
            (lambda registrar: registrar.register("x"), b"{}"),
            (lambda registrar: registrar.register("x"), b'{"secret":7}'),
            (lambda registrar: registrar.registrations(), b'{"identities":7}'),
            (lambda registrar: registrar.registrations(), b'{"identities":[{"id":"a","attrs":[{}]}]}'),
            (lambda registrar: registrar.registration("x"), b'{"id":"a","max_enrollments":"many"}'),
            (lambda registrar: registrar.registration("x"), b'{"id":"a","max_enrollments":1e999}'),
            (lambda registrar: registrar.affiliations(), b'{"name":["a"]}'),
            (lambda registrar: registrar.affiliations(), b'{"name":"","affiliations":[7]}'),
            (lambda registrar: registrar.revoke("x"), b'{"RevokedCerts":[{}]}'),
            (lambda registrar: registrar.crl(), b'{"CRL":"eA=="}'),
            (lambda registrar: registrar.certificates(), b'{"certs":[{"PEM":"x"}]}'),
        ],
    )
    def test_fields_of_another_kind_are_no_answer(self, client, fake, ask, content):
        boss = client.enroll(*BOSS, "AMSP")
        fake.answers.append((200, b'{"success":true,"result":' + content + b"}"))
        with pytest.raises(errors.AuthorityError, match="unreadable") as refused:
            ask(Registrar(client, boss.identity, boss.signer))
        assert refused.value.address == fake.address

    def test_an_answer_has_an_end(self, client, fake, monkeypatch):
        monkeypatch.setattr("hlf.admin.authority._MAX_ANSWER", 1000)
        for status in (200, 302, 500):
            fake.answers.append((status, b" " * 1001))
            with pytest.raises(errors.AuthorityError, match="more than 1000 bytes"):
                client.info()


class TestAway:
    """A server that is not there, or not who it should be, is named with what to look at."""

    def test_nobody_listens(self, fake):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            nobody = f"127.0.0.1:{probe.getsockname()[1]}"
        with (
            Authority(nobody, ca=fake.ca, timeout=1) as client,
            pytest.raises(errors.AuthorityError, match="Is the server running") as away,
        ):
            client.enroll(*BOSS, "AMSP")
        assert (away.value.address, away.value.status, away.value.code) == (nobody, None, None)
        # The library's exception would hold the request, and the secret in it.
        assert away.value.__context__ is None

    @pytest.mark.parametrize("address", ["", "a b:1", "127.0.0.1:many", "https://127.0.0.1:1"])
    def test_what_is_no_address(self, fake, address):
        with Authority(address, ca=fake.ca, timeout=1) as client, pytest.raises(errors.AuthorityError):
            client.info()

    def test_a_stranger_behind_the_address_is_not_spoken_to(self, fake, tmp_path):
        (tmp_path / "another.pem").write_bytes(issue("another").pem)
        before = len(fake.asked)
        with (
            Authority(fake.address, ca=tmp_path / "another.pem") as client,
            pytest.raises(errors.AuthorityError, match="TLS failed"),
        ):
            client.enroll(*BOSS, "AMSP")
        assert len(fake.asked) == before

    def test_a_file_that_is_no_certificate(self, tmp_path):
        with pytest.raises(errors.AuthorityError, match="cannot be read: No such file"):
            Authority("127.0.0.1:1", ca=tmp_path / "none.pem")
        (tmp_path / "bad.pem").write_bytes(b"bad")
        with pytest.raises(errors.AuthorityError, match="no certificate of a CA"):
            Authority("127.0.0.1:1", ca=tmp_path / "bad.pem")

    @pytest.mark.parametrize("unusable", ["", "a:b", "a" * 65, "ä" * 33])
    def test_ids_that_could_never_enrol(self, client, fake, unusable):
        """Refused before anything is asked, since the server would register them."""
        boss = client.enroll(*BOSS, "AMSP")
        before = len(fake.asked)
        for call in (
            lambda: client.enroll(unusable, "s", "AMSP"),
            lambda: Registrar(client, boss.identity, boss.signer).register(unusable),
        ):
            with pytest.raises(errors.AuthorityError, match="cannot enrol"):
                call()
        assert len(fake.asked) == before

    def test_what_a_certificate_cannot_carry(self, client):
        with pytest.raises(errors.AuthorityError, match="no certificate can be asked for"):
            client.enroll("a", "s", "AMSP", CertificateRequest(hosts=("ä.test",)))

    def test_nobody_enrols_without_a_secret(self, client):
        with pytest.raises(errors.AuthorityError, match="that registering gave"):
            client.enroll("a", "", "AMSP")

    def test_curves_that_fabric_does_not_know(self):
        with pytest.raises(errors.IdentityError, match="P-256"):
            CertificateRequest(curve=ec.SECP521R1())


def test_the_error_survives_being_sent_between_processes():
    error = errors.AuthorityError("no", address="a:1", status=403, code=71, cure="Ask")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - of our own making.
    assert str(again) == str(error) == "a:1: no (code 71). Ask"
    assert vars(again) == vars(error)
