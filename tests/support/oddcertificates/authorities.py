"""Organisations whose authorities, administrators or revocation lists are bent."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support import derparts
from tests.support.derparts import Draft, extension, name, pem, tlv
from tests.support.oddcertificates.organisations import (
    AUTHORITY,
    CERT_SIGN,
    CLIENT_AUTH,
    CN,
    CURVES,
    IA5,
    SERVER_AUTH,
    UTF8,
    authority,
    constraints,
    issuer_id,
    key,
    key_id,
    member,
    organisation,
    revocation_list,
)

SIGNS_LISTS = extension("2.5.29.15", b"\x03\x02\x01\x02", critical=True)


def authorities() -> Iterator[tuple[str, bytes]]:
    """Yield configurations of organisations, each with what is odd about it."""
    good = pem(authority(1).signed(key(1)))
    yield "usual", organisation(good)
    yield "no authority", organisation()
    yield "twice the same", organisation(good, good)
    yield "text that is none", organisation(b"x")
    yield "a byte order mark", organisation(b"\xef\xbb\xbf" + good)
    yield "two in one text", organisation(good + pem(authority(3, "other").signed(key(3))))
    for words, draft in _roots():
        yield f"root: {words}", organisation(pem(draft.signed(key(1))))
    yield "root: high S", organisation(pem(authority(1).signed(key(1), high=True)))
    yield "root: signed by a stranger", organisation(pem(authority(1).signed(key(7))))
    yield "root: issued by another", organisation(pem(authority(1, by="other").signed(key(3))))
    for curve in (*CURVES, "Ed25519"):
        yield f"root: key on {curve}", organisation(pem(authority(1, curve=curve).signed(key(1, curve))))
    yield from _below(good)
    yield from _lists(good)
    for words, admin in (
        ("a client", pem(member().signed(key(1)))),
        ("nobody", pem(member().but(subject=name((CN, UTF8, b"x"))).signed(key(1)))),
        ("of a stranger", pem(member().signed(key(7)))),
        ("an authority", good),
        ("no certificate", b"x"),
        ("of version 0x42", pem(member().but(version=b"\xa0\x03\x02\x01\x42").signed(key(1)))),
        (
            "an old client",
            pem(
                member()
                .but(validity=tlv(0x30, tlv(0x17, b"100101000000Z"), tlv(0x17, b"110101000000Z")))
                .signed(key(1))
            ),
        ),
    ):
        yield f"admin: {words}", organisation(good, admins=(admin,))


def _roots() -> Iterator[tuple[str, Draft]]:
    usual = authority(1)
    yield "version 1", usual.but(version=b"", extensions=())
    yield "no basic constraints", usual.but(extensions=(CERT_SIGN, key_id(1)))
    yield "no authority", usual.but(extensions=(constraints(), CERT_SIGN, key_id(1)))
    yield "no key usage", usual.but(extensions=(AUTHORITY, key_id(1)))
    yield "key usage of lists", usual.but(extensions=(AUTHORITY, SIGNS_LISTS, key_id(1)))
    yield "key usage of nothing", usual.but(extensions=(AUTHORITY, extension("2.5.29.15", b"\x03\x01\x00"), key_id(1)))
    yield "no key id", usual.but(extensions=(AUTHORITY, CERT_SIGN))
    yield "an empty key id", usual.but(extensions=(AUTHORITY, CERT_SIGN, extension("2.5.29.14", b"\x04\x00")))
    yield (
        "key id critical",
        usual.but(extensions=(AUTHORITY, CERT_SIGN, extension("2.5.29.14", b"\x04\x01a", critical=True))),
    )
    yield "of no length", usual.but(extensions=(constraints(b"\x01\x01\xff\x02\x01\x00"), CERT_SIGN, key_id(1)))
    yield "unknown and critical", usual.with_extensions(extension("1.2.3.4", b"", critical=True))
    yield "for clients", usual.with_extensions(extension("2.5.29.37", tlv(0x30, derparts.oid(CLIENT_AUTH))))
    yield "for servers", usual.with_extensions(extension("2.5.29.37", tlv(0x30, derparts.oid(SERVER_AUTH))))
    yield "another kind of text", usual.but(issuer=name((CN, IA5, b"ca")))
    yield "another kind of text on both sides", usual.but(issuer=name((CN, IA5, b"ca")), subject=name((CN, IA5, b"ca")))
    yield "expired", usual.but(validity=tlv(0x30, tlv(0x17, b"100101000000Z"), tlv(0x17, b"110101000000Z")))
    yield "ends as it begins", usual.but(validity=tlv(0x30, tlv(0x17, b"240101000000Z"), tlv(0x17, b"240101000000Z")))
    yield "said to be signed with SHA-1", usual.but(algorithm=tlv(0x30, derparts.oid("1.2.840.10045.4.1")))
    yield "said to be signed with an unknown one", usual.but(algorithm=tlv(0x30, derparts.oid("1.2.3")))
    yield (
        "a key of an unknown kind",
        usual.but(key=tlv(0x30, tlv(0x30, derparts.oid("1.2.3")), b"\x03\x02\x00\x01")),
    )
    yield "a name of a rare kind", usual.with_extensions(extension(derparts.SAN, tlv(0x30, tlv(0xA3))))


def _below(good: bytes) -> Iterator[tuple[str, bytes]]:
    inner = authority(2, "inner", by="ca")
    lower = authority(4, "lower", by="inner")
    short = authority(1).but(extensions=(constraints(b"\x01\x01\xff\x02\x01\x00"), CERT_SIGN, key_id(1)))
    for words, roots, below in (
        ("usual", good, (inner.signed(key(1)),)),
        ("two, one below the other", good, (inner.signed(key(1)), lower.signed(key(2)))),
        ("one without the one above it", good, (lower.signed(key(2)),)),
        ("high S", good, (inner.signed(key(1), high=True),)),
        ("of a stranger", good, (inner.signed(key(7)),)),
        ("no authority", good, (inner.but(extensions=(constraints(), CERT_SIGN, key_id(2))).signed(key(1)),)),
        ("no key id", good, (inner.but(extensions=(AUTHORITY, CERT_SIGN)).signed(key(1)),)),
        ("the root again", good, (authority(1).signed(key(1)),)),
        ("another root", good, (authority(3, "other").signed(key(3)),)),
        ("twice the same", good, (inner.signed(key(1)), inner.signed(key(1)))),
        ("two of one key", good, (inner.signed(key(1)), inner.but(serial=b"\x02\x01\x07").signed(key(1)))),
        ("two below a short root", pem(short.signed(key(1))), (inner.signed(key(1)), lower.signed(key(2)))),
        ("one below a short root", pem(short.signed(key(1))), (inner.signed(key(1)),)),
        (
            "each certified by the other",
            good,
            (authority(2, "a", by="b").signed(key(4)), authority(4, "b", by="a").signed(key(2))),
        ),
    ):
        yield f"below: {words}", organisation(roots, inner=tuple(map(pem, below)))


def _lists(good: bytes) -> Iterator[tuple[str, bytes]]:
    usual = revocation_list(0x1001)
    body, kind, signature = derparts.elements(derparts.inside(usual))
    for words, listed in (
        ("usual", usual),
        ("in PEM", pem(usual, "X509 CRL")),
        ("in PEM of another kind", pem(usual, "CRL")),
        ("in PEM after a blank", b" " + pem(usual, "X509 CRL")),
        ("in PEM after a line", b"\n" + pem(usual, "X509 CRL")),
        ("in broken PEM", b"-----BEGIN X509 CRL-----\n!\n-----END X509 CRL-----\n"),
        ("empty", b""),
        ("cut", usual[:-1]),
        ("something behind", usual + b"\0"),
        ("something within", tlv(0x30, body, kind, signature, b"\x05\x00")),
        ("of nobody", revocation_list()),
        ("of a stranger", revocation_list(0x1001, signer=7)),
        ("high S", revocation_list(0x1001, high=True)),
        ("without a version", revocation_list(0x1001, version=b"")),
        ("of version 0", revocation_list(0x1001, version=b"\x02\x01\x00")),
        ("of version 9", revocation_list(0x1001, version=b"\x02\x01\x09")),
        ("of a huge version", revocation_list(0x1001, version=tlv(0x02, b"\1" * 9))),
        ("that names no authority", revocation_list(0x1001, named=b"")),
        ("that names another", revocation_list(0x1001, named=issuer_id(5))),
        ("that names none that can be read", revocation_list(0x1001, named=extension("2.5.29.35", b"\x04\x00"))),
        (
            "with an issuer's name of a rare kind",
            revocation_list(
                0x1001, named=extension("2.5.29.35", tlv(0x30, tlv(0x80, b"\0\0\0\1"), tlv(0xA1, tlv(0xA3))))
            ),
        ),
        ("no signature", tlv(0x30, body, kind)),
        ("an empty signature", tlv(0x30, body, kind, b"\x03\x01\x00")),
        ("a signature that is none", tlv(0x30, body, kind, b"\x03\x03\x00\x30\x00")),
        ("a signature of zeros", tlv(0x30, body, kind, tlv(0x03, b"\0", tlv(0x30, b"\x02\x01\0\x02\x01\0")))),
        (
            "another algorithm without",
            tlv(0x30, body, tlv(0x30, derparts.oid("1.2.840.10045.4.1")), signature),
        ),
        ("an unknown algorithm without", tlv(0x30, body, tlv(0x30, derparts.oid("1.2.3")), signature)),
        ("a set", b"\x31" + usual[1:]),
        ("a certificate", member().signed(key(1))),
    ):
        yield f"list: {words}", organisation(good, lists=(listed,))
