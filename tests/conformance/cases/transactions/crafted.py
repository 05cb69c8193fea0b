"""Transactions put together by hand: what validation makes of envelopes no honest client sends."""

from __future__ import annotations

from collections.abc import Callable

from fabric_protos.common import common_pb2
from fabric_protos.peer import proposal_response_pb2, transaction_pb2

from tests.conformance.answers import Answer, ask
from tests.conformance.cases import case, cases
from tests.conformance.lab import EndorsedTransaction, Lab

ALL = ["Org1MSP", "Org2MSP", "Org3MSP"]


class OpenedTransaction:
    """An endorsed transaction taken apart, to be changed and closed again."""

    def __init__(self, endorsed: EndorsedTransaction) -> None:
        self.payload = common_pb2.Payload.FromString(endorsed.envelope.payload)
        self.channel = common_pb2.ChannelHeader.FromString(self.payload.header.channel_header)
        self.transaction = transaction_pb2.Transaction.FromString(self.payload.data)
        self.action = endorsed.action

    @property
    def endorsements(self) -> list[proposal_response_pb2.Endorsement]:
        return list(self.action.action.endorsements)

    def endorse_with(self, chosen: list[proposal_response_pb2.Endorsement]) -> None:
        del self.action.action.endorsements[:]
        self.action.action.endorsements.extend(chosen)

    def close(self) -> bytes:
        if self.transaction.actions:
            self.transaction.actions[0].payload = self.action.SerializeToString()
        self.payload.data = self.transaction.SerializeToString()
        self.payload.header.channel_header = self.channel.SerializeToString()
        return self.payload.SerializeToString()


def _too_few(opened: OpenedTransaction) -> None:
    opened.endorse_with(opened.endorsements[:1])


def _duplicate(opened: OpenedTransaction) -> None:
    opened.endorse_with(opened.endorsements[:1] * 2)


def _duplicate_and_enough(opened: OpenedTransaction) -> None:
    first, second, _ = opened.endorsements
    opened.endorse_with([first, first, second])


def _none(opened: OpenedTransaction) -> None:
    opened.endorse_with([])


def _bad_signature(opened: OpenedTransaction) -> None:
    first, second, _ = opened.endorsements
    second.signature = first.signature
    opened.endorse_with([first, second])


def _bad_extra(opened: OpenedTransaction) -> None:
    first, second, third = opened.endorsements
    third.signature = first.signature
    opened.endorse_with([first, second, third])


def _longer_signature(opened: OpenedTransaction) -> None:
    chosen = opened.endorsements
    for endorsement in chosen:
        endorsement.signature += b"\x00"
    opened.endorse_with(chosen)


def _altered(opened: OpenedTransaction) -> None:
    result = proposal_response_pb2.ProposalResponsePayload.FromString(opened.action.action.proposal_response_payload)
    result.extension = result.extension.replace(b"honest", b"forged")
    opened.action.action.proposal_response_payload = result.SerializeToString()


def _two_actions(opened: OpenedTransaction) -> None:
    opened.transaction.actions.append(opened.transaction.actions[0])


def _no_action(opened: OpenedTransaction) -> None:
    del opened.transaction.actions[:]


def _other_header(opened: OpenedTransaction) -> None:
    opened.transaction.actions[0].header = b"other"


def _wrong_id(opened: OpenedTransaction) -> None:
    opened.channel.tx_id = "ab" * 32


def _empty_id(opened: OpenedTransaction) -> None:
    opened.channel.tx_id = ""


def _type(number: int) -> Callable[[OpenedTransaction], None]:
    return lambda opened: setattr(opened.channel, "type", number)


SPOILT: dict[str, Callable[[OpenedTransaction], None]] = {
    "crafted too few endorsements": _too_few,
    "crafted duplicate endorser": _duplicate,
    "crafted dup + enough": _duplicate_and_enough,
    "crafted bad endorsement signature": _bad_signature,
    "crafted bad extra endorsement": _bad_extra,
    "crafted endorsement signatures with a byte behind them": _longer_signature,
    "crafted altered payload": _altered,
    "crafted no endorsements": _none,
    "crafted two actions": _two_actions,
    "crafted empty transaction": _no_action,
    "crafted action header differs": _other_header,
    "crafted wrong tx id": _wrong_id,
    "crafted empty tx id": _empty_id,
    "crafted type CONFIG": _type(common_pb2.CONFIG),
    "crafted type CONFIG_UPDATE": _type(common_pb2.CONFIG_UPDATE),
    "crafted type 99": _type(99),
    "crafted epoch": lambda opened: setattr(opened.channel, "epoch", 1),
}


def _sent(
    lab: Lab, spoil: Callable[[OpenedTransaction], None], function: str = "put", sign: Callable[[bytes], bytes] = bytes
) -> Answer:
    """Send the spoilt transaction, signed as *sign* changes it, and tell how the block that holds it marks it."""
    endorsed = lab.endorse(function, lab.fresh("crafted"), "honest", orgs=ALL)
    opened = OpenedTransaction(endorsed)
    spoil(opened)
    payload = opened.close()
    envelope = common_pb2.Envelope(payload=payload, signature=sign(endorsed.caller.sign(payload)))
    height = lab.height()

    def whole() -> list[str]:
        lab.send_envelope(envelope, endorsed.transaction_id)
        lab.wait_until(lambda: lab.height() > height, "the crafted transaction's block")
        return lab.filtered_codes(height)

    return ask(whole)


cases(SPOILT, _sent)


@case("crafted rmw")
def put_together_again(lab: Lab) -> Answer:
    """Taken apart and put together with nothing changed, a transaction that read is as good as before."""
    return _sent(lab, lambda opened: None, "rmw")


@case("crafted signature with a byte behind it")
def longer_signature(lab: Lab) -> Answer:
    """Go's asn1 passes over what follows R and S, so a transaction has more than one good signature."""
    return _sent(lab, lambda opened: None, sign=lambda signature: signature + b"\x00")
