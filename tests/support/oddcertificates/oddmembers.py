"""Members of organisations that are out of the ordinary."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.derparts import name, pem, tlv
from tests.support.oddcertificates.organisations import (
    CN,
    DNS_A,
    DNS_B,
    OU,
    UTF8,
    alternative,
    authority,
    issuer,
    key,
    member,
    organisations,
    policies,
)


def members() -> Iterator[tuple[str, str, bytes]]:
    """Members of other organisations than the plain one."""
    for place in organisations():
        signer = issuer(place).key
        yield place, "a usual member", issuer(place).issue(member(signer=signer))
        yield (
            place,
            "an old member",
            issuer(place).issue(
                member(signer=signer).but(validity=tlv(0x30, tlv(0x17, b"100101000000Z"), tlv(0x17, b"110101000000Z"))),
            ),
        )
    yield "inner", "a member of the root", pem(member().signed(key(1)))
    yield "inner", "the inner authority", pem(authority(2, "inner", by="ca").signed(key(1)))
    yield "revoking", "another member", issuer("revoking").issue(member().but(serial=b"\x02\x02\x10\x02"))
    yield "revoking", "another revoked member", issuer("revoking").issue(member().but(serial=b"\x02\x02\x10\x03"))
    for place in ("strict", "mapping", "any"):
        for oids in (("1.2.3",), ("1.2.4",), ("1.2.5",), ("1.2.9",), ("2.5.29.32.0",), ("1.2.3", "1.2.9"), ()):
            draft = member()
            yield place, f"with {oids}", issuer(place).issue(draft.with_extensions(policies(*oids)) if oids else draft)
    names = {
        "its own host": (DNS_A,),
        "a stranger's host": (DNS_B,),
        "a host that is barred": (tlv(0x82, b"x.no.a.test"),),
        "any of its hosts": (tlv(0x82, b"*.a.test"),),
        "the same in capitals": (tlv(0x82, b"X.A.TEST"),),
        "the domain": (tlv(0x82, b"a.test"),),
        "another domain": (tlv(0x82, b"xa.test"),),
        "no host": (tlv(0x82, b""),),
        "a host with a blank": (tlv(0x82, b"a b.a.test"),),
        "both": (DNS_A, DNS_B),
        "e-mail": (tlv(0x81, b"ann@a.test"),),
        "e-mail of a stranger": (tlv(0x81, b"ann@b.test"),),
        "e-mail that is barred": (tlv(0x81, b"root@A.test"),),
        "no e-mail": (tlv(0x81, b"ann"),),
        "e-mail of a host": (tlv(0x81, b"ann@x.a.test"),),
        "URI": (tlv(0x86, b"http://x.a.test:80/"),),
        "URI of the domain": (tlv(0x86, b"http://a.test/"),),
        "URI without a host": (tlv(0x86, b"urn:x"),),
        "URI of an address": (tlv(0x86, b"http://1.2.3.4/"),),
        "URI of an IPv6": (tlv(0x86, b"http://[::1]:80/"),),
        "URI with colons": (tlv(0x86, b"x://a:b:1/"),),
        "IP": (tlv(0x87, b"\x0a\1\1\1"),),
        "another IP": (tlv(0x87, b"\x0b\1\1\1"),),
        "IPv6": (tlv(0x87, b"\1" * 16),),
        "a rare kind": (tlv(0xA3),),
    }
    for words, given in names.items():
        yield "limited", words, issuer("limited").issue(member().with_extensions(alternative(*given)))
    yield (
        "limited",
        "a host's common name",
        issuer("limited").issue(member().but(subject=name((OU, UTF8, b"client"), (CN, UTF8, b"x.a.test")))),
    )
