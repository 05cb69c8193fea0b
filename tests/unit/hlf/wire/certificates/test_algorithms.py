"""Signature algorithms of certificates: those that Go knows, made by another implementation."""

from __future__ import annotations

import datetime
import functools

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from hlf.wire.certificates import algorithms, der, publickeys

NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@functools.cache
def key(kind: str):
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(ec.SECP384R1())


def signed(kind, digest=None, **options):
    """Return a certificate's signed part, algorithm identifier and signature, as ``cryptography`` makes them."""
    public = key(kind).public_key()
    builder = x509.CertificateBuilder(NAME, NAME, public, 1, START, START + datetime.timedelta(days=1))
    made = builder.sign(key(kind), digest, **options)
    whole = der.Reader(der.Reader(made.public_bytes(serialization.Encoding.DER)).take(der.SEQUENCE, "certificate"))
    whole.take(der.SEQUENCE, "signed part")
    return made.tbs_certificate_bytes, whole.take(der.SEQUENCE, "algorithm"), made.signature


def pss(digest, salt):
    return {"digest": digest, "rsa_padding": padding.PSS(padding.MGF1(digest), salt)}


MADE = {
    "RSA with SHA-256": ("rsa", {"digest": hashes.SHA256()}),
    "RSA with SHA-512": ("rsa", {"digest": hashes.SHA512()}),
    "PSS with SHA-256": ("rsa", pss(hashes.SHA256(), 32)),
    "PSS with SHA-384": ("rsa", pss(hashes.SHA384(), 48)),
    "ECDSA with SHA-384": ("ecdsa", {"digest": hashes.SHA384()}),
    "Ed25519": ("ed25519", {}),
}


@pytest.mark.parametrize(("kind", "options"), MADE.values(), ids=MADE)
def test_what_another_implementation_signs_is_verified(kind, options):
    """Its own bytes under its own key, and nothing else."""
    content, identifier, signature = signed(kind, **options)
    algorithm = algorithms.parse(identifier)
    assert algorithm.pss is ("rsa_padding" in options)
    assert algorithms.verifies(algorithm, key(kind).public_key(), content, signature)
    assert not algorithms.verifies(algorithm, key(kind).public_key(), content + b"\0", signature)
    assert not algorithms.verifies(algorithm, key(kind).public_key(), content, signature[:-1])
    for other in {"rsa", "ecdsa", "ed25519"} - {kind}:
        assert not algorithms.verifies(algorithm, key(other).public_key(), content, signature)
    assert not algorithms.verifies(algorithm, None, content, signature)


@pytest.mark.parametrize(("digest", "salt"), [(hashes.SHA256(), 20), (hashes.SHA384(), 32), (hashes.SHA512(), 0)])
def test_pss_with_another_salt_is_unknown(digest, salt):
    """Go has a name for three forms of PSS, each with a salt as long as its digest."""
    content, identifier, signature = signed("rsa", **pss(digest, salt))
    assert algorithms.parse(identifier) == algorithms.UNKNOWN
    assert not algorithms.verifies(algorithms.UNKNOWN, key("rsa").public_key(), content, signature)


def test_pss_with_parameters_that_are_none_is_unknown():
    """It is the certificate that is not trusted then, not the reader that fails."""
    _, identifier, _ = signed("rsa", **pss(hashes.SHA256(), 32))
    oid = der.Reader(identifier).any_whole("object identifier")
    for parameters in (b"", b"\x05\x00", der.tlv(der.SEQUENCE, b""), der.tlv(der.SEQUENCE, b"\xa0\x03\x02\x01\x01")):
        assert algorithms.parse(oid + parameters) == algorithms.UNKNOWN


def test_an_ed25519_signature_has_no_parameters():
    """Not even an empty one, as Go has it."""
    _, identifier, _ = signed("ed25519")
    assert algorithms.parse(identifier).key == publickeys.ED25519
    assert algorithms.parse(identifier + b"\x05\x00") == algorithms.UNKNOWN


def test_sha1_is_for_revocation_lists_alone():
    """Certificates that are signed with it are refused."""
    rsa_with_sha1 = bytes.fromhex("06092a864886f70d0101050500")
    algorithm = algorithms.parse(rsa_with_sha1)
    signature = key("rsa").sign(b"a list", padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    assert algorithms.verifies(algorithm, key("rsa").public_key(), b"a list", signature, sha1=True)
    assert not algorithms.verifies(algorithm, key("rsa").public_key(), b"a list", signature)
