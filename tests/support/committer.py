"""
A process that commits transactions until it is killed, for tests of what it leaves.

``python -m tests.support.committer FOLDER`` opens or creates the channel in
FOLDER and prints one line ``ID CODE`` for every committed
transaction. The organisations' keys are in FOLDER, so that a later process acts for the same ones.
"""

from __future__ import annotations

import asyncio
import itertools
import pickle
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hlf.network.certificates import IssuedCertificate
from hlf.network.engines.embedded.order.channel import OrderedChannel
from tests.support.members import Consortium, Definition, Member, Person, Transaction, collection, private_put, put

KEYS = "people.pickle"
PEOPLE = ("client", "admin", "peer", "orderer")


def people(folder: Path) -> Consortium:
    """Return the organisations of a folder, made at the first call."""
    file = folder / KEYS
    if not file.exists():
        made = Consortium()
        members = [*made.members.values(), made.ordering]
        held = {
            (member.msp_id, name): (getattr(member, name).issued.certificate_pem, getattr(member, name).issued.key_pem)
            for member in members
            for name in PEOPLE
        }
        tls = (made.consenter.certificate_pem, made.consenter.key_pem)
        file.write_bytes(pickle.dumps((held, made.genesis(timeout="5ms").SerializeToString(), tls)))
    held, _, tls = pickle.loads(file.read_bytes())  # noqa: S301 - this process wrote it.
    restored = Consortium.__new__(Consortium)
    restored.channel_id = "trade"
    restored_members: dict[str, Member] = {}
    for (msp_id, name), (certificate, key) in held.items():
        member = restored_members.setdefault(msp_id, Member.__new__(Member))
        member.msp_id = msp_id
        setattr(member, name, Person(msp_id, issued(certificate, key)))
    restored.ordering = restored_members.pop("OrdererMSP")
    restored.members = restored_members
    restored.consenter = issued(*tls)
    return restored


def issued(certificate: bytes, key: bytes) -> IssuedCertificate:
    private = serialization.load_pem_private_key(key, None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return IssuedCertificate(x509.load_pem_x509_certificate(certificate), private)


def genesis(folder: Path) -> bytes:
    """Return the genesis block that goes with the organisations."""
    return bytes(pickle.loads((folder / KEYS).read_bytes())[1])  # noqa: S301 - this process wrote it.


async def commit(folder: Path) -> None:
    who = people(folder)
    channels = who.channels(folder / "channels")
    await channels.open()
    channel = channels.get("trade")
    if channel is None:
        await channels.join_orderer(channels.orderers["orderer0"], genesis(folder))
        channel = channels.get("trade")
    assert channel is not None
    if channel.ledger.height == 1:
        held = (collection("ab", "OR('AMSP.member','BMSP.member')", policy="OR('AMSP.peer')"),)
        await report(channel, who.define(Definition("cc", collections=held)))
    await asyncio.gather(*(worker(channel, who, number) for number in range(8)))


async def worker(channel: OrderedChannel, who: Consortium, number: int) -> None:
    for count in itertools.count(channel.ledger.height * 1000):
        public, private = private_put("ab", {f"p{number}": f"secret {count}".encode() * 50})
        transaction = who.transaction(public, ["AMSP"])
        channel.ledger.stage_private(transaction.id, "AMSP", private, channel.ledger.height)
        await report(channel, transaction)
        await report(channel, who.transaction(put(**{f"k{number}-{count}": b"v" * 500}), ["AMSP", "BMSP"]))


async def report(channel: OrderedChannel, transaction: Transaction) -> None:
    envelope = transaction.envelope()
    await channel.order(envelope, envelope.SerializeToString())
    record = await channel.ledger.wait_transaction(transaction.id)
    print(transaction.id, record.code, flush=True)  # noqa: T201 - this is what the process is for.


if __name__ == "__main__":
    asyncio.run(commit(Path(sys.argv[1])))
