"""Snapshots of a channel at a peer: who may ask, what is refused, and the files that are made."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.peer import snapshot_pb2

from hlf import waiting
from hlf.wire import fields
from tests.conformance import callers
from tests.conformance.answers import Answer, ask
from tests.conformance.cases import case
from tests.conformance.lab import CHANNEL, PATIENCE, Caller, Lab

# Blocks that no case ever comes to.
FIRST, SECOND = 900_001, 900_002
STATES = ("public_state", "private_state_hashes")
# What a real peer's history of collections is kept under, before the number of a block.
LAB = b"slscc\x00lab~collection"


def signed(who: Caller, channel: str, number: int = 0) -> snapshot_pb2.SignedSnapshotRequest:
    """A request as an admin's tool makes it; a query has the same fields but for the number."""
    header = common_pb2.SignatureHeader(creator=who.creator, nonce=os.urandom(24))
    request = snapshot_pb2.SnapshotRequest(signature_header=header, channel_id=channel, block_number=number)
    content = request.SerializeToString()
    return snapshot_pb2.SignedSnapshotRequest(request=content, signature=who.sign(content))


def generated(lab: Lab, number: int, who: Caller | None = None, channel: str = CHANNEL) -> Answer:
    request = signed(who or callers.admin(lab), channel, number)
    return _sent(lab, "Generate", request)


def cancelled(lab: Lab, number: int, who: Caller | None = None) -> Answer:
    return _sent(lab, "Cancel", signed(who or callers.admin(lab), CHANNEL, number))


def pending(lab: Lab, who: Caller | None = None, channel: str = CHANNEL) -> Answer:
    return _sent(lab, "QueryPendings", signed(who or callers.admin(lab), channel))


def _sent(lab: Lab, method: str, request: snapshot_pb2.SignedSnapshotRequest) -> Answer:
    call = getattr(lab.nodes["Org1"].snapshots, method)
    return ask(lambda: list(getattr(call(request, timeout=PATIENCE), "block_numbers", ())))


@case("snapshot requests in order")
def in_order(lab: Lab) -> Answer:
    """What is asked for is listed by block, until it is taken back."""
    steps = [generated(lab, SECOND), generated(lab, FIRST), pending(lab), cancelled(lab, SECOND), pending(lab)]
    steps += [cancelled(lab, FIRST), pending(lab)]
    return Answer(result=[each.result for each in steps])


@case("snapshot request twice")
def twice(lab: Lab) -> Answer:
    """One request a block."""
    generated(lab, FIRST)
    answer = generated(lab, FIRST)
    cancelled(lab, FIRST)
    return answer


@case("snapshot request for a block that has gone by")
def gone_by(lab: Lab) -> Answer:
    """Snapshots are made when a block is committed, not later."""
    answer = generated(lab, 1)
    return Answer(answer.grpc_status, re.sub(r"number \d+$", "number <last>", answer.grpc_message))


case("snapshot cancel of no request")(lambda lab: cancelled(lab, FIRST))
case("snapshot request unknown channel")(lambda lab: generated(lab, FIRST, channel="nochan"))
case("snapshot request no channel")(lambda lab: generated(lab, FIRST, channel=""))
case("snapshot query unknown channel")(lambda lab: pending(lab, channel="nochan"))
case("snapshot request garbage")(
    lambda lab: _sent(lab, "Generate", snapshot_pb2.SignedSnapshotRequest(request=b"\xff\xff", signature=b"x"))
)
case("snapshot request empty")(lambda lab: _sent(lab, "Generate", snapshot_pb2.SignedSnapshotRequest()))


def _stranger(name: str, who: Callable[[Lab], Caller]) -> None:
    case(f"snapshot request by {name}")(lambda lab: generated(lab, FIRST, who(lab)))


_stranger("a client", callers.good)
_stranger("another organisation's admin", lambda lab: lab.caller("Org2", "Admin"))
_stranger("an expired client", callers.expired)
_stranger("a peer", callers.peer)
_stranger("a junk certificate", callers.junk_certificate)
_stranger("nobody", lambda lab: Caller(b"", callers.admin(lab).sign))
_stranger("an admin with a wrong key", lambda lab: Caller(callers.admin(lab).creator, callers.wrong_key(lab).sign))
case("snapshot cancel by a client")(lambda lab: cancelled(lab, FIRST, callers.good(lab)))
case("snapshot query by a client")(lambda lab: pending(lab, callers.good(lab)))


@case("snapshot files")
def files(lab: Lab) -> Answer:
    """Names, forms and hashes of what is made of the last block, and that it is made once."""
    lab.must("put", "in a snapshot", "v")
    asked = generated(lab, 0)
    assert waiting.until(lambda: pending(lab).result == [], PATIENCE)
    again = generated(lab, 0)
    folder = _folder(lab)
    signable = (folder / "_snapshot_signable_metadata.json").read_bytes()
    told, more = json.loads(signable), json.loads((folder / "_snapshot_additional_metadata.json").read_bytes())
    hashes = told.pop("snapshot_files_raw_hashes")
    return Answer(
        result={
            "asked": asked.result,
            "again": re.sub(r"\d+$", "<last>", again.grpc_message),
            "names": sorted(each.name for each in folder.iterdir()),
            "modes": sorted({oct(each.stat().st_mode & 0o777) for each in folder.iterdir()}),
            "fields": [*told, *more],
            "form": [told["channel_name"], told["state_db_type"], str(told["last_block_number"]) == folder.name],
            "indented": signable.decode().splitlines()[1],
            "hashed": all(_hash(folder / name) == value for name, value in hashes.items()),
            "sealed": more["snapshot_hash"] == hashlib.sha256(signable).hexdigest(),
            "namespaces": {name: _namespaces(folder / f"{name}.metadata") for name in STATES},
            "identifiers": len(set(_entries(folder / "txids.data"))) == _numbers(folder / "txids.metadata")[0],
            "collections": LAB in {each[:-8] for each in _entries(folder / "confighistory.data")[::2]},
        }
    )


def _folder(lab: Lab) -> Path:
    """The newest snapshot of Org1's peer, which real peers and the embedded engine keep in folders of their own."""
    made = lab.state.glob(f"*/**/snapshots/completed/{CHANNEL}/*")
    return max((each for each in made if "org1" in str(each)), key=lambda each: int(each.name))


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _entries(file: Path) -> list[bytes]:
    content, place, found = file.read_bytes(), 1, []
    while place < len(content):
        length, place = fields.varint(content, place)
        found.append(content[place : place + length])
        place += length
    return found


def _numbers(file: Path) -> tuple[int, int]:
    return fields.varint(file.read_bytes(), 1)


def _namespaces(file: Path) -> Any:
    content = file.read_bytes()
    _, place = fields.varint(content, 1)
    found = []
    while place < len(content):
        length, place = fields.varint(content, place)
        name = content[place : place + length].decode()
        # What other cases wrote into is their own affair.
        found += [name] if name in ("", "lab") or name.startswith("_lifecycle") else []
        _, place = fields.varint(content, place + length)
    return found
