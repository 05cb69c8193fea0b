"""Members with odd names and odd keys."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support import derparts
from tests.support.derparts import Draft, name, tlv
from tests.support.oddcertificates.organisations import (
    BMP,
    CN,
    COUNTRY,
    CURVES,
    IA5,
    NUMERIC,
    ORGANISATION,
    OU,
    PRINTABLE,
    T61,
    UNIVERSAL,
    UTF8,
    key,
    key_info,
    member,
)


def names() -> Iterator[tuple[str, Draft]]:
    good = member()
    unit = (OU, UTF8, b"client")
    for words, tag, text in (
        ("PrintableString", PRINTABLE, b"Ann Lee"),
        ("PrintableString with a star", PRINTABLE, b"*.a"),
        ("PrintableString with an ampersand", PRINTABLE, b"A&B"),
        ("PrintableString with an at", PRINTABLE, b"a@b"),
        ("PrintableString with an underscore", PRINTABLE, b"a_b"),
        ("PrintableString with a zero", PRINTABLE, b"a\0b"),
        ("UTF-8", UTF8, "Nguyễn 😀".encode()),
        ("UTF-8 with a surrogate", UTF8, b"\xed\xa0\x80"),
        ("UTF-8 that is too long", UTF8, b"\xc0\x80"),
        ("UTF-8 that is cut", UTF8, b"\xe2\x82"),
        ("UTF-8 with a zero", UTF8, b"a\0b"),
        ("UTF-8 with a control", UTF8, b"a\x1b[2Jb"),
        ("UTF-8 beyond all planes", UTF8, b"\xf4\x90\x80\x80"),
        ("UTF-8, empty", UTF8, b""),
        ("UTF-8, long", UTF8, b"x" * 300),
        ("T61", T61, b"J\xf6rg"),
        ("IA5", IA5, b"ann@a.test"),
        ("IA5 with more", IA5, b"J\xf6rg"),
        ("numeric", NUMERIC, b"12 34"),
        ("numeric with letters", NUMERIC, b"12a"),
        ("BMP", BMP, "Jörg".encode("utf-16-be")),
        ("BMP of odd length", BMP, b"\0a\0"),
        ("BMP with an end", BMP, b"\0a\0\0"),
        ("BMP with surrogates", BMP, b"\xd8\x3d\xde\x00"),
        ("BMP with a lone surrogate", BMP, b"\xd8\x3d"),
        ("BMP with no character", BMP, b"\xff\xfe"),
        ("BMP with ffff", BMP, b"\xff\xff"),
        ("BMP with fdd0", BMP, b"\xfd\xd0"),
        ("BMP, empty", BMP, b""),
        ("universal", UNIVERSAL, b"\0\0\0a"),
        ("bits", 0x03, b"\0\x01"),
        ("octets", 0x04, b"a"),
        ("a number", 0x02, b"\x01"),
        ("nothing", 0x05, b""),
        ("visible", 0x1A, b"a"),
        ("general", 0x1B, b"a"),
        ("context", 0x80, b"a"),
        ("constructed", 0x2C, b"\x0c\x01a"),
    ):
        yield f"common name as {words}", good.but(subject=name(unit, (CN, tag, text)))
        if "BMP" in words or words in ("T61", "PrintableString"):
            unit_text = "client".encode("utf-16-be") if tag == BMP else b"client"
            yield f"unit as {words}", good.but(subject=name((OU, tag, unit_text), (CN, tag, text)))
    several = tlv(
        0x31,
        tlv(0x30, derparts.oid(OU), tlv(UTF8, b"client")),
        tlv(0x30, derparts.oid(CN), tlv(UTF8, b"x")),
    )
    backwards = tlv(
        0x31,
        tlv(0x30, derparts.oid(CN), tlv(UTF8, b"x")),
        tlv(0x30, derparts.oid(OU), tlv(UTF8, b"client")),
    )
    for words, subject in (
        ("empty", b"\x30\x00"),
        ("a set", tlv(0x31, several)),
        ("several in a set", tlv(0x30, several)),
        ("several in a set, backwards", tlv(0x30, backwards)),
        ("an empty set", tlv(0x30, tlv(0x31), tlv(0x31, tlv(0x30, derparts.oid(OU), tlv(UTF8, b"client"))))),
        ("an attribute without a value", tlv(0x30, tlv(0x31, tlv(0x30, derparts.oid(OU))))),
        ("an attribute without a kind", tlv(0x30, tlv(0x31, tlv(0x30)))),
        (
            "an attribute with two values",
            tlv(0x30, tlv(0x31, tlv(0x30, derparts.oid(OU), tlv(UTF8, b"client"), tlv(UTF8, b"peer")))),
        ),
        ("an unknown kind", name(unit, ("1.2.3.4.5", UTF8, b"x"))),
        ("a kind of two parts", name(unit, ("2.999", UTF8, b"x"))),
        ("a huge kind", name(unit, ("1.2.2147483647", UTF8, b"x"))),
        ("a kind too huge", name(unit, ("1.2.2147483648", UTF8, b"x"))),
        ("a kind with a zero part", tlv(0x30, tlv(0x31, tlv(0x30, b"\x06\x03\x55\x80\x01", tlv(UTF8, b"x"))))),
        ("a kind that is cut", tlv(0x30, tlv(0x31, tlv(0x30, b"\x06\x02\x55\x84", tlv(UTF8, b"x"))))),
        ("a kind of no bytes", tlv(0x30, tlv(0x31, tlv(0x30, b"\x06\x00", tlv(UTF8, b"x"))))),
        ("a country of three letters", name(unit, (COUNTRY, PRINTABLE, b"SGP"))),
        ("a country of none", name(unit, (COUNTRY, PRINTABLE, b""))),
        ("no unit", name((CN, UTF8, b"x"))),
        ("two roles", name(unit, (OU, UTF8, b"peer"))),
        ("two units", name(unit, (OU, UTF8, b"sales"))),
        ("a role twice", name(unit, unit)),
        ("a role in capitals", name((OU, UTF8, b"CLIENT"))),
        ("a role and a blank", name((OU, UTF8, b"client "))),
        ("a role and a zero", name((OU, UTF8, b"client\0"))),
        ("as an issuer's", name((CN, UTF8, b"ca"))),
        ("missing", b""),
        ("of sixty parts", name(unit, *((ORGANISATION, UTF8, b"x"),) * 60)),
    ):
        yield f"subject {words}", good.but(subject=subject)


def keys() -> Iterator[tuple[str, Draft]]:
    good = member()
    point = derparts.inside(derparts.elements(derparts.inside(good.key))[1])[1:]
    kinds = {curve: derparts.elements(derparts.inside(key_info(key(9, curve))))[0] for curve in (*CURVES, "Ed25519")}

    def info(kind: bytes, content: bytes, unused: bytes = b"\0", *more: bytes) -> bytes:
        return tlv(0x30, kind, tlv(0x03, unused, content), *more)

    for curve in (*CURVES, "Ed25519"):
        yield f"key on {curve}", member(curve=curve)
    rsa = tlv(0x30, derparts.oid("1.2.840.113549.1.1.1"), b"\x05\x00")
    modulus = tlv(0x02, b"\0" + b"\xc5" * 256)
    compressed = bytes([2 + (point[-1] & 1)]) + point[1:33]
    dsa = tlv(0x30, derparts.oid("1.2.840.10040.4.1"), tlv(0x30, b"\x02\x01\x17", b"\x02\x01\x0b", b"\x02\x01\x04"))
    for words, made in (
        ("compressed", info(kinds["P-256"], compressed)),
        ("hybrid", info(kinds["P-256"], bytes([6 + (point[-1] & 1)]) + point[1:])),
        ("the point of no place", info(kinds["P-256"], b"\0")),
        ("not on the curve", info(kinds["P-256"], point[:-1] + bytes([point[-1] ^ 1]))),
        ("cut", info(kinds["P-256"], point[:-1])),
        ("too long", info(kinds["P-256"], point + b"\0")),
        ("empty", info(kinds["P-256"], b"")),
        ("of another curve", info(kinds["P-384"], point)),
        ("with unused bits", info(kinds["P-256"], point, b"\1")),
        ("with a null behind", info(kinds["P-256"], point, b"\0", b"\x05\x00")),
        (
            "on secp256k1",
            info(tlv(0x30, derparts.oid("1.2.840.10045.2.1"), derparts.oid("1.3.132.0.10")), point),
        ),
        ("on no curve", info(tlv(0x30, derparts.oid("1.2.840.10045.2.1")), point)),
        ("on a curve of null", info(tlv(0x30, derparts.oid("1.2.840.10045.2.1"), b"\x05\x00"), point)),
        (
            "on two curves",
            info(
                tlv(
                    0x30,
                    *derparts.elements(derparts.inside(kinds["P-256"])),
                    derparts.oid("1.3.132.0.34"),
                ),
                point,
            ),
        ),
        ("of Ed25519 with a null", info(tlv(0x30, derparts.oid("1.3.101.112"), b"\x05\x00"), b"\1" * 32)),
        ("of Ed25519, short", info(kinds["Ed25519"], b"\1" * 31)),
        ("of Ed25519, any bytes", info(kinds["Ed25519"], b"\xff" * 32)),
        ("of X25519", info(tlv(0x30, derparts.oid("1.3.101.110")), b"\1" * 32)),
        ("of X25519, short", info(tlv(0x30, derparts.oid("1.3.101.110")), b"\1")),
        ("of Ed448", info(tlv(0x30, derparts.oid("1.3.101.113")), b"\1" * 57)),
        ("of RSA", info(rsa, tlv(0x30, modulus, b"\x02\x03\1\0\1"))),
        (
            "of RSA with no null",
            info(tlv(0x30, derparts.oid("1.2.840.113549.1.1.1")), tlv(0x30, modulus, b"\x02\x03\1\0\1")),
        ),
        ("of RSA, negative", info(rsa, tlv(0x30, b"\x02\x01\x80", b"\x02\x03\1\0\1"))),
        ("of RSA, zero", info(rsa, tlv(0x30, b"\x02\x01\x00", b"\x02\x03\1\0\1"))),
        ("of RSA, tiny", info(rsa, tlv(0x30, b"\x02\x01\x05", b"\x02\x01\x03"))),
        ("of RSA, exponent 1", info(rsa, tlv(0x30, modulus, b"\x02\x01\x01"))),
        ("of RSA, exponent 2", info(rsa, tlv(0x30, modulus, b"\x02\x01\x02"))),
        ("of RSA, exponent 0", info(rsa, tlv(0x30, modulus, b"\x02\x01\x00"))),
        ("of RSA, huge exponent", info(rsa, tlv(0x30, modulus, tlv(0x02, b"\x01" * 12)))),
        ("of RSA, no exponent", info(rsa, tlv(0x30, modulus))),
        ("of RSA, no numbers", info(rsa, b"")),
        (
            "of RSA-PSS",
            info(tlv(0x30, derparts.oid("1.2.840.113549.1.1.10")), tlv(0x30, modulus, b"\x02\x03\1\0\1")),
        ),
        ("of DSA", info(dsa, b"\x02\x01\x05")),
        ("of DSA, zero", info(dsa, b"\x02\x01\x00")),
        ("of DSA, no numbers", info(tlv(0x30, derparts.oid("1.2.840.10040.4.1")), b"\x02\x01\x05")),
        ("of an unknown kind", info(tlv(0x30, derparts.oid("1.2.3.4")), b"anything")),
        ("of an unknown kind with odd bits", info(tlv(0x30, derparts.oid("1.2.3.4")), b"\xf0", b"\4")),
        ("of no kind", info(b"\x30\x00", point)),
        ("as octets", tlv(0x30, kinds["P-256"], tlv(0x04, point))),
        ("missing", b""),
        ("an empty sequence", b"\x30\x00"),
    ):
        yield f"key {words}", good.but(key=made)
