"""
What an admin waits for in a large consortium: the plan of a change, and the folders of all organisations.

Each act is a program of its own, as a command is, so its time has the start of Python in it. The network that a plan
is for runs on the embedded engine, whichever is measured: the plan asks its peers and orderers the same questions.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import processes
from benchmarks.figures import Figure, Line, Note, Series
from hlf.network import admin, channelconfig, errors, state
from hlf.network.engines.native import binaries
from hlf.network.exchange import founding, introductions
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium

ORGANISATIONS = (5, 15, 50)
CHANNELS = 20
ROUNDS = 3
_BOUNDS = {"plan": "at most 10", "bundles": "at most 60"}


@dataclass(frozen=True)
class ActCost:
    """What an act took: seconds until its program had ended, and the most MiB that the program had in memory."""

    seconds: float
    peak: float


def administration(_: str) -> Iterator[Line]:
    """Yield seconds and memory of plans and bundles by organisations, and of first blocks beside ``configtxgen``."""
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
        places = {number: Path(folder) / str(number) for number in ORGANISATIONS}
        for act, bound in _BOUNDS.items():
            spent = {number: _measured(act, place, number) for number, place in places.items()}
            seconds = tuple((number, each.seconds) for number, each in spent.items())
            peaks = tuple((number, each.peak) for number, each in spent.items())
            yield Series(f"admin, {act}", "organisations", "s", seconds, bound)
            yield Series(f"admin, memory of {act}", "organisations", "MiB", peaks)
        yield from _compared(places[ORGANISATIONS[-1]])


def consortium(organisations: int, **batch: str) -> str:
    """Return a file of so many organisations with a peer each, all of them members of every channel."""
    names = [f"Org{number:02}MSP" for number in range(organisations)]
    # JSON is YAML, too.
    return json.dumps(
        {
            "name": "large",
            "organisations": [
                {"msp_id": name, "domain": f"org{number:02}.bench.test"} for number, name in enumerate(names)
            ],
            "orderers": "raft",
            "channels": [
                {"name": f"channel{number:02}", "members": names, "batch": batch} for number in range(CHANNELS)
            ],
        }
    )


def bundles(place: Path) -> None:
    """Render the whole consortium for containers, and then each organisation's own folder of it."""
    whole = place / "rendered"
    admin.render(whole, place / "consortium.yaml")
    for msp_id in state.held(Folder(whole)).msp_ids:
        founding.take_from(whole, [msp_id], place / "own" / msp_id)


def plan(place: Path) -> None:
    """Plan another batch time-out on every channel of the network that runs."""
    made = admin.plan(place / "running", place / "changed.yaml")
    if made.problems or len(made.steps) != len(state.held(Folder(place / "running")).channels):
        raise SystemExit(str(made))


def first_blocks(place: Path) -> None:
    """Make the first blocks of all channels again, of the material that is there."""
    folder = Folder(place / "rendered")
    held = state.held(folder)
    channelconfig.draft(folder, state.started(folder), held, [each.name for each in held.channels])


ACTS: Mapping[str, Callable[[Path], None]] = {"bundles": bundles, "plan": plan, "first_blocks": first_blocks}


def _measured(act: str, place: Path, organisations: int) -> ActCost:
    place.mkdir(exist_ok=True)
    (place / "consortium.yaml").write_text(consortium(organisations, timeout="200ms"))
    (place / "changed.yaml").write_text(consortium(organisations, timeout="300ms"))
    if act != "plan":
        return _run(act, place)
    try:
        admin.up("embedded", place / "running", place / "consortium.yaml")
        return _run(act, place)
    finally:
        admin.down(place / "running")


def _run(act: str, place: Path) -> ActCost:
    """Run an act in a program of its own."""
    began = time.perf_counter()
    command = [sys.executable, "-m", __name__, act, str(place)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    return ActCost(time.perf_counter() - began, json.loads(done.stdout) / (1 << 20))


# Beside Fabric's own tool.


def _compared(place: Path) -> Iterator[Line]:
    """Yield how long ``configtxgen`` takes for blocks with the same members, a run for each, in times of ours."""
    try:
        release = binaries.find()
    except errors.EngineError as missing:
        yield Note(f"without real Fabric: {missing}")
        return
    (place / "configtx.yaml").write_text(configtx(place / "rendered"))
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_run("first_blocks", place).seconds)
        theirs.append(_generated(release.peer.with_name("configtxgen"), place))
    ratios = [them / us for us, them in zip(ours, theirs, strict=True)]
    name = f"admin, first blocks of {CHANNELS} channels with {ORGANISATIONS[-1]} organisations"
    yield Figure(name, statistics.median(ours), "s", spread=(min(ours), max(ours)))
    yield Figure(f"{name}, configtxgen", statistics.median(theirs), "s", spread=(min(theirs), max(theirs)))
    yield Figure(f"{name}, configtxgen to ours", statistics.median(ratios), "times", spread=(min(ratios), max(ratios)))


def _generated(program: Path, place: Path) -> float:
    began = time.perf_counter()
    for number in range(CHANNELS):
        words = ["-configPath", ".", "-profile", "Large", "-channelID", f"channel{number:02}"]
        subprocess.run(  # noqa: S603 - the release the user named
            [program, *words, "-outputBlock", f"{number}.block"], cwd=place, capture_output=True, check=True
        )
    return time.perf_counter() - began


def configtx(root: Path) -> str:
    """Return what ``configtxgen`` reads to make the first blocks of a folder's channels, the same for each."""
    folder = Folder(root)
    record, held = state.started(folder), state.held(folder)
    first = held.channels[0]
    endorsement = {"Type": "ImplicitMeta", "Rule": "MAJORITY Endorsement"}
    profile = {
        "Policies": _policies(),
        "Capabilities": {record.channel_capability: True},
        "Orderer": _ordering(folder, record, held),
        "Application": {
            "Organizations": [_organisation(folder, msp_id) for msp_id in first.members],
            "Policies": {**_policies(), "Endorsement": endorsement, "LifecycleEndorsement": endorsement},
            "Capabilities": {first.capabilities.application: True},
        },
    }
    return json.dumps({"Profiles": {"Large": profile}})


def _ordering(folder: Folder, record: Record, held: Consortium) -> dict[str, object]:
    orderer, first = held.orderers[0], held.channels[0]
    address = record.inside(orderer.name)
    host, _, port = address.rpartition(":")
    certificate = str(introductions.consenter(folder, orderer.name)["tls"])
    consenter = {"Host": host, "Port": int(port), "ClientTLSCert": certificate, "ServerTLSCert": certificate}
    return {
        "OrdererType": "etcdraft",
        "BatchTimeout": first.batch.timeout,
        "BatchSize": {
            "MaxMessageCount": first.batch.max_messages,
            "AbsoluteMaxBytes": first.batch.absolute_max_bytes,
            "PreferredMaxBytes": first.batch.preferred_max_bytes,
        },
        "EtcdRaft": {"Consenters": [consenter]},
        "Organizations": [{**_organisation(folder, orderer.msp_id), "OrdererEndpoints": [address]}],
        "Policies": {**_policies(), "BlockValidation": {"Type": "ImplicitMeta", "Rule": "ANY Writers"}},
        "Capabilities": {first.capabilities.orderer: True},
    }


def _organisation(folder: Folder, msp_id: str) -> dict[str, object]:
    rules = {
        "Readers": f"OR('{msp_id}.member')",
        "Writers": f"OR('{msp_id}.member')",
        "Admins": f"OR('{msp_id}.admin')",
        "Endorsement": f"OR('{msp_id}.peer')",
    }
    return {
        "Name": msp_id,
        "ID": msp_id,
        "MSPDir": str(folder.organisation(msp_id) / "msp"),
        "Policies": {name: {"Type": "Signature", "Rule": rule} for name, rule in rules.items()},
    }


def _policies() -> dict[str, dict[str, str]]:
    rules = {"Readers": "ANY Readers", "Writers": "ANY Writers", "Admins": "MAJORITY Admins"}
    return {name: {"Type": "ImplicitMeta", "Rule": rule} for name, rule in rules.items()}


if __name__ == "__main__":
    ACTS[sys.argv[1]](Path(sys.argv[2]))
    print(processes.peak())
