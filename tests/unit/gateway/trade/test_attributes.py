"""Attributes of claims, as callers are told of them."""

from __future__ import annotations

import pytest

from chaincode.domain.disclosure import claims
from gateway.examples import steps
from gateway.trade.disclosure.attributes import described
from hlf.codec.refusals import Refused

_TYPES = {
    "text": str, "date": str, "amount": str, "integer": int, "boolean": bool, "list of texts": list,
    "list of integers": list,
}  # fmt: skip
_OTHERS = ({}, None, 1.5, "no such word", 10**20, True, [], [{}])


@pytest.mark.parametrize("kind", claims.KINDS.values(), ids=list(claims.KINDS))
def test_every_attribute_has_a_type_and_a_meaning(kind):
    """The type is that of the rule: a value of another type is refused."""
    for attribute, told in zip(kind.attributes, described(kind), strict=True):
        assert told["meaning"], attribute.name
        for other in _OTHERS:
            if type(other) is not _TYPES[told["type"]]:
                with pytest.raises(Refused):
                    attribute.rule(attribute.name, other)


def test_units_follow_from_names(client, bearer):
    """Pieces, grams, hours and shares are told; a date has no unit."""
    answer = client.get("/v1/forecasts/attributes", headers=bearer("read"))
    units = {each["name"]: (each["type"], each["unit"]) for each in answer.json}
    assert units["demand.units_p50_h87"] == ("integer", "pieces")
    assert units["demand.peak_date"] == ("date", "")
    assert units["money.gmv_minor"] == ("amount", "minor units of its currency")


def test_the_examples_have_values_of_these_types():
    """What the description shows is what it says."""
    types = {each["name"]: _TYPES[each["type"]] for kind in claims.KINDS.values() for each in described(kind)}
    shown = [step.body["values"] for step in steps.story() if step.body and "values" in step.body]
    assert shown
    for values in shown:
        assert [name for name, value in values.items() if type(value) is not types[name]] == []
