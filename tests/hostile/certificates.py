"""Certificates that an organisation's own authority issues when it is no honest one, and ones that nobody issued."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID, ObjectIdentifier

from hlf.wire import signatures
from tests.hostile import dermutations
from tests.hostile.dermutations import Value, values
from tests.hostile.mutations import bend
from tests.support.networkpeople import Person, pem

HOUR = datetime.timedelta(hours=1)


def resigned(body: bytes, authority: Person) -> bytes:
    """Return a certificate of these bytes, whatever they say, that its authority signed with ECDSA."""
    signature = signatures.sign_low_s(authority.key, body)
    algorithm = Value(0x30, bytes.fromhex("06082a8648ce3d040302")).encoded()
    return Value(0x30, body + algorithm + Value(0x03, b"\x00" + signature).encoded()).encoded()


def body_of(certificate: bytes) -> bytes:
    """Return the part of a certificate that is signed."""
    (whole,) = values(certificate) or ()
    return whole.inside[0].encoded()


def bent(chance: random.Random, person: Person, authority: Person) -> tuple[bytes, str]:
    """Return the identity of *person* with one change in its certificate or the PEM around it, signed again or not."""
    kind = chance.randrange(10)
    if kind < 5:
        change = dermutations.bend_der(chance, body_of(person.certificate))
        certificate = resigned(change.content, authority)
        words = f"issued with {change.words}"
    elif kind < 8:
        change = dermutations.bend_der(chance, person.certificate)
        certificate, words = change.content, f"nobody's, with {change.words}"
    elif kind == 8:
        block, words = _odd_pem(chance, person)
        return signatures.serialized_identity(person.msp_id, block), words
    else:
        change = bend(chance, person.serialized)
        return change.content, f"identity with {change.words}"
    return signatures.serialized_identity(person.msp_id, pem(certificate)), words


def issued(chance: random.Random, person: Person, authority: Person) -> tuple[bytes, signatures.PrivateKey, str]:
    """Return an identity of *person*'s organisation with something rare in it; its key, and in words what it is."""
    key: signatures.PrivateKey = person.key
    words = chance.choice(tuple(_RARE))
    builder = _builder(authority)
    if words in _KEYS:
        key = _KEYS[words]()
    subject = _RARE[words][0]
    builder = builder.subject_name(x509.Name([x509.NameAttribute(oid, text) for oid, text in subject]))
    for extension, critical in _RARE[words][1]:
        builder = builder.add_extension(extension, critical)
    assert isinstance(authority.key, ec.EllipticCurvePrivateKey)
    certificate = builder.public_key(key.public_key()).sign(authority.key, hashes.SHA256())
    der = resigned(certificate.tbs_certificate_bytes, authority)
    return signatures.serialized_identity(person.msp_id, pem(der)), key, words


def _builder(authority: Person) -> x509.CertificateBuilder:
    issuer = x509.load_der_x509_certificate(authority.certificate)
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer.subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(issuer.not_valid_before_utc)
        .not_valid_after(issuer.not_valid_after_utc)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), False)
    )


def _general(name: bytes) -> x509.UnrecognizedExtension:
    """Subject alternative names of one name, in DER."""
    return x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.17"), Value(0x30, name).encoded())


_NAME = ((NameOID.COMMON_NAME, "rare"),)
_PEER = ((NameOID.ORGANIZATIONAL_UNIT_NAME, "peer"), *_NAME)
_CLIENT = ((NameOID.ORGANIZATIONAL_UNIT_NAME, "client"), *_NAME)
_KEYS: dict[str, Callable[[], signatures.PrivateKey]] = {
    "an Ed25519 key": ed25519.Ed25519PrivateKey.generate,
    "a P-384 key": lambda: ec.generate_private_key(ec.SECP384R1()),
}
_RARE: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "an Ed25519 key": (_PEER, ()),
    "a P-384 key": (_PEER, ()),
    "a client's unit": (_CLIENT, ()),
    "two units": ((*_PEER, *_CLIENT), ()),
    "no unit": (_NAME, ()),
    "an empty subject": ((), ()),
    "a SAN of X.400": (_PEER, ((_general(Value(0xA3, Value(0x30).encoded()).encoded()), False),)),
    "a SAN of EDI": (_PEER, ((_general(Value(0xA5, Value(0x81, b"x").encoded()).encoded()), False),)),
    "a SAN of a registered id": (_PEER, ((_general(Value(0x88, b"\x2a\x03").encoded()), False),)),
    "a SAN of another kind": (_PEER, ((_general(Value(0xA0, b"\x06\x02\x2a\x03\xa0\x02\x05\x00").encoded()), False),)),
    "a critical SAN of nothing known": (_PEER, ((_general(Value(0x88, b"\x2a\x03").encoded()), True),)),
    "an empty SAN": (_PEER, ((_general(b""), False),)),
    "a SAN of five bytes of address": (_PEER, ((_general(Value(0x87, b"\x7f\x00\x00\x01\x02").encoded()), False),)),
    "a SAN that is no text": (_PEER, ((_general(Value(0x82, b"\xff\xfe").encoded()), False),)),
    "a critical unknown extension": (_PEER, ((x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"x"), True),)),
    "an unknown extension": (_PEER, ((x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"x"), False),)),
    "a purpose of clients": (
        _PEER, ((x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]), False),)
    ),
    "an authority": (_PEER, ((x509.BasicConstraints(ca=True, path_length=None), True),)),
    "garbage for key usage": (_PEER, ((x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.15"), b"x"), False),)),
    "garbage for constraints": (_PEER, ((x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.19"), b"0\x80"), True),)),
    "garbage for policies": (_PEER, ((x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.32"), b"\xff"), False),)),
    "name constraints": (_PEER, ((x509.NameConstraints([x509.DNSName("x")], None), True),)),
}  # fmt: skip


def _odd_pem(chance: random.Random, person: Person) -> tuple[bytes, str]:
    good = pem(person.certificate)
    first, rest = good.split(b"\n", 1)
    kinds = {
        "text before": b"hello\n" + good,
        "a mark before": b"\xef\xbb\xbf" + good,
        "an indentation before": b"  " + good,
        "an empty line before": b"\n" + good,
        "text after": good + b"hello",
        "another after": good + good,
        "another before": pem(b"0\x00") + good,
        "line ends of Windows": good.replace(b"\n", b"\r\n"),
        "no end of line": good.rstrip(b"\n"),
        "one line": first + b"\n" + rest.replace(b"\n", b"").replace(b"-----END", b"\n-----END"),
        "spaces in it": good.replace(b"M", b"M ", 3),
        "another label": good.replace(b"CERTIFICATE", b"X509 CERTIFICATE"),
        "a trusted one's label": good.replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE"),
        "a key's label": good.replace(b"CERTIFICATE", b"PRIVATE KEY"),
        "headers": first + b"\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\n" + rest,
        "a label that ends otherwise": good.replace(b"END CERTIFICATE", b"END X"),
        "no end": good.split(b"-----END")[0],
        "a certificate without PEM": person.certificate,
        "bytes after the certificate": pem(person.certificate + b"\x00"),
        "nothing": b"",
    }
    words = chance.choice(tuple(kinds))
    return kinds[words], f"PEM with {words}"
