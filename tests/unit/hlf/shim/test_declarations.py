"""What a contract function declares of itself, and what becomes of one that does otherwise."""

from __future__ import annotations

import json

import pytest

from hlf.codec import parties
from hlf.shim import api, testing

MEMBERS = ("CarrierMSP", "SellerMSP", "AuditorMSP", "OtherMSP")


class Notes(api.Contract):
    """Private notes between two organisations and whoever the directory names."""

    @api.query
    def directory(self, ctx: api.Context, role: str) -> str:
        """Return the organisation that has a role."""
        return {"auditor": "AuditorMSP"}[role]

    @api.transaction(
        endorsed_by=("caller", "reader", "Notes:directory('auditor')"), transient=("note",), called_by=("caller",)
    )
    def write(self, ctx: api.Context, note_id: str, reader: str) -> None:
        """Write a note to caller, reader and auditor."""
        for holder in (ctx.client.msp_id, reader, "AuditorMSP"):
            ctx.stub.put_private_data(f"_implicit_org_{holder}", note_id, ctx.transient["note"])

    @api.transaction(endorsed_by=("caller", "transient.note.to"), transient=("note",))
    def too_many(self, ctx: api.Context, note_id: str) -> None:
        """Declare two, write to one."""
        ctx.stub.put_private_data(f"_implicit_org_{ctx.client.msp_id}", note_id, ctx.transient["note"])

    @api.transaction(endorsed_by=("caller",), transient=("note",))
    def too_few(self, ctx: api.Context, note_id: str) -> None:
        """Declare one, write to two."""
        for holder in (ctx.client.msp_id, "OtherMSP"):
            ctx.stub.put_private_data(f"_implicit_org_{holder}", note_id, b"x")

    @api.transaction(endorsed_by=("caller",))
    def hidden(self, ctx: api.Context, note_id: str) -> None:
        """Read a field that is not declared."""
        ctx.stub.put_private_data(f"_implicit_org_{ctx.client.msp_id}", note_id, ctx.transient["secret"])

    @api.query(read_on=("caller",))
    def read(self, ctx: api.Context, note_id: str) -> bytes:
        """Return the caller's copy."""
        return ctx.stub.get_private_data(f"_implicit_org_{ctx.client.msp_id}", note_id)


@pytest.fixture
def ledger():
    return testing.Ledger(api.Chaincode("notes", [Notes]), members=MEMBERS)


@pytest.fixture
def carrier():
    return testing.client("CarrierMSP")


def test_endorsers_follow_from_the_declaration(ledger, carrier):
    """Caller, an argument and the answer of a query: nobody has to name them once more."""
    written = ledger.invoke("write", "n1", "SellerMSP", client=carrier, transient={"note": b"fragile"})
    assert {collection for collection, _ in written.private_writes} == {
        f"_implicit_org_{name}" for name in ("CarrierMSP", "SellerMSP", "AuditorMSP")
    }
    assert ledger.evaluate("read", "n1", client=carrier).payload == b"fragile"


def test_an_endorser_that_nothing_needs_is_found(ledger, carrier):
    """It would see transient values for no reason."""
    note = {"note": json.dumps({"to": "SellerMSP"}).encode()}
    with pytest.raises(testing.UndeclaredAccess, match="declares SellerMSP an endorser"):
        ledger.invoke("too_many", "n1", client=carrier, transient=note)


def test_an_endorser_that_is_missing_is_found(ledger, carrier):
    """Validation itself wants the organisation whose collection is written."""
    with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
        ledger.invoke("too_few", "n1", client=carrier, transient={"note": b"{}"})


def test_what_is_left_to_the_policies_is_endorsed_as_they_want(carrier):
    """As Fabric's gateway plans it: the caller's own peer, and no more others than are needed."""

    class Board(api.Contract):
        @api.transaction(endorsed_by=())
        def post(self, ctx: api.Context, key: str) -> None:
            """Write what all see."""
            ctx.stub.put_state(key, b"x")

    two = "OutOf(2, 'CarrierMSP.peer', 'SellerMSP.peer', 'AuditorMSP.peer')"
    ledger = testing.Ledger(api.Chaincode("board", [Board]), members=MEMBERS, endorsement=two)
    assert ledger.endorse("post", "a", client=carrier).endorsers == {"CarrierMSP", "SellerMSP"}
    assert ledger.endorse("post", "a", client=testing.client("OtherMSP")).endorsers == {
        "OtherMSP",
        "CarrierMSP",
        "SellerMSP",
    }
    ledger.invoke("post", "a", client=carrier)
    ledger = testing.Ledger(api.Chaincode("board", [Board]), members=MEMBERS, endorsement="OR('NobodyMSP.peer')")
    with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
        ledger.invoke("post", "a", client=carrier)


def test_a_transient_field_that_is_not_declared_cannot_be_read(ledger, carrier):
    """The defect is the contract's, and its own test finds it."""
    with pytest.raises(testing.CallFailed, match=r"Notes:hidden"):
        ledger.invoke("hidden", "n1", client=carrier)


def test_a_transient_field_that_is_not_taken_is_refused(ledger, carrier):
    """Nothing that a client sends is dropped in silence, least of all what it thinks is kept private."""
    with pytest.raises(api.Refused, match=r"transient.nota: unknown; Notes:write takes note") as refused:
        ledger.invoke("write", "n1", "SellerMSP", client=carrier, transient={"nota": b"x"})
    assert refused.value.code == "INVALID_ARGUMENT"


def test_declarations_are_published(ledger, carrier):
    """A gateway finds them in the metadata, in the form in which they were written."""
    described = ledger.evaluate("org.hyperledger.fabric:GetMetadata", client=carrier).json()
    functions = {each["name"]: each for each in described["contracts"]["Notes"]["transactions"]}
    assert functions["write"]["x-endorsed-by"] == ["caller", "reader", "Notes:directory('auditor')"]
    assert functions["write"]["x-transient"] == ["note"]
    assert functions["write"]["x-called-by"] == ["caller"]
    assert functions["read"]["x-read-on"] == ["caller"]
    assert not any(name.startswith("x-") for name in functions["directory"])


@pytest.mark.parametrize(
    ("party", "words"),
    [
        ("nobody", "no parameter"),
        ("caller.name", "no parameter"),
        ("transient.other.owner", "does not declare"),
        ("transient.note", "no parameter"),
        ("two words", "is no party"),
        ("Notes:directory(missing)", "no parameter"),
    ],
)
def test_a_party_that_cannot_be_found_out_is_refused_at_the_start(party, words):
    """The chaincode does not start with a declaration that no client could follow."""

    class Wrong(api.Contract):
        @api.transaction(endorsed_by=(party,), transient=("note",))
        def write(self, ctx: api.Context, note_id: str) -> None:
            """Never called."""

    with pytest.raises(api.ContractError, match=words):
        api.Chaincode("wrong", [Wrong])


def test_transient_values_must_go_to_somebody_in_particular():
    """With endorsers left to the policies, a gateway could send private values anywhere."""

    class Wrong(api.Contract):
        @api.transaction(endorsed_by=(), transient=("note",))
        def write(self, ctx: api.Context) -> None:
            """Never called."""

    with pytest.raises(api.ContractError, match="say in endorsed_by who may see them"):
        api.Chaincode("wrong", [Wrong])


@pytest.mark.parametrize(
    ("transient", "words"),
    [
        ({}, "transient.note is missing or not JSON"),
        ({"note": b"\xff"}, "transient.note is missing or not JSON"),
        ({"note": b"[" * 100_000}, "transient.note is missing or not JSON"),
        ({"note": b"[]"}, "transient.note.to.whom is missing or not a text"),
        ({"note": b'{"to": {"whom": 7}}'}, "transient.note.to.whom is missing or not a text"),
    ],
)
def test_a_party_that_the_call_does_not_name_is_said_to_be_missing(transient, words):
    """Whatever bytes stand there, the sender learns what is wrong before anything is sent."""
    call = parties.PlannedCall("CarrierMSP", {}, transient)
    with pytest.raises(parties.PartyError, match=words):
        parties.resolve(("transient.note.to.whom",), call, lambda *_: b"")


@pytest.mark.parametrize("answer", [b"\xff", b"[1]", b"[", b'[""]', b""])
def test_a_query_that_names_no_organisations_is_no_answer(answer):
    """The answer of a chaincode is its peer's word, and may be anything."""
    with pytest.raises(parties.PartyError, match="did not answer"):
        parties.resolve(("Notes:directory('x')",), parties.PlannedCall("CarrierMSP", {}, {}), lambda *_: answer)


@pytest.mark.parametrize(
    ("given", "asked"), [({"key": "k", "more": "[]"}, ["k", "[]"]), ({"key": "k"}, ["k"]), ({}, [])]
)
def test_a_query_is_asked_without_what_the_call_leaves_out(given, asked):
    """Optional parameters come last; a declaration may pass them on, and the query's own default applies then."""
    seen = []

    def ask(function: str, arguments: list[str]) -> bytes:
        seen.append((function, arguments))
        return b"AMSP"

    call = parties.PlannedCall("BMSP", given, {})
    assert parties.resolve(("Notes:holder(key, more)",), call, ask) == ("AMSP",)
    assert seen == [("Notes:holder", asked)]


def test_a_query_may_name_several():
    """Each counts once, in one order."""
    found = parties.resolve(
        ("caller", "Notes:holders()"), parties.PlannedCall("BMSP", {}, {}), lambda *_: b'["CMSP", "AMSP", "BMSP"]'
    )
    assert found == ("AMSP", "BMSP", "CMSP")
