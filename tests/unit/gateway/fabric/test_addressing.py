"""A call goes where its function declares, and where that cannot be read a private value goes nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.fabric.declarations import METADATA
from gateway.fabric.ledger import Ledgers
from gateway.fabric.ledgercalls import LedgerCall
from gateway.fabric.planning import UnplannedError
from gateway.fabric.wallet import Wallet
from hlf import errors
from hlf.codec import records
from hlf.shim import api

NOTE = {"note": b"fragile"}


class Notes(api.Contract):
    """Private notes between two, and what all may read."""

    @api.transaction(endorsed_by=("caller", "reader"), transient=("note",))
    def write(self, ctx: api.Context, reader: str) -> None:
        """Never run here."""

    @api.query(read_on=("Notes:keeper()",))
    def kept(self, ctx: api.Context) -> None:
        """Never run here."""

    @api.query
    def keeper(self, ctx: api.Context) -> None:
        """Never run here."""


class Peer:
    """Network and contracts in one: tells what the chaincode publishes, and remembers who was sent what."""

    def __init__(self, failing: bool = False) -> None:
        self.name = "trade"
        self.failing = failing
        self.sent: list[tuple[str, tuple[str, ...]]] = []

    def contract(self, name: str) -> Peer:
        return self

    def evaluate(self, function: str, *arguments: Any, endorsing_organizations: Any = (), **more: Any) -> bytes:
        if function == "QueryChaincodeDefinition":
            return b"1"
        if function == METADATA:
            if self.failing:
                raise errors.EvaluateError("no route to the peer")
            return records.dumps(api.Chaincode("notes", [Notes]).describe())
        self.sent.append((function, tuple(endorsing_organizations)))
        return b"KeeperMSP"

    def propose(self, function: str, *arguments: Any, endorsing_organizations: Any, **more: Any) -> Any:
        self.sent.append((function, tuple(endorsing_organizations)))
        raise errors.EndorseError("far enough")


class LedgersOnConnection(Ledgers):
    """Ledgers of one peer."""

    def __init__(self, peer: Peer) -> None:
        super().__init__(Wallet(Path("/nowhere")), 1)
        self.peer = peer

    def network(self, msp_id: str, user: str, channel: str) -> Any:
        return self.peer


def submit(peer: Peer, *arguments: str, **more: Any) -> None:
    LedgersOnConnection(peer).submit(
        "AMSP", "User1", LedgerCall("trade", "notes", "Notes:write", arguments, **more), lambda _: None
    )


def test_a_transaction_goes_to_those_whom_its_function_declares():
    """And to nobody else."""
    peer = Peer()
    with pytest.raises(errors.EndorseError, match="far enough"):
        submit(peer, "BMSP", transient=NOTE)
    assert peer.sent == [("Notes:write", ("AMSP", "BMSP"))]


def test_nothing_is_sent_of_a_call_that_cannot_be_planned():
    """Neither without the argument that names a party, nor to a stranger that the caller names."""
    peer = Peer()
    with pytest.raises(UnplannedError):
        submit(peer, transient=NOTE)
    with pytest.raises(UnplannedError):
        submit(peer, "BMSP", transient=NOTE, endorsers=("AMSP", "CMSP"))
    assert peer.sent == []


def test_private_values_wait_for_the_declaration():
    """A peer that cannot be asked says nothing of who may see them; others' calls are told by the call itself."""
    peer = Peer(failing=True)
    with pytest.raises(errors.EvaluateError, match="no route"):
        submit(peer, "BMSP", transient=NOTE)
    assert peer.sent == []
    with pytest.raises(errors.EndorseError):
        submit(peer, "BMSP")
    assert peer.sent == [("Notes:write", ())]


def test_a_query_is_asked_where_its_answer_is():
    """Whose peer that is another query says, at the caller's own."""
    peer = Peer()
    LedgersOnConnection(peer).evaluate("AMSP", "User1", LedgerCall("trade", "notes", "Notes:kept"))
    assert peer.sent == [("Notes:keeper", ("AMSP",)), ("Notes:kept", ("KeeperMSP",))]


@pytest.mark.parametrize(
    ("function", "arguments", "goes_to"),
    [("Notes:write", ("BMSP",), ("AMSP", "BMSP")), ("Notes:kept", (), ("KeeperMSP",)), ("Notes:gone", (), ())],
)
def test_a_plan_says_where_a_call_would_go(function, arguments, goes_to):
    """Nothing but a query by which a party is found out is asked."""
    peer = Peer()
    planned = LedgersOnConnection(peer).plan("AMSP", "User1", LedgerCall("trade", "notes", function, arguments))
    assert (planned.endorsers, planned.seen_by) == (goes_to, ())
    assert {name for name, _ in peer.sent} <= {"Notes:keeper"}
