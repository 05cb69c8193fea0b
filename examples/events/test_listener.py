"""A listener that comes back."""

from pathlib import Path

import pytest
from listener import follow
from shipments import chaincode

import hlf
from hlf.shim import testing


def test_what_never_departed_does_not_arrive() -> None:
    ledger, ann = testing.Ledger(chaincode, members=["Org1MSP"]), testing.client("Org1MSP")
    with pytest.raises(testing.Refused) as refused:
        ledger.invoke("arrive", "s1", client=ann)
    assert refused.value.code == "NOT_ON_ITS_WAY"
    assert ledger.invoke("depart", "s1", client=ann).event == testing.Event("Departed", b"s1")


def test_a_listener_goes_on_where_it_stopped(fabric: hlf.Gateway, tmp_path: Path) -> None:
    """What happened while it was away comes first, and nothing comes twice."""
    network, heard = fabric.network("mychannel"), list[str]()

    def listen(count: int) -> None:
        checkpoint = hlf.checkpoints.File(tmp_path / "checkpoint")
        followed = follow(network, checkpoint, lambda event: heard.append(event.name))
        for _ in range(count):
            next(followed)
        followed.close()

    shipments = network.contract("shipments")
    shipments.submit("depart", "s1")
    listen(1)
    shipments.submit("arrive", "s1")
    shipments.submit("depart", "s2")
    listen(2)
    assert heard == ["Departed", "Arrived", "Departed"]
