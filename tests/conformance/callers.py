"""Callers of every kind: certificates of the organisation's own CA, of nobody's, expired, too young, forged."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.x509.oid import NameOID

from hlf import signers
from hlf.wire import signatures
from tests.conformance.lab import Caller, Lab

ORDER_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
HOUR = datetime.timedelta(hours=1)


def good(lab: Lab) -> Caller:
    return lab.caller("Org1")


def unknown_msp(lab: Lab) -> Caller:
    return _renamed(lab, "NopeMSP")


def mismatched_msp(lab: Lab) -> Caller:
    return _renamed(lab, "Org2MSP")


def wrong_key(lab: Lab) -> Caller:
    return Caller(lab.caller().creator, signers.ecdsa(ec.generate_private_key(ec.SECP256R1())).sign)


def garbage_signature(lab: Lab) -> Caller:
    return Caller(lab.caller().creator, lambda message: b"garbage")


def high_s(lab: Lab) -> Caller:
    honest = lab.caller()

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(honest.sign(message))
        return encode_dss_signature(r, ORDER_P256 - s)

    return Caller(honest.creator, sign)


def fresh(lab: Lab) -> Caller:
    return _issued(lab)


def expired(lab: Lab) -> Caller:
    authority = _authority(lab)[0]
    # Later than the authority's own first moment: a certificate older than its CA is refused for that instead.
    start = authority.not_valid_before_utc + datetime.timedelta(seconds=1)
    return _issued(lab, start=start, end=_now() - datetime.timedelta(seconds=1))


def not_yet_valid(lab: Lab) -> Caller:
    return _issued(lab, start=_now() + HOUR, end=_now() + 2 * HOUR)


def without_unit(lab: Lab) -> Caller:
    return _issued(lab, unit=None)


def older_than_its_authority(lab: Lab) -> Caller:
    return _issued(lab, start=_authority(lab)[0].not_valid_before_utc - HOUR)


def foreign_authority(lab: Lab) -> Caller:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca.nowhere.test")])
    now = _now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - HOUR)
        .not_valid_after(now + HOUR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _issued(lab, authority=(certificate, key))


def junk_certificate(lab: Lab) -> Caller:
    return Caller(signatures.serialized_identity("Org1MSP", b"this is not PEM"), lab.caller().sign)


def peer(lab: Lab) -> Caller:
    folder = next((lab.state / "organisations" / "Org1MSP" / "peers").iterdir())
    return _of_msp_folder(folder / "msp", "Org1MSP")


def admin(lab: Lab) -> Caller:
    return lab.caller("Org1", "Admin")


def orderer(lab: Lab) -> Caller:
    folder = next((lab.state / "orderers").iterdir())
    return _of_msp_folder(folder / "msp", "OrdererMSP")


def other_organisation(lab: Lab) -> Caller:
    return lab.caller("Org2")


#: The words of the recorded observations for each kind.
KINDS: dict[str, Callable[[Lab], Caller]] = {
    "ok baseline": good,
    "unknown MSP": unknown_msp,
    "MSP mismatch": mismatched_msp,
    "wrong signature key": wrong_key,
    "garbage signature": garbage_signature,
    "high-S signature": high_s,
    "fresh cert of org CA": fresh,
    "expired cert": expired,
    "not yet valid cert": not_yet_valid,
    "no OU cert": without_unit,
    "foreign CA cert": foreign_authority,
    "junk cert": junk_certificate,
    "peer identity": peer,
    "admin identity": admin,
    "orderer identity": orderer,
    "org2 user via org1": other_organisation,
    "cert older than CA": older_than_its_authority,
}


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _renamed(lab: Lab, msp_id: str) -> Caller:
    honest = lab.caller()
    _, certificate = signatures.parse_identity(honest.creator)
    return Caller(signatures.serialized_identity(msp_id, certificate), honest.sign)


def _of_msp_folder(folder: Path, msp_id: str) -> Caller:
    certificate = next((folder / "signcerts").iterdir()).read_bytes()
    key = next((folder / "keystore").iterdir()).read_bytes()
    return Caller(signatures.serialized_identity(msp_id, certificate), signers.from_pem(key).sign)


def _authority(lab: Lab) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    folder = lab.state / "organisations" / "Org1MSP" / "ca"
    certificate = x509.load_pem_x509_certificate((folder / "cert.pem").read_bytes())
    key = serialization.load_pem_private_key((folder / "key.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return certificate, key


def _issued(
    lab: Lab,
    *,
    start: datetime.datetime | None = None,
    end: datetime.datetime | None = None,
    unit: str | None = "client",
    authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
) -> Caller:
    """Return a caller whose certificate was signed just now, by Org1's CA unless another *authority* is given."""
    issuer, issuer_key = authority or _authority(lab)
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(NameOID.COMMON_NAME, f"issued-{os.urandom(4).hex()}")]
    if unit:
        names.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    first = issuer.not_valid_before_utc if authority is None else _now() - HOUR
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(names))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start or first)
        .not_valid_after(end or _now() + HOUR)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    return Caller(signatures.serialized_identity("Org1MSP", pem), signers.ecdsa(key).sign)
