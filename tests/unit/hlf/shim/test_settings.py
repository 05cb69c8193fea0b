"""How a chaincode is started, in the words that Fabric's builders, images and peers use."""

from __future__ import annotations

import base64
import json

import pytest

from hlf.shim import server
from hlf.shim.errors import ContractError
from hlf.shim.serving.dialling import PeerTls
from hlf.shim.serving.settings import DialSettings, ListenSettings, Options, read


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Files with what they are called in them, in PEM's stead, and two in base64."""
    monkeypatch.chdir(tmp_path)
    for name in ("key", "cert", "ca"):
        (tmp_path / name).write_bytes(name.encode())
        (tmp_path / f"{name}.b64").write_bytes(base64.b64encode(name.encode()) + b"\n")
    (tmp_path / "bad.b64").write_bytes(b"x")


SERVICE = {"CHAINCODE_ID": "shop:1", "CHAINCODE_SERVER_ADDRESS": "0.0.0.0:9999"}
LAUNCHED = {"CORE_CHAINCODE_ID_NAME": "shop:1", "CORE_PEER_ADDRESS": "peer:7052"}
LAUNCHED_WITH_TLS = {**LAUNCHED, "CORE_PEER_TLS_ENABLED": "1", "CORE_PEER_TLS_ROOTCERT_FILE": "ca"}
TLS = server.Tls(b"cert", b"key")


@pytest.mark.parametrize(
    ("environment", "tls"),
    [
        ({}, None),
        ({"CHAINCODE_TLS_DISABLED": "true", "CHAINCODE_TLS_KEY": "gone"}, None),
        ({"CHAINCODE_TLS_DISABLED": "false", "CHAINCODE_TLS_KEY": "key", "CHAINCODE_TLS_CERT": "cert"}, TLS),
        ({"CHAINCODE_TLS_KEY_FILE": "key", "CHAINCODE_TLS_CERT_FILE": "cert"}, TLS),
        (
            {"CHAINCODE_TLS_KEY": "key", "CHAINCODE_TLS_CERT": "cert", "CHAINCODE_CLIENT_CA_CERT": "ca"},
            server.Tls(b"cert", b"key", b"ca"),
        ),
    ],
)
def test_a_service_is_told_by_its_environment(files, environment, tls):
    """With and without TLS, and with the CA whose certificate peers must show."""
    assert read(Options(), {**SERVICE, **environment}) == ListenSettings("shop:1", "0.0.0.0:9999", tls)


@pytest.mark.parametrize(
    ("environment", "tls"),
    [
        ({"CORE_PEER_TLS_ENABLED": "false"}, None),
        ({"CORE_PEER_TLS_ENABLED": "true", "CORE_PEER_TLS_ROOTCERT_FILE": "ca"}, PeerTls(b"ca")),
        (
            {
                "CORE_PEER_TLS_ENABLED": "true",
                "CORE_PEER_TLS_ROOTCERT_FILE": "ca",
                "CORE_TLS_CLIENT_KEY_PATH": "key.b64",
                "CORE_TLS_CLIENT_CERT_PATH": "cert.b64",
            },
            PeerTls(b"ca", b"cert", b"key"),
        ),
        (
            {
                "CORE_PEER_TLS_ENABLED": "true",
                "CORE_PEER_TLS_ROOTCERT_FILE": "ca",
                "CORE_TLS_CLIENT_KEY_FILE": "key",
                "CORE_TLS_CLIENT_CERT_FILE": "cert",
            },
            PeerTls(b"ca", b"cert", b"key"),
        ),
    ],
)
def test_chaincode_that_a_peer_launches_is_told_by_its_environment(files, environment, tls):
    """Peers write the key and the certificate of their chaincodes in base64, and as PEM beside it."""
    assert read(Options(), {**LAUNCHED, **environment}) == DialSettings("shop:1", "peer:7052", tls)


def test_an_external_builder_is_told_by_a_file(files, tmp_path):
    """Its ``run`` gets the folder; the peer writes the certificates into the file, or leaves them out without TLS."""
    told = {"chaincode_id": "shop:1", "peer_address": "peer:7052", "mspid": "AMSP"}
    options = Options(run_metadata=str(tmp_path))
    (tmp_path / "chaincode.json").write_text(json.dumps(told))
    assert read(options, SERVICE) == DialSettings("shop:1", "peer:7052", None)
    certificates = {"client_cert": "cert", "client_key": "key", "root_cert": "ca"}
    (tmp_path / "chaincode.json").write_text(json.dumps(told | certificates))
    assert read(options, {}) == DialSettings("shop:1", "peer:7052", PeerTls(b"ca", b"cert", b"key"))
    for odd in ("", "[]", '{"chaincode_id": "shop:1"}'):
        (tmp_path / "chaincode.json").write_text(odd)
        with pytest.raises(ContractError, match="is not what a peer writes for a builder's run"):
            read(options, {})


def test_options_come_before_the_environment(files):
    """And a server's address decides against the peer that a shell knows from its other commands."""
    options = Options(package_id="mine:2", address="127.0.0.1:1", tls_key="key", tls_cert="cert")
    assert read(options, {**LAUNCHED, **SERVICE, "CHAINCODE_TLS_DISABLED": "true"}) == ListenSettings(
        "mine:2", "127.0.0.1:1", TLS
    )
    assert read(Options(), {**LAUNCHED, **SERVICE}) == ListenSettings("shop:1", "0.0.0.0:9999", None)
    assert read(Options(peer_address="p:1"), {**LAUNCHED, **SERVICE}) == DialSettings("shop:1", "p:1", None)
    assert read(Options(package_id="a:1"), {}) == ListenSettings("a:1", "127.0.0.1:9999", None)


@pytest.mark.parametrize(
    ("options", "environment", "reason"),
    [
        (Options(), {}, "the chaincode has no id; give --id LABEL:HASH, or CHAINCODE_ID"),
        (Options(address="a:1", peer_address="b:1"), {}, "give one of them"),
        (Options(tls_key="key"), SERVICE, "TLS needs a certificate and its key"),
        (Options(client_ca="ca"), SERVICE, "TLS needs a certificate and its key"),
        (Options(), {**SERVICE, "CHAINCODE_TLS_DISABLED": "false"}, "or turn it off with CHAINCODE_TLS_DISABLED=true"),
        (Options(), {**SERVICE, "CHAINCODE_TLS_DISABLED": "no"}, "CHAINCODE_TLS_DISABLED is 'no'; write true or false"),
        (Options(tls_key="key", tls_cert="none"), SERVICE, "cannot read none: No such file"),
        (Options(), {**LAUNCHED, "CORE_PEER_TLS_ENABLED": "true"}, "give CORE_PEER_TLS_ROOTCERT_FILE"),
        (
            Options(),
            {**LAUNCHED_WITH_TLS, "CORE_TLS_CLIENT_KEY_FILE": "key"},
            "belong together",
        ),
        (
            Options(),
            {**LAUNCHED_WITH_TLS, "CORE_TLS_CLIENT_KEY_PATH": "bad.b64"},
            "CORE_TLS_CLIENT_KEY_PATH names a file that is not base64; give PEM in CORE_TLS_CLIENT_KEY_FILE",
        ),
    ],
)
def test_what_is_missing_is_said_with_its_name(files, options, environment, reason):
    """Each error has the setting that is wrong, and the one to give."""
    with pytest.raises(ContractError, match=reason):
        read(options, environment)
