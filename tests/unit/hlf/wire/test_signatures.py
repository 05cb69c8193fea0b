"""Signatures and identities as Fabric takes them."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from fabric_protos.peer import proposal_pb2, proposal_response_pb2
from hypothesis import given
from hypothesis import strategies as st

from hlf.errors import IdentityError, WireError
from hlf.wire import proposals, signatures, verification
from tests.unit.hlf import golden

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
KEYS = [ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())]


def test_creators_signatures_in_golden_blocks_hold():
    """An envelope's signature goes over its payload."""
    checked = 0
    for name in golden.PEER_BLOCKS:
        for transaction in golden.block(name).transactions:
            if transaction.signature:
                key = golden.public_key(transaction.creator)
                assert signatures.verify(key, transaction.signature, transaction.payload)
                assert not signatures.verify(key, transaction.signature, transaction.payload + b" ")
                checked += 1
    assert checked >= 20


def test_endorsements_in_golden_blocks_hold():
    """An endorsement goes over the response payload and the endorser's own identity."""
    checked = 0
    for name in golden.PEER_BLOCKS:
        for transaction in golden.block(name).transactions:
            for action in transaction.actions:
                for endorsement in action.endorsements:
                    key = golden.public_key(endorsement.endorser)
                    signed = action.response_payload + endorsement.endorser
                    assert signatures.verify(key, endorsement.signature, signed)
                    checked += 1
    assert checked >= 30


def test_a_proposals_signature_and_both_endorsers_answers_hold():
    """Request and answers as they crossed the wire."""
    signed = proposal_pb2.SignedProposal.FromString(golden.read("tx-signed-proposal.pb"))
    creator = proposals.parse(signed.proposal_bytes).signature_header.creator
    assert signatures.verify(golden.public_key(creator), signed.signature, signed.proposal_bytes)
    for organisation in (1, 2):
        response = proposal_response_pb2.ProposalResponse.FromString(
            golden.read(f"tx-proposal-response-org{organisation}.pb")
        )
        endorser = response.endorsement.endorser
        message = response.payload + endorser
        assert signatures.verify(golden.public_key(endorser), response.endorsement.signature, message)


@pytest.mark.parametrize("key", KEYS, ids=["P-256", "P-384"])
@given(message=st.binary(max_size=200))
def test_what_is_signed_has_low_s_and_verifies(key, message):
    """Every signature this makes is one that Fabric takes."""
    signature = signatures.sign_low_s(key, message)
    assert signatures.is_low_s(signature, key.public_key())
    assert signatures.verify(key.public_key(), signature, message)


@pytest.mark.parametrize("key", KEYS, ids=["P-256", "P-384"])
def test_high_s_is_refused_and_can_be_mended(key):
    """Mathematics accepts both halves of the order, Fabric only the lower one."""
    order = verification.ORDERS[key.curve.name]
    r, s = decode_dss_signature(signatures.sign_low_s(key, b"message"))
    high = encode_dss_signature(r, order - s)
    key.public_key().verify(high, b"message", ec.ECDSA(hashes.SHA256()))
    assert not signatures.is_low_s(high, key.public_key())
    assert not signatures.verify(key.public_key(), high, b"message")
    assert signatures.normalise_low_s(high, key.curve) == encode_dss_signature(r, s)


def longer(signature: bytes, inside: bytes = b"", after: bytes = b"") -> bytes:
    """Return a signature with more values in its sequence, and bytes behind it."""
    content = signature[2:] + inside
    size = bytes([len(content)]) if len(content) < 0x80 else b"\x81" + bytes([len(content)])
    return b"\x30" + size + content + after


@pytest.mark.parametrize("key", KEYS, ids=["P-256", "P-384"])
@pytest.mark.parametrize(
    ("inside", "after"), [(b"", b"\x00"), (b"\x02\x01\x01", b""), (b"\xff" * 60, b""), (b"\x05\x00", b"hello")]
)
def test_what_follows_r_and_s_does_not_matter(key, inside, after):
    """Peers read a signature with Go's asn1, which passes over it; so does whoever judges as they do."""
    signature = longer(signatures.sign_low_s(key, b"message"), inside, after)
    assert signatures.verify(key.public_key(), signature, b"message")
    assert not signatures.verify(key.public_key(), signature, b"another")


def test_what_go_refuses_in_a_signature_is_refused():
    """Numbers and lengths must be the shortest, and the sequence must be there."""
    key = KEYS[0]
    # One that does not end with the very byte that is put behind those that were cut.
    good = next(made for made in iter(lambda: signatures.sign_low_s(key, b"message"), b"") if made[-1])
    long_length = b"\x30\x81" + good[1:]
    leading_zero = b"\x30" + bytes([good[1] + 1]) + b"\x02" + bytes([good[3] + 1]) + b"\x00" + good[4:]
    endless = b"\x30\x80" + good[2:] + b"\x00\x00"
    for bad in (long_length, leading_zero, endless, b"\x31" + good[1:], good[:-1], good[2:]):
        for signature in (bad, bad + b"\x00"):
            assert not signatures.verify(key.public_key(), signature, b"message")


def test_ed25519_signs_the_message_itself():
    """Fabric 3 takes Ed25519 identities, without a digest."""
    key = ed25519.Ed25519PrivateKey.generate()
    signature = signatures.sign_low_s(key, b"message")
    assert len(signature) == 64
    assert signatures.verify(key.public_key(), signature, b"message")
    assert not signatures.verify(key.public_key(), signature, b"another")


@given(st.binary(max_size=120))
def test_hostile_signatures_are_false_not_errors(garbage):
    """A verifier is asked about bytes from strangers."""
    for key in (*KEYS, ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))):
        assert not signatures.verify(key.public_key(), garbage, b"message")
    with pytest.raises(WireError):
        signatures.normalise_low_s(garbage, ec.SECP256R1())


@given(r=st.integers(0, 1 << 260), s=st.integers(0, 1 << 260), data=st.data())
def test_the_short_way_through_der_leads_to_the_same_place(r, s, data):
    """Whatever is taken apart by hand is what a parser of DER makes of it, bent at any place or not."""
    bent = bytearray(encode_dss_signature(r, s))
    for _ in range(data.draw(st.integers(0, 2))):
        bent[data.draw(st.integers(0, len(bent) - 1))] = data.draw(st.sampled_from([0, 1, 2, 0x20, 0x30, 0x7F, 0x80]))
    signature = bytes(bent)[: data.draw(st.integers(0, len(bent)))] if data.draw(st.booleans()) else bytes(bent)
    plain = verification._plain_s(signature)
    if plain is not None:
        numbers = decode_dss_signature(signature)
        assert plain == numbers[1]
        assert encode_dss_signature(*numbers) == signature


@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (P256_ORDER, 1), (1, P256_ORDER)])
def test_numbers_out_of_range_are_no_signature(r, s):
    """Zero and the order itself pass the DER but not the curve."""
    with pytest.raises(WireError):
        signatures.normalise_low_s(encode_dss_signature(r, s), ec.SECP256R1())


def test_a_curve_that_fabric_does_not_know_is_refused():
    """Signing with it would only fail later, at every peer."""
    with pytest.raises(IdentityError, match="secp256k1"):
        signatures.sign_low_s(ec.generate_private_key(ec.SECP256K1()), b"message")


def test_keys_of_another_kind_verify_nothing():
    """An RSA key in a certificate is an answer, not a crash."""
    assert not signatures.verify(object(), b"", b"")


def test_golden_identities_are_written_again_byte_for_byte():
    """Creator bytes are hashed into transaction ids, so the form matters to the bit."""
    for transaction in golden.block("block-00124-events-several-in-one-block.peer.pb").transactions:
        msp_id, pem = signatures.parse_identity(transaction.creator)
        assert msp_id == "Org1MSP"
        assert x509.load_pem_x509_certificate(pem).subject
        assert signatures.serialized_identity(msp_id, pem) == transaction.creator


@given(st.binary(max_size=60))
def test_hostile_identities_give_one_kind_of_error(garbage):
    """Either two parts or a WireError."""
    try:
        msp_id, id_bytes = signatures.parse_identity(garbage)
    except WireError:
        return
    assert msp_id
    assert id_bytes
