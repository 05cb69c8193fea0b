"""Who a call goes to, by what its function declares: private values reach nobody else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.fabric import planning
from gateway.fabric.declarations import DeclaredFunction
from gateway.fabric.planning import PlanRequest, UnplannedError

WRITE = DeclaredFunction(
    "Notes:write",
    writes=True,
    parameters=("note_id", "reader"),
    endorsed_by=("caller", "reader", "Notes:holder('auditor')"),
    transient=("note",),
)
PUBLIC = DeclaredFunction("Notes:publish", writes=True, endorsed_by=(), transient=())
READ = DeclaredFunction("Notes:read", writes=False, parameters=("note_id",), read_on=("Notes:holder('auditor')",))
NOTE = {"note": b"fragile"}


def asking(*arguments: str, transient: dict[str, bytes] | None = None, named: tuple[str, ...] = ()) -> PlanRequest:
    def ask(function: str, asked: Sequence[str]) -> bytes:
        assert (function, list(asked)) == ("Notes:holder", ["auditor"])
        return b"AuditorMSP"

    return PlanRequest("SellerMSP", list(arguments), transient or {}, named, ask)


def test_who_is_declared_endorses_and_sees():
    """Caller, an argument, and the answer of a query."""
    planned = planning.submitted(asking("n1", "CarrierMSP", transient=NOTE), WRITE)
    assert planned.endorsers == ("AuditorMSP", "CarrierMSP", "SellerMSP")
    assert planned.seen_by == planned.endorsers


def test_private_values_go_to_nobody_that_is_not_declared():
    """Not even where the caller names it."""
    with pytest.raises(UnplannedError, match="OtherMSP may not see the transient values of Notes:write"):
        planning.submitted(asking("n1", "CarrierMSP", transient=NOTE, named=("SellerMSP", "OtherMSP")), WRITE)


def test_a_caller_may_name_fewer():
    """It is the contract's and the validation's to say that one is missing."""
    named = ("CarrierMSP", "SellerMSP")
    assert planning.submitted(asking("n1", "CarrierMSP", transient=NOTE, named=named), WRITE).endorsers == named


def test_a_party_that_is_missing_holds_private_values_back():
    """The error names what is missing, and no value."""
    with pytest.raises(UnplannedError, match="the call has no argument reader") as refused:
        planning.submitted(asking("n1", transient=NOTE), WRITE)
    assert "fragile" not in str(refused.value)


def test_without_private_values_the_contract_says_what_is_missing():
    """Fabric plans such a call, and the refusal is the contract's own."""
    assert planning.submitted(asking("n1"), WRITE).endorsers == ()


def test_a_field_that_nobody_takes_is_not_sent():
    """A misspelt name would send a private value for nothing."""
    with pytest.raises(UnplannedError, match="takes no transient field nota; it takes note"):
        planning.submitted(asking("n1", "CarrierMSP", transient={"nota": b"x"}), WRITE)
    with pytest.raises(UnplannedError, match="takes no transient field note; it takes none"):
        planning.submitted(asking(transient=NOTE), PUBLIC)


@pytest.mark.parametrize("declared", [None, PUBLIC, DeclaredFunction("Go:write", writes=True)])
def test_what_is_left_to_the_policies_is_planned_by_fabric(declared):
    """Unless the caller names somebody, as it always could."""
    assert planning.submitted(asking(), declared).endorsers == ()
    assert planning.submitted(asking(named=("AMSP",)), declared).endorsers == ("AMSP",)


def test_a_query_is_asked_where_it_is_declared():
    """At one's own peer if that is among them."""
    assert planning.evaluated(asking("n1"), READ).endorsers == ("AuditorMSP",)
    own = PlanRequest("AuditorMSP", ["n1"], {}, (), asking().ask)
    assert planning.evaluated(own, READ).endorsers == ("AuditorMSP",)
    assert planning.evaluated(
        asking("n1"), DeclaredFunction("Notes:own", writes=False, read_on=("caller",))
    ).endorsers == ("SellerMSP",)
    assert planning.evaluated(asking("n1", named=("AMSP",)), READ).endorsers == ("AMSP",)


def test_a_query_with_private_values_stays_at_home():
    """Whatever it declares: nobody else need see what is only asked about."""
    check = DeclaredFunction("Notes:check", writes=False, transient=("note",))
    assert planning.evaluated(asking(transient=NOTE), check).endorsers == ("SellerMSP",)


def test_a_text_in_a_transient_value_can_be_the_party():
    """And one that is none holds the call back."""
    declared = DeclaredFunction("Notes:give", writes=True, endorsed_by=("transient.note.to",), transient=("note",))

    def give(note: Any) -> tuple[str, ...]:
        return planning.submitted(asking(transient={"note": json.dumps(note).encode()}), declared).endorsers

    assert give({"to": "CarrierMSP"}) == ("CarrierMSP",)
    with pytest.raises(UnplannedError, match="missing or not a text"):
        give({"to": 7})


def test_no_private_value_is_in_the_text_of_what_is_planned():
    """What is planned may end in a log."""
    assert "fragile" not in repr(asking(transient=NOTE))
