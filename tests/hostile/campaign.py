"""Send envelopes to a network as they are, and see what it makes of each: the orderer's answer, and the peers' code."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2
from google.protobuf.message import DecodeError

from hlf.network import admin
from hlf.network.engines.embedded.state import peercrashes
from hlf.network.state import Folder
from tests.conformance.lab import Lab, at_block, code_name
from tests.hostile import sets
from tests.hostile.attacks import Attack
from tests.hostile.calls import Call
from tests.support import networkpeople

CONSORTIUM = Path(__file__).with_name("consortium.yaml")
MEMBERS = ("Org1MSP", "Org2MSP", "Org3MSP")
NOT_SENT = "NOT SENT"
#: The blocks before the seed: more than any engine needs to deploy the consortium's chaincodes.
_BEFORE_SEED = 6
_SENDERS = 8
_PATIENCE = 120.0


@dataclass(frozen=True)
class Outcome:
    """The orderer's status and words; the peers' code once the envelope is in a block."""

    status: str
    words: str = ""
    code: str = ""


class Network:
    """A network under attack."""

    def __init__(self, engine: str, state: Path, like: Network | None = None) -> None:
        """Start one on *engine*; *like* gives keys and certificates, so that the same bytes mean the same on both."""
        self.engine, self.state = engine, state
        if like is not None:
            self._take_material(like.state)
        admin.up(engine, state, CONSORTIUM)
        self.lab = Lab(state)
        self.members = {name: networkpeople.organisation(Folder(state), name) for name in MEMBERS}
        self.seeded = self._seed()

    def close(self) -> None:
        """Take it down."""
        self.lab.close()
        admin.down(self.state)

    def send(self, attacks: Sequence[Attack]) -> list[Outcome]:
        """
        Send all, wait until those that were taken are in blocks, and return what became of each.

        Real peers get nothing that ends them or that they judge by chance; what stalls them with others behind it comes
        into blocks of its own.
        """
        if self.engine == "embedded":
            return self._send(attacks)
        outcomes = [Outcome(NOT_SENT)] * len(attacks)
        groups: dict[bool, list[int]] = {False: [], True: []}
        for index, attack in enumerate(attacks):
            if not attack.by_chance and not _ends_peers(attack.envelope):
                groups[peercrashes.withholds_policies(attack.envelope)].append(index)
        for group in groups.values():
            for index, outcome in zip(group, self._send([attacks[index] for index in group]), strict=True):
                outcomes[index] = outcome
        return outcomes

    def call(self, calls: Sequence[Call]) -> list[str]:
        """How calls end at Org1's peer."""
        with ThreadPoolExecutor(_SENDERS) as pool:
            return list(pool.map(lambda call: call.outcome(self.lab.nodes["Org1"].channel), calls))

    def blocks(self) -> Iterator[bytes]:
        """Every block up to the last one now, as Org1's peer has them."""
        # Whoever audits them takes the time it takes.
        return (block.SerializeToString() for block in self._deliver(0, self.lab.height() - 1, patience=None))

    def events(self) -> set[tuple[str, str, bytes]]:
        """Transaction, name and payload of every event of `single`, up to one that is set now."""
        last = self.lab.endorse("event", "last", "", chaincode="single")
        self.lab.send(last)
        found: set[tuple[str, str, bytes]] = set()
        stream: Any = self.lab.chaincode_events(at_block(0), chaincode="single", patience=_PATIENCE)
        try:
            for response in stream:
                found.update((event.tx_id, event.event_name, event.payload) for event in response.events)
                if any(tx_id == last.transaction_id for tx_id, _, _ in found):
                    return {event for event in found if event[0] != last.transaction_id}
        finally:
            stream.cancel()
        raise TimeoutError(f"the last event did not come: {self.why()}")

    def why(self) -> str:
        """Return what the network says of itself."""
        return str(admin.status(self.state))

    def _take_material(self, other: Path) -> None:
        self.state.mkdir()
        for name in ("organisations", "orderers"):
            shutil.copytree(other / name, self.state / name)
        for name in ("consortium.yaml", "consortium.base"):
            shutil.copy(other / name, self.state / name)

    def _seed(self) -> int:
        """Commit the seed in the same block on every engine; return its number."""
        while self.lab.height() < _BEFORE_SEED:
            self.lab.must("put", "filler", "0", chaincode="single")
        self.lab.must("put", sets.SEED, "0", chaincode="single")
        self.lab.must("setep", sets.SEED, "Org2MSP", "Org3MSP", chaincode="single")
        return self.lab.height() - 1

    def _send(self, attacks: Sequence[Attack]) -> list[Outcome]:
        first = self.lab.height()
        with ThreadPoolExecutor(_SENDERS) as pool:
            answers = list(pool.map(self._broadcast, (attack.envelope for attack in attacks)))
        known = [identify(attack.envelope) for attack in attacks]
        taken = {each for each, answer in zip(known, answers, strict=True) if answer.status == "SUCCESS"}
        codes = self._codes(first, taken)
        return [
            Outcome(answer.status, answer.words, codes[each]) if each in taken else answer
            for each, answer in zip(known, answers, strict=True)
        ]

    def _broadcast(self, envelope: bytes) -> Outcome:
        broadcast: Any = self.lab.nodes["orderer"].channel.stream_stream("/orderer.AtomicBroadcast/Broadcast")
        call = broadcast(iter([envelope]), timeout=_PATIENCE)
        try:
            answer = ab_pb2.BroadcastResponse.FromString(next(call))
        except grpc.RpcError as error:
            return Outcome(error.code().name, error.details() or "")
        finally:
            call.cancel()
        return Outcome(common_pb2.Status.Name(answer.status), answer.info)

    def _codes(self, first: int, wanted: set[bytes]) -> dict[bytes, str]:
        """Return the codes of the envelopes *wanted* in the blocks from *first* on, once all are there."""
        codes: dict[bytes, str] = {}
        deadline = time.monotonic() + _PATIENCE
        for block in self._deliver(first, (1 << 64) - 1) if wanted else ():
            flags = block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER]
            for raw, flag in zip(block.data.data, flags, strict=True):
                codes.setdefault(identify(raw), code_name(flag))
            if wanted <= codes.keys() or time.monotonic() > deadline:
                break
        if wanted <= codes.keys():
            return codes
        raise TimeoutError(f"{len(wanted - codes.keys())} envelopes that were taken are in no block: {self.why()}")

    def _deliver(self, first: int, last: int, patience: float | None = _PATIENCE) -> Iterator[common_pb2.Block]:
        seek = self.lab.seek(at_block(first), at_block(last))
        stream = self.lab.nodes["Org1"].deliver.Deliver(iter([seek]), timeout=patience)
        try:
            for message in stream:
                if message.WhichOneof("Type") != "block":
                    return
                yield message.block
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
                raise ConnectionError(f"{error.details()}: {self.why()}") from error
        finally:
            stream.cancel()


def identify(envelope: bytes) -> bytes:
    """Return what an envelope is known by after an orderer has decoded and encoded it again."""
    try:
        read = common_pb2.Envelope.FromString(envelope)
    except DecodeError:
        return envelope
    return bytes(read.payload + b"|" + read.signature)


def differences(attacks: Sequence[Attack], ours: Sequence[Outcome], theirs: Sequence[Outcome]) -> list[str]:
    """
    In words, which attacks had another outcome with us than with real Fabric.

    Where an attack touches a key that others touch as well, its code depends on which of them are in one block with it.
    """
    return [
        f"{attack.theme}, {attack.words}: {mine.status} {mine.code}, and really {real.status} {real.code}"
        for attack, mine, real in zip(attacks, ours, theirs, strict=True)
        if real.status != NOT_SENT
        and (mine.status != real.status or (mine.code != real.code and not attack.touches_others))
    ]


def _ends_peers(envelope: bytes) -> bool:
    """Whether real peers may end at an envelope in whatever block it stands; see `peercrashes`."""
    rwset = peercrashes.simulated(envelope)
    return peercrashes.lacks_action(envelope) or (
        rwset is not None and (peercrashes.writes_undefined(rwset, _is_defined) or peercrashes.claims_odd_range(rwset))
    )


def _is_defined(namespace: str, collection: str) -> bool:
    """Whether one of the consortium's chaincodes has that collection."""
    implicit = namespace in ("single", "lab") and collection.startswith("_implicit_org_")
    return implicit or (namespace, collection) == ("lab", "org12")
