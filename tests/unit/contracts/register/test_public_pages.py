"""Public lists come by pages; those that do not are of one thing, or bounded by the members of the channel."""

from __future__ import annotations

from chaincode.functions import CHAINCODES, answer

FEW = {
    "Accounts:read": "the lines of one order, which have a bound",
    "CarrierClaims:of_journey": "the claims of one journey's parcels",
    "CarrierClaims:terms": "the versions of one carrier's terms: each is published in advance",
    "Customs:tariffs": "the versions of one country's tariff for one code: each is published in advance",
    "Drawbacks:of_return": "those of one return",
    "Drawbacks:terms": "the versions of one country's terms: each is published in advance",
    "Goods:readers": "the readers of one journey's content",
    "GapMeter:published": "the cells of one region, whose weeks have a bound",
    "Journeys:givers": "the custodians of one journey's parcels",
    "Journeys:linked": "the journeys of one shopper's link",
    "Journeys:of_order": "the journeys of one order",
    "Journeys:progress": "the stages of one journey",
    "Matching:questions": "those about one plan: each carrier asks once",
    "Orders:parties": "the organisations of one order",
    "Returns:of_journey": "the returns of one journey",
    "Returns:track": "the returns of one shopper's link",
    "Terms:history": "the versions of one seller's terms: each is published in advance",
    "Units:holders": "the custodians of one unit",
    "Lpi:editions": "the editions of the index: the next one comes after years",
    "Matching:experience": "the pairs of carriers with a common record",
    "Participants:list": "one for each organisation of the channel; pages and plans need all their names and roles",
    "Participants:tender": "platform and auditor",
    "Performance:lane": "a figure for each carrier of one lane",
}
"""Queries that answer with a public list at once, and why it is short."""

VERSIONS = "array of KeyChange"
"""What histories answer: every version of one record, which only a person's change makes."""


def test_every_public_list_comes_by_pages():
    """A query that any peer answers has a list only of one thing, or of what the channel's members bound."""
    listing = {
        function.where
        for one in CHAINCODES.values()
        for function in one.functions.values()
        if function.tag == "evaluate" and not function.declared.read_on
        and answer(function.returns).startswith("array of") and answer(function.returns) != VERSIONS
    }  # fmt: skip
    assert listing == FEW.keys()
