"""Calls that are signed elsewhere, over HTTP: the page that tells how, and what a hostile caller tries."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from fabric_protos.gateway import gateway_pb2

from gateway.store.database import Store
from gateway.store.scopes import SCOPES
from gateway.store.tokens import Tokens
from hlf import identity, signers
from hlf.wire import proposals
from tests.docs import pages
from tests.support.sources import ROOT

ORIGIN, TAKER = "OriginCarrierMSP", "ForwarderMSP"
OFFLINE = "/v1/channels/logistics/chaincodes/carriage/offline"
LIST = {"function": "Agreements:list"}


class Phone:
    """A user of the origin's carrier whose key the gateway does not have."""

    def __init__(self, base: str, token: str, own: tuple[identity.Identity, signers.Signer]) -> None:
        self.base = base
        self.headers = {"Authorization": f"Bearer {token}"}
        self.identity, self.signer = own

    def send(self, address: str, body: Any, place: str = OFFLINE) -> Any:
        """Return the answer to one request, whatever it is."""
        return requests.post(f"{self.base}{place}/{address}", json=body, headers=self.headers, timeout=60)

    def signed(self, step: dict[str, Any], signer: signers.Signer | None = None) -> dict[str, str]:
        signature = (signer or self.signer).sign(base64.b64decode(step["message"]))
        return {"step": step["step"], "signature": text(signature)}

    def refused(self, address: str, body: Any, place: str = OFFLINE) -> str:
        """Return the code of a refusal, which has its cause and its cure."""
        answer = self.send(address, body, place)
        assert answer.status_code >= 400, answer.json()
        assert answer.json()["detail"]
        assert answer.json()["cure"]
        return answer.json()["code"]


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def draft(number: str) -> dict[str, Any]:
    """Return a call with private values: these two carriers alone may see them."""
    opens = datetime.now(UTC) + timedelta(days=1)
    told = {
        "taker": TAKER, "consignments": ["369012340202611226"], "place": "CNYTN", "seals": ["CN1"],
        "opens_at": f"{opens:%Y-%m-%dT%H:%M:%SZ}", "closes_at": f"{opens + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
        "conditions": "none", "salt": "mPz3kQ0Jb1vX5yR7tW9aBg",
    }  # fmt: skip
    return {"arguments": {"agreement_id": number}, "transient": {"draft": told}}


@pytest.fixture(scope="module")
def wallet(stage, played) -> Iterator[SimpleNamespace]:
    """Yield the wallet of a running gateway with a user of whom it has the certificate alone."""
    users = stage.network.folder.root / "organisations" / ORIGIN / "users"
    (users / "Phone").mkdir()
    shutil.copy(users / "User1" / "cert.pem", users / "Phone")
    yield SimpleNamespace(root=stage.network.folder.root.absolute(), own=users / "User1", phone=users / "Phone")
    shutil.rmtree(users / "Phone")


@pytest.fixture(scope="module")
def data(folder) -> Path:
    """Return the folder of the gateway's own data."""
    return (folder / "gateway" / "data").absolute()


@pytest.fixture(scope="module")
def phone(stage, wallet, data) -> Phone:
    token = Tokens(Store(data, "")).create(ORIGIN, "Phone", SCOPES, 3600)
    return Phone(stage.base, token, identity.load_user(wallet.own, ORIGIN))


@pytest.fixture(scope="module")
def proposal(phone) -> dict[str, Any]:
    """Return a proposal with private values, not signed."""
    answer = phone.send("proposals/Agreements:propose", draft("signed-1"))
    assert answer.status_code == 200, answer.json()
    return answer.json()


@pytest.mark.skipif(not all(map(shutil.which, ("curl", "jq", "openssl"))), reason="the page's commands need them")
def test_the_page_does_what_it_says(tmp_path, stage, wallet, data, phone, monkeypatch):
    """With curl and openssl, and in Python; only the gateway's address and folders are others."""
    for name in ("cert.pem", "key.pem"):
        shutil.copy(wallet.own / name, tmp_path)
    page = tmp_path / "page.md"
    told = (ROOT / "docs/signing.md").read_text()
    page.write_text(told.replace("http://127.0.0.1:8080", stage.base).replace("build/network", str(wallet.root)))
    monkeypatch.setenv("SELAT_WALLET", str(wallet.root))
    monkeypatch.setenv("SELAT_DATA", str(data))
    assert pages.done(page, tmp_path) == ["phone.py"]


def test_the_gateway_says_who_would_see_private_values(proposal):
    """They are planned by the function's declaration, which another user's key asks for."""
    assert proposal["must_endorse"] == proposal["will_see"] == [TAKER, ORIGIN]
    assert proposal["transaction_id"] == proposals.parse(base64.b64decode(proposal["message"])).transaction_id


def test_what_would_need_the_key_says_where_to_go(phone, stage):
    """The gateway cannot sign for this user, at whatever address."""
    answer = requests.get(f"{stage.base}/v1/agreements", headers=phone.headers, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (409, "KEY_ELSEWHERE")
    assert "offline/proposals" in answer.json()["cure"]


def test_a_signature_of_another_key_or_step_is_refused(phone, proposal, stage):
    """Nothing is sent: the gateway looks before a peer does."""
    stranger = identity.load_user(stage.network.folder.root / "organisations" / TAKER / "users" / "User1", TAKER)[1]
    other = phone.send("proposals", LIST).json()
    for wrong in (
        phone.signed(proposal, stranger),
        {"step": proposal["step"], "signature": phone.signed(other)["signature"]},
    ):
        assert phone.refused("endorsements", wrong) == "SIGNATURE_INVALID"
    assert phone.refused("endorsements", {"step": proposal["step"], "signature": ""}) == "STEP_UNREADABLE"


def test_a_step_of_somebody_else_is_refused(phone, proposal, stage, cast):
    """A user who came by another's signed step cannot send it with a token of its own, nor in another's name."""
    whole = phone.signed(proposal)
    answer = cast.forwarder.send("POST", f"{OFFLINE}/endorsements", json=whole)
    assert (answer.status_code, answer.json()["code"]) == (403, "SIGNER_FOREIGN")
    made = proposals.new("logistics", "carriage", [b"Agreements:list"], b"\x0a\x03Org")
    forged = gateway_pb2.ProposedTransaction(transaction_id=made.transaction_id)
    forged.proposal.proposal_bytes = made.bytes
    body = {"step": text(forged.SerializeToString()), "signature": whole["signature"]}
    assert phone.refused("evaluations", body) == "SIGNER_FOREIGN"


def test_a_step_for_another_place_is_refused(phone, proposal):
    """A token may be for one chaincode alone, so the address decides and not the bytes."""
    elsewhere = "/v1/channels/trade/chaincodes/trade/offline"
    assert phone.refused("endorsements", phone.signed(proposal), elsewhere) == "STEP_UNREADABLE"


@pytest.mark.parametrize("hours", [-1, 1])
def test_an_old_proposal_is_refused(phone, hours):
    """So is one from the future: a stolen signature must not last."""
    made = proposals.new(
        "logistics", "carriage", [b"Agreements:list"], phone.identity.serialized,
        timestamp=datetime.now(UTC) + timedelta(hours=hours),
    )  # fmt: skip
    step = gateway_pb2.ProposedTransaction(transaction_id=made.transaction_id)
    step.proposal.proposal_bytes = made.bytes
    told = {"step": text(step.SerializeToString()), "message": text(made.bytes)}
    assert phone.refused("evaluations", phone.signed(told)) == "STEP_EXPIRED"


def test_private_values_go_to_nobody_whom_the_function_does_not_declare(phone, proposal):
    """The signature does not cover who gets them; whoever adds an organisation on the way is refused."""
    step = gateway_pb2.ProposedTransaction.FromString(base64.b64decode(proposal["step"]))
    step.endorsing_organizations.append("LastMileMSP")
    bent = {**phone.signed(proposal), "step": text(step.SerializeToString())}
    assert phone.refused("endorsements", bent) == "ENDORSERS_UNRESOLVED"


def test_a_transaction_that_is_sent_again_is_sent_once(phone, cast):
    """The repetition gets the same answer; no private value is in the transaction."""
    proposed = phone.send("proposals/Agreements:propose", draft("signed-2")).json()
    assert "mPz3kQ0Jb1vX5yR7tW9aBg" in base64.b64decode(proposed["step"]).decode("latin-1")
    endorsed = phone.send("endorsements", phone.signed(proposed)).json()
    assert "mPz3kQ0Jb1vX5yR7tW9aBg" not in base64.b64decode(endorsed["step"]).decode("latin-1")
    whole = phone.signed(endorsed)
    first, second = phone.send("submissions", whole), phone.send("submissions", whole)
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert [each.headers.get("Idempotency-Replayed") for each in (first, second)] == [None, "true"]
    status = phone.send("statuses", phone.signed(first.json())).json()
    assert (status["valid"], status["transaction_id"]) == (True, proposed["transaction_id"])


def test_a_changed_transaction_is_refused(phone):
    """Its signature is over every byte that is ordered."""
    proposed = phone.send("proposals/Agreements:propose", draft("signed-3")).json()
    endorsed = phone.send("endorsements", phone.signed(proposed)).json()
    changed = base64.b64decode(endorsed["step"]).replace(b"signed-3", b"signed-4")
    assert phone.refused("submissions", {**phone.signed(endorsed), "step": text(changed)}) in {
        "SIGNATURE_INVALID",
        "STEP_UNREADABLE",
    }
    assert phone.refused("submissions", {**phone.signed(endorsed), "step": text(b"\xff")}) == "STEP_UNREADABLE"


def test_a_query_is_not_endorsed(phone):
    """Ordered, its answer would stand in a block."""
    asked = phone.send("proposals", LIST).json()
    assert phone.refused("endorsements", phone.signed(asked)) == "NOTHING_TO_WRITE"
