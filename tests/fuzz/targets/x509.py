"""Certificates, keys and signatures."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec

from hlf import errors
from hlf.wire import certificates, msp, signatures
from tests.fuzz.target import Target, reads
from tests.hostile import dermutations, mutations
from tests.support import derparts

DER = (dermutations.bend_der,)
PEM = (mutations.bend,)
_KEY = ec.derive_private_key(9, ec.SECP256R1()).public_key()


def _certificate(data: bytes) -> object:
    """As PEM; and as DER, which is quicker to be changed in its depth."""
    text = data if data.startswith(b"-----") else derparts.pem(data)
    found = certificates.read(text)
    return repr(found), found.subject.rfc4514(), found.not_before, found.not_after, found.issued(found)


def _signature(data: bytes) -> object:
    return signatures.verify(_KEY, data, b"message"), signatures.is_low_s(data, _KEY)


def _members(data: bytes) -> object:
    organisation = msp.Msp.from_config(data)
    return [organisation.identity(text).refusal for text in organisation.config.admins]


TARGETS = (
    Target("certificate", "hlf.wire.certificates.read", (errors.IdentityError,), _certificate, (*DER, *PEM)),
    reads("certificates", "hlf.wire.certificates.read_all", errors.IdentityError),
    reads("revocations", "hlf.wire.certificates.read_revocations", errors.IdentityError, bends=(*DER, *PEM)),
    reads("private-key", "hlf.signers.load_private_key", errors.IdentityError),
    Target("signature", "hlf.wire.signatures.verify", (), _signature, (*DER, *PEM)),
    reads("identity", "hlf.wire.signatures.parse_identity", errors.WireError, bends=(mutations.bend_message,)),
    Target("members", "hlf.wire.msp.Msp.from_config", (errors.WireError,), _members, (mutations.bend_message,)),
)
