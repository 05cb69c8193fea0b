"""Check whether enough orderers have signed a block."""

from __future__ import annotations

from collections.abc import Sequence

from hlf.audit.signatures.signing import SignedBlock
from hlf.errors import IdentityError
from hlf.wire import blocks, msp, signatures
from hlf.wire.config import channelconfig

BLOCK_VALIDATION = "/Channel/Orderer/BlockValidation"


def identities(block: blocks.Block, bundle: channelconfig.Bundle | None) -> Sequence[bytes]:
    """
    Return the identities that claim to have signed a block, one for each signature; empty if unknown. Orderers of BFT
    sign under a number, and the configuration has the identity of each number.
    """
    ordering = bundle.ordering if bundle is not None else None
    consenters = {c.id: c for c in ordering.consenters} if ordering is not None else {}
    found = []
    for signature in block.signatures:
        if signature.identifier is None:
            found.append(signature.creator)
            continue
        consenter = consenters.get(signature.identifier)
        found.append(signatures.serialized_identity(consenter.msp_id, consenter.identity) if consenter else b"")
    return found


def refusal(signed: SignedBlock, bundle: channelconfig.Bundle) -> tuple[str | None, list[str]]:
    """Return why the orderers' signatures are not enough (None if they are), and the faults of single signatures."""
    signers: dict[tuple[str, str], msp.Identity] = {}
    idle = []
    block = signed.block
    claimed = identities(block, bundle)
    for number, (signature, wanted, looked_at) in enumerate(
        zip(block.signatures, claimed, signed.orderers, strict=True), start=1
    ):
        try:
            identity = bundle.msps.identity(wanted)
        except IdentityError:
            idle.append(f"signature {number} of its orderers is by nobody that the channel knows")
            continue
        known, holds = looked_at
        if wanted != known:
            # It was checked under a configuration that has changed since.
            holds = identity.verify(signature.signed, signature.signature)
        if holds:
            signers.setdefault((identity.msp_id, identity.id), identity)
        else:
            idle.append(f"signature {number} of its orderers does not hold")
    return bundle.policy(BLOCK_VALIDATION).refusal(list(signers.values())), idle
