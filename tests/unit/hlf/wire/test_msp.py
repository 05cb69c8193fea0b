"""Who counts as a member, and in which role: certificates good, odd and hostile."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from fabric_protos.msp import identities_pb2, msp_config_pb2, msp_principal_pb2

from hlf import errors
from hlf.wire import msp, signatures

NOW = datetime.now(UTC).replace(microsecond=0)
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
CLIENT_AUTH = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
BOTH_PURPOSES = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]), False)
NAME_LIMIT = (x509.NameConstraints([x509.DNSName("a.test")], None), True)
UNKNOWN = (x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"?"), True)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def name(common, units=()):
    attributes = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def certificate(subject, issuer, public_key, begin, end):
    builder = x509.CertificateBuilder(issuer, subject, public_key, x509.random_serial_number())
    return builder.not_valid_before(begin).not_valid_after(end)


class Authority:
    """A CA whose habits can be bent."""

    def __init__(self, common="ca", issuer=None, *, key=None, begin=None, ca=True, extra=(), **more):
        begin = begin or NOW - timedelta(days=30)
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.subject = name(common)
        signer = issuer or self
        builder = certificate(self.subject, signer.subject, self.key.public_key(), begin, NOW + timedelta(days=900))
        if ca is not None:
            limit = more.get("path_length")
            builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=limit), critical=True)
        if more.get("sign_certificates", True):
            usage = dict.fromkeys(
                ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
            )
            usage.update(encipher_only=False, decipher_only=False, digital_signature=True, crl_sign=True)
            builder = builder.add_extension(
                x509.KeyUsage(key_cert_sign=more.get("cert_sign_bit", True), **usage), critical=True
            )
        if more.get("key_id", True):
            identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
            builder = builder.add_extension(identifier, critical=False)
        for extension, critical in extra:
            builder = builder.add_extension(extension, critical=critical)
        self.certificate = signer.sign(builder)

    def sign(self, builder):
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return builder.sign(self.key, None)
        # As Fabric's own tools do: S in the lower half, so that a certificate's bytes are those it is known by.
        made = builder.sign(self.key, hashes.SHA256())
        while not signatures.is_low_s(made.signature, self.key.public_key()):
            made = builder.sign(self.key, hashes.SHA256())
        return made

    def issue(self, *units, key=None, begin=NOW - timedelta(hours=1), end=NOW + timedelta(days=300), extra=()):
        public_key = (key or ec.generate_private_key(ec.SECP256R1())).public_key()
        builder = certificate(name("user", units), self.subject, public_key, begin, end)
        for extension, critical in extra:
            builder = builder.add_extension(extension, critical=critical)
        return self.sign(builder)

    def revoke(self, *certificates, with_key_id=True):
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.subject)
            .last_update(NOW - timedelta(days=1))
            .next_update(NOW + timedelta(days=1))
        )
        if with_key_id:
            identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
            builder = builder.add_extension(identifier, critical=False)
        for certificate in certificates:
            revoked = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(NOW)
            builder = builder.add_revoked_certificate(revoked.build())
        return builder.sign(self.key, hashes.SHA256())


def config(*roots, roles=True, **more):
    made = msp_config_pb2.FabricMSPConfig(name="AMSP", root_certs=[pem(root.certificate) for root in roots], **more)
    if roles:
        made.fabric_node_ous.enable = True
        for role in ("client", "peer", "admin", "orderer"):
            getattr(made.fabric_node_ous, f"{role}_ou_identifier").organizational_unit_identifier = role
    return made


def build(*roots, **more):
    allowed = more.pop("ed25519_allowed", False)
    return msp.Msp.from_config(config(*roots, **more).SerializeToString(), ed25519_allowed=allowed)


def role(kind, msp_id="AMSP"):
    return msp.Principal.of_role(msp_id, kind)


def test_a_role_unit_makes_the_role():
    """A certificate's organisational unit says which role its holder has, and everybody is a member."""
    ca = Authority()
    organisation = build(ca)
    for unit, kind in (("client", msp.CLIENT), ("peer", msp.PEER), ("admin", msp.ADMIN), ("orderer", msp.ORDERER)):
        identity = organisation.validate(pem(ca.issue(unit)))
        others = {msp.CLIENT, msp.PEER, msp.ADMIN, msp.ORDERER} - {kind}
        assert identity.satisfies(role(kind))
        assert identity.satisfies(role(msp.MEMBER))
        assert not any(identity.satisfies(role(other)) for other in others)
        assert not identity.satisfies(role(kind, "BMSP"))


@pytest.mark.parametrize("units", [(), ("sales",), ("client", "peer"), ("client", "client")])
def test_exactly_one_role_unit_is_wanted(units):
    """No role, or two, makes no member."""
    ca = Authority()
    with pytest.raises(errors.IdentityError, match="OU"):
        build(ca).validate(pem(ca.issue(*units)))


def test_without_role_units_admins_are_listed():
    """Where an organisation uses no role units, its admins' certificates stand in its configuration."""
    ca = Authority()
    boss, worker = ca.issue(), ca.issue("peer")
    organisation = build(ca, roles=False, admins=[pem(boss)])
    assert organisation.validate(pem(boss)).satisfies(role(msp.ADMIN))
    other = organisation.validate(pem(worker))
    assert other.satisfies(role(msp.MEMBER))
    assert not other.satisfies(role(msp.ADMIN))
    assert not other.satisfies(role(msp.PEER))


def test_a_listed_admin_needs_no_admin_unit():
    """With role units, a listed admin may be a client by unit; a peer may not be listed."""
    ca = Authority()
    client, peer = ca.issue("client"), ca.issue("peer")
    assert build(ca, admins=[pem(client)]).validate(pem(client)).satisfies(role(msp.ADMIN))
    with pytest.raises(errors.WireError, match="admin 0 is invalid"):
        build(ca, admins=[pem(peer)])


def test_an_organisation_without_any_admin_is_refused():
    """Nobody could ever change it."""
    with pytest.raises(errors.WireError, match="administrators must be declared when no admin ou classification"):
        build(Authority(), roles=False)


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (NOW - timedelta(days=2), NOW - timedelta(minutes=1)),
        (NOW + timedelta(hours=1), NOW + timedelta(days=1)),
    ],
)
def test_time_is_left_to_the_caller(begin, end):
    """Expired and not yet valid certificates are members', as real peers were seen to have it."""
    ca = Authority()
    identity = build(ca).validate(pem(ca.issue("client", begin=begin, end=end)))
    assert identity.satisfies(role(msp.CLIENT))
    assert (identity.not_before, identity.not_after) == (begin, end)


def test_expiry_is_checked_where_asked():
    """The caller names the moment that counts."""
    ca = Authority()
    old = pem(ca.issue("client", begin=NOW - timedelta(days=2), end=NOW - timedelta(days=1)))
    with pytest.raises(errors.IdentityError, match="expired"):
        build(ca).validate(old, at=NOW)
    build(ca).validate(old, at=NOW - timedelta(days=1, hours=1))


def test_a_certificate_older_than_its_authority_is_refused():
    """Seen of real peers: the authority must have been valid when the certificate began."""
    ca = Authority(begin=NOW - timedelta(hours=1))
    with pytest.raises(errors.IdentityError):
        build(ca).validate(pem(ca.issue("client", begin=NOW - timedelta(hours=2))))


def test_a_stranger_with_the_same_name_is_refused():
    """What counts is the authority's key."""
    with pytest.raises(errors.IdentityError, match="unknown authority"):
        build(Authority()).validate(pem(Authority().issue("client")))


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"not a certificate",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----",
        b"\xff" * 100,
    ],
)
def test_junk_is_refused(junk):
    """Creators are whatever a sender writes."""
    with pytest.raises(errors.IdentityError):
        build(Authority()).identity(junk)


def test_a_mutilated_certificate_never_crashes():
    """Any byte may be wrong; the answer is an IdentityError or an identity, nothing else."""
    ca = Authority()
    organisation = build(ca)
    good = ca.issue("client").public_bytes(serialization.Encoding.DER)
    for position in range(0, len(good), 3):
        bad = good[:position] + bytes([good[position] ^ 0x55]) + good[position + 1 :]
        text = x509_pem(bad)
        try:
            organisation.validate(text)
        except errors.IdentityError:
            continue
        pytest.fail(f"a certificate with a wrong byte at {position} was accepted")


def x509_pem(der):
    import base64

    body = base64.encodebytes(der).decode().replace("\n", "")
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n".encode()


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (rsa.generate_private_key(65537, 2048), "RSA is not supported"),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519 is not supported"),
    ],
)
def test_other_algorithms_are_refused(key, why):
    """Members sign with ECDSA; Ed25519 takes the channel's V3_0 capability."""
    ca = Authority()
    with pytest.raises(errors.IdentityError, match=why):
        build(ca).validate(pem(ca.issue("client", key=key)))


def test_ed25519_with_the_capability():
    """With V3_0 an Ed25519 key is a member's, and an Ed25519 authority may issue."""
    key = ed25519.Ed25519PrivateKey.generate()
    for ca in (Authority(), Authority(key=ed25519.Ed25519PrivateKey.generate())):
        identity = build(ca, ed25519_allowed=True).validate(pem(ca.issue("client", key=key)))
        assert identity.verify(b"message", key.sign(b"message"))
        assert not identity.verify(b"massage", key.sign(b"message"))


def test_a_signature_with_a_high_s_is_refused():
    """One message has one valid signature of a key, or ids could be forged."""
    ca, key = Authority(), ec.generate_private_key(ec.SECP256R1())
    identity = build(ca).validate(pem(ca.issue("client", key=key)))
    good = signatures.sign_low_s(key, b"message")
    r, s = decode_dss_signature(good)
    assert identity.verify(b"message", good)
    assert not identity.verify(b"message", encode_dss_signature(r, P256_ORDER - s))
    assert not identity.verify(b"message", b"garbage")


def turned(certificate):
    """Return the same certificate with the S of its issuer's signature turned around, which needs no key."""
    r, s = decode_dss_signature(certificate.signature)
    other = encode_dss_signature(r, P256_ORDER - s)
    der = certificate.public_bytes(serialization.Encoding.DER)
    start = der.index(certificate.tbs_certificate_bytes)
    inner = der[start : der.index(certificate.signature) - 3] + b"\x03" + bytes([len(other) + 1]) + b"\x00" + other
    header = b"\x30\x82" + len(inner).to_bytes(2, "big")
    return x509_pem(header + inner)


def test_both_forms_of_a_certificate_are_one_identity():
    """Otherwise a policy that asks for two signers would take one who shows two forms of one certificate."""
    ca, key = Authority(), ec.generate_private_key(ec.SECP256R1())
    issued = ca.issue("peer", key=key)
    msps = msp.Msps([build(ca)])
    forms = [signatures.serialized_identity("AMSP", form) for form in (pem(issued), turned(issued))]
    assert forms[0] != forms[1]
    first, second = (msps.validate(form) for form in forms)
    assert first.id == second.id
    signed = [msp.SignedData(b"m", form, signatures.sign_low_s(key, b"m")) for form in forms]
    assert len(msps.signers(signed)) == 1


@pytest.mark.parametrize(
    "bent",
    [
        {"cert_sign_bit": False},
        {"extra": [UNKNOWN]},
        {"extra": [CLIENT_AUTH]},
        {"path_length": 0, "through": True},
    ],
)
def test_an_authority_may_only_do_what_it_says(bent):
    """Key usage, path length, purposes and unknown critical extensions bind an authority."""
    through = bent.pop("through", False)
    root = Authority("root", **bent)
    issuer = Authority("inner", root) if through else root
    intermediates = [pem(issuer.certificate)] if through else []
    member = pem(issuer.issue("client"))
    with pytest.raises((errors.IdentityError, errors.WireError)):
        build(root, intermediate_certs=intermediates).validate(member)


@pytest.mark.parametrize(
    ("bent", "why"),
    [
        ({"ca": False}, "failed to traverse certificate verification chain"),
        ({"ca": None}, "failed to traverse certificate verification chain"),
        ({"key_id": False}, "Subject Key Identifier"),
    ],
)
def test_what_is_no_authority_cannot_be_published_as_one(bent, why):
    """An organisation's configuration is refused as a whole."""
    with pytest.raises(errors.WireError, match=why):
        build(Authority(**bent))


@pytest.mark.parametrize(("extra", "good"), [(UNKNOWN, False), (CLIENT_AUTH, False), (BOTH_PURPOSES, True)])
def test_extensions_of_a_member(extra, good):
    """Unknown critical extensions and a purpose that excludes servers are refused, as Go's verifier does."""
    ca = Authority()
    identity = pem(ca.issue("client", extra=[extra]))
    if good:
        build(ca).validate(identity)
    else:
        with pytest.raises(errors.IdentityError):
            build(ca).validate(identity)


@pytest.mark.parametrize(("host", "why"), [("x.a.test", None), ("b.test", "to sign for this name"), (None, "a SAN")])
def test_an_authority_limited_in_names_certifies_no_others(host, why):
    """Its members' names lie in its limits, and they have such a name where their common name could be a host's."""
    ca = Authority(extra=[NAME_LIMIT])
    extra = [(x509.SubjectAlternativeName([x509.DNSName(host)]), False)] if host else []
    member = pem(ca.issue("client", extra=extra))
    if why is None:
        build(ca).validate(member)
    else:
        with pytest.raises(errors.IdentityError, match=why):
            build(ca).validate(member)


def test_an_authoritys_own_certificate_is_no_member():
    """Neither root nor intermediate can sign transactions."""
    root = Authority("root")
    inner = Authority("inner", root)
    organisation = build(root, intermediate_certs=[pem(inner.certificate)])
    for authority in (root, inner):
        with pytest.raises(errors.IdentityError, match="cannot be used as an identity"):
            organisation.validate(pem(authority.certificate))


def test_intermediates_issue_and_the_root_above_them_does_not():
    """Members come from the leaves of the tree of authorities."""
    root = Authority("root")
    inner = Authority("inner", root)
    organisation = build(root, intermediate_certs=[pem(inner.certificate)])
    assert organisation.validate(pem(inner.issue("peer"))).satisfies(role(msp.PEER))
    with pytest.raises(errors.IdentityError, match="should be a leaf of the certification tree"):
        organisation.validate(pem(root.issue("peer")))


def test_an_unpublished_intermediate_is_unknown():
    """Only published authorities count, although the root has certified this one."""
    root = Authority("root")
    with pytest.raises(errors.IdentityError, match="unknown authority"):
        build(root).validate(pem(Authority("inner", root).issue("peer")))


def test_two_chains_are_one_too_many():
    """It would be unclear who vouches."""
    first = Authority("ca")
    second = Authority("ca", key=first.key)
    with pytest.raises((errors.IdentityError, errors.WireError), match="single validation chain"):
        build(first, second).validate(pem(first.issue("client")))


def test_revoked_by_its_own_authority():
    """A listed serial number is out, whenever it was revoked; others stay."""
    ca = Authority()
    gone, kept = ca.issue("client"), ca.issue("client")
    for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER):
        organisation = build(ca, revocation_list=[ca.revoke(gone).public_bytes(encoding)])
        with pytest.raises(errors.IdentityError, match="The certificate has been revoked"):
            organisation.validate(pem(gone))
        assert not organisation.identity(pem(gone)).satisfies(role(msp.MEMBER))
        organisation.validate(pem(kept))


def test_a_strangers_list_revokes_nobody():
    """A list counts when the issuer signed it, whatever key it names."""
    ca, stranger = Authority(), Authority()
    victim = ca.issue("client")
    forged = stranger.revoke(victim).public_bytes(serialization.Encoding.DER)
    key_id = x509.SubjectKeyIdentifier.from_public_key(ca.key.public_key()).digest
    own = x509.SubjectKeyIdentifier.from_public_key(stranger.key.public_key()).digest
    for revocations in (forged, forged.replace(own, key_id)):
        build(ca, revocation_list=[revocations]).validate(pem(victim))


def test_a_list_without_its_authority_blocks_everybody():
    """Fabric cannot tell whose it is and refuses; so does this."""
    ca = Authority()
    revocations = ca.revoke(with_key_id=False).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(errors.IdentityError, match="Authority Key Identifier"):
        build(ca, revocation_list=[revocations]).validate(pem(ca.issue("client")))


def test_an_unreadable_list_is_refused():
    """Better no organisation than one whose revocations are lost."""
    with pytest.raises(errors.WireError, match="RevocationList"):
        build(Authority(), revocation_list=[b"junk"])


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ({"root_certs": []}, "expected at least one CA certificate"),
        ({"root_certs": [b"junk"]}, "could not decode pem bytes"),
        ({"intermediate_certs": [b"junk"]}, "could not decode pem bytes"),
        ({"tls_root_certs": [b"junk"]}, "could not decode pem bytes"),
        ({"admins": [b"junk"]}, "could not decode pem bytes"),
    ],
)
def test_broken_configurations_are_refused(damage, why):
    """Each names what is wrong with it."""
    made = config(Authority())
    for field, value in damage.items():
        made.ClearField(field)
        getattr(made, field).extend(value)
    with pytest.raises(errors.WireError, match=why):
        msp.Msp.from_config(made.SerializeToString())


def test_bytes_that_are_no_configuration_are_refused():
    """Configurations come over the wire."""
    with pytest.raises(errors.WireError):
        msp.Msp.from_config(b"\xff\xff")


def test_an_organisation_is_read_once():
    """Nodes meet the same bytes in every channel and configuration; what the channel allows is another organisation."""
    encoded = config(Authority()).SerializeToString()
    assert msp.Msp.from_config(encoded) is msp.Msp.from_config(bytes(bytearray(encoded)))
    assert msp.Msp.from_config(encoded) is not msp.Msp.from_config(encoded, ed25519_allowed=True)


def test_a_role_unit_may_be_bound_to_an_authority():
    """Then the unit counts only in certificates of that authority."""
    first, second = Authority("first"), Authority("second")
    made = config(first, second)
    made.fabric_node_ous.peer_ou_identifier.certificate = pem(first.certificate)
    organisation = msp.Msp.from_config(made.SerializeToString())
    assert organisation.validate(pem(first.issue("peer"))).satisfies(role(msp.PEER))
    assert organisation.validate(pem(second.issue("client"))).satisfies(role(msp.CLIENT))
    with pytest.raises(errors.IdentityError, match="certifiersIdentifier does not match"):
        organisation.validate(pem(second.issue("peer")))


def test_required_units():
    """An organisation may admit only holders of certain units."""
    ca = Authority()
    made = config(ca)
    made.organizational_unit_identifiers.add(organizational_unit_identifier="sales", certificate=pem(ca.certificate))
    organisation = msp.Msp.from_config(made.SerializeToString())
    organisation.validate(pem(ca.issue("client", "sales")))
    for units in (("client",), ("client", "legal")):
        with pytest.raises(errors.IdentityError, match="organizational units"):
            organisation.validate(pem(ca.issue(*units)))


KINDS = msp_principal_pb2.MSPPrincipal


def test_principals_of_every_kind():
    """Roles, units, single certificates, combinations; what cannot be read satisfies nobody."""
    ca = Authority()
    organisation = build(ca)
    certificate = ca.issue("peer", "sales")
    identity = organisation.validate(pem(certificate))
    chain = hashlib.sha256(ca.certificate.public_bytes(serialization.Encoding.DER)).digest()

    def unit(unit_name, certifiers=chain, msp_id="AMSP"):
        return msp_principal_pb2.OrganizationUnit(
            msp_identifier=msp_id, organizational_unit_identifier=unit_name, certifiers_identifier=certifiers
        ).SerializeToString()

    def combined(*parts):
        made = msp_principal_pb2.CombinedPrincipal()
        for kind, value in parts:
            made.principals.add(principal_classification=kind, principal=value)
        return made.SerializeToString()

    own = identities_pb2.SerializedIdentity(mspid="AMSP", id_bytes=pem(certificate)).SerializeToString()
    other = identities_pb2.SerializedIdentity(mspid="AMSP", id_bytes=pem(ca.issue("peer"))).SerializeToString()
    peer, client = role(msp.PEER).value, role(msp.CLIENT).value
    nominal = msp_principal_pb2.MSPIdentityAnonymity(anonymity_type=0).SerializeToString()
    anonymous = msp_principal_pb2.MSPIdentityAnonymity(anonymity_type=1).SerializeToString()
    expected = {
        (KINDS.ORGANIZATION_UNIT, unit("sales")): True,
        (KINDS.ORGANIZATION_UNIT, unit("legal")): False,
        (KINDS.ORGANIZATION_UNIT, unit("sales", b"other")): False,
        (KINDS.ORGANIZATION_UNIT, unit("sales", msp_id="BMSP")): False,
        (KINDS.IDENTITY, own): True,
        (KINDS.IDENTITY, other): False,
        (KINDS.IDENTITY, b"\xff"): False,
        (KINDS.ANONYMITY, nominal): True,
        (KINDS.ANONYMITY, anonymous): False,
        (KINDS.COMBINED, combined((KINDS.ROLE, peer), (KINDS.ORGANIZATION_UNIT, unit("sales")))): True,
        (KINDS.COMBINED, combined((KINDS.ROLE, peer), (KINDS.ROLE, client))): False,
        (KINDS.COMBINED, combined()): False,
        (KINDS.COMBINED, b"\xff"): False,
        (KINDS.ROLE, b"\xff"): False,
        (KINDS.ORGANIZATION_UNIT, b"\xff"): False,
        (KINDS.ROLE, msp_principal_pb2.MSPRole(msp_identifier="AMSP", role=77).SerializeToString()): False,
        (99, b""): False,
    }
    for (kind, value), answer in expected.items():
        assert identity.satisfies(msp.Principal(kind, value)) is answer, (kind, value)


def test_the_set_of_a_channel_finds_and_remembers():
    """An identity is looked at once, however often it signs."""
    ca = Authority()
    msps = msp.Msps([build(ca)])
    serialized = signatures.serialized_identity("AMSP", pem(ca.issue("client")))
    assert msps.validate(serialized) is msps.identity(serialized)
    assert ("AMSP" in msps, "BMSP" in msps, len(msps)) == (True, False, 1)
    with pytest.raises(errors.IdentityError, match="MSP BMSP is not defined on channel"):
        msps.identity(signatures.serialized_identity("BMSP", pem(ca.issue("client"))))
    for junk in (b"", b"\xff\xff", b"\n\x04AMSP"):
        with pytest.raises(errors.IdentityError, match="could not deserialize a SerializedIdentity"):
            msps.identity(junk)


def test_signers_leaves_out_what_does_not_verify():
    """A bad signature beside good ones neither counts nor spoils them."""
    ca, key, other = Authority(), ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    msps = msp.Msps([build(ca)])
    good = signatures.serialized_identity("AMSP", pem(ca.issue("peer", key=key)))
    wrong = signatures.serialized_identity("AMSP", pem(ca.issue("peer", key=other)))
    signature = signatures.sign_low_s(key, b"m")
    signed = [msp.SignedData(b"m", serialized, signature) for serialized in (wrong, b"junk", good)]
    assert [identity.msp_id for identity in msps.signers(signed)] == ["AMSP"]
    assert msps.signers([*signed, signed[-1]]) == msps.signers(signed)
