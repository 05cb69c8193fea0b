"""Connection profiles."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hlf.errors import ProfileError
from hlf.identity import TlsIdentity
from hlf.profile import Endpoint, Profile
from tests.unit.hlf.certificates import issue

CA_PEM = issue("tlsca").pem.decode()
DOCUMENT = {
    "name": "trade",
    "version": "1.0",
    "client": {"organization": "Carrier", "connection": {"timeout": {"peer": {"endorser": "300"}}}},
    "organizations": {
        "Customs": {"mspid": "CustomsMSP", "peers": ["peer0.customs.test"]},
        "Carrier": {"mspid": "CarrierMSP", "peers": ["peer0.carrier.test", "peer1.carrier.test"]},
    },
    "peers": {
        "peer0.customs.test": {"url": "grpcs://127.0.0.1:9051", "tlsCACerts": {"pem": [CA_PEM]}},
        "peer0.carrier.test": {
            "url": "grpcs://127.0.0.1:7051",
            "tlsCACerts": {"pem": CA_PEM},
            "grpcOptions": {"ssl-target-name-override": "peer0.carrier.test"},
        },
        "peer1.carrier.test": {"url": "grpc://[::1]:7052"},
    },
    "orderers": {"orderer0": {"url": "grpcs://127.0.0.1:7050", "tlsCACerts": {"path": "tlsca.pem"}}},
    "channels": {"trade": {"peers": {"peer0.carrier.test": {}}}},
}


def test_a_profile_as_other_sdks_use_it(tmp_path):
    """Own peers come first; authorities may stand in the profile or beside it."""
    (tmp_path / "tlsca.pem").write_text(CA_PEM)
    (tmp_path / "profile.json").write_text(json.dumps(DOCUMENT))
    profile = Profile.load(tmp_path / "profile.json")
    assert profile.organisation == "CarrierMSP"
    assert profile.gateway == Endpoint(
        "peer0.carrier.test", "127.0.0.1:7051", CA_PEM.encode(), "CarrierMSP", "peer0.carrier.test"
    )
    assert [p.name for p in profile.own_peers] == ["peer0.carrier.test", "peer1.carrier.test"]
    assert profile.peers[1].address == "[::1]:7052"
    assert profile.peers[1].tls_ca_pem is None
    assert profile.peers[2].msp_id == "CustomsMSP"
    assert profile.orderers[0].tls_ca_pem == CA_PEM.encode()
    assert profile.channels == ("trade",)


def _changed(path: str, value: object) -> bytes:
    document = copy.deepcopy(DOCUMENT)
    *parents, last = path.split("/")
    target = document
    for parent in parents:
        target = target[parent]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("client", None, "client is missing"),
        ("client/organization", "Nobody", "names 'Nobody'"),
        ("organizations", [], "organizations is not an object"),
        ("organizations/Carrier/mspid", None, "organizations.Carrier.mspid is missing"),
        ("organizations/Carrier/peers", "peer0", "organizations.Carrier.peers is not a list"),
        ("organizations/Carrier/peers", [], "no peer of CarrierMSP"),
        ("peers/peer0.carrier.test/url", None, "peers.peer0.carrier.test.url is missing"),
        ("peers/peer0.carrier.test/url", 7051, "url is not a text"),
        ("peers/peer0.carrier.test/url", "https://127.0.0.1:7051", "expected grpcs://host:port"),
        ("peers/peer0.carrier.test/url", "grpcs://127.0.0.1", "expected grpcs://host:port"),
        ("peers/peer0.carrier.test/url", "grpcs://127.0.0.1:99999", "Port out of range"),
        ("peers/peer0.carrier.test/url", "grpcs://[::1:1", "url is"),
        ("peers/peer0.carrier.test/tlsCACerts", None, "tlsCACerts is missing"),
        ("peers/peer0.carrier.test/tlsCACerts", {}, r"tlsCACerts\.pem or \.path is missing"),
        ("peers/peer0.carrier.test/tlsCACerts/pem", [1], "pem is not a text"),
        ("peers/peer0.carrier.test/tlsCACerts/pem", "x", "no readable certificate"),
        ("peers/peer0.carrier.test/grpcOptions/ssl-target-name-override", 1, "override is not a text"),
        ("orderers/orderer0/tlsCACerts/path", "nowhere.pem", r"nowhere\.pem cannot be read"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, path, value, words):
    """By the file and the field, so that it can be mended."""
    (tmp_path / "tlsca.pem").write_text(CA_PEM)
    file = tmp_path / "profile.json"
    file.write_bytes(_changed(path, value))
    with pytest.raises(ProfileError, match=words) as refused:
        Profile.load(file)
    assert str(file) in str(refused.value)


CORPUS = Path(__file__).parents[2] / "fuzz" / "corpus" / "profile"


@pytest.mark.parametrize("form", ["test-network-json", "test-network-yaml"])
def test_the_forms_that_test_network_writes(form):
    """Fabric's samples write every profile twice, in JSON and in YAML with the PEM in a block of lines."""
    profile = Profile.load(CORPUS / form)
    assert (profile.name, profile.organisation) == ("test-network-org1", "Org1MSP")
    (peer,) = profile.peers
    assert (peer.name, peer.address) == ("peer0.org1.example.com", "localhost:7051")
    assert peer.override_hostname == "peer0.org1.example.com"
    assert peer.tls_ca_pem.startswith(b"-----BEGIN CERTIFICATE-----\n")


HFC = {
    "name": "two-organisations",
    "client": {"organization": "Org1", "credentialStore": {"path": "kvs", "cryptoStore": {"path": "cvs"}}},
    "organizations": {
        "orderer.example.com": {"mspid": "OrdererMSP", "orderers": ["orderer.example.com"]},
        "org1.example.com": {"mspid": "Org1MSP", "peers": ["peer0.org1.example.com"], "users": {"Admin": {}}},
        "org2.example.com": {"mspid": "Org2MSP", "peers": ["peer0.org2.example.com"]},
    },
    "orderers": {
        "orderer.example.com": {
            "url": "localhost:7050",
            "grpcOptions": {"grpc.ssl_target_name_override": "orderer.example.com", "grpc-max-send-message-length": 15},
            "tlsCACerts": {"path": "crypto/ca.pem"},
        }
    },
    "peers": {
        f"peer0.org{n}.example.com": {
            "url": f"localhost:{n}051",
            "eventUrl": f"localhost:{n}053",
            "grpcOptions": {"grpc.ssl_target_name_override": f"peer0.org{n}.example.com"},
            "tlsCACerts": {"path": "crypto/ca.pem"},
        }
        for n in (1, 2)
    },
}


def test_the_form_that_hfc_reads(tmp_path, monkeypatch):
    """Without schemes, an organisation by half its MSP id, and paths from where the program was started."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "crypto").mkdir()
    (tmp_path / "crypto" / "ca.pem").write_text(CA_PEM)
    file = tmp_path / "elsewhere" / "network.json"
    file.write_text(json.dumps(HFC))
    monkeypatch.chdir(tmp_path)
    profile = Profile.load(file)
    name = "peer0.org1.example.com"
    assert profile.gateway == Endpoint(name, "localhost:1051", CA_PEM.encode(), "Org1MSP", name)
    assert profile.orderers[0].override_hostname == "orderer.example.com"
    for wanted in ("org2.example.com", "Org2MSP", "Org2"):
        assert Profile.load(file, organisation=wanted).organisation == "Org2MSP"
    with pytest.raises(ProfileError, match=r"organisation names 'Org3', .* \(there: orderer.example.com, org1"):
        Profile.load(file, organisation="Org3")
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(ProfileError, match=r"crypto/ca\.pem cannot be read: .*; fix the path, or put the PEM itself"):
        Profile.load(file)


def _with_clients_pair(tmp_path, **changes):
    document = copy.deepcopy(HFC)
    (tmp_path / "crypto").mkdir()
    (tmp_path / "crypto" / "ca.pem").write_text(CA_PEM)
    mine, other = issue("client"), issue("another")
    for name, content in {"mine.pem": mine.pem, "mine.key": mine.key_pem, "other.key": other.key_pem}.items():
        (tmp_path / name).write_bytes(content)
    pair = {"clientCert": {"path": "mine.pem"}, "clientKey": {"path": "mine.key"}} | changes
    document["peers"]["peer0.org1.example.com"] |= {name: value for name, value in pair.items() if value}
    (tmp_path / "network.json").write_text(json.dumps(document))
    return mine, tmp_path / "network.json"


def test_what_hfc_shows_a_node_under_mutual_tls(tmp_path):
    """Each node may have its own; what cannot be used is named with its field, and no key is told."""
    mine, file = _with_clients_pair(tmp_path)
    profile = Profile.load(file)
    assert profile.gateway.tls_identity == TlsIdentity(mine.pem, mine.key_pem)
    assert "PRIVATE" not in repr(profile)
    assert Profile.load(file, organisation="Org2").gateway.tls_identity is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"clientKey": None}, "clientKey is missing; give certificate and key of mutual TLS together"),
        ({"clientCert": None}, "clientCert is missing; give certificate and key of mutual TLS together"),
        ({"clientKey": {"path": "nowhere"}}, "clientKey.path: .*nowhere cannot be read"),
        ({"clientKey": {"path": "other.key"}}, "clientCert and .clientKey: the key is not the certificate's"),
        ({"clientKey": {"path": "mine.pem"}}, "clientCert and .clientKey: the private key cannot be read"),
        ({"clientCert": {"path": "mine.key"}}, "clientCert and .clientKey: only certificates belong here"),
    ],
)
def test_a_pair_for_mutual_tls_is_whole_or_an_error(tmp_path, changes, words):
    _, file = _with_clients_pair(tmp_path, **changes)
    with pytest.raises(ProfileError, match=rf"peers\.peer0\.org1\.example\.com\.{words}") as unusable:
        Profile.load(file)
    assert "PRIVATE" not in str(unusable.value)


def test_the_form_that_minifabric_writes_for_go(tmp_path):
    """Every name in quotation marks, no schemes, MSP ids without dots, channels as lists and objects."""
    (tmp_path / "ca.crt").write_text(CA_PEM)
    text = """---
"name": "fabric-network"
"x-type": "hlfv1"
"client":
  "organization": "org0.example.com"
  "cryptoconfig":
    "path": "/keyfiles"
"channels":
  "mychannel":
    "orderers":
    - "orderer1.example.com"
    "peers":
      "peer1.org0.example.com":
        "endorsingPeer": true
"organizations":
  "example.com":
    "mspid": "examplecom"
    "peers":
    "orderers":
    - "orderer1.example.com"
  "org0.example.com":
    "mspid": "org0examplecom"
    "peers":
    - "peer1.org0.example.com"
"orderers":
  "orderer1.example.com":
    "url": "orderer1.example.com:7050"
    "tlsCACerts":
      "path": "ca.crt"
"peers":
  "peer1.org0.example.com":
    "url": "peer1.org0.example.com:7051"
    "grpcOptions":
      "ssl-target-name-override": "peer1.org0.example.com"
    "tlsCACerts":
      "path": "ca.crt"
"entityMatchers":
  "peer":
  - "mappedHost": "peer1.org0.example.com"
    "pattern": "(\\\\w*)peer1.org0.example.com(\\\\w*)"
"""
    exposed = '    "urlSubstitutionExp": "192.168.0.7:7003"\n'
    matched = '    "urlSubstitutionExp": "$1:7003"\n'
    (tmp_path / "go.yaml").write_text(text)
    profile = Profile.load(tmp_path / "go.yaml")
    assert (profile.organisation, profile.channels) == ("org0examplecom", ("mychannel",))
    assert profile.gateway.address == "peer1.org0.example.com:7051"
    assert Profile.parse(text + exposed, folder=tmp_path).gateway.address == "192.168.0.7:7003"
    assert Profile.parse(text + matched, folder=tmp_path).gateway.address == "peer1.org0.example.com:7051"
    assert profile.gateway.tls_ca_pem == CA_PEM.encode()


def test_the_form_that_minifabric_writes_for_node():
    """It says nothing of its owner; that is the only organisation with peers, or the one that is asked for."""
    document = {key: value for key, value in DOCUMENT.items() if key not in ("client", "orderers")}
    document["organizations"] = {**document["organizations"], "Customs": {"mspid": "CustomsMSP", "peers": []}}
    assert Profile.parse(json.dumps(document)).organisation == "CarrierMSP"
    document["organizations"] = DOCUMENT["organizations"]
    with pytest.raises(ProfileError, match="client is missing; .* or load the profile with organisation=NAME"):
        Profile.parse(json.dumps(document))
    assert Profile.parse(json.dumps(document), organisation="Customs").organisation == "CustomsMSP"


def test_a_profile_by_hand():
    """The least that is one, in YAML."""
    profile = Profile.load(CORPUS / "minimal-yaml")
    assert (profile.organisation, profile.gateway.address) == ("Org1MSP", "127.0.0.1:7051")
    assert profile.orderers == profile.channels == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"client: {organization: Org1}\n", "organizations is missing; describe your organisation there"),
        (b"client: {}\norganizations: {}\n", "client.organization is missing; write the name of your organisation"),
        (b"name: x\n", "client is missing; write client: {organization: NAME}"),
        (b"client: {organization: A}\norganizations: {B: {mspid: M}}\n", r"not among organizations \(there: B\)"),
        (b"client: {organization: A}\norganizations: {A: {peers: []}}\n", "mspid is missing; write"),
        (b"client: {organization: A}\nclient: {organization: B}\n", "line 2: 'client' stands twice"),
        (b"just words\n", "is this a connection profile"),
    ],
)
def test_the_cure_is_named(text, words):
    """Whoever writes a profile by hand is told what to write."""
    with pytest.raises(ProfileError, match=words):
        Profile.parse(text)


def test_a_file_that_is_not_there(tmp_path):
    """The words name it."""
    with pytest.raises(ProfileError, match=r"nowhere\.json cannot be read"):
        Profile.load(tmp_path / "nowhere.json")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"1", b"\xff\xfe", b"[" * 100_000, b'{"a": 1, "a": 2}'])
def test_a_text_that_is_no_profile(text):
    """Broken JSON, other JSON, and JSON that says two things at once."""
    with pytest.raises(ProfileError):
        Profile.parse(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["url", "pem", "path", "peers", "mspid", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@example("organizations", {"url": {"mspid": []}})
@given(st.sampled_from(["client", "organizations", "peers", "orderers", "channels", "entityMatchers"]), JSON)
def test_hostile_profiles_give_one_kind_of_error(tmp_path_factory, part, value):
    """Any value in any part gives a profile or a ProfileError."""
    document = {**DOCUMENT, part: value}
    try:
        Profile.parse(json.dumps(document), folder=tmp_path_factory.getbasetemp())
    except ProfileError:
        return
