"""Organisations for bent certificates: keys, authorities, members and revocation lists, the same ones each time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fabric_protos.msp import msp_config_pb2

from tests.support import derparts
from tests.support.derparts import Draft, extension, name, pem, tlv

CURVES = {"P-224": ec.SECP224R1(), "P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
CURVED = ("P-224", "P-384", "P-521", "Ed25519")
"""Organisations of these names have an authority with such a key."""
CN, OU, COUNTRY, ORGANISATION = "2.5.4.3", "2.5.4.11", "2.5.4.6", "2.5.4.10"
UTF8, NUMERIC, PRINTABLE, T61, IA5, BMP, UNIVERSAL = 0x0C, 0x12, 0x13, 0x14, 0x16, 0x1E, 0x1C
SERVER_AUTH, CLIENT_AUTH, ANY_PURPOSE = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "2.5.29.37.0"
VALIDITY = tlv(0x30, tlv(0x17, b"240101000000Z"), tlv(0x17, b"340101000000Z"))


@cache
def key(number: int, curve: str = "P-256") -> ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey:
    """Return a key of that number, the same each time."""
    if curve == "Ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
    return ec.derive_private_key(number, CURVES[curve])


def key_info(private: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def algorithm(private: object) -> bytes:
    return (
        tlv(0x30, derparts.oid("1.3.101.112"))
        if isinstance(private, ed25519.Ed25519PrivateKey)
        else derparts.ECDSA_SHA256
    )


def constraints(*content: bytes) -> bytes:
    return extension("2.5.29.19", tlv(0x30, *content), critical=True)


AUTHORITY = constraints(b"\x01\x01\xff")
CERT_SIGN = extension("2.5.29.15", b"\x03\x02\x01\x06", critical=True)


def key_id(number: int) -> bytes:
    return extension("2.5.29.14", tlv(0x04, number.to_bytes(4, "big")))


def issuer_id(number: int) -> bytes:
    return extension("2.5.29.35", tlv(0x30, tlv(0x80, number.to_bytes(4, "big"))))


def authority(
    number: int, common: str = "ca", *, curve: str = "P-256", by: str = "", more: tuple[bytes, ...] = ()
) -> Draft:
    """Return an authority's certificate with the key of that number, not signed yet."""
    private = key(number, curve)
    subject = name((CN, UTF8, common.encode()))
    return Draft(
        version=b"\xa0\x03\x02\x01\x02",
        serial=tlv(0x02, (0x010000 + number).to_bytes(3, "big")),
        algorithm=algorithm(private) if not by else derparts.ECDSA_SHA256,
        issuer=name((CN, UTF8, by.encode())) if by else subject,
        validity=VALIDITY,
        subject=subject,
        key=key_info(private),
        extensions=(AUTHORITY, CERT_SIGN, key_id(number), *more),
    )


def member(number: int = 9, *, curve: str = "P-256", by: str = "ca", signer: object = None) -> Draft:
    """Return a client's certificate, not signed yet."""
    return Draft(
        version=b"\xa0\x03\x02\x01\x02",
        serial=b"\x02\x02\x10\x01",
        algorithm=algorithm(signer),
        issuer=name((CN, UTF8, by.encode())),
        validity=VALIDITY,
        subject=name((OU, UTF8, b"client"), (CN, UTF8, b"User 1")),
        key=key_info(key(number, curve)),
        extensions=(constraints(), issuer_id(1)),
    )


def organisation(
    *roots: bytes, inner: tuple[bytes, ...] = (), lists: tuple[bytes, ...] = (), admins: tuple[bytes, ...] = ()
) -> bytes:
    """Return the configuration of an organisation with role units."""
    made = msp_config_pb2.FabricMSPConfig(
        name="AMSP", root_certs=roots, intermediate_certs=inner, revocation_list=lists, admins=admins
    )
    made.fabric_node_ous.enable = True
    for role in ("client", "peer", "admin", "orderer"):
        getattr(made.fabric_node_ous, f"{role}_ou_identifier").organizational_unit_identifier = role
    return made.SerializeToString()


def revocation_list(
    *serials: int, signer: int = 1, named: bytes | None = None, version: bytes = b"\x02\x01\x01", high: bool = False
) -> bytes:
    """Return a revocation list in DER."""
    entries = [tlv(0x30, tlv(0x02, one.to_bytes(2, "big")), tlv(0x17, b"240601000000Z")) for one in serials]
    listed = tlv(0x30, *entries) if entries else b""
    named = issuer_id(1) if named is None else named
    own = tlv(0xA0, tlv(0x30, named)) if named else b""
    body = tlv(0x30, version, derparts.ECDSA_SHA256, name((CN, UTF8, b"ca")), tlv(0x17, b"240601000000Z"), listed, own)
    return derparts.sign(body, key(signer), high=high)


def limits(*, permitted: tuple[bytes, ...] = (), excluded: tuple[bytes, ...] = ()) -> bytes:
    parts = [tlv(tag, *(tlv(0x30, one) for one in some)) for tag, some in ((0xA0, permitted), (0xA1, excluded)) if some]
    return extension("2.5.29.30", tlv(0x30, *parts), critical=True)


def policies(*oids: str) -> bytes:
    return extension("2.5.29.32", tlv(0x30, *(tlv(0x30, derparts.oid(one)) for one in oids)))


def alternative(*names: bytes, critical: bool = False) -> bytes:
    return extension(derparts.SAN, tlv(0x30, *names), critical=critical)


DNS_A, DNS_B = tlv(0x82, b"x.a.test"), tlv(0x82, b"x.b.test")


@cache
def organisations() -> dict[str, bytes]:
    """Organisations that every node takes, by name; ``issuer`` says who issues their members."""
    root = pem(authority(1).signed(key(1)))
    bounds = limits(
        permitted=(
            tlv(0x82, b"a.test"),
            tlv(0x81, b"a.test"),
            tlv(0x86, b".a.test"),
            tlv(0x87, b"\x0a\0\0\0\xff\0\0\0"),
        ),
        excluded=(tlv(0x82, b"no.a.test"), tlv(0x81, b"root@a.test")),
    )
    asks = extension("2.5.29.36", tlv(0x30, tlv(0x80, b"\0")))
    inner = authority(2, "inner", by="ca")
    strict = authority(2, "inner", by="ca", more=(policies("1.2.3", "1.2.4"), asks))
    mapped = extension("2.5.29.33", tlv(0x30, tlv(0x30, derparts.oid("1.2.3"), derparts.oid("1.2.9"))))
    mapping = authority(2, "inner", by="ca", more=(policies("1.2.3"), asks, mapped))
    any_policy = authority(2, "inner", by="ca", more=(policies("2.5.29.32.0"), asks))
    made = {
        "plain": organisation(root),
        "inner": organisation(root, inner=(pem(inner.signed(key(1))),)),
        "high": organisation(pem(authority(1).signed(key(1), high=True))),
        "limited": organisation(pem(authority(1, more=(bounds,)).signed(key(1)))),
        "strict": organisation(root, inner=(pem(strict.signed(key(1))),)),
        "mapping": organisation(root, inner=(pem(mapping.signed(key(1))),)),
        "any": organisation(root, inner=(pem(any_policy.signed(key(1))),)),
        "revoking": organisation(root, lists=(revocation_list(0x1001, 0x1003),)),
        "twice": organisation(root, pem(authority(1).but(serial=b"\x02\x01\x09").signed(key(1)))),
    }
    for curve in CURVED:
        made[curve] = organisation(pem(authority(1, curve=curve).signed(key(1, curve))))
    return made


@dataclass(frozen=True)
class Issuer:
    """Who issues members: its name, its key, and when those are valid of whom nothing else is wanted."""

    name: bytes
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    validity: bytes = VALIDITY

    def fit(self, draft: Draft) -> Draft:
        """Return the draft as one of this issuer's."""
        validity = self.validity if draft.validity == VALIDITY else draft.validity
        return draft.but(issuer=self.name, validity=validity)

    def issue(self, draft: Draft, *, high: bool = False) -> bytes:
        """Return the draft's certificate in PEM."""
        return pem(self.fit(draft).signed(self.key, high=high))


def issuer(place: str = "plain") -> Issuer:
    """Who issues the members of that organisation."""
    common, number = ("inner", 2) if place in ("inner", "strict", "mapping", "any") else ("ca", 1)
    return Issuer(name((CN, UTF8, common.encode())), key(number, place if place in CURVED else "P-256"))
