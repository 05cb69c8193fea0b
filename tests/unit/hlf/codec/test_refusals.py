"""Refusals and tables of them: one line says code, kind, meaning and cure."""

from __future__ import annotations

import pytest

from hlf.codec.refusals import RefusalKind, RefusalRow, RefusalTable, Refused, RuntimeRefusal, invalid


class Shop(RefusalTable):
    """A table as a contract keeps one."""

    SOLD_OUT = RefusalRow(RefusalKind.CONFLICT, "Nothing is left", "Come back tomorrow.")


def test_a_member_gives_the_refusal_to_raise():
    """The member's name is the code; the case's own sentence is the text."""
    with pytest.raises(Refused, match=r"SOLD_OUT: no apples are left") as refused:
        raise Shop.SOLD_OUT("no apples are left")
    assert (refused.value.code, refused.value.text) == ("SOLD_OUT", "no apples are left")
    assert (Shop.SOLD_OUT.code, Shop.SOLD_OUT.kind) == ("SOLD_OUT", RefusalKind.CONFLICT)
    assert (Shop.SOLD_OUT.meaning, Shop.SOLD_OUT.cure) == ("Nothing is left", "Come back tomorrow.")


def test_a_table_made_of_others_has_their_rows():
    """A large table is kept in parts; a code that two parts have would mean two things."""

    class Bakery(RefusalTable):
        BURNT = RefusalRow(RefusalKind.FAILED, "It is burnt", "Bake another.")

    class Market(Shop, Bakery):
        CLOSED = RefusalRow(RefusalKind.CONFLICT, "It is closed", "Come back tomorrow.")

    assert {row.code for row in Market} == {"SOLD_OUT", "BURNT", "CLOSED"}
    with pytest.raises(ValueError, match="Second has more than one row for SOLD_OUT"):

        class Second(Shop):
            SOLD_OUT = RefusalRow(RefusalKind.CONFLICT, "Nothing is left", "Bake more.")


def test_a_contract_without_a_table_may_refuse_with_a_code_of_its_own():
    """A table is for those who want one; a code in any other spelling is a mistake of the program."""
    assert Refused("SOLD_OUT", "no pears").code == "SOLD_OUT"
    with pytest.raises(ValueError, match="upper case"):
        Refused("sold out", "no pears")


def test_an_argument_that_is_wrong_is_the_runtimes_refusal():
    """The field comes first, so that a caller finds it."""
    refused = invalid("qty", "is negative")
    assert (refused.code, refused.text) == (RuntimeRefusal.INVALID_ARGUMENT.code, "qty: is negative")
