"""Submit, validation and commit status: which transactions become valid, and with what code the others are marked."""

from __future__ import annotations

from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2

from tests.conformance.answers import Answer, ask
from tests.conformance.cases import case
from tests.conformance.lab import PATIENCE, EndorsedTransaction, Lab, code_name

ALL = ["Org1MSP", "Org2MSP", "Org3MSP"]

case("submit ok")(lambda lab: lab.submit("put", "submit-ok", "v1"))
case("submit ok read only")(lambda lab: lab.submit("readonly", "submit-ok"))
case("submit ok single")(lambda lab: lab.submit("put", "k", "v1", chaincode="single"))
case("submit ok single explicit org2")(lambda lab: lab.submit("put", "k", "v2", chaincode="single", orgs=["Org2MSP"]))
case("submit ok all orgs explicit")(lambda lab: lab.submit("put", "submit-all", "v2", orgs=ALL))
case("submit too few orgs explicit")(lambda lab: lab.submit("put", "submit-few", "v3", orgs=["Org1MSP"]))
case("endorse org3 fails majority ok")(lambda lab: lab.submit("orgfail", "Org3MSP", "fails-3"))
case("endorse org2 fails, fallback org3")(lambda lab: lab.submit("orgfail", "Org2MSP", "fails-2"))
case("empty value put")(lambda lab: lab.submit("putempty", "empty-value"))


@case("empty value get")
def empty_value(lab: Lab) -> Answer:
    """An empty value reads as a key that is not there."""
    lab.must("putempty", "empty-read")
    return lab.evaluate("get", "empty-read")


@case("mvcc conflict")
def mvcc_same_block(lab: Lab) -> Answer:
    """Of two that read one version, the first wins."""
    lab.must("put", "mvcc", "0")
    return Answer(result=lab.submit_together(lab.endorse("rmw", "mvcc", "1"), lab.endorse("rmw", "mvcc", "2")))


@case("mvcc conflict across blocks")
def mvcc_across_blocks(lab: Lab) -> Answer:
    """A version that was overtaken in an earlier block."""
    lab.must("put", "mvcc-late", "0")
    endorsed = lab.endorse("rmw", "mvcc-late", "1")
    lab.must("put", "mvcc-late", "2")
    return Answer(result=lab.submit_together(endorsed))


@case("mvcc created meanwhile")
def mvcc_created(lab: Lab) -> Answer:
    """A key read as missing, and created before the commit."""
    key = lab.fresh("mvcc-new")
    endorsed = lab.endorse("rmw", key, "1")
    lab.must("put", key, "2")
    return Answer(result=lab.submit_together(endorsed))


@case("phantom read conflict")
def phantom(lab: Lab) -> Answer:
    """A key inserted into a range that was read."""
    prefix = lab.fresh("phantom")
    lab.must("writemany", "3", prefix)
    endorsed = lab.endorse("rangeput", prefix, prefix + "~", prefix + "-out", "x")
    lab.must("put", prefix + "00001a", "new")
    return Answer(result=lab.submit_together(endorsed))


@case("phantom read conflict same block")
def phantom_same_block(lab: Lab) -> Answer:
    """The same between two transactions of one block."""

    def endorsed() -> list[EndorsedTransaction]:
        prefix = lab.fresh("phantoms")
        lab.must("writemany", "3", prefix)
        return [lab.endorse("rangeput", prefix, prefix + "~", prefix + key, "x") for key in ("a", "b")]

    return Answer(result=lab.in_one_block(endorsed)[1])


@case("range update conflict")
def range_update(lab: Lab) -> Answer:
    """A value in the range that was read changes."""
    prefix = lab.fresh("updated")
    lab.must("writemany", "3", prefix)
    endorsed = lab.endorse("rangeput", prefix, prefix + "~", prefix + "-out", "x")
    lab.must("put", prefix + "00001", "other")
    return Answer(result=lab.submit_together(endorsed))


@case("phantom in a large range")
def phantom_merkle(lab: Lab) -> Answer:
    """A range so large that its reads are recorded as a Merkle summary."""
    prefix = lab.fresh("large")
    lab.must("writemany", "120", prefix)
    untouched = lab.endorse("rangeput", prefix, prefix + "~", "large-out", "x")
    first = lab.submit_together(untouched)
    conflicting = lab.endorse("rangeput", prefix, prefix + "~", "large-out", "x")
    lab.must("put", prefix + "00050", "other")
    return Answer(result=first + lab.submit_together(conflicting))


@case("range deleted meanwhile")
def range_delete(lab: Lab) -> Answer:
    """A key in the range that was read disappears."""
    prefix = lab.fresh("deleted")
    lab.must("writemany", "3", prefix)
    endorsed = lab.endorse("rangeput", prefix, prefix + "~", prefix + "-out", "x")
    lab.must("del", prefix + "00001")
    return Answer(result=lab.submit_together(endorsed))


@case("blind writes")
def blind_writes(lab: Lab) -> Answer:
    """Writes without reads never conflict."""
    return Answer(result=lab.submit_together(lab.endorse("put", "blind", "1"), lab.endorse("put", "blind", "2")))


@case("duplicate transaction id")
def duplicate(lab: Lab) -> Answer:
    """A committed envelope sent again is taken and marked; the first status stays."""
    endorsed = lab.endorse("put", "duplicate", "1")
    codes = lab.submit_together(endorsed)
    height = lab.height()
    lab.send(endorsed)
    lab.wait_until(lambda: lab.height() > height, "the repeated envelope's block")
    return Answer(result=[codes, lab.code(endorsed.transaction_id), lab.filtered_codes(height)])


@case("duplicate transaction id same block")
def duplicate_in_one_block(lab: Lab) -> Answer:
    """Sent twice at once: the second is the duplicate."""
    endorsed = lab.endorse("put", "duplicate-block", "1")
    lab.send(endorsed)
    lab.send(endorsed)
    status = lab.status(endorsed.transaction_id)
    return Answer(result=lab.filtered_codes(status.block_number))


@case("process proposal of a committed tx id")
def proposal_again(lab: Lab) -> Answer:
    """A proposal whose transaction is committed is refused."""
    transaction_id, signed = lab.proposal("put", "again", "1")
    request = gateway_pb2.EndorseRequest(transaction_id=transaction_id, proposed_transaction=signed)
    answer = lab.nodes["Org1"].gateway.Endorse(request, timeout=PATIENCE).prepared_transaction
    answer.signature = lab.caller().sign(answer.payload)
    lab.send_envelope(answer, transaction_id)
    lab.code(transaction_id)
    return lab.process_signed(signed)


@case("transaction over AbsoluteMaxBytes")
def too_large(lab: Lab) -> Answer:
    """A transaction larger than the channel allows is refused by the orderer."""
    return lab.submit("put", "too-large", "x" * 600_000)


@case("submit no envelope")
def submit_nothing(lab: Lab) -> Answer:
    """A request without what it is for."""
    request = gateway_pb2.SubmitRequest(transaction_id="x", channel_id="mychannel")
    return ask(lambda: bool(lab.nodes["Org1"].gateway.Submit(request, timeout=PATIENCE)))


@case("submit unsigned")
def submit_unsigned(lab: Lab) -> Answer:
    """An envelope nobody signed."""
    endorsed = lab.endorse("put", "unsigned", "1")
    return ask(lambda: lab.send_envelope(endorsed.envelope, endorsed.transaction_id))


@case("submit no channel")
def submit_no_channel(lab: Lab) -> Answer:
    """The request's channel counts when submitting."""
    return _submit_to(lab, "")


@case("unknown channel submit")
def submit_unknown_channel(lab: Lab) -> Answer:
    """A channel the gateway's peer does not know."""
    return _submit_to(lab, "nochan")


def _submit_to(lab: Lab, channel: str) -> Answer:
    endorsed = lab.endorse("put", "elsewhere", "1")
    envelope = common_pb2.Envelope(
        payload=endorsed.envelope.payload, signature=endorsed.caller.sign(endorsed.envelope.payload)
    )
    request = gateway_pb2.SubmitRequest(
        transaction_id=endorsed.transaction_id, channel_id=channel, prepared_transaction=envelope
    )
    return ask(lambda: bool(lab.nodes["Org1"].gateway.Submit(request, timeout=PATIENCE)))


@case("submit garbage envelope")
def submit_garbage(lab: Lab) -> Answer:
    """The orderer's refusal comes through the gateway."""
    envelope = common_pb2.Envelope(payload=b"\xff\xff", signature=lab.caller().sign(b"\xff\xff"))
    return ask(lambda: lab.send_envelope(envelope, "x"))


@case("orderer broadcast")
def broadcast(lab: Lab) -> Answer:
    """An endorsed transaction sent to the orderer itself."""
    endorsed = lab.endorse("put", "broadcast", "1")
    envelope = common_pb2.Envelope(
        payload=endorsed.envelope.payload, signature=endorsed.caller.sign(endorsed.envelope.payload)
    )
    return Answer(result=[lab.broadcast(envelope), lab.code(endorsed.transaction_id)])


@case("orderer broadcast unknown channel")
def broadcast_unknown_channel(lab: Lab) -> Answer:
    """The orderer's own answer, with its status and words."""
    endorsed = lab.endorse("put", "broadcast", "1")
    payload = common_pb2.Payload.FromString(endorsed.envelope.payload)
    header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    header.channel_id = "nochan"
    payload.header.channel_header = header.SerializeToString()
    changed = payload.SerializeToString()
    return Answer(result=lab.broadcast(common_pb2.Envelope(payload=changed, signature=lab.caller().sign(changed))))


@case("commit status waits")
def status_waits(lab: Lab) -> Answer:
    """Asked before the submit, it answers after the commit."""
    endorsed = lab.endorse("put", "status-waits", "1")
    who = lab.caller()
    request = gateway_pb2.CommitStatusRequest(
        transaction_id=endorsed.transaction_id, channel_id="mychannel", identity=who.creator
    ).SerializeToString()
    signed = gateway_pb2.SignedCommitStatusRequest(request=request, signature=who.sign(request))
    waiting = lab.nodes["Org1"].gateway.CommitStatus.future(signed, timeout=PATIENCE)
    lab.send(endorsed)
    return ask(lambda: code_name(waiting.result().result))


@case("commit status unknown tx")
def status_unknown(lab: Lab) -> Answer:
    """It waits until the caller has no more patience."""
    return ask(lambda: lab.status("ab" * 32, patience=1).result)


def _status(lab: Lab, **fields: Any) -> Answer:
    request = gateway_pb2.CommitStatusRequest(**fields).SerializeToString()
    return _status_of(lab, request)


def _status_of(lab: Lab, request: bytes) -> Answer:
    signed = gateway_pb2.SignedCommitStatusRequest(request=request, signature=lab.caller().sign(request))
    return ask(lambda: lab.nodes["Org1"].gateway.CommitStatus(signed, timeout=PATIENCE).result)


case("commit status empty tx id")(
    lambda lab: _status(lab, channel_id="mychannel", identity=lab.caller().creator, transaction_id="")
)
case("commit status no identity")(lambda lab: _status(lab, channel_id="mychannel", transaction_id="ab" * 32))
case("commit status no channel")(lambda lab: _status(lab, identity=lab.caller().creator, transaction_id="ab" * 32))
case("commit status empty request")(
    lambda lab: ask(
        lambda: lab.nodes["Org1"].gateway.CommitStatus(gateway_pb2.SignedCommitStatusRequest(), timeout=PATIENCE).result
    )
)
case("commit status garbage request")(lambda lab: _status_of(lab, b"\xff\xff"))
