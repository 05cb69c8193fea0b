"""Changes outside of what an authority has signed, and odd signatures."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support import derparts
from tests.support.derparts import tlv
from tests.support.oddcertificates.organisations import authority, key, member


def changes() -> Iterator[tuple[str, bytes]]:
    """Yield changes outside of what is signed."""
    good = member()
    der = good.signed(key(1))
    body, kind, signature = derparts.elements(derparts.inside(der))
    value = derparts.inside(signature)[1:]
    yield "high S", good.signed(key(1), high=True)
    yield "something behind", der + b"\0"
    yield "cut", der[:-1]
    yield "of no bytes", b""
    yield "two", der + der
    yield "something within", tlv(0x30, body, kind, signature, b"\x05\x00")
    yield (
        "something within, high S",
        tlv(0x30, *derparts.elements(derparts.inside(good.signed(key(1), high=True))), b"\x05\x00"),
    )
    yield "no signature", tlv(0x30, body, kind)
    yield "no algorithm", tlv(0x30, body, signature)
    yield "another algorithm", tlv(0x30, body, tlv(0x30, derparts.oid("1.2.840.10045.4.3.3")), signature)
    yield (
        "an algorithm with a null",
        tlv(0x30, body, tlv(0x30, derparts.oid("1.2.840.10045.4.3.2"), b"\x05\x00"), signature),
    )
    yield "an empty signature", tlv(0x30, body, kind, b"\x03\x01\x00")
    yield "no bits of a signature", tlv(0x30, body, kind, b"\x03\x00")
    yield "a signature of zeros", tlv(0x30, body, kind, tlv(0x03, b"\0", tlv(0x30, b"\x02\x01\0\x02\x01\0")))
    yield "a signature and more", tlv(0x30, body, kind, tlv(0x03, b"\0", value, b"\0"))
    yield (
        "a signature with more",
        tlv(0x30, body, kind, tlv(0x03, b"\0", tlv(0x30, derparts.inside(value), b"\x05\x00"))),
    )
    yield "a signature with a zero before R", tlv(0x30, body, kind, tlv(0x03, b"\0", _padded(value)))
    yield "a signature with unused bits", tlv(0x30, body, kind, tlv(0x03, b"\1", value + b"\0"))
    yield "a signature of octets", tlv(0x30, body, kind, tlv(0x04, value))
    yield (
        "a wrong signature",
        tlv(
            0x30,
            body,
            kind,
            tlv(
                0x03,
                b"\0",
                derparts.inside(derparts.elements(derparts.inside(member(10).signed(key(1))))[2])[1:],
            ),
        ),
    )
    yield "signed by a stranger", good.signed(key(77))
    yield "signed by itself", good.signed(key(9))
    yield "the authority itself", authority(1).signed(key(1))
    yield "the authority itself, high S", authority(1).signed(key(1), high=True)
    yield "another authority", authority(3, "other").signed(key(3))
    yield "an authority below", authority(4, "below", by="ca").signed(key(1))
    yield (
        "a length not the shortest",
        b"\x30\x83" + len(derparts.inside(der)).to_bytes(3, "big") + derparts.inside(der),
    )
    yield "no length", b"\x30\x80" + derparts.inside(der) + b"\0\0"
    yield "a set", b"\x31" + der[1:]
    yield "a request", tlv(0x30, tlv(0x30, b"\x02\x01\0", good.subject, good.key, b"\xa0\0"), kind, signature)
    for words, oid in (
        ("SHA-1", "1.2.840.10045.4.1"),
        ("SHA-384", "1.2.840.10045.4.3.3"),
        ("SHA-224", "1.2.840.10045.4.3.1"),
        ("RSA", "1.2.840.113549.1.1.11"),
        ("Ed25519", "1.3.101.112"),
        ("an unknown one", "1.2.3.4"),
        ("PSS", "1.2.840.113549.1.1.10"),
    ):
        yield (
            f"said to be signed with {words}",
            good.but(algorithm=tlv(0x30, derparts.oid(oid))).signed(key(1)),
        )
    yield (
        "an algorithm with a null on both sides",
        good.but(algorithm=tlv(0x30, derparts.oid("1.2.840.10045.4.3.2"), b"\x05\x00")).signed(key(1)),
    )
    yield (
        "an algorithm with something broken",
        good.but(algorithm=tlv(0x30, derparts.oid("1.2.840.10045.4.3.2"), b"\x05")).signed(key(1)),
    )
    yield (
        "an algorithm and more",
        good.but(algorithm=tlv(0x30, derparts.oid("1.2.840.10045.4.3.2"), b"\x05\x00", b"\x05\x00")).signed(key(1)),
    )
    yield "no algorithm at all", good.but(algorithm=b"\x30\x00").signed(key(1))


def _padded(signature: bytes) -> bytes:
    r, s = derparts.elements(derparts.inside(signature))
    return tlv(0x30, tlv(0x02, b"\0", derparts.inside(r)), s)
