"""Fabric's own ``peer`` command as a client."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hlf import identity, waiting
from hlf.admin import lifecycle
from hlf.admin.peer import Peer as PeerConnection
from hlf.profile import Profile
from hlf.wire import blocks
from tests.interop.conftest import Peer, Place

# `native` also on the embedded engine: the program is a part of the release.
pytestmark = [pytest.mark.interop, pytest.mark.native]


@pytest.fixture
def administrators(place: Place) -> Iterator[list[PeerConnection]]:
    """Both organisations' peers as our own client administers them."""
    with ExitStack() as connections:
        found = []
        for msp_id in ("Org1MSP", "Org2MSP"):
            who, signer = identity.load_user(place.user("Admin", msp_id), msp_id)
            endpoint = Profile.load(place.profile(msp_id)).gateway
            found.append(connections.enter_context(PeerConnection(endpoint, who, signer)))
        yield found


def orderer(place: Place) -> list[str]:
    """Return the words that tell the command where and how to reach the orderer."""
    profile = json.loads(place.profile().read_text())
    name, node = next(iter(profile["orderers"].items()))
    address = node["url"].removeprefix("grpcs://")
    return ["-o", address, "--tls", "--cafile", node["tlsCACerts"]["path"], "--ordererTLSHostnameOverride", name]


def peers(place: Place) -> list[str]:
    """Return the words that name every peer as an endorser."""
    profile = json.loads(place.profile().read_text())
    words = []
    for node in profile["peers"].values():
        words += ["--peerAddresses", node["url"].removeprefix("grpcs://")]
        words += ["--tlsRootCertFiles", node["tlsCACerts"]["path"]]
    return words


def test_it_invokes_and_queries(peer: Peer, place: Place) -> None:
    """Endorsed by both organisations, sent to the orderer, awaited by the command itself."""
    call = json.dumps({"function": "put", "Args": ["cli", "value"]})
    words = ["-C", "mychannel", "-n", "lab", "-c", call, "--waitForEvent", *orderer(place), *peers(place)]
    invoked = peer("chaincode", "invoke", *words)
    assert invoked.returncode == 0, invoked.stderr
    queried = peer("chaincode", "query", "-C", "mychannel", "-n", "lab", "-c", '{"Args":["get","cli"]}')
    assert (queried.returncode, queried.stdout.strip()) == (0, "value")


def test_a_chaincodes_refusal_reaches_the_terminal(peer: Peer) -> None:
    """Go puts one space or two between a message's fields, by build."""
    refused = peer("chaincode", "query", "-C", "mychannel", "-n", "lab", "-c", '{"Args":["error","no such luck"]}')
    assert refused.returncode == 1
    assert 'status:500 message:"no such luck"' in " ".join(refused.stderr.split())


def test_it_reads_the_channels_height_and_hashes(peer: Peer) -> None:
    told = peer("channel", "getinfo", "-c", "mychannel")
    assert told.returncode == 0, told.stderr
    info = json.loads(told.stdout.removeprefix("Blockchain info: "))
    assert info["height"] >= 3
    assert info["currentBlockHash"] != info["previousBlockHash"]


def test_it_lists_the_channels(peer: Peer) -> None:
    told = peer("channel", "list")
    assert told.returncode == 0, told.stderr
    assert "mychannel" in told.stdout


@pytest.mark.parametrize("source", ["peer", "orderer"])
def test_it_fetches_blocks(peer: Peer, place: Place, tmp_path: Path, source: str) -> None:
    """From the peer's Deliver service and from the orderer's; what comes is block 0, chained as it should be."""
    words = orderer(place) if source == "orderer" else []
    fetched = peer("channel", "fetch", "0", "zero.block", "-c", "mychannel", *words)
    assert fetched.returncode == 0, fetched.stderr
    assert blocks.decode((tmp_path / "zero.block").read_bytes()).number == 0
    newest = peer("channel", "fetch", "config", "config.block", "-c", "mychannel", *words)
    assert newest.returncode == 0, newest.stderr


def test_it_lists_installed_and_committed_chaincodes(peer: Peer) -> None:
    installed = peer("lifecycle", "chaincode", "queryinstalled", "--output", "json")
    assert installed.returncode == 0, installed.stderr
    (chaincode,) = json.loads(installed.stdout)["installed_chaincodes"]
    assert re.fullmatch(r"lab_1\.0:[0-9a-f]{64}", chaincode["package_id"])
    committed = peer("lifecycle", "chaincode", "querycommitted", "-C", "mychannel", "--output", "json")
    assert committed.returncode == 0, committed.stderr
    definitions = {each["name"]: each for each in json.loads(committed.stdout)["chaincode_definitions"]}
    assert (definitions["lab"]["sequence"], definitions["lab"]["version"]) == (1, "1.0")
    detailed = peer("lifecycle", "chaincode", "querycommitted", "-C", "mychannel", "-n", "lab", "--output", "json")
    assert json.loads(detailed.stdout)["approvals"] == {"Org1MSP": True, "Org2MSP": True}


def test_it_installs_a_package(peer: Peer, place: Place, tmp_path: Path) -> None:
    """A package of another label than those there."""
    packaged = next(place.state.glob("packages/*.tar.gz"))
    shutil.copy(packaged, tmp_path / "again.tar.gz")
    calculated = peer("lifecycle", "chaincode", "calculatepackageid", "again.tar.gz")
    assert calculated.returncode == 0, calculated.stderr
    refused = peer("lifecycle", "chaincode", "install", "again.tar.gz")
    assert refused.returncode == 1
    assert "chaincode already successfully installed" in refused.stderr
    assert calculated.stdout.strip() in refused.stderr


def test_readiness_before_a_definition_is_committed(peer: Peer) -> None:
    """An upgrade that nobody has approved is ready nowhere."""
    words = ["-C", "mychannel", "-n", "lab", "-v", "2.0", "--sequence", "2", "--output", "json"]
    told = peer("lifecycle", "chaincode", "checkcommitreadiness", *words)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["approvals"] == {"Org1MSP": False, "Org2MSP": False}


# What the program itself makes of a peer's answers, under the names that real Fabric's answers were kept by.


def test_cli_checkcommitreadiness_output_json(peer: Peer, administrators: list[PeerConnection]) -> None:
    """Approved by everybody, and not committed."""
    for each in administrators:
        lifecycle.approve(each, "mychannel", lifecycle.Definition("approved"), "")
    words = ["-C", "mychannel", "-n", "approved", "-v", "1.0", "--sequence", "1", "--output", "json"]
    told = peer("lifecycle", "chaincode", "checkcommitreadiness", *words)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == {"approvals": {"Org1MSP": True, "Org2MSP": True}}


def test_cli_querycommitted(peer: Peer) -> None:
    """In the words for people, to the letter."""
    told = peer("lifecycle", "chaincode", "querycommitted", "-C", "mychannel", "--name", "lab")
    assert told.returncode == 0, told.stderr
    assert told.stdout == (
        "Committed chaincode definition for chaincode 'lab' on channel 'mychannel':\n"
        "Version: 1.0, Sequence: 1, Endorsement Plugin: escc, Validation Plugin: vscc, "
        "Approvals: [Org1MSP: true, Org2MSP: true]\n"
    )


def test_cli_query_error(peer: Peer, administrators: list[PeerConnection]) -> None:
    """A peer's refusal is told with its status: here of a chaincode that has yet to be initialised."""
    definition = lifecycle.Definition("uninitialised", init_required=True)
    package_id = lifecycle.approved(administrators[0], "mychannel", "lab").package_id
    for each in administrators:
        lifecycle.approve(each, "mychannel", definition, package_id)
    assert waiting.until(
        lambda: all(all(lifecycle.readiness(each, "mychannel", definition).values()) for each in administrators), 60
    )
    lifecycle.commit(administrators[0], "mychannel", definition, administrators)
    refused = peer("chaincode", "query", "-C", "mychannel", "-n", "uninitialised", "-c", '{"Args":["get","a"]}')
    assert (refused.returncode, refused.stdout) == (1, "")
    # Go's protobuf puts one space or two, as each build has it.
    assert re.fullmatch(
        r"Error: endorsement failure during query\. response: status:500 {1,2}message:\"error in simulation: failed to "
        r"execute transaction [0-9a-f]{64}: invalid invocation: chaincode 'uninitialised' has not been initialized for "
        r"this version, must call as init first\" ?",
        refused.stderr.splitlines()[0],
    ), refused.stderr
