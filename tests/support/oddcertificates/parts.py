"""Members with odd numbers and odd times in their certificates."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.derparts import Draft, tlv
from tests.support.oddcertificates.organisations import member


def numbers() -> Iterator[tuple[str, Draft]]:
    good = member()
    for words, version in (
        ("none", b""),
        ("0", b"\xa0\x03\x02\x01\x00"),
        ("1", b"\xa0\x03\x02\x01\x01"),
        ("3", b"\xa0\x03\x02\x01\x03"),
        ("0x42", b"\xa0\x03\x02\x01\x42"),
        ("-1", b"\xa0\x03\x02\x01\xff"),
        ("2 in two bytes", b"\xa0\x04\x02\x02\x00\x02"),
        ("2 and more", b"\xa0\x06\x02\x01\x02\x02\x01\x02"),
        ("of no bytes", b"\xa0\x02\x02\x00"),
        ("empty", b"\xa0\x00"),
        ("huge", tlv(0xA0, tlv(0x02, b"\x01" * 12))),
        ("a text", b"\xa0\x03\x0c\x01\x02"),
        ("not constructed", b"\x80\x03\x02\x01\x02"),
        ("enumerated", b"\xa0\x03\x0a\x01\x02"),
        ("of a long length", b"\xa0\x81\x03\x02\x01\x02"),
    ):
        yield f"version {words}", good.but(version=version)
        if words in ("none", "0", "1"):
            yield f"version {words} without extensions", good.but(version=version, extensions=())
    for words, serial in (
        ("0", b"\x02\x01\x00"),
        ("negative", b"\x02\x01\xff"),
        ("very negative", b"\x02\x04\x80\0\0\1"),
        ("of no bytes", b"\x02\x00"),
        ("with a zero before", b"\x02\x02\x00\x01"),
        ("with ones before", b"\x02\x02\xff\x80"),
        ("of 20 bytes", tlv(0x02, b"\x7f" * 20)),
        ("of 21 bytes", tlv(0x02, b"\x7f" * 21)),
        ("of 300 bytes", tlv(0x02, b"\x01" * 300)),
        ("a text", b"\x0c\x01\x05"),
        ("missing", b""),
        ("twice", b"\x02\x01\x05\x02\x01\x05"),
    ):
        yield f"serial {words}", good.but(serial=serial)
    for words, unique in (
        ("of the issuer", b"\x81\x02\x00\xff"),
        ("of both", b"\x81\x02\x00\xff\x82\x02\x00\xff"),
        ("in the wrong order", b"\x82\x02\x00\xff\x81\x02\x00\xff"),
        ("constructed", b"\xa1\x03\x03\x01\x00"),
        ("of no bits", b"\x81\x00"),
        ("with unused bits", b"\x81\x02\x04\xff"),
        ("cut", b"\x81\x7f"),
    ):
        yield f"unique id {words}", good.but(unique=unique)
    for words, after in (
        ("a null", b"\x05\x00"),
        ("a sequence", b"\x30\x00"),
        ("extensions again", b"\xa3\x02\x30\x00"),
        ("half", b"\x30"),
    ):
        yield f"behind the extensions {words}", good.but(after=after)


def times() -> Iterator[tuple[str, Draft]]:
    good = member()
    late = tlv(0x17, b"340101000000Z")
    for text in (
        b"240101000000Z",
        b"2401010000Z",
        b"240101000000",
        b"240101000000+0000",
        b"240101000000-0000",
        b"240101000000+0800",
        b"240101000000-0030",
        b"240101000000+2400",
        b"240101000000+2359",
        b"240101000000+0060",
        b"240101000000z",
        b"240101000060Z",
        b"240101006000Z",
        b"240101240000Z",
        b"240132000000Z",
        b"240100000000Z",
        b"241301000000Z",
        b"240001000000Z",
        b"240230000000Z",
        b"240229000000Z",
        b"230229000000Z",
        b"20240101000000Z",
        b"24010100000Z",
        b"240101000000.5Z",
        b" 40101000000Z",
        b"2401010000+0800",
        b"490101000000Z",
        b"500101000000Z",
        b"680101000000Z",
        b"690101000000Z",
        b"991231235959Z",
        b"000101000000Z",
        b"",
        b"Z",
        b"\xd9\xa2\xd9\xa4\x30\x31\x30\x31\x30\x30\x30\x30Z",
    ):
        yield f"UTCTime {text!r}", good.but(validity=tlv(0x30, tlv(0x17, text), tlv(0x18, b"99991231235959Z")))
    for text in (
        b"20240101000000Z",
        b"20240101000000",
        b"202401010000Z",
        b"2024010100Z",
        b"20240101000000.5Z",
        b"20240101000000.0Z",
        b"20240101000000,5Z",
        b"20240101000000+0800",
        b"20240101000000+0000",
        b"20240101000000-1230",
        b"00000101000000Z",
        b"00000229000000Z",
        b"00010101000000Z",
        b"19000229000000Z",
        b"20000229000000Z",
        b"99991231235959Z",
        b"99991231235959-2359",
        b"00000101000000+2359",
        b"120240101000000Z",
        b"19491231235959Z",
        b"20500101000000Z",
        b"240101000000Z",
        b"-0240101000000Z",
    ):
        yield f"GeneralizedTime {text!r}", good.but(validity=tlv(0x30, tlv(0x18, text), tlv(0x18, b"99991231235959Z")))
    for words, validity in (
        ("ends as it begins", tlv(0x30, late, late)),
        ("ends before it begins", tlv(0x30, late, tlv(0x17, b"330101000000Z"))),
        ("ends a second later", tlv(0x30, late, tlv(0x17, b"340101000001Z"))),
        ("has no end", tlv(0x30, late)),
        ("is empty", b"\x30\x00"),
        ("has three times", tlv(0x30, tlv(0x17, b"240101000000Z"), late, late)),
        ("is a set", tlv(0x31, tlv(0x17, b"240101000000Z"), late)),
        ("is a text", tlv(0x30, tlv(0x0C, b"240101000000Z"), late)),
        ("begins before the authority", tlv(0x30, tlv(0x17, b"230101000000Z"), late)),
        ("begins after the authority", tlv(0x30, tlv(0x17, b"350101000000Z"), tlv(0x17, b"360101000000Z"))),
        ("is that of the future", tlv(0x30, tlv(0x17, b"330101000000Z"), tlv(0x17, b"360101000000Z"))),
        ("is missing", b""),
    ):
        yield f"validity {words}", good.but(validity=validity)
