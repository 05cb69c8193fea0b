"""Identities out of the wallets of fabric-network."""

from __future__ import annotations

import json

import pytest

from hlf import signers, wallets
from hlf.errors import IdentityError
from hlf.wire import signatures
from tests.unit.hlf.certificates import issue

CA = issue("ca")
USER = issue("user", CA)
CREDENTIALS = {"certificate": USER.pem.decode(), "privateKey": USER.key_pem.decode()}
ENTRY = {"credentials": CREDENTIALS, "mspId": "Org1MSP", "type": "X.509", "version": 1}
HARDWARE = {**ENTRY, "credentials": {"certificate": USER.pem.decode()}, "type": "HSM-X.509"}


def test_an_entry_is_an_identity_and_its_signer(tmp_path):
    """As the wallet in the file system keeps it, one file for each label."""
    (tmp_path / "appUser.id").write_text(json.dumps(ENTRY))
    found, signer = wallets.load(tmp_path / "appUser.id")
    assert (found.msp_id, found.certificate_pem) == ("Org1MSP", USER.pem)
    assert signatures.verify(USER.key.public_key(), signer.sign(b"message"), b"message")


def test_a_key_in_a_security_module_comes_as_a_signer():
    """The entry has the certificate alone; a signer may also stand in for a key that is there."""
    signer = signers.ecdsa(USER.key)
    for entry in (HARDWARE, ENTRY):
        assert wallets.read(json.dumps(entry).encode(), signer)[1] is signer
    with pytest.raises(IdentityError, match="security module: give a signer, of hlf.pkcs11.signer"):
        wallets.read(json.dumps(HARDWARE).encode())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"credentials": None}, "credentials is missing"),
        ({"credentials": {}}, "credentials.certificate is missing or not a text; put the certificate there"),
        ({"credentials": {"certificate": "SECRET"}}, "no certificate in PEM"),
        ({"credentials": {**CREDENTIALS, "privateKey": None}}, "credentials.privateKey is missing"),
        ({"credentials": {**CREDENTIALS, "privateKey": "SECRET"}}, "private key cannot be read"),
        ({"credentials": {**CREDENTIALS, "privateKey": CA.key_pem.decode()}}, "is not the key of credentials.certif"),
        ({"mspId": ""}, "mspId is missing or not a text; write the organisation's MSP id"),
        ({"type": None}, "type is missing"),
        ({"type": "SECP"}, "type is 'SECP'; only X.509 and HSM-X.509"),
        ({"version": 2}, "version is not 1; .* export the certificate and key as PEM"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, change, words):
    """By file and field, with the cure, and nothing private is quoted."""
    file = tmp_path / "appUser.id"
    file.write_text(json.dumps({**ENTRY, **change}))
    with pytest.raises(IdentityError, match=words) as refused:
        wallets.load(file)
    assert str(file) in str(refused.value)
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize("data", [b"", b"[]", b"1", b"{", b"\xff", b"[" * 100_000])
def test_bytes_that_are_no_entry(data):
    """Any bytes give an identity or this one error."""
    with pytest.raises(IdentityError, match="no entry of a wallet"):
        wallets.read(data)


def test_a_file_that_is_not_there(tmp_path):
    """The words name it."""
    with pytest.raises(IdentityError, match="nobody.id cannot be read"):
        wallets.load(tmp_path / "nobody.id")
