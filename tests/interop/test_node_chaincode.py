"""A chaincode on npm's fabric-shim under the engines of this machine, called through our client."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator

import pytest

from hlf import aio, errors, identity, profile
from hlf.client import gateway
from hlf.client.contract import Contract
from hlf.client.network import Network
from tests.interop import runtimes
from tests.interop.conftest import ENGINES, HERE, Place, running

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module", params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Yield a network whose peers are served by Node."""
    environment = runtimes.node()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        state = tmp_path_factory.mktemp(f"interop-node-{request.param}")
        yield from running(request.param, state, HERE / "node" / "consortium.yaml")


@pytest.fixture(scope="module")
def network(place: Place) -> Iterator[Network]:
    who, signer = identity.load_user(place.user(), "Org1MSP")
    with gateway.connect(profile.Profile.load(place.profile()), who, signer) as fabric:
        yield fabric.network("mychannel")


@pytest.fixture
def chaincode(network: Network) -> Contract:
    return network.contract("node")


def test_it_reads_and_writes(chaincode: Contract) -> None:
    assert chaincode.submit("put", "k", "v") == b"v"
    assert chaincode.evaluate("get", "k") == b"v"
    chaincode.submit("del", "k")
    assert chaincode.evaluate("get", "k") == b""
    assert json.loads(chaincode.evaluate("history", "k")) == ["", "v"]


def test_the_client_for_asyncio_calls_it(place: Place) -> None:
    """Calls, a refusal in the chaincode's words, and its event."""

    async def calls() -> None:
        who = identity.load_user(place.user(), "Org1MSP")
        async with aio.connect(profile.Profile.load(place.profile()), *who) as fabric:
            channel = fabric.network("mychannel")
            chaincode = channel.contract("node")
            assert await chaincode.submit("put", "a", "v") == b"v"
            assert await chaincode.evaluate("get", "a") == b"v"
            with pytest.raises(errors.EvaluateError, match="chaincode response 500, FUNCTIONS"):
                await chaincode.evaluate("nothing")
            submitted = await chaincode.submit_async("announce", "Arrived", "a1")
            done = await submitted.wait_committed()
            async with await channel.chaincode_events("node", start_block=done.block_number) as events:
                event = await anext(events)
            assert (event.name, event.payload) == ("Arrived", b"a1")

    asyncio.run(calls())


def test_it_reads_ranges_and_pages(chaincode: Contract) -> None:
    for number in range(3):
        chaincode.submit("put", f"r{number}", str(number))
    assert json.loads(chaincode.evaluate("range", "r", "s")) == [["r0", "0"], ["r1", "1"], ["r2", "2"]]
    page = json.loads(chaincode.evaluate("page", "r", "s", "2", ""))
    assert page == {"found": [["r0", "0"], ["r1", "1"]], "next": "r2", "count": 2}


def test_it_finds_composite_keys(chaincode: Contract) -> None:
    for part in ("x", "y"):
        chaincode.submit("composite", "kind", "a", part)
    assert json.loads(chaincode.evaluate("partial", "kind", "a")) == [["a", "x"], ["a", "y"]]


@pytest.mark.parametrize("collection", ["own", "_implicit_org_Org1MSP"])
def test_it_keeps_private_data(chaincode: Contract, collection: str) -> None:
    hidden = {"transient": {"value": b"secret"}, "endorsing_organizations": ("Org1MSP",)}
    chaincode.submit("hide", collection, "k", **hidden)
    assert chaincode.evaluate("reveal", collection, "k") == b"secret"
    assert chaincode.evaluate("hash", collection, "k").decode() == hashlib.sha256(b"secret").hexdigest()
    chaincode.submit("purge", collection, "k", endorsing_organizations=("Org1MSP",))
    assert chaincode.evaluate("hash", collection, "k") == b""


def test_a_keys_own_policy_is_enforced(chaincode: Contract) -> None:
    chaincode.submit("put", "locked", "1")
    chaincode.submit("lock", "locked", "Org2MSP")
    assert json.loads(chaincode.evaluate("locked", "locked")) == ["Org2MSP"]
    with pytest.raises(errors.CommitError) as refused:
        chaincode.submit("put", "locked", "2", endorsing_organizations=("Org1MSP",))
    assert refused.value.name == "ENDORSEMENT_POLICY_FAILURE"
    chaincode.submit("put", "locked", "3", endorsing_organizations=("Org2MSP",))


def test_its_events_arrive(chaincode: Contract, network: Network) -> None:
    done = chaincode.submit_async("announce", "Arrived", "n1").wait_committed()
    events = network.chaincode_events("node", start_block=done.block_number)
    try:
        event = next(iter(events))
    finally:
        events.close()
    assert (event.name, event.payload) == ("Arrived", b"n1")


def test_it_knows_its_caller(chaincode: Contract) -> None:
    msp_id, channel_id, tx_id = json.loads(chaincode.evaluate("who"))
    assert (msp_id, channel_id, len(tx_id)) == ("Org1MSP", "mychannel", 64)


def test_it_calls_a_chaincode_of_another_runtime(chaincode: Contract, network: Network) -> None:
    network.contract("lab").submit("put", "shared", "python")
    assert chaincode.evaluate("call", "lab", "get", "shared") == b"200 python"
    assert json.loads(network.contract("lab").evaluate("invoke", "node", "", "get", "nothing")) == {
        "status": 200, "message": "", "payload": ""
    }  # fmt: skip


def test_its_errors_arrive_in_its_words(chaincode: Contract) -> None:
    with pytest.raises(errors.EvaluateError, match="chaincode response 500, FUNCTIONS"):
        chaincode.evaluate("nothing")
