"""The contract on a ledger in memory, and the client on a network."""

from collections.abc import Callable

import pytest
from assets import chaincode
from client import hand_over

import hlf
from hlf.shim import testing

ANN = testing.client("Org1MSP", name="ann")
BEN = testing.client("Org2MSP", name="ben")


@pytest.fixture
def ledger() -> testing.Ledger:
    return testing.Ledger(chaincode, members=["Org1MSP", "Org2MSP"])


def test_an_asset_belongs_to_who_creates_it(ledger: testing.Ledger) -> None:
    ledger.invoke("create", "a1", "blue", 5, client=ANN)
    assert ledger.evaluate("read", "a1", client=BEN).json()["owner"] == "Org1MSP"


def test_only_its_owner_hands_it_over(ledger: testing.Ledger) -> None:
    ledger.invoke("create", "a1", "blue", 5, client=ANN)
    with pytest.raises(testing.Refused) as refused:
        ledger.invoke("hand_over", "a1", "Org2MSP", client=BEN)
    assert refused.value.code == "NOT_THE_OWNER"


def test_all_are_listed(ledger: testing.Ledger) -> None:
    for asset_id in ("a2", "a1"):
        ledger.invoke("create", asset_id, "red", 1, client=ANN)
    assert [asset["asset_id"] for asset in ledger.evaluate("all", client=ANN).json()] == ["a1", "a2"]


def test_the_client_hands_over_on_a_network(fabric: hlf.Gateway) -> None:
    """`fabric` is the gateway of a user of Org1MSP; the plugin of hlf starts the network behind it."""
    assert hand_over(fabric, "a1", "Org2MSP")["owner"] == "Org2MSP"


def test_a_former_owner_is_refused_on_a_network(fabric: hlf.Gateway, hlf_gateway: Callable[..., hlf.Gateway]) -> None:
    """The contract's code comes with the error, and the new owner may."""
    hand_over(fabric, "a1", "Org2MSP")
    with pytest.raises(hlf.errors.EndorseError) as refused:
        fabric.network("mychannel").contract("assets").submit("hand_over", "a1", "Org1MSP")
    assert refused.value.contract_code == "NOT_THE_OWNER"
    hlf_gateway("Org2MSP").network("mychannel").contract("assets").submit("hand_over", "a1", "Org1MSP")
