"""Who may ask: every kind of caller at every service."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from fabric_protos.common import common_pb2
from fabric_protos.peer import proposal_pb2

from hlf.wire import envelopes, keys, proposals
from tests.conformance import callers
from tests.conformance.answers import Answer, ask
from tests.conformance.cases import cases
from tests.conformance.lab import CHANNEL, Caller, Lab, at_block, code_name

KEY = "identities"


def _prepared(lab: Lab) -> None:
    if not lab.evaluate("get", KEY).result["payload"]:
        lab.must("put", KEY, "1")


def _evaluate(lab: Lab, caller: Caller) -> Answer:
    _prepared(lab)
    return lab.evaluate("get", KEY, caller=caller)


def _endorse(lab: Lab, caller: Caller) -> Answer:
    return lab.endorse_answer("readonly", KEY, caller=caller)


def _process(lab: Lab, caller: Caller) -> Answer:
    _prepared(lab)
    return lab.process("get", KEY, caller=caller)


def _status(lab: Lab, caller: Caller) -> Answer:
    endorsed = lab.endorse("put", KEY, "1")
    lab.send(endorsed)
    return ask(lambda: code_name(lab.status(endorsed.transaction_id, caller=caller).result))


def _events(lab: Lab, caller: Caller) -> Answer:
    lab.must("eventonly", "identities", "seen")
    stream = lab.chaincode_events(at_block(0), caller=caller)
    try:
        return ask(lambda: len(next(stream).events) > 0)
    finally:
        stream.cancel()


def _deliver(lab: Lab, caller: Caller) -> Answer:
    return lab.delivered([lab.seek(at_block(0), at_block(0), caller=caller)])


def _submit(lab: Lab, caller: Caller) -> Answer:
    """Put *caller* in the header of a transaction whose endorsements were made for another."""
    endorsed = lab.endorse("put", KEY, "1")
    payload = common_pb2.Payload.FromString(endorsed.envelope.payload)
    header = common_pb2.SignatureHeader.FromString(payload.header.signature_header)
    channel = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    channel.tx_id = keys.transaction_id(header.nonce, caller.creator)
    header.creator = caller.creator
    payload.header.signature_header = header.SerializeToString()
    payload.header.channel_header = channel.SerializeToString()
    changed = payload.SerializeToString()
    envelope = common_pb2.Envelope(payload=changed, signature=caller.sign(changed))

    def whole() -> dict[str, str]:
        lab.send_envelope(envelope, channel.tx_id)
        return {"validation_code": lab.code(channel.tx_id)}

    return ask(whole)


SERVICES: dict[str, Callable[[Lab, Caller], Answer]] = {
    "evaluate": _evaluate,
    "endorse": _endorse,
    "process": _process,
    "status": _status,
    "events": _events,
    "deliver": _deliver,
    "submit": _submit,
}

cases(
    {
        f"{kind} {service}": (question, make)
        for kind, make in callers.KINDS.items()
        for service, question in SERVICES.items()
    },
    lambda lab, asked: asked[0](lab, asked[1](lab)),
)


def _at(lab: Lab, seconds: int) -> tuple[proposal_pb2.SignedProposal, Caller]:
    caller = lab.caller()
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    made = proposals.new(CHANNEL, "lab", [b"get", KEY.encode()], caller.creator, timestamp=moment)
    return proposal_pb2.SignedProposal(proposal_bytes=made.bytes, signature=caller.sign(made.bytes)), caller


def _skewed_evaluate(lab: Lab, seconds: int) -> Answer:
    _prepared(lab)
    return lab.evaluate_signed(_at(lab, seconds)[0])


def _skewed_endorse(lab: Lab, seconds: int) -> Answer:
    return lab.endorse_signed(_at(lab, seconds)[0])


def _skewed_deliver(lab: Lab, seconds: int) -> Answer:
    caller = lab.caller()
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    unsigned = envelopes.seek_envelope(CHANNEL, caller.creator, start=0, stop=0, nonce=b"n" * 24, timestamp=moment)
    unsigned.signature = caller.sign(unsigned.payload)
    return lab.delivered([unsigned])


SKEWED: dict[str, Callable[[Lab, int], Answer]] = {
    "evaluate": _skewed_evaluate,
    "endorse": _skewed_endorse,
    "deliver": _skewed_deliver,
}

cases(
    {
        f"timestamp skew {seconds}s {service}": (question, seconds)
        for seconds in (-960, 960, -840, 840)
        for service, question in SKEWED.items()
    },
    lambda lab, asked: asked[0](lab, asked[1]),
)
