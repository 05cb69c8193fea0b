"""
Real peers and the engine's judge a proposal's creator as `hlf.wire.msp` does, whatever its certificate is like.

Each of several hundred bent certificates, issued by the laboratory's own CA, asks one query. What Fabric's code makes
of such certificates is recorded too (`tests/unit/hlf/wire/test_bent_certificates.py`); here a peer is asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hlf import errors
from hlf.wire import certificates, msp, signatures
from hlf.wire.config import channelconfig
from tests.conformance.lab import CHANNEL, Caller, Lab
from tests.conformance.laboratories import Laboratories
from tests.conformance.test_blocks import chain
from tests.support import oddcertificates
from tests.support.derparts import tlv
from tests.support.oddcertificates.organisations import CURVES, Issuer, key

MALFORMED, STRANGER, EXPIRED, TAKEN = "malformed", "not a member", "expired", "taken"
_WORDS = {"creator is malformed": MALFORMED, "creator org [Org1MSP]": STRANGER, "identity expired": EXPIRED}


def issuer(lab: Lab) -> Issuer:
    """Org1's CA; its members are valid as long as it is itself."""
    folder = lab.state / "organisations" / "Org1MSP" / "ca"
    own = certificates.read((folder / "cert.pem").read_bytes())
    private = load_pem_private_key((folder / "key.pem").read_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    times = [tlv(0x18, f"{moment:%Y%m%d%H%M%S}Z".encode()) for moment in (own.not_before, own.not_after)]
    return Issuer(own.subject.der, private, tlv(0x30, *times))


def signs(text: bytes) -> Callable[[bytes], bytes]:
    """Sign as the holder of a certificate: with the key in it where it is one of the usual ones."""
    try:
        held = certificates.read(text).public_key.key
    except errors.IdentityError:
        held = None
    keys = [key(9, curve) for curve in CURVES]
    private = next((each for each in keys if each.public_key() == held), key(9))
    return lambda message: signatures.sign_low_s(private, message)


def expected(text: bytes, members: msp.Msps) -> str:
    """Return what a peer has to make of a creator with that certificate."""
    try:
        if certificates.read(text).not_after.timestamp() < time.time():
            return EXPIRED
        identity = members.identity(signatures.serialized_identity("Org1MSP", text))
    except errors.IdentityError:
        return MALFORMED
    good = identity.valid and identity.verify(b"message", signs(text)(b"message"))
    return TAKEN if good else STRANGER


def answered(lab: Lab, text: bytes) -> str:
    """Return what the peer makes of it."""
    caller = Caller(signatures.serialized_identity("Org1MSP", text), signs(text))
    answer = lab.process("GetChainInfo", CHANNEL, caller=caller, chaincode="qscc")
    if answer.grpc_status == "OK" and answer.result["status"] == 200:
        return TAKEN
    return next((verdict for words, verdict in _WORDS.items() if words in str(answer)), str(answer))


@pytest.mark.parametrize("engine", ["embedded", pytest.param("native", marks=pytest.mark.native)])
def test_creators_are_judged_alike(laboratories: Laboratories, engine: str):
    """Read or not, a stranger, expired, a member: each certificate gets as far with a peer as it gets here."""
    lab = laboratories.on(engine)
    members = channelconfig.Bundle.from_config_block(chain(lab)[0]).msps
    # Nobody can put an empty certificate into a proposal.
    shown = {case.name: case.text for case in oddcertificates.members(issuer(lab)) if case.text}
    wanted = {name: expected(text, members) for name, text in shown.items()}
    assert {name: answered(lab, text) for name, text in shown.items()} == wanted
    assert {MALFORMED, STRANGER, TAKEN} <= set(wanted.values())
