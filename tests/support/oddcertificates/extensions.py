"""Members with odd extensions."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support import derparts
from tests.support.derparts import Draft, extension, name, tlv
from tests.support.oddcertificates.organisations import (
    ANY_PURPOSE,
    CLIENT_AUTH,
    CN,
    DNS_A,
    SERVER_AUTH,
    UTF8,
    constraints,
    issuer_id,
    limits,
    member,
)


def extensions() -> Iterator[tuple[str, Draft]]:
    good = member()
    bare = good.but(extensions=(issuer_id(1),))
    for words, value in (
        ("empty", b"\x30\x00"),
        ("false", b"\x30\x03\x01\x01\x00"),
        ("true", b"\x30\x03\x01\x01\xff"),
        ("of one", b"\x30\x03\x01\x01\x01"),
        ("with a length", b"\x30\x03\x02\x01\x00"),
        ("with a negative length", b"\x30\x03\x02\x01\xff"),
        ("with a huge length", tlv(0x30, tlv(0x02, b"\x01" * 9))),
        ("with 2^63", tlv(0x30, tlv(0x02, b"\0\x80" + b"\0" * 7))),
        ("with a length not the shortest", b"\x30\x04\x02\x02\x00\x05"),
        ("with more", b"\x30\x06\x01\x01\x00\x05\x00\x00"),
        ("something behind", b"\x30\x00\x05\x00"),
        ("a set", b"\x31\x00"),
        ("of no bytes", b""),
        ("of two bytes", b"\x30\x04\x01\x02\xff\xff"),
    ):
        yield f"basic constraints {words}", bare.with_extensions(extension("2.5.29.19", value))
    yield "basic constraints missing", bare
    for words, value in (
        ("usual", b"\x03\x02\x07\x80"),
        ("none", b"\x03\x01\x00"),
        ("empty", b"\x03\x00"),
        ("unused bits set", b"\x03\x02\x07\xff"),
        ("nine", b"\x03\x03\x07\xff\x80"),
        ("eight unused", b"\x03\x02\x08\x00"),
        ("octets", b"\x04\x01\x80"),
        ("behind", b"\x03\x02\x07\x80\x05\x00"),
    ):
        yield f"key usage {words}", good.with_extensions(extension("2.5.29.15", value, critical=True))

    def purposes(*oids: str) -> bytes:
        return tlv(0x30, *map(derparts.oid, oids))

    for words, value in (
        ("none", b"\x30\x00"),
        ("servers", purposes(SERVER_AUTH)),
        ("clients", purposes(CLIENT_AUTH)),
        ("both", purposes(SERVER_AUTH, CLIENT_AUTH)),
        ("any", purposes(ANY_PURPOSE)),
        ("clients and any", purposes(CLIENT_AUTH, ANY_PURPOSE)),
        ("unknown", purposes("1.2.3")),
        ("unknown and servers", purposes("1.2.3", SERVER_AUTH)),
        ("a text", b"\x30\x03\x0c\x01a"),
        ("not constructed", b"\x06\x01\x2a"),
        ("twice", purposes(SERVER_AUTH, SERVER_AUTH)),
    ):
        yield f"purposes {words}", good.with_extensions(extension("2.5.29.37", value))
        yield f"purposes {words}, critical", good.with_extensions(extension("2.5.29.37", value, critical=True))
    for words, value in (
        ("usual", tlv(0x04, b"\1" * 20)),
        ("empty", b"\x04\x00"),
        ("a text", b"\x0c\x01a"),
        ("of no bytes", b""),
        ("behind", b"\x04\x01\x01\x05\x00"),
    ):
        yield f"key id {words}", good.with_extensions(extension("2.5.29.14", value))
        yield f"key id {words}, critical", good.with_extensions(extension("2.5.29.14", value, critical=True))
    constrained = good.but(extensions=(constraints(),))
    for words, value in (
        ("empty", b"\x30\x00"),
        (
            "with issuer and number",
            tlv(0x30, tlv(0x80, b"\1"), tlv(0xA1, tlv(0xA4, name((CN, UTF8, b"x")))), tlv(0x82, b"\1")),
        ),
        ("with an issuer of a rare kind", tlv(0x30, tlv(0xA1, tlv(0xA3)))),
        ("cut", b"\x30\x05\x80\x01\x01"),
        ("a set", b"\x31\x00"),
        ("of no bytes", b""),
        ("number alone", tlv(0x30, tlv(0x82, b"\1"))),
        ("of another authority", tlv(0x30, tlv(0x80, b"other"))),
    ):
        yield f"authority key id {words}", constrained.with_extensions(extension("2.5.29.35", value))
        yield (
            f"authority key id {words}, critical",
            constrained.with_extensions(extension("2.5.29.35", value, critical=True)),
        )
    for words, value in (
        (
            "usual",
            tlv(0x30, tlv(0x30, tlv(0xA0, tlv(0xA0, tlv(0x86, b"http://a"))))),
        ),
        ("no name", b"\x30\x02\x30\x00"),
        ("a name of a rare kind", tlv(0x30, tlv(0x30, tlv(0xA0, tlv(0xA0, tlv(0xA3)))))),
        ("relative", tlv(0x30, tlv(0x30, tlv(0xA0, tlv(0xA1, b"\x31\x00"))))),
        ("reasons", tlv(0x30, tlv(0x30, tlv(0x81, b"\0\x80")))),
        ("empty", b"\x30\x00"),
        ("cut", b"\x30\x02\x30\x09"),
        ("a set", b"\x31\x00"),
        ("an empty name", tlv(0x30, tlv(0x30, tlv(0xA0)))),
    ):
        yield f"distribution points {words}", good.with_extensions(extension("2.5.29.31", value))
    for words, value in (
        ("one", tlv(0x30, tlv(0x30, derparts.oid("1.2.3")))),
        ("twice", tlv(0x30, tlv(0x30, derparts.oid("1.2.3")), tlv(0x30, derparts.oid("1.2.3")))),
        ("with qualifiers", tlv(0x30, tlv(0x30, derparts.oid("1.2.3"), tlv(0x30, b"\xff\xff")))),
        ("huge", tlv(0x30, tlv(0x30, derparts.oid(f"1.2.{1 << 70}")))),
        ("cut", tlv(0x30, tlv(0x30, b"\x06\x02\x2a\x83"))),
        ("with a zero part", tlv(0x30, tlv(0x30, b"\x06\x03\x2a\x80\x01"))),
        ("of no bytes", tlv(0x30, tlv(0x30, b"\x06\x00"))),
        ("empty", b"\x30\x00"),
        ("a text", b"\x30\x03\x0c\x01a"),
        ("any", tlv(0x30, tlv(0x30, derparts.oid("2.5.29.32.0")))),
    ):
        yield f"policies {words}", good.with_extensions(extension("2.5.29.32", value, critical=True))
        yield (
            f"policies {words}, asked for",
            good.with_extensions(extension("2.5.29.32", value), extension("2.5.29.36", tlv(0x30, tlv(0x80, b"\0")))),
        )
    for words, value in (
        ("empty", b"\x30\x00"),
        ("explicit", tlv(0x30, tlv(0x80, b"\0"))),
        ("later", tlv(0x30, tlv(0x80, b"\1"))),
        ("negative", tlv(0x30, tlv(0x80, b"\xff"))),
        ("huge", tlv(0x30, tlv(0x80, b"\x01" * 9))),
        ("no mapping", tlv(0x30, tlv(0x81, b"\0"))),
        ("not the shortest", tlv(0x30, tlv(0x80, b"\0\0"))),
        ("a set", b"\x31\x00"),
    ):
        yield f"policy constraints {words}", good.with_extensions(extension("2.5.29.36", value, critical=True))
    for words, value in (
        ("one", tlv(0x30, tlv(0x30, derparts.oid("1.2.3"), derparts.oid("1.2.4")))),
        ("half", tlv(0x30, tlv(0x30, derparts.oid("1.2.3")))),
        ("any", tlv(0x30, tlv(0x30, derparts.oid("2.5.29.32.0"), derparts.oid("1.2.4")))),
        ("empty", b"\x30\x00"),
    ):
        yield f"policy mappings {words}", good.with_extensions(extension("2.5.29.33", value, critical=True))
    for words, value in (
        ("0", b"\x02\x01\x00"),
        ("negative", b"\x02\x01\xff"),
        ("huge", tlv(0x02, b"\x01" * 9)),
        ("a text", b"\x0c\x01a"),
    ):
        yield f"inhibit any policy {words}", good.with_extensions(extension("2.5.29.54", value, critical=True))
    for words, value in (
        ("usual", tlv(0x30, tlv(0x30, derparts.oid("1.3.6.1.5.5.7.48.1"), tlv(0x86, b"http://a")))),
        ("a rare kind", tlv(0x30, tlv(0x30, derparts.oid("1.3.6.1.5.5.7.48.1"), tlv(0xA3)))),
        ("no place", tlv(0x30, tlv(0x30, derparts.oid("1.3.6.1.5.5.7.48.1")))),
        ("no method", tlv(0x30, b"\x30\x00")),
        ("empty", b"\x30\x00"),
    ):
        yield f"authority information {words}", good.with_extensions(extension("1.3.6.1.5.5.7.1.1", value))
        yield (
            f"authority information {words}, critical",
            good.with_extensions(extension("1.3.6.1.5.5.7.1.1", value, critical=True)),
        )
    for words, one in (
        ("DNS", tlv(0x82, b"a.test")),
        ("DNS with a dot", tlv(0x82, b".a.test")),
        ("DNS with a dot at the end", tlv(0x82, b"a.test.")),
        ("a dot", tlv(0x82, b".")),
        ("DNS, empty", tlv(0x82)),
        ("e-mail", tlv(0x81, b"a@b")),
        ("e-mail, two dots", tlv(0x81, b"a..b@c")),
        ("e-mail, quoted", tlv(0x81, b'"a b"@c')),
        ("e-mail, quoted badly", tlv(0x81, b'"a@c')),
        ("e-mail, escaped", tlv(0x81, b"a\\@b@c")),
        ("e-mail without a name", tlv(0x81, b"@c")),
        ("e-mail domain", tlv(0x81, b"a.test")),
        ("e-mail, no domain", tlv(0x81, b"a@")),
        ("URI", tlv(0x86, b"a.test")),
        ("URI, an address", tlv(0x86, b"1.2.3.4")),
        ("URI, an IPv6", tlv(0x86, b"::1")),
        ("URI, an address in a zone", tlv(0x86, b"fe80::1%1")),
        ("IP", tlv(0x87, b"\1\2\3\4\xff\xff\0\0")),
        ("IP with holes", tlv(0x87, b"\1\2\3\4\xff\0\xff\0")),
        ("IP of seven bytes", tlv(0x87, b"\1" * 7)),
        ("IPv6", tlv(0x87, b"\1" * 16 + b"\xff" * 8 + b"\0" * 8)),
        ("a rare kind", tlv(0xA3)),
        ("a directory", tlv(0xA4, name((CN, UTF8, b"x")))),
    ):
        yield f"name constraints {words}", good.with_extensions(limits(permitted=(one,)))
    for words, value in (
        ("empty", b"\x30\x00"),
        ("of nothing", b"\x30\x02\xa0\x00"),
        ("behind", tlv(0x30, tlv(0xA0, tlv(0x30, tlv(0x82, b"a")))) + b"\x05\x00"),
        ("more", tlv(0x30, tlv(0xA0, tlv(0x30, tlv(0x82, b"a"))), b"\x05\x00")),
        ("in the wrong order", tlv(0x30, tlv(0xA1, tlv(0x30, tlv(0x82, b"a"))), tlv(0xA0, tlv(0x30, tlv(0x82, b"b"))))),
        ("both", tlv(0x30, tlv(0xA0, tlv(0x30, tlv(0x82, b"a"))), tlv(0xA1, tlv(0x30, tlv(0x82, b"b"))))),
        ("with a distance", tlv(0x30, tlv(0xA0, tlv(0x30, tlv(0x82, b"a"), tlv(0x80, b"\1"))))),
    ):
        yield f"name constraints {words}", good.with_extensions(extension("2.5.29.30", value))
    for words, one in (
        ("unknown", extension("1.2.3.4", b"?")),
        ("unknown and critical", extension("1.2.3.4", b"?", critical=True)),
        ("attributes", extension("1.2.3.4.5.6.7.8.1", b'{"attrs":{"a":"b"}}')),
        ("attributes that are none", extension("1.2.3.4.5.6.7.8.1", b"\xff{")),
        ("twice", extension("1.2.3.4", b"?") * 2),
        ("basic constraints twice", constraints()),
        ("critical of one", tlv(0x30, derparts.oid("1.2.3.4"), b"\x01\x01\x01", tlv(0x04, b"?"))),
        ("critical, false", tlv(0x30, derparts.oid("1.2.3.4"), b"\x01\x01\x00", tlv(0x04, b"?"))),
        ("a value of another kind", tlv(0x30, derparts.oid("1.2.3.4"), tlv(0x0C, b"?"))),
        ("no value", tlv(0x30, derparts.oid("1.2.3.4"))),
        ("no kind", tlv(0x30, tlv(0x04, b"?"))),
        ("something behind", tlv(0x30, derparts.oid("1.2.3.4"), tlv(0x04, b"?"), b"\x05\x00")),
        ("a set", tlv(0x31)),
        ("a kind too huge", extension("1.2.2147483648", b"?")),
        ("a constructed value", tlv(0x30, derparts.oid("1.2.3.4"), tlv(0x24, b"\x04\x01?"))),
        ("a precertificate's mark", extension("1.3.6.1.4.1.11129.2.4.3", b"\x05\x00", critical=True)),
        ("signed times, broken", extension("1.3.6.1.4.1.11129.2.4.2", b"\xff")),
        ("an issuer's alternative name of a rare kind", extension("2.5.29.18", tlv(0x30, tlv(0xA3)))),
        ("an issuer's alternative name, critical", extension("2.5.29.18", tlv(0x30, DNS_A), critical=True)),
        ("private key period", extension("2.5.29.16", b"\x30\x00")),
        ("subject directory", extension("2.5.29.9", b"?", critical=True)),
    ):
        yield f"extension {words}", good.with_extensions(one)
    yield "extensions none", good.but(extensions=())
    yield "extensions, an empty list", good.but(extensions=(), after=b"\xa3\x02\x30\x00")
    yield "extensions, no list", good.but(extensions=(), after=b"\xa3\x00")
    yield (
        "extensions, two lists",
        good.but(extensions=(), after=tlv(0xA3, tlv(0x30, constraints()), tlv(0x30, b"\x05\x00"))),
    )
    yield "extensions as a set", good.but(extensions=(), after=tlv(0xA3, tlv(0x31, constraints())))
