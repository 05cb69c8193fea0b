"""Endorsers and creators with odd certificates, or none, stop no reader of a block and no writer of one."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_protos.peer import transaction_pb2

from hlf import audit
from hlf.audit.evidence import anchors, proofs
from hlf.audit.evidence.receipts import Receipt
from hlf.audit.records import anatomy
from hlf.network.engines.embedded.wire import requests
from hlf.wire import blocks, signatures
from hlf.wire.config import channelconfig
from tests.support import derparts
from tests.support.derparts import Draft
from tests.support.members import Consortium, Definition, Person, put
from tests.support.runningchannel import RunningChannel, consortium, run
from tests.unit.hlf.chain import Chain

X400 = derparts.extension(derparts.SAN, derparts.tlv(0x30, derparts.tlv(0xA3)))
# The authority did not exist then, so nobody that it issued is a member of that time.
YEAR_0 = derparts.tlv(0x30, derparts.tlv(0x18, b"00000101000000Z"), derparts.tlv(0x18, b"99991231235959Z"))
RSA = derparts.tlv(
    0x30,
    derparts.tlv(0x30, derparts.oid("1.2.840.113549.1.1.1"), b"\x05\x00"),
    derparts.tlv(0x03, b"\0", derparts.tlv(0x30, b"\x02\x01\x05", b"\x02\x01\x03")),
)
CODES = transaction_pb2.TxValidationCode


def shown(person: Person, text: bytes) -> Person:
    """Return a person who shows this instead of its certificate."""
    made = Person(person.msp_id, person.issued)
    made.__dict__["serialized"] = signatures.serialized_identity(person.msp_id, text)
    return made


def bent(who: Consortium, person: Person, *extensions: bytes, **parts: object) -> bytes:
    """Return the person's certificate with other parts, issued by its organisation all the same."""
    draft = Draft.of(person.issued.certificate.public_bytes(Encoding.DER)).but(**parts).with_extensions(*extensions)
    return derparts.pem(draft.signed(who[person.msp_id].ca.key))


REFUSED = {
    "version 0x42": lambda who, person: bent(who, person, version=b"\xa0\x03\x02\x01\x42"),
    "the year 0": lambda who, person: bent(who, person, validity=YEAR_0),
    "a negative number": lambda who, person: bent(who, person, serial=b"\x02\x01\x80"),
    "a tiny RSA key": lambda who, person: bent(who, person, key=RSA),
    "an extension twice": lambda who, person: bent(who, person, X400, X400),
    "a byte order mark": lambda who, person: b"\xef\xbb\xbf" + person.issued.certificate_pem,
    "an empty block": lambda who, person: derparts.pem(b""),
    "half a block": lambda who, person: b"-----BEGIN CERTIFICATE-----",
}
READ = ("a name of a rare kind", "the year 0", "a tiny RSA key")
ISSUED = ("a name of a rare kind", "a tiny RSA key")
ALL = {"a name of a rare kind": lambda who, person: bent(who, person, X400), **REFUSED}


@pytest.mark.parametrize("words", ALL)
def test_an_endorser_stops_no_block(tmp_path, words):
    """Real peers pass over an endorsement that they cannot read, and go on; so do the engine and the auditor."""

    async def scenario(channel: RunningChannel):
        await channel.define()
        who = channel.who
        odd = shown(who["AMSP"].peer, ALL[words](who, who["AMSP"].peer))
        short, enough = who.transaction(put(a=b"1"), [odd, "BMSP"]), who.transaction(put(b=b"2"), [odd, "BMSP", "CMSP"])
        counted = "VALID" if words not in REFUSED else "ENDORSEMENT_POLICY_FAILURE"
        assert await channel.block([short, enough]) == [counted, "VALID"]
        assert (requests.expiry(odd.serialized) is not None) == (words in READ)
        block, genesis = channel.ledger.block(2), channel.ledger.block(0)
        proof = proofs.check(Receipt("trade", short.id, 0, block, (genesis,)), [anchors.of_block(genesis)])
        assert [who["msp_id"] for who in proof.document()["actions"][0]["endorsed_by"]][1] == "BMSP"

    run(tmp_path, scenario)


@pytest.mark.parametrize("words", ALL)
def test_a_creator_stops_no_audit(words):
    """Whatever an orderer let into a block, the verifier comes to the code that real peers give it."""
    who = consortium()
    chain = Chain(who)
    chain.add(who.define(Definition("cc")))
    odd = shown(who["AMSP"].client, ALL[words](who, who["AMSP"].client))
    transaction = who.transaction(put(a=b"1"), ["AMSP", "BMSP"], creator=odd)
    chain.add(transaction, codes=[CODES.VALID if words not in REFUSED else CODES.BAD_CREATOR_SIGNATURE])
    outcome = audit.verify(chain.serialized)
    assert outcome.ok, outcome.findings
    bundle = channelconfig.Bundle.from_config_block(chain.serialized[0])
    creator = blocks.decode(chain.serialized[-1]).transactions[0].creator
    assert anatomy.who(creator, bundle)["msp_id"] == ("AMSP" if words in ISSUED else "unknown")
