"""X.509 certificates as Fabric wants them: an organisation's CAs, and what they issue to nodes and users."""

from __future__ import annotations

import datetime
import ipaddress
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

# Where a Fabric CA puts a user's attributes, and where chaincodes look for them.
ATTRIBUTES = ObjectIdentifier("1.2.3.4.5.6.7.8.1")
VALIDITY = datetime.timedelta(days=3650)
# Clocks of two machines differ: a certificate that is valid from now on may not be valid yet on another machine.
SKEW = datetime.timedelta(minutes=5)
# The longest common name that X.520 allows.
LONGEST_NAME = 64
# Half the order of P-256's group.
_HALF_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 >> 1


@dataclass(frozen=True)
class IssuedCertificate:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key in PKCS #8 PEM, unencrypted, as peers and orderers read it."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def authority(name: str, domain: str, country: str) -> IssuedCertificate:
    """Return a self-signed P-256 CA that may sign certificates and revocation lists, but no further CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name, domain, country)
    builder = (
        _builder(subject, subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("digital_signature", "key_cert_sign", "crl_sign"), critical=True)
    )
    return IssuedCertificate(_signed(builder, key), key)


def successor(former: x509.Certificate) -> IssuedCertificate:
    """Return a CA of the same name with another key, so that the holders of its certificates keep their identities."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(former.subject, former.subject, key.public_key())
    for extension in former.extensions:
        if not isinstance(extension.value, x509.SubjectKeyIdentifier):
            builder = builder.add_extension(extension.value, critical=extension.critical)
    return IssuedCertificate(_signed(builder, key), key)


def identity(
    ca: IssuedCertificate, name: str, domain: str, country: str, unit: str, attributes: Mapping[str, str] | None = None
) -> IssuedCertificate:
    """Return a signing certificate whose *unit* (client, peer, admin, orderer) is its role by NodeOUs."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(_name(name, domain, country, unit), ca.certificate.subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(_issued_by(ca), critical=False)
    )
    if attributes is not None:
        value = json.dumps({"attrs": dict(attributes)}, separators=(",", ":"), ensure_ascii=False).encode()
        builder = builder.add_extension(x509.UnrecognizedExtension(ATTRIBUTES, value), critical=False)
    return IssuedCertificate(_signed(builder, ca.key), key)


def tls(ca: IssuedCertificate, name: str, domain: str, country: str, hosts: Sequence[str]) -> IssuedCertificate:
    """Return a certificate for TLS at either end, naming *hosts* (names or IP addresses)."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(_name(name, domain, country), ca.certificate.subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature", "key_encipherment"), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .add_extension(_issued_by(ca), critical=False)
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
    return IssuedCertificate(_signed(builder, ca.key), key)


def revocations(ca: IssuedCertificate, serial_numbers: Iterable[int]) -> bytes:
    """Return the list (PEM) by which a CA revokes the certificates of those serial numbers."""
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca.certificate.subject)
        .last_update(now - SKEW)
        .next_update(now - SKEW + VALIDITY)
        # By this key identifier Fabric finds the authority that issued a list.
        .add_extension(_issued_by(ca), critical=False)
    )
    for number in sorted(serial_numbers):
        one = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(now).build()
        builder = builder.add_revoked_certificate(one)
    return builder.sign(ca.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def renewed(ca: IssuedCertificate, former: x509.Certificate) -> bytes:
    """Return a certificate (PEM) of the same holder, key and extensions that is valid from now on."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(former.subject)
        .issuer_name(ca.certificate.subject)
        .public_key(former.public_key())
        .serial_number(x509.random_serial_number())
    )
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    builder = builder.not_valid_before(now - SKEW).not_valid_after(now - SKEW + VALIDITY)
    for extension in former.extensions:
        same_issuer = not isinstance(extension.value, x509.AuthorityKeyIdentifier)
        builder = builder.add_extension(extension.value if same_issuer else _issued_by(ca), extension.critical)
    return _signed(builder, ca.key).public_bytes(serialization.Encoding.PEM)


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """
    Return the certificate, with a low S in its signature.

    Fabric's MSP rewrites a certificate with a high S before it compares
    identities; one that needs no rewriting is the same bytes to everybody.
    """
    while True:
        certificate = builder.sign(key, hashes.SHA256())
        _, s = utils.decode_dss_signature(certificate.signature)
        if s <= _HALF_ORDER:
            return certificate


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now - SKEW + VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _issued_by(ca: IssuedCertificate) -> x509.AuthorityKeyIdentifier:
    identifier = ca.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _name(common_name: str, domain: str, country: str, unit: str | None = None) -> x509.Name:
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, country),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, domain[:LONGEST_NAME]),
    ]
    if unit is not None:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    # The subject alternative names have the whole of a longer host name.
    parts.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name[:LONGEST_NAME]))
    return x509.Name(parts)


def _usage(*allowed: str) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in allowed for name in names})


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
