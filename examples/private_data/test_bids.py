"""The contract on a ledger in memory, and two bidders on a network."""

from collections.abc import Callable

import pytest
from bidder import Bidder
from bids import chaincode

import hlf
from hlf.shim import testing

ANN = testing.client("Org1MSP", name="ann")
BEN = testing.client("Org2MSP", name="ben")


@pytest.fixture
def ledger() -> testing.Ledger:
    return testing.Ledger(chaincode, members=["Org1MSP", "Org2MSP"])


def test_the_value_goes_to_the_bidders_collection_alone(ledger: testing.Ledger) -> None:
    sealed = ledger.invoke("seal", "lot1", client=ANN, transient={"bid": b"100 salt"})
    assert dict(sealed.private_writes) == {("_implicit_org_Org1MSP", "lot1"): b"100 salt"}
    assert b"100 salt" not in sealed.rwset


def test_a_bid_is_not_changed(ledger: testing.Ledger) -> None:
    ledger.invoke("seal", "lot1", client=ANN, transient={"bid": b"100 salt"})
    with pytest.raises(testing.Refused, match="has a bid"):
        ledger.invoke("seal", "lot1", client=ANN, transient={"bid": b"90 salt"})
    with pytest.raises(testing.Refused) as refused:
        ledger.invoke("open", "lot1", "90 salt", client=ANN, endorsed_by=["Org1MSP", "Org2MSP"])
    assert refused.value.code == "NOT_THE_BID"


def test_bids_are_opened_on_a_network(hlf_gateway: Callable[..., hlf.Gateway]) -> None:
    ann, ben = Bidder(hlf_gateway("Org1MSP")), Bidder(hlf_gateway("Org2MSP"))
    ann.seal("lot1", 100)
    ben.seal("lot1", 120)
    assert ann.opened("lot1") == {}
    ann.open("lot1")
    ben.open("lot1")
    assert ann.opened("lot1") == {"Org1MSP": 100, "Org2MSP": 120}
