"""Sealing: opens for its recipient and its purpose only, and is HPKE as others have it."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey

from hlf import errors, sealing
from hlf.sealing import Binding, PrivateKey, PublicKey, Suite

BINDING = Binding("trade", "seal-1", "Port of Haiphong", 1)
KEYS = {suite: sealing.generate(suite) for suite in Suite}

OTHERS = {
    Suite.P256: KEMId.DHKEM_P256_HKDF_SHA256,
    Suite.X25519: KEMId.DHKEM_X25519_HKDF_SHA256,
}
"""The suites that PyPI's pyhpke has, too."""

RFC_INFO = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
RFC_PLAINTEXT = bytes.fromhex("4265617574792069732074727574682c20747275746820626561757479")
RFC_9180 = {
    # Appendix A.2.1 and A.5.1, base mode, sequence number 0.
    Suite.X25519: {
        "enc": "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
        "skRm": "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
        "pkRm": "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
        "key": "ad2744de8e17f4ebba575b3f5f5a8fa1f69c2a07f6e7500bc60ca6e3e3ec1c91",
        "base_nonce": "5c4d98150661b848853b547f",
        "ct": "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
    },
    Suite.P256: {
        "enc": "04c07836a0206e04e31d8ae99bfd549380b072a1b1b82e563c935c095827824"
        "fc1559eac6fb9e3c70cd3193968994e7fe9781aa103f5b50e934b5b2f387e381291",
        "skRm": "a4d1c55836aa30f9b3fbb6ac98d338c877c2867dd3a77396d13f68d3ab150d3b",
        "pkRm": "04a697bffde9405c992883c5c439d6cc358170b51af72812333b015621dc0f"
        "40bad9bb726f68a5c013806a790ec716ab8669f84f6b694596c2987cf35baba2a006",
        "key": "a8f45490a92a3b04d1dbf6cf2c3939ad8bfc9bfcb97c04bffe116730c9dfe3fc",
        "base_nonce": "726b4390ed2209809f58c693",
        "ct": "6469c41c5c81d3aa85432531ecf6460ec945bde1eb428cb2fedf7a29f5a685b4ccb0d057f03ea2952a27bb458b",
    },
}


@pytest.mark.parametrize("suite", Suite)
@settings(max_examples=20, deadline=None)
@given(plaintext=st.binary(max_size=2_000))
def test_what_is_sealed_opens_for_its_recipient(suite, plaintext):
    """Sealing and unsealing agree, and two seals of one plaintext differ."""
    key = KEYS[suite]
    sealed = sealing.seal(plaintext, key.public, BINDING)
    assert sealing.unseal(sealed, key, BINDING) == plaintext
    assert sealed != sealing.seal(plaintext, key.public, BINDING)


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize(
    "other",
    [
        Binding("logistics", "seal-1", "Port of Haiphong", 1),
        Binding("trade", "seal-2", "Port of Haiphong", 1),
        Binding("trade", "seal-1", "Port of Da Nang", 1),
        Binding("trade", "seal-1", "Port of Haiphong", 2),
        Binding("trades", "eal-1", "Port of Haiphong", 1),
    ],
)
def test_a_seal_opens_for_its_purpose_only(suite, other):
    """Channel, record, recipient and version are bound; parts that run together are told apart."""
    sealed = sealing.seal(b"4200", KEYS[suite].public, BINDING)
    with pytest.raises(errors.SealingError):
        sealing.unseal(sealed, KEYS[suite], other)


@pytest.mark.parametrize("suite", Suite)
def test_nobody_else_opens_it_and_no_bit_may_change(suite):
    """Another key, another suite's key, a flipped bit anywhere and a truncated seal all fail alike."""
    sealed = sealing.seal(b"4200", KEYS[suite].public, BINDING)
    flipped = [
        sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in (0, len(sealed) // 2, len(sealed) - 1)
    ]
    for wrong in [*flipped, sealed[:-1], b""]:
        with pytest.raises(errors.SealingError):
            sealing.unseal(wrong, KEYS[suite], BINDING)
    for key in [sealing.generate(suite), *(KEYS[other] for other in Suite if other is not suite)]:
        with pytest.raises(errors.SealingError):
            sealing.unseal(sealed, key, BINDING)


@pytest.mark.parametrize("suite", OTHERS)
def test_another_implementation_opens_it_and_seals_to_us(suite):
    """PyPI's pyhpke and this module read each other's ciphertexts."""
    key = KEYS[suite]
    theirs = CipherSuite.new(OTHERS[suite], KDFId.HKDF_SHA256, AEADId.CHACHA20_POLY1305)
    length = {Suite.P256: 65, Suite.X25519: 32}[suite]
    sealed = sealing.seal(b"4200", key.public, BINDING)
    private = KEMKey.from_pyca_cryptography_key(key._load())
    recipient = theirs.create_recipient_context(sealed[:length], private, info=BINDING.info)
    assert recipient.open(sealed[length:]) == b"4200"
    public = KEMKey.from_pyca_cryptography_key(key.public._load())
    encapsulated, sender = theirs.create_sender_context(public, info=BINDING.info)
    assert sealing.unseal(encapsulated + sender.seal(b"7000"), key, BINDING) == b"7000"


@pytest.mark.parametrize("suite", RFC_9180)
def test_the_vectors_of_the_rfc(suite):
    """
    The RFC's encapsulated key leads to the RFC's key and nonce.

    Its ciphertexts carry associated data, which is not offered here; so one
    without is made from the vector's key, after that key has been shown to be
    the one behind the vector's own ciphertext.
    """
    vector = {name: bytes.fromhex(text) for name, text in RFC_9180[suite].items()}
    cipher = ChaCha20Poly1305(vector["key"])
    assert cipher.encrypt(vector["base_nonce"], RFC_PLAINTEXT, b"Count-0") == vector["ct"]
    key = PrivateKey(suite, vector["skRm"])
    assert key.public.raw == vector["pkRm"]
    sealed = vector["enc"] + cipher.encrypt(vector["base_nonce"], RFC_PLAINTEXT, None)
    assert sealing._HPKE[suite].decrypt(sealed, key._load(), info=RFC_INFO) == RFC_PLAINTEXT


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize("raw", [b"", b"\x00", b"\x04" + b"\xff" * 64, b"\xff" * 2_000])
def test_what_is_no_key_is_refused(suite, raw):
    """A key of another length or off the curve gives a typed error, sealing and unsealing."""
    with pytest.raises(errors.SealingError):
        sealing.seal(b"x", PublicKey(suite, raw), BINDING)
    with pytest.raises(errors.SealingError):
        sealing.unseal(b"x" * 2_000, PrivateKey(suite, raw), BINDING)
    with pytest.raises(errors.SealingError):
        assert PrivateKey(suite, raw).public


def test_a_private_key_does_not_print_itself():
    """Keys end up in logs by being printed."""
    assert KEYS[Suite.X25519].raw.hex() not in repr(KEYS[Suite.X25519])
    assert str(KEYS[Suite.X25519].raw) not in repr(KEYS[Suite.X25519])


def test_thumbprints_tell_keys_and_suites_apart():
    """The same bytes as a key of two suites are two keys."""
    raw = KEYS[Suite.X25519].public.raw
    assert PublicKey(Suite.X25519, raw).thumbprint != PublicKey(Suite.P256, raw).thumbprint
    assert len({key.public.thumbprint for key in KEYS.values()}) == 3
