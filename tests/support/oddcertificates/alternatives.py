"""Members with odd alternative names."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support import derparts
from tests.support.derparts import Draft, extension, name, tlv
from tests.support.oddcertificates.organisations import CN, DNS_A, UTF8, alternative, member


def alternatives() -> Iterator[tuple[str, Draft]]:
    good = member()
    for words, made in (
        ("none", ()),
        ("x400Address", (tlv(0xA3),)),
        ("otherName", (tlv(0xA0, derparts.oid("1.2.3"), tlv(0xA0, tlv(UTF8, b"x"))),)),
        ("ediPartyName", (tlv(0xA5, tlv(0xA1, tlv(UTF8, b"x"))),)),
        ("directoryName", (tlv(0xA4, name((CN, UTF8, b"x"))),)),
        ("directoryName, broken", (tlv(0xA4, b"\xff\xff"),)),
        ("registeredID", (tlv(0x88, b"\x2a\x03"),)),
        ("registeredID, broken", (tlv(0x88, b"\x80"),)),
        ("an unknown kind", (tlv(0x8E, b"x"),)),
        ("a universal kind", (b"\x05\x00",)),
        ("a long tag", (b"\x9f\x81\x01\x01x",)),
        ("DNS", (DNS_A,)),
        ("DNS, empty", (tlv(0x82),)),
        ("DNS with a blank", (tlv(0x82, b"a b"),)),
        ("DNS with umlauts", (tlv(0x82, "ä.test".encode()),)),
        ("DNS, constructed", (tlv(0xA2, b"a"),)),
        ("DNS with a zero", (tlv(0x82, b"a\0b"),)),
        ("DNS, long", (tlv(0x82, b"a" * 300),)),
        ("e-mail", (tlv(0x81, b"a@b.test"),)),
        ("e-mail, no at", (tlv(0x81, b"ab"),)),
        ("e-mail with umlauts", (tlv(0x81, "ä@b".encode()),)),
        ("IP", (tlv(0x87, b"\1\2\3\4"),)),
        ("IPv6", (tlv(0x87, b"\1" * 16),)),
        ("IP of five bytes", (tlv(0x87, b"\1" * 5),)),
        ("IP of none", (tlv(0x87),)),
        ("x400Address and DNS", (tlv(0xA3), DNS_A)),
        ("DNS twice", (DNS_A, DNS_A)),
    ):
        yield f"alternative name {words}", good.with_extensions(alternative(*made))
        if words in ("none", "x400Address", "DNS", "x400Address and DNS", "registeredID"):
            yield f"alternative name {words}, critical", good.with_extensions(alternative(*made, critical=True))
    for uri in (
        "",
        "http://a.test",
        "http://a.test/",
        "http://a b.test/",
        "http://a.test:80/x?y#z",
        "http://a.test:x/",
        "http://a:1:2/",
        "ldap://a:1:2/",
        "urn:isbn:1",
        "a:b",
        ":b",
        "1a:b",
        "a/b:c",
        "//a.test",
        "///a",
        "*",
        "/x%41",
        "/x%4",
        "/x%zz",
        "x#%zz",
        "x?%zz",
        "http://%41.test",
        "http://%C3%A4.test",
        "http://a%25.test",
        "http://[::1]",
        "http://[::1]:80/",
        "http://[::1]x",
        "http://[1.2.3.4]",
        "http://[fe80::1%25eth0]",
        "http://[fe80::1%25]",
        "http://[fe80::1%eth0]",
        "http://[::g]",
        "http://[",
        "http://]",
        "http://a[b",
        "http://u:p@a.test",
        "http://u p@a.test",
        "http://u%zz@a.test",
        "http://u@v@a.test",
        "http://a.test.",
        "http://.a",
        "http://a..b",
        "http://",
        "http:///x",
        "http://a_b",
        'http://a"b',
        "http://a<b>",
        "http://a{b}",
        "http://a\\b",
        "http://a^b",
        "http://a|b",
        "http://a`b",
        "a\tb",
        "a\x7fb",
        "mailto:a@b",
        "http:a b",
        "http:%zz",
        "a%zz:b",
        "http://a.test/\u00e4",
        "http://a.test/ x",
    ):
        yield f"URI {uri!r}", good.with_extensions(alternative(tlv(0x86, uri.encode())))
    for words, value in (
        ("cut", b"\x30\x05\x82"),
        ("a set", b"\x31\x00"),
        ("with something behind", b"\x30\x00\x05\x00"),
        ("of no bytes", b""),
    ):
        yield f"alternative names {words}", good.with_extensions(extension(derparts.SAN, value))
