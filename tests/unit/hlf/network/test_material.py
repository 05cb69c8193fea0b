"""Keys and certificates in a state folder: complete, private, never overwritten, never of somebody else."""

from __future__ import annotations

import json
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import utils
from cryptography.x509.oid import ExtendedKeyUsageOID

from hlf import identity
from hlf.network import certificates, errors, material, state, topology
from hlf.wire.certificates.names import ORGANIZATIONAL_UNIT

CONSORTIUM = """\
name: small
organisations:
  - msp_id: AMSP
    domain: a.test
    country: SG
    peers: 2
    users: [{name: clerk, attributes: {selat.desk: "7", name: "Nguyễn"}}]
channels: [{name: c, members: [AMSP]}]
"""


@pytest.fixture
def consortium(tmp_path):
    file = tmp_path / "consortium.yaml"
    file.write_text(CONSORTIUM, encoding="utf-8")
    return topology.load(file)


@pytest.fixture
def folder(tmp_path, consortium):
    folder = state.Folder(tmp_path / "state")
    state.adopt(folder, consortium)
    material.make(folder, consortium)
    return folder


def _files(folder):
    return {path: path.read_bytes() for path in folder.root.rglob("*") if path.is_file()}


def test_private_keys_open_for_their_owner_only(folder):
    """0600 on every private key, 0700 on every folder above one."""
    keys = [path for path in _files(folder) if b"PRIVATE KEY" in path.read_bytes()]
    assert len(keys) > 15
    for key in keys:
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        for parent in key.parents:
            if folder.root not in parent.parents and parent != folder.root:
                break
            assert stat.S_IMODE(parent.stat().st_mode) == 0o700, parent


def test_no_private_key_is_beside_where_it_belongs(folder):
    """A certificate file never holds a key, and the folders handed to others (msp) hold none."""
    assert not list((folder.organisation("AMSP") / "msp").rglob("*key*"))
    for path, content in _files(folder).items():
        if b"PRIVATE KEY" in content:
            assert path.name == "key.pem" or path.suffix == ".key"


def test_making_it_again_changes_nothing(folder, consortium):
    """Every start calls it; what is there stays byte for byte."""
    before = _files(folder)
    material.make(folder, consortium)
    assert _files(folder) == before


def test_users_carry_role_and_attributes(folder):
    """The role is the organisational unit, attributes are where a Fabric CA puts them."""
    clerk, _ = identity.load_user(folder.user("AMSP", "clerk"), "AMSP")
    assert clerk.certificate.subject.values(ORGANIZATIONAL_UNIT) == ("client",)
    extension = clerk.certificate.extensions.by_oid[certificates.ATTRIBUTES.dotted_string]
    attributes = json.loads(extension.value)["attrs"]
    assert attributes["selat.desk"] == "7"
    assert attributes["name"] == "Nguyễn"
    assert attributes["hf.EnrollmentID"] == "clerk"
    admin, _ = identity.load_user(folder.user("AMSP", "Admin"), "AMSP")
    assert admin.certificate.subject.values(ORGANIZATIONAL_UNIT) == ("admin",)


def test_ca_file_verifies_the_user_and_the_peers(folder):
    """ca.pem of a user holds the issuer of its certificate, and the authority of its organisation's TLS servers."""
    place = folder.user("AMSP", "User1")
    signing, tls = x509.load_pem_x509_certificates((place / "ca.pem").read_bytes())
    x509.load_pem_x509_certificate((place / "cert.pem").read_bytes()).verify_directly_issued_by(signing)
    server = folder.peer("AMSP", "peer1.a.test") / "tls" / "server.crt"
    x509.load_pem_x509_certificate(server.read_bytes()).verify_directly_issued_by(tls)


def test_tls_certificates_name_host_and_loopback(folder):
    """Clients on this machine and by name both find what they dialled."""
    certificate = x509.load_pem_x509_certificate((folder.peer("AMSP", "peer1.a.test") / "tls/server.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {"peer1.a.test", "peer1", "localhost"}
    assert "127.0.0.1" in map(str, names.get_values_for_type(x509.IPAddress))
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}


def test_certificates_need_no_rewriting(folder):
    """Fabric rewrites certificates with a high S before comparing them; here every S is low."""
    half = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 >> 1
    for path, content in _files(folder).items():
        if path.suffix in (".pem", ".crt") and b"BEGIN CERTIFICATE" in content:
            for certificate in x509.load_pem_x509_certificates(content):
                assert utils.decode_dss_signature(certificate.signature)[1] <= half


def test_a_new_user_is_issued_by_the_same_authority(folder, consortium, tmp_path):
    """A consortium file may grow; what was issued before stays."""
    before = _files(folder)
    file = tmp_path / "consortium.yaml"
    file.write_text(CONSORTIUM.replace("users: [", "users: [{name: new}, "), encoding="utf-8")
    grown = topology.load(file)
    state.adopt(folder, grown)
    material.make(folder, grown)
    before.pop(folder.consortium_file)
    assert before.items() <= _files(folder).items()
    identity.load_user(folder.user("AMSP", "new"), "AMSP")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("key.pem", b"not a key at all", "is not an unencrypted PEM private key"),
        ("cert.pem", b"not a certificate", "is not a PEM certificate"),
    ],
)
def test_a_broken_authority_is_named_and_nothing_is_issued(folder, consortium, name, content, words):
    """The error names the file and never quotes it; nothing half made appears."""
    place = folder.organisation("AMSP") / "ca" / name
    place.write_bytes(content)
    with pytest.raises(errors.MaterialError, match=words) as refused:
        material.make(folder, consortium)
    assert refused.value.path == place
    assert content.decode() not in str(refused.value)


def test_a_key_that_others_can_read_is_refused(folder, consortium):
    """A CA key with loose permissions may have been copied; the cure is one command."""
    key = folder.organisation("AMSP") / "ca" / "key.pem"
    key.chmod(0o644)
    with pytest.raises(errors.MaterialError, match="chmod 600"):
        material.make(folder, consortium)


def test_a_key_of_another_certificate_is_refused(folder, consortium):
    """Certificates signed with a foreign key would be refused by every peer, one by one, later."""
    root = folder.organisation("AMSP")
    (root / "ca" / "key.pem").write_bytes((root / "tlsca" / "key.pem").read_bytes())
    with pytest.raises(errors.MaterialError, match="does not belong"):
        material.make(folder, consortium)


def test_a_failure_leaves_nothing_half_made(tmp_path, consortium, monkeypatch):
    """A holder's folder appears complete or not at all."""
    folder = state.Folder(tmp_path / "new")
    state.adopt(folder, consortium)

    def fail(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(certificates, "tls", fail)
    with pytest.raises(errors.StateError, match="Make room on that disk"):
        material.make(folder, consortium)
    nodes = folder.peer("AMSP", "peer0.a.test")
    assert not (nodes / "tls").exists()
    assert [path.name for path in nodes.iterdir()] == ["msp"]


def test_an_organisation_that_never_became_a_member_may_change_its_domain(folder, consortium, tmp_path):
    """A slip in a domain is mended by mending the file; what was made is put aside, and a member's stays."""
    file = tmp_path / "other.yaml"
    file.write_text(CONSORTIUM.replace("domain: a.test", "domain: other.test"), encoding="utf-8")
    corrected = topology.load(file)
    key = (folder.organisation("AMSP") / "ca" / "key.pem").read_bytes()
    with pytest.raises(errors.MaterialError, match="has the domain a.test, not other.test"):
        material.set_aside(folder, corrected, lambda _: True)
    material.set_aside(folder, corrected, lambda _: False)
    material.make(folder, corrected)
    assert (folder.peer("AMSP", "peer0.other.test") / "msp").is_dir()
    assert (folder.root / "organisations" / ".AMSP-1" / "ca" / "key.pem").read_bytes() == key
    before = _files(folder)
    material.set_aside(folder, corrected, lambda _: False)
    assert _files(folder) == before


def test_a_folder_with_other_things_in_it_is_refused(tmp_path):
    """`--state ~` must not fill a home folder with keys."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    with pytest.raises(errors.StateError, match="holds no network"):
        state.claim(state.Folder(tmp_path / "home"))
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["letter.txt"]


def test_the_record_survives_and_refuses_what_it_did_not_write(folder, consortium):
    """state.json is read back as written, and garbage in it is told, with the cure."""
    record = state.Record(consortium.name, engine="embedded", ports={"peer0.a.test": {"listen": 1234}})
    state.write(folder, record)
    assert state.read(folder) == record
    assert record.address("peer0.a.test") == "127.0.0.1:1234"
    # As an earlier version wrote it: with the members, which the channels themselves tell.
    folder.record_file.write_text('{"format": 1, "name": "small", "engine": "native", "members": {"c": ["AMSP"]}}')
    assert state.read(folder) == state.Record("small", engine="native", started=True)
    for garbage in ("{", "[]", '{"format": 99}', '{"format": 1, "name": "x", "ports": {"p": {"listen": "x"}}}'):
        folder.record_file.write_text(garbage)
        with pytest.raises(errors.StateError, match="--state"):
            state.read(folder)


def test_the_copy_of_the_file_means_its_paths_from_where_the_file_lay(tmp_path):
    """A server's folder stays the same one when the copy in the state folder is read."""
    (tmp_path / "project" / "chaincode").mkdir(parents=True)
    file = tmp_path / "project" / "consortium.yaml"
    file.write_text(CONSORTIUM + "servers: [{name: s, command: [run], folder: chaincode}]\n", encoding="utf-8")
    wanted = topology.load(file)
    folder = state.Folder(tmp_path / "state")
    state.adopt(folder, wanted)
    assert state.held(folder).servers[0].folder == tmp_path / "project" / "chaincode"
