"""Identities and signers out of files, and what is wrong with those that cannot be used."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from hlf import identity, signers
from hlf.errors import IdentityError
from hlf.steps.caller import SigningCaller
from hlf.wire import signatures, verification
from tests.unit.hlf.certificates import issue

CA = issue("ca")
USER = issue("user", CA)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "cert.pem").write_bytes(USER.pem)
    (tmp_path / "key.pem").write_bytes(USER.key_pem)
    return tmp_path


def test_a_user_is_loaded_from_its_folder(folder):
    """Identity and signer belong together."""
    loaded, signer = identity.load_user(folder, "Org1MSP")
    assert signatures.parse_identity(loaded.serialized) == ("Org1MSP", USER.pem)
    signature = signer.sign(b"message")
    assert signatures.verify(loaded.certificate.public_key.key, signature, b"message")


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()])
def test_every_kind_of_key_that_fabric_takes(tmp_path, key):
    """P-384 and Ed25519 besides P-256."""
    issued = issue("user", CA, key=key)
    (tmp_path / "cert.pem").write_bytes(issued.pem)
    (tmp_path / "key.pem").write_bytes(issued.key_pem)
    _, signer = identity.load_user(tmp_path, "Org1MSP")
    assert signatures.verify(key.public_key(), signer.sign(b"message"), b"message")


@pytest.mark.parametrize("s_is_high", [True, False])
def test_a_key_behind_a_digest_function(s_is_high):
    """A hardware module signs digests and knows nothing of low S; what comes out is what Fabric takes."""
    order = verification.ORDERS["secp256r1"]
    asked = []

    def sign_digest(digest: bytes) -> bytes:
        asked.append(digest)
        r, s = decode_dss_signature(USER.key.sign(digest, ec.ECDSA(Prehashed(SHA256()))))
        low = min(s, order - s)
        return encode_dss_signature(r, order - low if s_is_high else low)

    signature = signers.from_digest_function(sign_digest).sign(b"message")
    assert asked == [hashlib.sha256(b"message").digest()]
    assert signatures.verify(USER.key.public_key(), signature, b"message")


def test_a_key_of_another_certificate_is_found_at_once(folder):
    """Otherwise every peer would refuse every call, with words about the creator's signature."""
    (folder / "key.pem").write_bytes(issue("other", CA).key_pem)
    with pytest.raises(IdentityError, match=r"key\.pem is not the key of the certificate .*cert\.pem"):
        identity.load_user(folder, "Org1MSP")


def _rsa_pem() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _encrypted_pem() -> bytes:
    return USER.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("cert.pem", None, "cannot be read"),
        ("key.pem", None, "cannot be read"),
        ("cert.pem", b"", "no certificate in PEM"),
        ("cert.pem", USER.pem + CA.pem, "found 2; leave the chain out"),
        ("cert.pem", USER.key_pem, "only certificates belong here"),
        ("cert.pem", USER.pem + USER.key_pem, "only certificates belong here"),
        ("cert.pem", b"\xef\xbb\xbf" + USER.pem, "not even a byte order mark"),
        ("key.pem", b"SECRET WORDS", "expected PEM"),
        ("key.pem", USER.pem, "expected PEM"),
        ("key.pem", _rsa_pem(), "neither ECDSA nor Ed25519"),
        ("key.pem", _encrypted_pem(), "a password is needed"),
    ],
)
def test_files_that_cannot_be_used(folder, name, content, words):
    """The error names the file and the cause, and quotes nothing of a key."""
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(IdentityError, match=words) as refused:
        identity.load_user(folder, "Org1MSP")
    assert name in str(refused.value)
    assert "SECRET" not in str(refused.value)


def test_an_encrypted_key_opens_with_its_password():
    """And says so when one is given for nothing."""
    assert signers.from_pem(_encrypted_pem(), b"x").sign(b"m")
    with pytest.raises(IdentityError, match="give none"):
        signers.from_pem(USER.key_pem, b"x")


def test_an_identity_needs_an_organisation():
    """Peers would answer that the creator is malformed."""
    with pytest.raises(IdentityError, match="MSP id"):
        identity.Identity("", USER.pem)


def test_a_curve_that_fabric_does_not_take_is_refused_early():
    """By every way a key can come in."""
    key = ec.generate_private_key(ec.SECP256K1())
    with pytest.raises(IdentityError, match="secp256k1"):
        signers.from_private_key(key)
    with pytest.raises(IdentityError, match="secp256k1"):
        signers.from_digest_function(lambda digest: digest, ec.SECP256K1())


def test_nothing_private_shows(folder):
    """Neither a signer nor an identity prints its key or its certificate."""
    loaded, signer = identity.load_user(folder, "Org1MSP")
    number = USER.key.private_numbers().private_value
    assert str(number) not in repr(signer) + repr(loaded)
    assert "BEGIN" not in repr(signer) + repr(loaded)


def test_a_key_on_another_curve_than_the_certificates_signs_nothing():
    """A signer of this library is trusted with the form, but only for the certificate's own curve."""
    who = identity.Identity("Org1MSP", USER.pem)
    own, other = (ec.generate_private_key(curve) for curve in (ec.SECP256R1(), ec.SECP384R1()))
    signature = SigningCaller(who, signers.ecdsa(own)).sign(b"message")
    assert signatures.verify(own.public_key(), signature, b"message")
    with pytest.raises(IdentityError, match="no signature of the certificate's key"):
        SigningCaller(who, signers.ecdsa(other)).sign(b"message")
