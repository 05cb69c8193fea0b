"""The kinds of transactions that the campaign sends: what is changed in an ordinary one, by theme."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from fabric_protos.peer import chaincode_event_pb2, chaincode_pb2, proposal_pb2

from hlf.network.engines.embedded.state import peercrashes
from hlf.wire import rwsets
from tests.hostile import certificates, dermutations, mutations, sets
from tests.support.networkpeople import Organisation
from tests.support.transactionparts import Endorser, TransactionParts

# No two attacks choose the same bytes of such a length.
_HASHED = 8
_ORDER_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Attack:
    """
    An envelope, and in words what is wrong with it.

    Attributes:
        touches_others: it reads or writes keys that are not its own, as a change at random may have it.
        by_chance: several namespaces may fail for different reasons, which peers look at in an order of chance.
    """

    theme: str
    words: str
    envelope: bytes
    touches_others: bool
    by_chance: bool
    transaction_id: str


def make(
    theme: str, chance: random.Random, members: dict[str, Organisation], member: str, channel_id: str, seeded: int
) -> Attack:
    """Return an attack of *theme*; on the channel the seed is in block *seeded*."""
    draft = TransactionParts(chance, members, member, channel_id, seeded=seeded)
    words = THEMES[theme](draft)
    envelope = draft.envelope()
    rwset = peercrashes.simulated(envelope) or rwsets.TxRwset()
    named = {draft.chaincode, *(namespace.namespace for namespace in rwset.namespaces)}
    by_chance = len(named) > 1 and words != sets.NAMESPACES
    return Attack(theme, words, envelope, _touches_others(rwset, draft.key), by_chance, draft.header.tx_id)


def _touches_others(rwset: rwsets.TxRwset, own: str) -> bool:
    keys: list[str | bytes] = []
    for namespace in rwset.namespaces:
        for changes in (namespace.reads, namespace.writes, namespace.metadata_writes):
            keys += [each.key for each in changes]
        for collection in namespace.collections:
            for hashed in (collection.writes, collection.metadata_writes):
                keys += [each.key_hash for each in hashed]
    return any(own not in key if isinstance(key, str) else len(key) < _HASHED for key in keys if key != sets.SEED)


def _certificate(draft: TransactionParts) -> str:
    """Return the creator's certificate or the endorser's."""
    own = draft.members[draft.member]
    ends = draft.chance.random() < 0.7
    person = own.peer if ends else own.client
    if draft.chance.random() < 0.4:
        identity, key, words = certificates.issued(draft.chance, person, own.authority)
    else:
        (identity, words), key = certificates.bent(draft.chance, person, own.authority), person.key
    if ends:
        draft.endorsers = [Endorser(identity, key)]
        return f"endorser: {words}"
    draft.creator, draft.signer = identity, key
    return f"creator: {words}"


def _envelope(draft: TransactionParts) -> str:
    """Return the layers around everything: envelope, payload, transaction and actions."""
    part = draft.chance.choice(("envelope", "payload", "transaction", "action payload", "signature"))
    return _bent(draft, part)


def _header(draft: TransactionParts) -> str:
    """Channel header and signature header, field by field or somewhere in them."""
    chance, header = draft.chance, draft.header
    kind = chance.randrange(10)
    if kind < 4:
        return _bent(draft, chance.choice(("channel header", "signature header", "proposal")))
    if kind == 4:
        header.type = chance.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 99, (1 << 31) - 1, -1))
        return f"type {header.type}"
    if kind == 5:
        header.epoch = chance.choice((1, 1 << 63))
        return f"epoch {header.epoch}"
    if kind == 6:
        draft.tx_id = chance.choice(("", "ab" * 32, "x" * 5000, "\x00", "é"))
        return f"transaction id {draft.tx_id[:8]!r}"
    if kind == 7:
        draft.nonce = chance.choice((b"", b"\x00", draft.nonce * 100)) + chance.choice((b"", chance.randbytes(8)))
        return f"nonce of {len(draft.nonce)} bytes"
    if kind == 8:
        name = chance.choice(("", "lab", "nowhere", "_lifecycle", "lscc", "single:1.0"))
        named = proposal_pb2.ChaincodeHeaderExtension(chaincode_id=chaincode_pb2.ChaincodeID(name=name))
        extension = named.SerializeToString()
        header.extension = chance.choice((b"", b"\xff\xff", extension))
        return f"extension {header.extension[:20]!r}"
    header.version = chance.choice((1, -1))
    header.timestamp.seconds = chance.choice((0, -1, 1 << 40, 1 << 62))
    header.timestamp.nanos = chance.choice((0, -1, 2_000_000_000))
    return f"version {header.version}, time {header.timestamp.seconds}"


def _endorsement(draft: TransactionParts) -> str:
    """Who endorses, with which key, and how the signature is written."""
    own, chance = draft.members[draft.member], draft.chance
    others = [people for name, people in draft.members.items() if name != draft.member]
    stranger = chance.choice(others)
    kinds: dict[str, list[Endorser]] = {
        "nobody endorses": [],
        "one endorses twice": [Endorser.of(own.peer)] * 2,
        "one endorses fifty times": [Endorser.of(own.peer)] * 50,
        "a client endorses": [Endorser.of(own.client)],
        "an admin endorses": [Endorser.of(own.admin)],
        "the authority endorses": [Endorser.of(own.authority)],
        "another's name, own key": [Endorser(stranger.peer.serialized, own.peer.key)],
        "another endorses": [Endorser.of(stranger.peer)],
        "all endorse": [Endorser.of(people.peer) for people in draft.members.values()],
        "a good one and a bad one": [Endorser.of(own.peer), Endorser(stranger.peer.serialized, own.peer.key)],
        "nobody at all": [Endorser(b"", own.peer.key)],
        "garbage": [Endorser(b"\xff\xff", own.peer.key)],
    }
    if chance.random() < 0.4:
        words = chance.choice(tuple(kinds))
        draft.endorsers = kinds[words]
        return words
    if chance.random() < 0.3:
        return _bent(draft, chance.choice(("endorser", "response", "action")))
    return _signature(draft, chance.choice(("endorser's signature", "signature")))


def _signature(draft: TransactionParts, part: str) -> str:
    """Return a signature that is written in another way, or is another one."""

    def high(signature: bytes) -> bytes:
        r, s = decode_dss_signature(signature)
        return encode_dss_signature(r, _ORDER_P256 - s)

    kinds: dict[str, Callable[[bytes], bytes]] = {
        "with high S": high,
        "with bytes after it": lambda signature: signature + b"\x00",
        "with a third number": lambda signature: dermutations.Value(0x30, signature[2:] + b"\x02\x01\x01").encoded(),
        "that is nothing": lambda _: b"",
        "of zeros": lambda _: encode_dss_signature(0, 0),
        "of ones": lambda _: encode_dss_signature(1, 1),
        "bent": lambda signature: dermutations.bend_der(draft.chance, signature).content,
        "flipped": lambda signature: mutations.bend(draft.chance, signature).content,
    }
    words = draft.chance.choice(tuple(kinds))
    draft.changes[part] = kinds[words]
    return f"{part} {words}"


def _event(draft: TransactionParts) -> str:
    """Return the event of a transaction: of another chaincode or transaction, nameless, or no event at all."""
    chance = draft.chance
    draft.event = chaincode_event_pb2.ChaincodeEvent(
        chaincode_id=chance.choice(("single", "single", "lab", "", "Single")),
        tx_id=chance.choice(("", "", "another", "é" * 10)),
        event_name=chance.choice(("name", "", "\x00", "n" * 5000)),
        payload=chance.choice((b"", b"p", b"\xff" * 100)),
    )
    if chance.random() < 0.5:
        return _bent(draft, "event")
    if chance.random() < 0.2:
        draft.changes["event"] = lambda _: chance.choice((b"\xff\xff", b"\x0a", b"\x00"))
        return "an event that is none"
    return f"an event of {draft.event.chaincode_id!r} called {draft.event.event_name[:8]!r}"


def _set(draft: TransactionParts) -> str:
    """Return what was read and written; sometimes several kinds at once."""
    if draft.chance.random() < 0.15:
        return sets.namespaces(draft)
    return ", ".join(kind(draft) for kind in draft.chance.choices(sets.KINDS, k=draft.chance.choice((1, 1, 2))))


def _bent(draft: TransactionParts, part: str) -> str:
    words = f"{part} bent"

    def change(content: bytes) -> bytes:
        return mutations.bend_message(draft.chance, content).content

    draft.changes[part] = change
    return words


def _ordinary(_: TransactionParts) -> str:
    return "nothing"


THEMES: dict[str, Callable[[TransactionParts], str]] = {
    "certificate": _certificate,
    "envelope": _envelope,
    "header": _header,
    "endorsement": _endorsement,
    "event": _event,
    "set": _set,
    "ordinary": _ordinary,
}
