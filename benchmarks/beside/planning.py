"""
Whose endorsements a transaction needs on a channel of many members: the embedded engine's planner, and real Fabric's.

Planned is for a majority of the members, which is what a channel's own policy
asks for. In this process the planner is timed alone; beside a real peer, where
there is one, each is asked through its discovery service. The one peer there
cannot make a majority, so both work the whole answer out and refuse.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fabric_protos.common import policies_pb2
from fabric_protos.discovery import protocol_pb2
from fabric_protos.peer import proposal_response_pb2 as responses

from benchmarks.figures import Figure, Line, Note
from hlf.network import admin, errors
from hlf.network.engines.embedded.endorse import endorsers
from hlf.network.engines.embedded.endorse.views import ChannelView
from hlf.network.engines.native import binaries
from hlf.wire import keys, msp, policies
from hlf.wire.config import channelconfig, configtx
from tests.conformance import discovery, genesis
from tests.conformance.lab import Lab
from tests.support.members import Consortium, Member

MEMBERS = (3, 5, 7, 9, 11, 13, 15, 16, 20, 30)
ASKED_FOR = {13: 20, 20: 200}
COMPARED = (5, 9, 13, 20)
ROUNDS = 5
_WIDTH = 40
# So often that it can be measured.
_OFTEN = 1_000


def planning(_: str) -> Iterator[Line]:
    """Yield milliseconds of processor until a plan is made, with a drawing of the growth; then ratios."""
    consortium = Consortium([f"M{number:02}MSP" for number in range(max(MEMBERS))])
    first = {}
    for members in MEMBERS:
        channel = Channel(consortium, members)
        times = channel.times(channel.majority)
        first[members] = statistics.median(times)
        bound = f"at most {ASKED_FOR[members]}" if members in ASKED_FOR else ""
        yield Figure(f"planning, majority of {members}", first[members], "ms", bound, (min(times), max(times)))
    yield from _drawn(first)
    for members in ASKED_FOR:
        yield from _beside(Channel(consortium, members))
    yield from _compared()


class Channel:
    """A channel of so many members with a peer each, as far as a planner looks at one."""

    def __init__(self, consortium: Consortium, members: int) -> None:
        names = list(consortium.members)[:members]
        block = consortium.genesis(members=names)
        self._channel: Any = SimpleNamespace(id="trade", bundle=channelconfig.Bundle.from_config_block(block))
        self._peers: Any = [
            SimpleNamespace(name=name, msp_id=name, local=SimpleNamespace(serialized=consortium[name].peer.serialized))
            for name in names
        ]
        self.members = members
        self.majority = _interest(_call())
        self.with_implicit = _interest(_call(), _call(collection_names=[keys.implicit_collection(names[0])]))
        members_of = tuple(policies.SignedBy(msp.Principal.of_role(name, msp.MEMBER)) for name in names)
        key = policies.build(policies.OutOf(members // 2 + 1, members_of))
        self.with_key = _interest(_call(key_policies=[key]))

    def view(self) -> ChannelView:
        """Return a view that knows nothing yet."""
        return ChannelView(self._channel, self._peers)

    def times(self, interest: responses.ChaincodeInterest) -> list[float]:
        """Return milliseconds until a view that knows nothing has a plan, in each round."""
        return [_spent(partial(endorsers.describe, self.view(), interest)) for _ in range(ROUNDS)]


def _first_to_again(view: ChannelView, interest: responses.ChaincodeInterest) -> float:
    describe = partial(endorsers.describe, view, interest)
    worked_out = _spent(describe)
    return worked_out / (_spent(lambda: [describe() for _ in range(_OFTEN)]) / _OFTEN)


def _call(
    *, collection_names: Sequence[str] = (), key_policies: Sequence[policies_pb2.SignaturePolicyEnvelope] = ()
) -> responses.ChaincodeCall:
    """Return a call of the lifecycle, which every channel has, and whose policy is a majority of the members."""
    return responses.ChaincodeCall(
        name=keys.LIFECYCLE,
        collection_names=collection_names,
        key_policies=key_policies,
        no_private_reads=bool(collection_names),
    )


def _interest(*calls: responses.ChaincodeCall) -> responses.ChaincodeInterest:
    return responses.ChaincodeInterest(chaincodes=calls)


def _beside(channel: Channel) -> Iterator[Figure]:
    """Yield what other policies beside the majority cost, and how much less a plan that is known already."""
    name = f"planning, majority of {channel.members}"
    ratios = [_first_to_again(channel.view(), channel.majority) for _ in range(ROUNDS)]
    yield Figure(f"{name}, first time to again", statistics.median(ratios), "times", spread=(min(ratios), max(ratios)))
    others = {"and an implicit collection": channel.with_implicit}
    if channel.members <= max(size for size in MEMBERS if size < 16):
        others["and a key of a majority of members"] = channel.with_key
    for words, interest in others.items():
        times = channel.times(interest)
        yield Figure(f"{name} {words}", statistics.median(times), "ms", spread=(min(times), max(times)))


def _drawn(spent: Mapping[int, float]) -> Iterator[Figure]:
    """
    Yield the growth: up to 15 members with the choices, from there on with the members that Fabric does not leave out.
    """
    most = max(spent.values())
    for members, milliseconds in spent.items():
        bar = "#" * max(1, round(_WIDTH * milliseconds / most))
        yield Figure(f"growth {members:>3} members {bar:<{_WIDTH}}", milliseconds, "ms")


def _spent(work: Callable[[], object]) -> float:
    """Return milliseconds of processor, so that other work of the machine is not counted."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1_000


# Beside a real peer.


def _compared() -> Iterator[Line]:
    """Yield how long discovery takes on real Fabric, in times of the embedded engine's."""
    try:
        release = binaries.find()
    except errors.EngineError as missing:
        yield Note(f"without real Fabric: {missing}")
        return
    with contextlib.ExitStack() as closing:
        labs = {engine: closing.enter_context(_network(engine)) for engine in ("embedded", "native")}
        channels = {members: _joined(labs, members) for members in COMPARED}
        for members, channel in channels.items():
            told: dict[str, list[float]] = {engine: [] for engine in labs}
            for number in range(ROUNDS):
                for engine in sorted(labs, reverse=bool(number % 2)):
                    told[engine].append(_asked(labs[engine], channel))
            ratios = [theirs / ours for ours, theirs in zip(told["embedded"], told["native"], strict=True)]
            name = f"discovery, majority of {members}"
            yield Figure(f"{name}, embedded", statistics.median(told["embedded"]), "ms")
            yield Figure(f"{name}, Fabric {release.version_text}", statistics.median(told["native"]), "ms")
            words = f"{name}, Fabric {release.version_text} to embedded"
            yield Figure(words, statistics.median(ratios), "times", spread=(min(ratios), max(ratios)))


@contextlib.contextmanager
def _network(engine: str) -> Iterator[Lab]:
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
        state = Path(folder) / engine
        try:
            admin.up(engine, state, Path(__file__).with_name("planning.yaml"))
            lab = Lab(state)
            try:
                yield lab
            finally:
                lab.close()
        finally:
            admin.down(state)


def _joined(labs: Mapping[str, Lab], members: int) -> str:
    """Return the name of a channel of so many members, which Org1's peers have joined and nobody orders for."""
    name = f"members{members}"
    others = [Member(f"Other{number:02}MSP").configured() for number in range(members - 1)]
    for lab in labs.values():
        draft = genesis.draft(lab)
        application = draft.config.channel_group.groups[channelconfig.APPLICATION]
        for other in others:
            application.groups[other.msp_id].CopyFrom(configtx.application_organisation(other))
        block = configtx.genesis_block(name, draft.config.channel_group).SerializeToString()
        joined = genesis.peer_join(lab, block)
        if joined.get("status") != 200:
            raise RuntimeError(f"the peer does not join a channel of {members} members: {joined}")
    return name


def _asked(lab: Lab, channel: str) -> float:
    """Return milliseconds until Org1's peer has found that a majority of the channel's members is not there."""
    interests = [discovery.interest(discovery.call(keys.LIFECYCLE))]
    query = protocol_pb2.Query(channel=channel, cc_query=protocol_pb2.ChaincodeQuery(interests=interests))
    began = time.perf_counter()
    (told,) = discovery.asked_together(lab, [query], discovery.ways)
    spent = (time.perf_counter() - began) * 1_000
    if not str(told.get("error", "")).startswith("failed constructing descriptor"):
        raise RuntimeError(f"discovery on {channel} says {told}")
    return spent
