"""
The verifier: checks exported blocks, without a peer and without trust in the exporter.

``verify`` replays a channel from its blocks alone, under the rules of Fabric's own validation, and reports every place
where the bytes and the rules disagree. It shares no code with any engine, so that each is a check on the other.

It cannot know whether an endorser ran the contract honestly; that is why there are several endorsers. It cannot
know private values either, because a channel has only their hashes; ``prove_value`` proves a disclosed one.
"""

from hlf.audit.evidence.disclosures import PrivateWrite, ValueProof, private_writes, prove_value
from hlf.audit.records.files import read_blocks, write_block
from hlf.audit.replay.report import CANNOT_TELL, DOES_NOT_HOLD, HOLDS, Finding, Report
from hlf.audit.replay.verification import verify
from hlf.audit.replay.verifier import Verifier

__all__ = [
    "CANNOT_TELL",
    "DOES_NOT_HOLD",
    "HOLDS",
    "Finding",
    "PrivateWrite",
    "Report",
    "ValueProof",
    "Verifier",
    "private_writes",
    "prove_value",
    "read_blocks",
    "verify",
    "write_block",
]
