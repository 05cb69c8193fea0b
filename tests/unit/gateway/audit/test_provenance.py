"""Histories and proofs of the gateway: what they hang on, and what a lying peer cannot make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.app import create_app
from gateway.http.settings import Settings
from hlf.audit.evidence import anchors, proofs
from hlf.audit.evidence.receipts import Receipt
from hlf.wire import keys
from tests.support.members import Consortium, put
from tests.support.runningchannel import consortium
from tests.unit.gateway.chained import ChainedLedgers
from tests.unit.gateway.conftest import enter_console
from tests.unit.hlf.chain import Chain

VALUE = {"state": "placed"}
STORED = b'{"state":"placed"}'
J1, J2 = (keys.composite_key("order", [name]) for name in ("J1", "J2"))


class Place:
    """A gateway over a chain with one order in it, and a client with a token for the audit."""

    def __init__(self, folder: Path, who: Consortium) -> None:
        self.wallet = folder / "wallet"
        (self.wallet / "channels").mkdir(parents=True)
        self.chain = Chain(who)
        self.written = who.transaction(put("trade", **{J1: STORED}), ["AMSP", "BMSP"], chaincode="trade")
        self.other = who.transaction(put("trade", **{J2: STORED}), ["AMSP", "BMSP"], chaincode="trade")
        self.chain.add(self.written, self.other)
        self.ledgers = ChainedLedgers(self.chain)
        app = create_app(Settings(wallet=self.wallet, data=folder / "data"), self.ledgers)
        self.services = app.extensions["selat"]
        self.client: FlaskClient = app.test_client()
        token = self.services.tokens.create("AMSP", "User1", ("audit",), 60)
        self.headers = {"Authorization": f"Bearer {token}"}

    def trust(self, genesis: bytes) -> None:
        (self.wallet / "channels" / "trade.block").write_bytes(genesis)

    def get(self, path: str) -> Any:
        answer = self.client.get(path, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def history(self, **told: Any) -> dict[str, Any]:
        """Return the one change of J1, as the gateway shows it, when the peer tells *told* of it."""
        entry = {"key": J1, "transaction_id": self.written.id, "at": "now", "deleted": False, "value": VALUE}
        self.ledgers.told = [{**entry, **told}]
        (change,) = self.get("/v1/audit/trade/history/Orders/J1")["changes"]
        return change


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"), consortium())


@pytest.fixture
def place(made: Place) -> Place:
    made.trust(made.chain.serialized[0])
    return made


def test_a_change_is_verified_by_key_and_value(place: Place):
    """The block has this value under this object's key, and its own time counts, not the peer's."""
    change = place.history()
    assert change["verified"] is True
    assert change["endorsed_by"] == ["AMSP", "BMSP"]
    assert change["at"].endswith("Z")


def test_another_object_with_the_same_value_proves_nothing(place: Place):
    """A peer that tells J2's change as J1's is found out, whichever key it names."""
    assert place.history(transaction_id=place.other.id)["verified"] is False
    assert place.history(transaction_id=place.other.id, key=J2)["verified"] is False


@pytest.mark.parametrize(
    "told",
    [
        {"value": {"state": "confirmed"}},
        {"deleted": True, "value": None},
        {"deleted": True},
        {"key": keys.composite_key("journey", ["J1"])},
        {"key": "J1"},
    ],
)
def test_what_was_not_written_is_not_verified(place: Place, told: dict[str, Any]):
    """Another value, a deletion, or another key of the same object."""
    assert place.history(**told)["verified"] is False


def test_contracts_that_tell_no_keys_are_matched_by_the_object(place: Place):
    """Other people's contracts may tell less; the key in the block must still be the object's."""
    entry = {"transaction_id": place.written.id, "at": "now", "deleted": False, "value": VALUE}
    place.ledgers.told = [entry, {**entry, "transaction_id": place.other.id}]
    told = place.get("/v1/audit/trade/history/Orders/J1")["changes"]
    assert [change["verified"] for change in told] == [True, False]


def test_a_proof_hangs_on_the_genesis_block_of_the_wallet(place: Place):
    """A peer may show a whole channel that it has made itself; only the wallet's is the one that was meant."""
    path = f"/v1/audit/trade/transactions/{place.written.id}"
    proof = place.get(path)
    assert (proof["verified"], proof["anchored"], proof["vouched"]) == (True, True, "peer")
    place.trust(Chain(Consortium(("AMSP", "BMSP", "CMSP"))).serialized[0])
    proof = place.get(path)
    assert (proof["verified"], proof["anchored"]) == (False, False)
    assert place.history()["verified"] is False


def test_without_a_genesis_block_nothing_is_verified(place: Place):
    """A wallet that knows no beginning of the channel says so, with the cure."""
    (place.wallet / "channels" / "trade.block").unlink()
    proof = place.get(f"/v1/audit/trade/transactions/{place.written.id}")
    assert (proof["verified"], proof["anchored"]) == (False, False)
    (refused,) = [check for check in proof["checks"] if not check["passed"]]
    assert "genesis block" in refused["detail"]


def test_a_receipt_proves_without_the_gateway(place: Place):
    """What the address gives is the file that ``selat audit check`` takes, and hangs on the same genesis block."""
    answer = place.client.get(f"/v1/audit/trade/transactions/{place.written.id}/receipt", headers=place.headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="receipt-{place.written.id[:16]}.json"'
    receipt = Receipt.from_bytes(answer.data)
    proof = proofs.check(receipt, [anchors.of_block(place.chain.serialized[0])])
    assert proof.verified
    assert proof.endorsers == ["AMSP", "BMSP"]


def test_the_console_gives_the_same_receipt(place: Place):
    """A person logs in and downloads it from the transaction's page."""
    enter_console(place.client, place.headers["Authorization"].split()[1])
    page = place.client.get(f"/console/audit/trade/transactions/{place.written.id}")
    path = f"/console/audit/trade/transactions/{place.written.id}/receipt"
    assert path in page.text
    assert "peers do not sign it" in page.text
    assert Receipt.from_bytes(place.client.get(path).data).transaction_id == place.written.id


def test_a_transaction_that_is_not_there_has_no_receipt(place: Place):
    """The problem names its cause, as for the transaction itself."""
    answer = place.client.get(f"/v1/audit/trade/transactions/{'0' * 64}/receipt", headers=place.headers)
    assert (answer.status_code, answer.get_json()["code"]) == (404, "TRANSACTION_NOT_FOUND")
