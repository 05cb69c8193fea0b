"""Certificates out of any bytes: what Fabric reads is read whole, everything else is refused in one way."""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from hlf import errors
from hlf.identity import Identity
from hlf.wire import certificates
from hlf.wire.certificates import names
from hlf.wire.config import channelconfig
from tests.hostile import chance, dermutations
from tests.support import derparts
from tests.support.derparts import Draft
from tests.support.runningchannel import consortium

ROOT = Path(__file__).parents[4]
MEMBER = consortium()["AMSP"]
HONEST = MEMBER.client.issued
DER = HONEST.certificate.public_bytes(Encoding.DER)
DRAFT = Draft.of(DER)
X400_NAME = derparts.tlv(0xA3)
MSP = channelconfig.Bundle.from_config_block(consortium().genesis().SerializeToString()).msps.get("AMSP")
X400 = derparts.extension(derparts.SAN, derparts.tlv(0x30, X400_NAME))


def signed(draft: Draft) -> bytes:
    return derparts.pem(draft.signed(MEMBER.ca.key))


def test_everything_in_an_honest_certificate():
    """As the library that made it says."""
    found, made = certificates.read(HONEST.certificate_pem), HONEST.certificate
    assert found.der == DER
    assert found.pem == HONEST.certificate_pem
    assert found.signed == made.tbs_certificate_bytes
    assert found.signature == made.signature
    assert found.serial_number == made.serial_number
    assert (found.not_before, found.not_after) == (made.not_valid_before_utc, made.not_valid_after_utc)
    assert (found.subject.rfc4514(), found.issuer.rfc4514()) == (
        made.subject.rfc4514_string(),
        made.issuer.rfc4514_string(),
    )
    assert found.public_key.key == made.public_key()
    assert found.subject.values(names.ORGANIZATIONAL_UNIT) == ("client",)
    assert {one.oid for one in found.extensions.by_oid.values()} == {one.oid.dotted_string for one in made.extensions}
    assert certificates.read(MEMBER.ca.certificate_pem).issued(found)
    assert not found.issued(found)
    assert found.for_building() == made


@pytest.mark.parametrize(
    "odd",
    [
        X400,
        derparts.extension(derparts.SAN, derparts.tlv(0x30, b"\xbe\x02\x05\x00")),
        derparts.extension("2.5.29.31", b"\x30\x08\x30\x06\xa0\x04\xa0\x02" + X400_NAME),
        derparts.extension("2.5.29.18", derparts.tlv(0x30, X400_NAME)),
    ],
    ids=["x400Address", "a form of name that nobody knows", "a distribution point", "the issuer's names"],
)
def test_a_name_of_a_rare_kind_is_passed_over(odd):
    """Fabric ignores it; the library that reads certificates for others refuses it with a plain exception."""
    text = signed(DRAFT.with_extensions(odd))
    identity = MSP.validate(text)
    assert identity.units == ("client",)
    assert certificates.read(text).pem == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "could not decode the PEM structure"),
        (b"\xef\xbb\xbf" + HONEST.certificate_pem, "could not decode the PEM structure"),
        (b" " + HONEST.certificate_pem, "could not decode the PEM structure"),
        (signed(DRAFT.but(version=b"\xa0\x03\x02\x01\x42")), "x509: invalid version"),
        (signed(DRAFT.but(serial=b"\x02\x01\xff")), "x509: negative serial number"),
        (signed(DRAFT.with_extensions(DRAFT.extensions[0])), "x509: certificate contains duplicate extension"),
        (derparts.pem(DER + b"\0"), "x509: trailing data"),
    ],
)
def test_what_fabric_refuses_is_refused(text, why):
    """In its words."""
    for read in (certificates.read, MSP.identity):
        with pytest.raises(errors.IdentityError, match=why):
            read(text)


@given(st.binary(max_size=80) | st.integers(0, 1 << 32))
def test_any_bytes_are_a_certificate_or_refused(any_bytes):
    """With one kind of error, at once; of what is read nothing fails later."""
    if isinstance(any_bytes, int):
        any_bytes = dermutations.bend_der(chance(str(any_bytes)), DER).content
    for text in (any_bytes, derparts.pem(any_bytes)):
        try:
            found = certificates.read(text)
        except errors.IdentityError:
            continue
        assert certificates.parse(found.der) == found
        assert isinstance(found.subject.rfc4514() + found.issuer.rfc4514() + found.fingerprint, str)
        assert found.not_before.tzinfo is found.not_after.tzinfo is UTC
        assert found.issued(found) in (True, False)


@given(st.lists(st.text(min_size=1, max_size=20), max_size=4))
def test_names_are_written_as_the_library_writes_them(texts):
    """A contract knows its callers by this text, so it must not change with whoever writes it."""
    attributes = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, text) for text in texts]
    made = x509.Name([*attributes, x509.NameAttribute(x509.ObjectIdentifier("1.2.3.4"), "x")])
    assert names.parse(made.public_bytes()).rfc4514() == made.rfc4514_string()


def test_names_are_written_as_go_writes_them():
    """Sorted by kind, one common name, no mail address; Go's own ``ToRDNSequence().String()`` gave this text."""
    oid = NameOID
    parts = [
        (oid.COMMON_NAME, "first"),
        (oid.ORGANIZATIONAL_UNIT_NAME, "client"),
        (oid.COUNTRY_NAME, "SG"),
        (oid.EMAIL_ADDRESS, "a@b.example"),
        (oid.ORGANIZATIONAL_UNIT_NAME, "#sales, Ltd;"),
        (oid.LOCALITY_NAME, " x "),
        (oid.SERIAL_NUMBER, "7"),
        (oid.STREET_ADDRESS, "a<b>"),
        (oid.POSTAL_CODE, '1"2'),
        (oid.STATE_OR_PROVINCE_NAME, "süd\\+"),
        (oid.ORGANIZATION_NAME, " "),
        (oid.COMMON_NAME, "ann"),
    ]
    made = x509.Name([x509.NameAttribute(kind, text) for kind, text in parts])
    assert names.parse(made.public_bytes()).as_go() == (
        r"SERIALNUMBER=7,CN=ann,OU=client+OU=\#sales\, Ltd\;,O=\ ,POSTALCODE=1\"2,STREET=a\<b\>,L=\ x\ ,ST=süd\\\+,C=SG"
    )


def test_an_identity_is_one_certificate_and_nothing_else():
    """All of the text goes into every proposal: a private key beside the certificate would be told to everybody."""
    for text, why in (
        (HONEST.certificate_pem + HONEST.key_pem, "private key"),
        (HONEST.key_pem + HONEST.certificate_pem, "private key"),
        (HONEST.certificate_pem + MEMBER.ca.certificate_pem, "leave the chain out"),
    ):
        with pytest.raises(errors.IdentityError, match=why):
            Identity("AMSP", text)


def test_nobody_else_reads_certificates():
    """One reader for the whole tree: any other would know other certificates than Fabric does, and fail otherwise."""
    own = ROOT / "hlf" / "wire" / "certificates"
    reads = re.compile(r"\bload_(pem|der)_x509_|\bfrom_(pem|der)_|PolicyBuilder")
    rooms = ("hlf", "chaincode", "network", "gateway", "selat")
    sources = [file for room in rooms for file in (ROOT / room).rglob("*.py") if own not in file.parents]
    assert len(sources) > 200
    assert [str(file) for file in sources if reads.search(file.read_text())] == []
