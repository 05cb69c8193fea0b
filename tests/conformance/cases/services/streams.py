"""Events and blocks: what the streams give, from where, to whom."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.orderer import ab_pb2

from tests.conformance.answers import Answer, ask
from tests.conformance.cases import case
from tests.conformance.lab import CHANNEL, NEWEST, NEXT_COMMIT, OLDEST, PATIENCE, Lab, at_block

LAST = at_block(2**64 - 1)
NOT_READY = ab_pb2.SeekInfo.FAIL_IF_NOT_READY


def _three(lab: Lab) -> list[tuple[str, int]]:
    """Commit three events, with a block without one before the third; return transaction ids and blocks."""
    found = []
    for number in (1, 2, 3):
        if number == 3:
            lab.must("put", "between", "x")
        endorsed = lab.endorse("event", f"e{number}", f"p{number}")
        lab.send(endorsed)
        found.append((endorsed.transaction_id, int(lab.status(endorsed.transaction_id).block_number)))
    return found


def _read(lab: Lab, count: int, **options: Any) -> Answer:
    """Read *count* messages of the stream, then close it."""
    stream = lab.chaincode_events(**options)

    def whole() -> list[Any]:
        told: list[Any] = []
        while len(told) < count:
            message = next(stream)
            told.append([[event.event_name, event.payload, event.chaincode_id] for event in message.events])
        return told

    try:
        return ask(whole)
    finally:
        stream.cancel()


def _silence(lab: Lab, **options: Any) -> Answer:
    """Wait a moment on a stream that should give nothing."""
    return _read(lab, 1, patience=1.0, **options)


@case("events replay from block")
def replay(lab: Lab) -> Answer:
    """From a block on, a message for each block with events."""
    first = _three(lab)[0]
    return _read(lab, 3, start=at_block(first[1]))


@case("events after tx")
def after_transaction(lab: Lab) -> Answer:
    """A checkpoint inside a block: what came before it in that block is left out."""
    first, second, _ = _three(lab)
    return _read(lab, 1, start=at_block(second[1]), after=second[0])


@case("events after tx not in start block")
def after_later_transaction(lab: Lab) -> Answer:
    """The transaction may come later than the start block; events up to it are left out."""
    first, second, _ = _three(lab)
    return _read(lab, 1, start=at_block(first[1]), after=second[0])


@case("events after unknown tx")
def after_unknown(lab: Lab) -> Answer:
    """A transaction that never comes silences the stream."""
    return _silence(lab, start=at_block(_three(lab)[0][1]), after="ab" * 32)


case("events start oldest")(lambda lab: _silence(lab, start=OLDEST))
case("events start newest")(lambda lab: _silence(lab, start=NEWEST))
case("events future block")(lambda lab: _silence(lab, start=at_block(100_000)))
case("events unknown chaincode")(lambda lab: _silence(lab, start=at_block(0), chaincode="nosuchcc"))
case("events empty chaincode")(lambda lab: _silence(lab, start=at_block(0), chaincode=""))
case("events client deadline")(lambda lab: _silence(lab))


@case("events start next_commit")
def next_commit(lab: Lab) -> Answer:
    """Only what is committed from now on."""
    lab.must("eventonly", "past", "x")
    stream = lab.chaincode_events(start=NEXT_COMMIT)
    return _while_committing(lab, stream, lambda message: [event.event_name for event in message.events])


def _while_committing(lab: Lab, stream: Any, tell: Callable[[Any], Any]) -> Answer:
    """
    Tell the first message of a stream that gives what is committed from now on.

    Nothing says when the stream has begun to listen, so transactions follow until a message arrives.
    """
    arrived: queue.Queue[Answer] = queue.Queue()
    reader = threading.Thread(target=lambda: arrived.put(ask(lambda: tell(next(stream)))), daemon=True)
    reader.start()
    try:
        while reader.is_alive():
            lab.must("eventonly", "live", "pl")
            reader.join(0.1)
        return arrived.get()
    finally:
        stream.cancel()


@case("events invalid tx")
def invalid_gives_none(lab: Lab) -> Answer:
    """A transaction that conflicts gives no event."""
    key = lab.fresh("event")
    lab.must("put", key, "0")
    several = [lab.endorse("rmwevent", key, name) for name in ("first", "second")]
    codes = lab.submit_together(*several)
    start = lab.status(several[0].transaction_id).block_number
    lab.must("eventonly", "after", "x")
    return Answer(result=[codes, _read(lab, 2, start=at_block(start)).result])


@case("events several in one block")
def several_in_one_block(lab: Lab) -> Answer:
    """One message a block."""
    several, _ = lab.in_one_block(lambda: [lab.endorse("eventonly", f"x{number}", str(number)) for number in range(3)])
    block = lab.status(several[0].transaction_id).block_number
    return Answer(result=_read(lab, 1, start=at_block(block)).result)


case("events empty request")(
    lambda lab: _first(lab.nodes["Org1"].gateway.ChaincodeEvents(gateway_pb2.SignedChaincodeEventsRequest(), timeout=5))
)


@case("events no identity")
def events_without_identity(lab: Lab) -> Answer:
    """A request that names nobody."""
    request = gateway_pb2.ChaincodeEventsRequest(channel_id=CHANNEL, chaincode_id="lab").SerializeToString()
    signed = gateway_pb2.SignedChaincodeEventsRequest(request=request, signature=lab.caller().sign(request))
    return _first(lab.nodes["Org1"].gateway.ChaincodeEvents(signed, timeout=5))


def _first(stream: Any) -> Answer:
    try:
        return ask(lambda: bool(next(stream)))
    finally:
        stream.cancel()


# Blocks, from the Deliver services.

case("deliver block 0..1")(lambda lab: lab.delivered([lab.seek(at_block(0), at_block(1))]))
case("deliver oldest..oldest")(lambda lab: lab.delivered([lab.seek(OLDEST, OLDEST)]))
case("deliver start > stop")(lambda lab: lab.delivered([lab.seek(at_block(1), at_block(0))]))
case("deliver unknown channel")(lambda lab: lab.delivered([lab.seek(OLDEST, OLDEST, channel="nochan")]))
case("deliver malformed: empty envelope")(lambda lab: lab.delivered([common_pb2.Envelope()]))
case("deliver garbage payload")(lambda lab: lab.delivered([common_pb2.Envelope(payload=b"\xff\xff")]))
case("deliver filtered genesis")(
    lambda lab: lab.delivered([lab.seek(at_block(0), at_block(0))], service="DeliverFiltered")
)
case("deliver two seeks on one stream")(
    lambda lab: lab.delivered([lab.seek(at_block(0), at_block(0)), lab.seek(at_block(1), at_block(1))])
)
case("orderer deliver genesis")(lambda lab: lab.delivered([lab.seek(at_block(0), at_block(0))], node="orderer"))
case("orderer deliver unknown channel")(
    lambda lab: lab.delivered([lab.seek(OLDEST, OLDEST, channel="nochan")], node="orderer")
)
case("orderer deliver header only")(
    lambda lab: lab.delivered(
        [lab.seek(at_block(1), at_block(1), content=ab_pb2.SeekInfo.HEADER_WITH_SIG)], node="orderer"
    )
)


@case("deliver newest")
def deliver_newest(lab: Lab) -> Answer:
    """The newest block, without its number."""
    answer = lab.delivered([lab.seek(NEWEST, NEWEST)])
    return answer.then(lambda told: [len(told), told[-1]])


@case("deliver next_commit")
def deliver_next_commit(lab: Lab) -> Answer:
    """Only blocks committed from now on."""
    height = lab.height()
    stream = lab.nodes["Org1"].deliver.Deliver(iter([lab.seek(NEXT_COMMIT, LAST)]), timeout=PATIENCE)
    return _while_committing(lab, stream, lambda message: message.block.header.number >= height)


@case("deliver past end FAIL_IF_NOT_READY")
def past_the_end(lab: Lab) -> Answer:
    """A block that is not there yet, asked for now."""
    height = lab.height()
    return lab.delivered([lab.seek(at_block(height + 5), at_block(height + 5), behaviour=NOT_READY)])


@case("deliver past end BLOCK_UNTIL_READY")
def far_past_the_end(lab: Lab) -> Answer:
    """Even waiting, a start more than one block ahead is not found."""
    height = lab.height()
    return lab.delivered([lab.seek(at_block(height + 5), at_block(height + 5))])


@case("deliver at height BLOCK_UNTIL_READY")
def next_block(lab: Lab) -> Answer:
    """The very next block is waited for."""
    height = lab.height()
    lab.send(lab.endorse("put", "next-block", "1"))
    answer = lab.delivered([lab.seek(at_block(height), at_block(height))])
    return answer.then(lambda told: [len(told), told[-1]])


@case("deliver without seek info")
def without_seek(lab: Lab) -> Answer:
    """A seek that says neither start nor stop."""
    return lab.delivered([lab.seek_envelope(common_pb2.DELIVER_SEEK_INFO, ab_pb2.SeekInfo())])


@case("deliver wrong header type")
def wrong_type(lab: Lab) -> Answer:
    """The header's type is not looked at."""
    return lab.delivered([lab.seek_envelope(common_pb2.MESSAGE, ab_pb2.SeekInfo(start=at_block(0), stop=at_block(0)))])


@case("deliver filtered")
def filtered(lab: Lab) -> Answer:
    """A filtered block names the event and leaves its payload out."""
    endorsed = lab.endorse("event", "e1", "p1")
    lab.send(endorsed)
    block = at_block(int(lab.status(endorsed.transaction_id).block_number))
    return lab.delivered([lab.seek(block, block)], service="DeliverFiltered")


def _private(lab: Lab, node: str, caller: str, collection: str = "org12") -> Answer:
    endorsed = lab.endorse("putpvt", collection, transient={"key": b"delivered", "value": b"secret"})
    lab.send(endorsed)
    number = int(lab.status(endorsed.transaction_id).block_number)
    lab.wait_until(lambda: lab.height(node) > number, f"block {number} at {node}")
    seek = lab.seek(at_block(number), at_block(number), caller=lab.caller(caller))
    return lab.delivered([seek], node=node, service="DeliverWithPrivateData")


case("deliver with private data org1")(lambda lab: _private(lab, "Org1", "Org1"))
case("deliver with private data org3")(lambda lab: _private(lab, "Org3", "Org3"))
case("deliver with private data org3 user at org1 peer")(lambda lab: _private(lab, "Org1", "Org3"))


@case("deliver with private data org3 user at org1 peer, implicit collection")
def implicit(lab: Lab) -> Answer:
    """Whoever may read whole blocks gets what an organisation keeps for itself: channels have to close event/Block."""
    return _private(lab, "Org1", "Org3", "_implicit_org_Org1MSP")
