"""Proposals with one thing wrong, at the gateway and at the endorser itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2

from hlf.wire import envelopes, keys
from tests.conformance.answers import Answer, ask
from tests.conformance.cases import case, cases
from tests.conformance.lab import CHANNEL, PATIENCE, Lab, response

KEY = "malformed"


@dataclass
class Parts:
    """A proposal's parts, to be spoilt before they are put together; a part set to None is left out."""

    creator: bytes
    nonce: bytes = field(default_factory=lambda: os.urandom(24))
    transaction_id: str | None = None
    # Not declared as optional: the faults change the whole parts.
    channel: common_pb2.ChannelHeader = field(init=False)
    extension: bytes | None = None
    spec: chaincode_pb2.ChaincodeSpec = field(init=False)
    payload: bytes | None = None
    header: bool = True
    signature_header: bool = True

    def __post_init__(self) -> None:
        self.channel = common_pb2.ChannelHeader(
            type=common_pb2.ENDORSER_TRANSACTION, channel_id=CHANNEL, timestamp=envelopes.timestamp()
        )
        self.extension = proposal_pb2.ChaincodeHeaderExtension(
            chaincode_id=chaincode_pb2.ChaincodeID(name="lab")
        ).SerializeToString()
        self.spec = chaincode_pb2.ChaincodeSpec(
            type=chaincode_pb2.ChaincodeSpec.NODE,
            chaincode_id=chaincode_pb2.ChaincodeID(name="lab"),
            input=chaincode_pb2.ChaincodeInput(args=[b"get", KEY.encode()]),
        )

    def put_together(self) -> bytes:
        """The serialized proposal."""
        header = common_pb2.Header()
        if self.channel is not None:
            right = keys.transaction_id(self.nonce, self.creator)
            self.channel.tx_id = right if self.transaction_id is None else self.transaction_id
            self.channel.extension = self.extension or b""
            header.channel_header = self.channel.SerializeToString()
        if self.signature_header:
            header.signature_header = envelopes.signature_header(self.creator, self.nonce)
        invocation = chaincode_pb2.ChaincodeInvocationSpec(chaincode_spec=self.spec)
        visible = proposal_pb2.ChaincodeProposalPayload(input=invocation.SerializeToString())
        payload = visible.SerializeToString() if self.payload is None else self.payload
        proposal = proposal_pb2.Proposal(payload=payload)
        if self.header:
            proposal.header = header.SerializeToString()
        return proposal.SerializeToString()


def _set(name: str, value: object) -> Callable[[Parts], None]:
    return lambda parts: setattr(parts, name, value)


def _channel(name: str, value: object) -> Callable[[Parts], None]:
    return lambda parts: setattr(parts.channel, name, value)


FAULTS: dict[str, Callable[[Parts], None]] = {
    "baseline": lambda parts: None,
    "no nonce": _set("nonce", b""),
    "no creator": _set("creator", b""),
    "no tx id": _set("transaction_id", ""),
    "wrong tx id": _set("transaction_id", "ab" * 32),
    "no channel id": _channel("channel_id", ""),
    "no timestamp": lambda parts: parts.channel.ClearField("timestamp"),
    "no extension": _set("extension", None),
    "header type CONFIG": _channel("type", common_pb2.CONFIG),
    "header type CONFIG_UPDATE": _channel("type", common_pb2.CONFIG_UPDATE),
    "header type MESSAGE": _channel("type", common_pb2.MESSAGE),
    "epoch 1": _channel("epoch", 1),
    "version 1": _channel("version", 1),
    "chaincode name empty in spec": lambda parts: parts.spec.chaincode_id.ClearField("name"),
    "no spec": _set("spec", None),
    "no input": lambda parts: parts.spec.ClearField("input"),
    "extension names lab, spec names single": lambda parts: setattr(parts.spec.chaincode_id, "name", "single"),
    "no signature header": _set("signature_header", False),
    "no channel header": _set("channel", None),
    "no header": _set("header", False),
    "no payload": _set("payload", b""),
    "garbage payload": _set("payload", b"\xff\xff"),
    "chaincode type undefined": lambda parts: setattr(parts.spec, "type", chaincode_pb2.ChaincodeSpec.UNDEFINED),
    "bad channel id chars": _channel("channel_id", "My Channel!"),
    "extension garbage": _set("extension", b"\xff\xff"),
}


def _signed(lab: Lab, spoil: Callable[[Parts], None]) -> proposal_pb2.SignedProposal:
    caller = lab.caller()
    parts = Parts(caller.creator)
    spoil(parts)
    made = parts.put_together()
    return proposal_pb2.SignedProposal(proposal_bytes=made, signature=caller.sign(made))


SERVICES: dict[str, Callable[[Lab, proposal_pb2.SignedProposal], Answer]] = {
    "evaluate": Lab.evaluate_signed,
    "endorse": Lab.endorse_signed,
    "process": Lab.process_signed,
}

cases(
    {
        f"proposal: {name}: {service}": (send, spoil)
        for name, spoil in FAULTS.items()
        for service, send in SERVICES.items()
    },
    lambda lab, asked: asked[0](lab, _signed(lab, asked[1])),
)

WHOLE: dict[str, Callable[[Lab], proposal_pb2.SignedProposal]] = {
    "empty SignedProposal": lambda lab: proposal_pb2.SignedProposal(),
    "garbage proposal bytes": lambda lab: proposal_pb2.SignedProposal(
        proposal_bytes=b"\xff\xff", signature=lab.caller().sign(b"\xff\xff")
    ),
    "no signature": lambda lab: proposal_pb2.SignedProposal(
        proposal_bytes=_signed(lab, FAULTS["baseline"]).proposal_bytes
    ),
}

cases(
    {f"{name}: {service}": (send, make) for name, make in WHOLE.items() for service, send in SERVICES.items()},
    lambda lab, asked: asked[0](lab, asked[1](lab)),
)


@case("request tx id differs from header")
def transaction_id_differs(lab: Lab) -> Answer:
    """The header counts, the request's own field does not."""
    return lab.evaluate_signed(_signed(lab, FAULTS["baseline"]), "ab" * 32)


@case("request channel id differs from header")
def channel_id_differs(lab: Lab) -> Answer:
    """The header counts here too."""
    request = gateway_pb2.EvaluateRequest(channel_id="other", proposed_transaction=_signed(lab, FAULTS["baseline"]))
    return ask(lambda: response(lab.nodes["Org1"].gateway.Evaluate(request, timeout=PATIENCE).result))


@case("endorse request channel id differs from header")
def endorse_channel_id_differs(lab: Lab) -> Answer:
    """And for endorsements."""
    request = gateway_pb2.EndorseRequest(channel_id="other", proposed_transaction=_signed(lab, FAULTS["baseline"]))
    gateway = lab.nodes["Org1"].gateway
    return ask(lambda: bool(gateway.Endorse(request, timeout=PATIENCE).prepared_transaction.payload))
