"""Read-write sets that no simulation comes to, endorsed by a peer whose owner has its key: what is made of them."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.peer import proposal_response_pb2

from hlf.network.state import Folder
from hlf.wire import policies
from tests.conformance.answers import Answer
from tests.conformance.cases import case, cases
from tests.conformance.lab import CHANNEL, Lab
from tests.support import networkpeople
from tests.support.transactionparts import TransactionParts

PARAMETER = "VALIDATION_PARAMETER"
POLICY = policies.from_dsl("OR('Org1MSP.peer')").SerializeToString()

Change = Callable[[kv_rwset_pb2.KVRWSet, str], object]


def draft(lab: Lab) -> TransactionParts:
    """A transaction of Org1's client to `single`, which its own peer alone may endorse."""
    members = {"Org1MSP": networkpeople.organisation(Folder(lab.state), "Org1MSP")}
    made = TransactionParts(random.SystemRandom(), members, "Org1MSP", CHANNEL)
    del made.public.writes[:]
    return made


def sent(lab: Lab, made: TransactionParts) -> str:
    """The code that a transaction gets."""
    envelope = common_pb2.Envelope.FromString(made.envelope())
    lab.send_envelope(envelope, made.header.tx_id)
    code = lab.code(made.header.tx_id)
    lab.wait_for_all()
    return code


def write(value: bytes) -> Change:
    return lambda public, key: public.writes.add(key=key, value=value)


def policy(public: kv_rwset_pb2.KVRWSet, key: str) -> None:
    public.metadata_writes.add(key=key).entries.add(name=PARAMETER, value=POLICY)


def no_policy(public: kv_rwset_pb2.KVRWSet, key: str) -> None:
    public.metadata_writes.add(key=key)


def delete(public: kv_rwset_pb2.KVRWSet, key: str) -> None:
    public.writes.add(key=key, is_delete=True)


FIRST, SECOND, THIRD = write(b"1"), write(b"2"), write(b"3")
#: What one transaction says of one key that has the value 0 and a policy.
TOGETHER: dict[str, tuple[Change, ...]] = {
    "once": (FIRST,),
    "twice": (FIRST, SECOND),
    "three times": (FIRST, SECOND, THIRD),
    "and deletes it": (FIRST, delete),
    "twice, and its policy": (FIRST, SECOND, policy),
    "and its policy twice": (FIRST, policy, policy),
    "and takes its policy away": (FIRST, no_policy),
}
ALONE: dict[str, tuple[Change, ...]] = {
    "deletes a key twice": (delete, delete),
    "deletes a key that it writes twice": (delete, FIRST, SECOND),
    "sets a policy twice": (policy, policy),
    "takes a policy away twice": (no_policy, no_policy),
    "sets a policy and takes it away": (policy, no_policy),
}


def _changed(lab: Lab, changes: tuple[Change, ...], *, new: bool = False) -> Answer:
    """The code, and what is told of the key afterwards."""
    made = draft(lab)
    if not new:
        lab.must("put", made.key, "0", chaincode="single")
        lab.must("setep", made.key, "Org1MSP", chaincode="single")
    for change in changes:
        change(made.public, made.key)
    code = sent(lab, made)

    def told(function: str) -> str:
        return str(lab.evaluate(function, made.key, chaincode="single").result["payload"].decode())

    history = [entry["v"] for entry in json.loads(told("history"))]
    return Answer(result=[code, told("get"), bool(told("getep")), history])


cases(
    {
        f"doctored set writes a {key} {name}": (changes, key == "new key")
        for name, changes in TOGETHER.items()
        for key in ("key", "new key")
    },
    lambda lab, asked: _changed(lab, asked[0], new=asked[1]),
)
cases({f"doctored set {name}": changes for name, changes in ALONE.items()}, _changed)


def _range(lab: Lab, describe: Callable[[kv_rwset_pb2.RangeQueryInfo, list[kv_rwset_pb2.KVRead]], None]) -> Answer:
    """The code of a transaction that claims to have read a range in which there are seven keys."""
    made = draft(lab)
    keys = [f"{made.key}-{number}" for number in range(7)]
    endorsed = lab.endorse("writemany", "7", f"{made.key}-", chaincode="single")
    lab.send(endorsed)
    block = lab.status(endorsed.transaction_id).block_number
    lab.wait_for_all()
    reads = []
    for key in keys:
        written = key.rpartition("-")
        reads.append(kv_rwset_pb2.KVRead(key=f"{written[0]}-{int(written[2]):05}"))
        reads[-1].version.block_num = block
    asked = made.public.range_queries_info.add(start_key=f"{made.key}-", end_key=f"{made.key}.", itr_exhausted=True)
    describe(asked, reads)
    return Answer(result=sent(lab, made))


def _summary(asked: kv_rwset_pb2.RangeQueryInfo, reads: list[kv_rwset_pb2.KVRead], degree: int) -> None:
    """The tree of seven reads: leaves of degree + 1, and their hashes together where there are too many."""
    size = degree + 1
    leaves = [
        hashlib.sha256(kv_rwset_pb2.QueryReads(kv_reads=reads[at : at + size]).SerializeToString()).digest()
        for at in range(0, len(reads), size)
    ]
    tree = asked.reads_merkle_hashes
    tree.max_degree, tree.max_level = degree, 1
    tree.max_level_hashes.extend(leaves)
    if len(leaves) > degree:
        del tree.max_level_hashes[:]
        tree.max_level = 2
        tree.max_level_hashes.append(hashlib.sha256(b"".join(leaves)).digest())


case("doctored range as it is")(lambda lab: _range(lab, lambda asked, reads: asked.raw_reads.kv_reads.extend(reads)))
case("doctored range without one key")(
    lambda lab: _range(lab, lambda asked, reads: asked.raw_reads.kv_reads.extend(reads[:-1]))
)
cases(
    {f"doctored range with a tree of degree {degree}": degree for degree in (2, 3, 6, 7)},
    lambda lab, degree: _range(lab, lambda asked, reads: _summary(asked, reads, degree)),
)


def _left_early(start: str) -> Callable[[kv_rwset_pb2.RangeQueryInfo, list[kv_rwset_pb2.KVRead]], None]:
    """A range that was left at its third key, and begins elsewhere."""

    def describe(asked: kv_rwset_pb2.RangeQueryInfo, reads: list[kv_rwset_pb2.KVRead]) -> None:
        asked.itr_exhausted, asked.end_key = False, reads[2].key
        asked.start_key = start or asked.start_key
        asked.raw_reads.kv_reads.extend(reads[2:3] if start else reads[:3])

    return describe


case("doctored range left early")(lambda lab: _range(lab, _left_early("")))
case("doctored range left early before it began")(lambda lab: _range(lab, _left_early("\U0010ffff")))


@case("doctored set has a collection twice")
def collection_twice(lab: Lab) -> Answer:
    """What it says of one private key counts together: twice written, a key that is not there stays so."""
    made = draft(lab)
    collection = "_implicit_org_Org1MSP"
    for value in (b"1", b"2"):
        hashed = kv_rwset_pb2.HashedRWSet()
        hashed.hashed_writes.add(
            key_hash=hashlib.sha256(made.key.encode()).digest(), value_hash=hashlib.sha256(value).digest()
        )
        made.rwset.ns_rwset[0].collection_hashed_rwset.add(
            collection_name=collection, hashed_rwset=hashed.SerializeToString()
        )
    code = sent(lab, made)
    known = lab.evaluate("getpvthash", collection, made.key, chaincode="single").result["payload"].decode()
    return Answer(result=[code, known])


@case("doctored set of another data model")
def another_model(lab: Lab) -> Answer:
    """Peers do not look at it."""
    made = draft(lab)
    made.public.writes.add(key=made.key, value=b"1")
    unknown: Any = 7
    made.rwset.data_model = unknown
    return Answer(result=sent(lab, made))


def _without_result(response: bytes) -> bytes:
    read = proposal_response_pb2.ProposalResponsePayload.FromString(response)
    read.ClearField("extension")
    return bytes(read.SerializeToString())


#: Bytes that are empty are bytes that are not there, and no field is known by its number alone.
ABSENT: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "action without its proposal": ("proposal", lambda _: b""),
    "action with an empty event": ("action", lambda action: action + b"\x12\x00"),
    "response without a result": ("response", _without_result),
    "response with an empty result": ("response", lambda response: _without_result(response) + b"\x12\x00"),
    "response with a number for a result": ("response", lambda response: _without_result(response) + b"\x10\x41"),
}


def _absent(lab: Lab, part: str, change: Callable[[bytes], bytes]) -> Answer:
    made = draft(lab)
    made.public.writes.add(key=made.key, value=b"1")
    made.changes[part] = change
    return Answer(result=sent(lab, made))


cases({f"doctored {name}": absent for name, absent in ABSENT.items()}, lambda lab, absent: _absent(lab, *absent))
