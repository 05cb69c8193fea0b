"""Calls to Fabric in a caller's name, on contracts that answer as they are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import pytest
from fabric_protos.common import ledger_pb2

from gateway.fabric.ledger import Ledgers
from gateway.fabric.ledgercalls import ArgumentError, GoneError, LedgerCall
from gateway.fabric.wallet import Wallet, WalletError
from hlf import errors


class Contract:
    """Refuses so often, then answers."""

    def __init__(self, refusals: list[Exception]) -> None:
        self.refusals = refusals
        self.asked = 0

    def evaluate(self, *args: Any, **kwargs: Any) -> bytes:
        self.asked += 1
        if self.refusals:
            raise self.refusals.pop(0)
        return b"answer"


class System:
    """qscc on peers of these heights."""

    def __init__(self, **heights: int) -> None:
        self.heights = heights
        self.asked: list[str] = []

    def evaluate(self, function: str, channel: str, endorsing_organizations: tuple[str, ...]) -> bytes:
        (msp_id,) = endorsing_organizations
        self.asked.append(msp_id)
        if msp_id not in self.heights:
            raise errors.EvaluateError("no peers available to evaluate chaincode qscc in channel trade")
        return ledger_pb2.BlockchainInfo(height=self.heights[msp_id]).SerializeToString()


class Network:
    def __init__(self, contract: Contract, system: System) -> None:
        self._contracts = {"trade": contract, "qscc": system}

    def contract(self, name: str) -> Any:
        return self._contracts[name]


class LedgersOnConnection(Ledgers):
    """Ledgers whose network is given."""

    def __init__(self, contract: Contract, system: System) -> None:
        super().__init__(Wallet(Path("/nowhere")), 1)
        self._wired = Network(contract, system)

    def network(self, msp_id: str, user: str, channel: str) -> Any:
        return self._wired

    def _declared(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: who is asked is what these tests name."""


def refusal(msp_id: str) -> errors.EvaluateError:
    detail = errors.Detail("127.0.0.1:1", msp_id, "chaincode response 400, refused/NOT_FOUND: nothing here")
    return errors.EvaluateError("refused", status=grpc.StatusCode.UNKNOWN, details=[detail])


def ask(contract: Contract, system: System, **more: Any) -> bytes:
    return LedgersOnConnection(contract, system).evaluate("AMSP", "User1", LedgerCall("trade", "trade", "f", **more))


def test_without_a_block_to_build_on_nothing_is_waited_for():
    contract, system = Contract([refusal("BMSP")]), System()
    with pytest.raises(errors.EvaluateError):
        ask(contract, system)
    assert (contract.asked, system.asked) == (1, [])


def test_own_and_named_peers_are_waited_for_beforehand():
    contract, system = Contract([]), System(AMSP=9, BMSP=9)
    assert ask(contract, system, after=8, endorsers=("BMSP",)) == b"answer"
    assert (contract.asked, system.asked) == (1, ["AMSP", "BMSP"])


def test_who_refused_is_waited_for_and_asked_once_more():
    """Fabric chose another organisation's peer, which did not have the block yet."""
    contract, system = Contract([refusal("BMSP")]), System(AMSP=9, BMSP=9)
    assert ask(contract, system, after=8) == b"answer"
    assert (contract.asked, system.asked) == (2, ["AMSP", "BMSP"])


def test_a_refusal_that_stays_is_the_answer():
    contract, system = Contract([refusal("BMSP"), refusal("BMSP")]), System(AMSP=9, BMSP=9)
    with pytest.raises(errors.EvaluateError):
        ask(contract, system, after=8)
    assert contract.asked == 2


def test_an_organisation_without_peers_says_so_itself():
    """Its height cannot be asked; the call's own error is the one that names the cause."""
    contract, system = Contract([]), System(AMSP=9)
    assert ask(contract, system, after=8, endorsers=("NopeMSP",)) == b"answer"


def test_private_values_are_not_in_a_calls_text():
    assert "4711 VND" not in repr(LedgerCall("trade", "trade", "f", transient={"price": b"4711 VND"}))


def test_arguments_have_one_form():
    assert LedgerCall("c", "c", "f", ("text", {"b": 1, "a": 2}, [True], None)).texts() == [
        "text",
        '{"a":2,"b":1}',
        "[true]",
        "null",
    ]
    with pytest.raises(ArgumentError, match="argument 2"):
        LedgerCall("c", "c", "f", ("text", 0.5)).texts()


def test_unknown_identities_are_named_with_those_there_are(tmp_path):
    user = tmp_path / "organisations" / "AMSP" / "users" / "User1"
    user.mkdir(parents=True)
    for name in ("cert.pem", "key.pem"):
        (user / name).write_text("")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "AMSP.json").write_text("{}")
    ledgers = Ledgers(Wallet(tmp_path), 1)
    with pytest.raises(WalletError, match="'BMSP' is not in the wallet; it has AMSP"):
        ledgers.network("BMSP", "User1", "trade")
    with pytest.raises(WalletError, match="no user '../../etc'"):
        ledgers.network("AMSP", "../../etc", "trade")
    with pytest.raises(errors.IdentityError):
        ledgers.network("AMSP", "User1", "trade")
    assert ledgers.reachable("AMSP") is False
    assert ledgers.reachable("BMSP") is False


class FakeProposal:
    """A proposal, and the transaction that comes of it; ``sent`` tells whether an orderer got it."""

    def __init__(self, gone: list[bool]) -> None:
        self._gone = gone
        self.asked, self.sent = False, False
        self.changes, self.transaction_id = True, "ab" * 32

    def propose(self, *args: Any, **kwargs: Any) -> FakeProposal:
        return self

    def endorse(self) -> FakeProposal:
        self.asked = True
        self._gone.append(True)
        return self

    def submit(self) -> FakeProposal:
        self.sent = True
        raise AssertionError("sent for a client that has gone")


@pytest.mark.parametrize("before", [True, False])
def test_nothing_is_sent_for_a_client_that_has_gone(before):
    """Whether it went before the endorsing or meanwhile: the orderer gets nothing, and nothing need be found out."""
    gone: list[bool] = [True] if before else []
    proposed = FakeProposal(gone)
    ledgers = LedgersOnConnection(proposed, System())
    noted: list[str] = []
    with pytest.raises(GoneError):
        ledgers.submit("AMSP", "User1", LedgerCall("trade", "trade", "f", gone=lambda: bool(gone)), noted.append)
    assert (proposed.asked, proposed.sent, noted) == (not before, False, [])
