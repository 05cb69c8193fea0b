"""Connection profiles."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlf.errors import ProfileError
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


@given(st.sampled_from(["client", "organizations", "peers", "orderers", "channels"]), JSON)
def test_hostile_profiles_give_one_kind_of_error(tmp_path_factory, part, value):
    """Any value in any part gives a profile or a ProfileError."""
    document = {**DOCUMENT, part: value}
    try:
        Profile.parse(json.dumps(document), folder=tmp_path_factory.getbasetemp())
    except ProfileError:
        return
