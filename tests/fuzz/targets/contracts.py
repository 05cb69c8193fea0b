"""What reaches contracts: arguments, records, disclosures, the caller's certificate, and a peer's stream."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal

from fabric_protos.peer import chaincode_shim_pb2
from google.protobuf.message import DecodeError

from chaincode.domain.disclosure import disclosures
from hlf.codec import canonical
from hlf.codec.refusals import Refused
from hlf.shim import api
from hlf.shim.handler import Handler
from hlf.shim.identity import Client
from hlf.shim.serving.workers import Workers
from hlf.wire import signatures
from tests.fuzz.target import Target, reads, text_of
from tests.hostile import dermutations, mutations
from tests.support import derparts
from tests.unit.hlf.shim.ledger_contracts import Thing, Things
from tests.unit.hlf.shim.test_types import Box, Pallet

_CHAINCODE = api.Chaincode("things", [Things])
_FRAME = 2


class _Takes(api.Contract):
    """Takes a record, an integer, a text, and what else has a form of its own."""

    @api.query
    def take(
        self,
        ctx: api.Context,
        thing: Thing,
        count: int,
        text: str,
        price: Decimal,
        at: datetime,
        cargo: Box | Pallet | float | None,
    ) -> str:
        return f"{thing}{count}{text}{price}{at}{cargo}"


_FUNCTION = api.Chaincode("takes", [_Takes]).functions["_Takes:take"]


def _arguments(data: bytes) -> object:
    """Return the same bytes as each of them; one that is refused must not hide the next."""
    good = [b'{"colour":"red","id":"a","labels":{},"parts":[]}', b"1", b"x", b"1.50", b"2026-11-22T07:05:00Z", b"1.5"]
    taken = []
    for number in range(len(good)):
        given = [*good[:number], data, *good[number + 1 :]]
        try:
            taken.append(_FUNCTION.decode(given))
        except Refused:
            continue
    if not taken:
        raise Refused("INVALID_ARGUMENT", "none of them")
    return repr(taken)


def _disclosure(data: bytes) -> object:
    return repr(disclosures.read(text_of(data)))


def _caller(data: bytes) -> object:
    text = data if data.startswith(b"-----") else derparts.pem(data)
    found = Client(signatures.serialized_identity("AMSP", text))
    return found.id, found.common_name, found.role, dict(found.attributes)


def frames(data: bytes) -> list[bytes]:
    """Return the messages in *data*: each with two bytes of length before it, the last one cut where the bytes end."""
    found = []
    while len(data) > _FRAME:
        size = int.from_bytes(data[:_FRAME], "big")
        found.append(data[_FRAME : _FRAME + size])
        data = data[_FRAME + size :]
    return found


def _stream(data: bytes) -> object:
    """Return a peer that sends these messages and breaks off; what cannot be decoded ends the call before us."""
    messages: list[object] = []
    for frame in frames(data):
        try:
            messages.append(chaincode_shim_pb2.ChaincodeMessage.FromString(frame))
        except DecodeError:
            break
    return asyncio.run(asyncio.wait_for(_served(messages), 20))


async def _served(messages: list[object]) -> list[object]:
    sent: list[object] = []
    coming = iter([*messages, None])

    async def read() -> object:
        await asyncio.sleep(0)
        return next(coming)

    async def write(message: object) -> None:
        sent.append(message)

    handler = Handler(_CHAINCODE, "things:1", Workers())
    await handler.serve(read, write, None)
    return sent


TARGETS = (
    reads("canonical", "hlf.codec.canonical.loads", canonical.CanonicalError),
    Target("arguments", "hlf.shim.functions.Function.decode", (Refused,), _arguments),
    Target("disclosure", "chaincode.domain.disclosure.disclosures.read", (Refused,), _disclosure),
    reads("document", "chaincode.domain.disclosure.disclosures.read_document", Refused),
    Target("caller", "hlf.shim.identity.Client", (Refused,), _caller, (dermutations.bend_der, mutations.bend)),
    Target("stream", "hlf.shim.handler.Handler.serve", (), _stream),
)
