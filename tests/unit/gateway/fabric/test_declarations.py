"""What a chaincode publishes of its functions, asked once for each definition and kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaincode import carriage, commerce, trade
from gateway.fabric import declarations
from gateway.fabric.declarations import Declarations
from hlf import errors
from hlf.codec import records

SAID = "chaincode response 500, no such function"


class Peer:
    """The peer of an organisation: a definition, and a chaincode that publishes *metadata* or fails."""

    def __init__(self, metadata: bytes | Exception) -> None:
        self.name = "trade"
        self.definition: bytes | Exception = b"1"
        self.metadata = metadata
        self.asked: list[str] = []

    def contract(self, name: str) -> Peer:
        return self

    def evaluate(self, function: str, *arguments: Any, endorsing_organizations: tuple[str, ...]) -> bytes:
        assert endorsing_organizations == ("AMSP",), "another organisation's peer could name whom it likes"
        self.asked.append(function)
        answer = self.definition if function == "QueryChaincodeDefinition" else self.metadata
        if isinstance(answer, Exception):
            raise answer
        return answer


def described(**functions: dict[str, Any]) -> bytes:
    transactions = [{"name": name, **more} for name, more in functions.items()]
    return json.dumps({"contracts": {"Notes": {"default": True, "transactions": transactions}}}).encode()


def find(known: Declarations, peer: Peer, function: str = "write", *, private: bool = False) -> Any:
    return known.find(peer, "AMSP", "notes", function, private=private)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "chaincode", [trade.chaincode, commerce.chaincode, carriage.chaincode], ids=lambda one: one.name
)
def test_every_function_of_the_trade_is_read_as_it_is_declared(chaincode):
    """And each that writes says who endorses it: a gateway has nobody else to ask."""
    found = declarations.read(records.dumps(chaincode.describe()))
    for name, function in chaincode.functions.items():
        if function.contract.startswith("org."):
            continue
        read = found[name]
        assert (read.endorsed_by, read.transient) == (function.declared.endorsed_by, function.declared.transient)
        assert (read.called_by, read.read_on) == (function.declared.called_by, function.declared.read_on)
        assert read.parameters == tuple(parameter.name for parameter in function.parameters)
        assert read.writes == (function.tag == "submit")
        assert bool(read.answer) == (function.returns is not type(None)), f"{name} does not say what it answers"
        assert "$ref" not in str(read.answer)
        assert not read.writes or read.endorsed_by is not None, f"{name} does not declare who endorses it"


def test_metadata_are_read_once_for_each_definition():
    """A new definition may bring other declarations; before private values are sent it is looked for."""
    peer, known = Peer(described(write={"x-endorsed-by": ["caller"]})), Declarations(clock=lambda: 0.0)
    assert find(known, peer).endorsed_by == ("caller",)
    assert find(known, peer, "Notes:write").endorsed_by == ("caller",)
    assert peer.asked == ["QueryChaincodeDefinition", declarations.METADATA]
    peer.metadata, peer.definition = described(write={"x-endorsed-by": ["reader"]}), b"2"
    assert find(known, peer).endorsed_by == ("caller",)
    assert find(known, peer, private=True).endorsed_by == ("reader",)


def test_a_definition_is_looked_for_again_after_a_while():
    """Calls without private values need not ask each time, and learn of an upgrade soon."""
    now = [0.0]
    peer, known = Peer(described(write={"x-endorsed-by": ["caller"]})), Declarations(clock=lambda: now[0])
    find(known, peer)
    peer.metadata, peer.definition, now[0] = described(write={"x-endorsed-by": []}), b"2", 11.0
    assert find(known, peer).endorsed_by == ()


def test_what_is_at_hand_is_what_would_be_found_without_a_question():
    """Nothing before the first question, nor when the definition must be looked for, nor of an unknown function."""
    now = [0.0]
    peer, known = Peer(described(write={})), Declarations(clock=lambda: now[0])
    place = ("AMSP", "trade", "notes")
    assert known.at_hand(*place, "write") is None
    find(known, peer)
    asked = len(peer.asked)
    functions = known.at_hand(*place, "write")
    assert functions is not None
    assert functions["write"] == find(known, peer)
    assert known.at_hand(*place, "read") is None
    assert known.at_hand("AMSP", "trade", "qscc", "GetChainInfo") == {}
    now[0] = 11.0
    assert known.at_hand(*place, "write") is None
    assert len(peer.asked) == asked


def test_a_function_that_is_new_is_found_without_a_new_definition():
    """A chaincode under development is served anew without telling the channel."""
    peer, known = Peer(described(write={})), Declarations(clock=lambda: 0.0)
    assert find(known, peer, "read") is None
    peer.metadata = described(write={}, read={"tag": ["evaluate"], "x-read-on": ["caller"]})
    assert find(known, peer, "read").read_on == ("caller",)


def test_a_chaincode_without_metadata_declares_nothing():
    """It was not written with a contract API; that is no failure, and it is not asked again."""
    peer, known = Peer(errors.EvaluateError(SAID)), Declarations(clock=lambda: 0.0)
    assert find(known, peer) is None
    assert find(known, peer) is None
    assert peer.asked.count(declarations.METADATA) == 1
    assert known.find(peer, "AMSP", "qscc", "GetChainInfo", private=False) is None  # type: ignore[arg-type]


def test_a_definition_that_is_not_told_is_taken_for_a_new_one():
    """Then the metadata are read each time: what is kept might be of another."""
    peer, known = Peer(described(write={"x-endorsed-by": ["caller"]})), Declarations(clock=lambda: 0.0)
    peer.definition = errors.EvaluateError("chaincode response 500, access denied")
    find(known, peer, private=True)
    peer.metadata = described(write={"x-endorsed-by": ["reader"]})
    assert find(known, peer, private=True).endorsed_by == ("reader",)


def test_a_peer_that_does_not_answer_is_not_one_that_declares_nothing():
    """Whoever sends private values must know that nobody could say who may see them."""
    peer, known = Peer(errors.EvaluateError("no route to the peer")), Declarations()
    with pytest.raises(errors.EvaluateError, match="no route"):
        find(known, peer, private=True)


@pytest.mark.parametrize(
    "metadata",
    [
        b"[]",
        b"no JSON",
        b'{"contracts": []}',
        b'{"contracts": {"Notes": []}}',
        b'{"contracts": {"Notes": {"transactions": {"name": "write"}}}}',
        b'{"contracts": {"Notes": {"transactions": [{"tag": []}]}}}',
        described(write={"parameters": 5}),
        described(write={"tag": 5}),
        described(write={"x-endorsed-by": "caller"}),
        described(write={"x-transient": [1]}),
        described(write={"x-read-on": {"caller": True}}),
    ],
)
def test_metadata_that_cannot_be_read_are_no_declaration(metadata):
    """A stranger's bytes give an error of this room, never a half of what was declared."""
    with pytest.raises(errors.WireError):
        declarations.read(metadata)
