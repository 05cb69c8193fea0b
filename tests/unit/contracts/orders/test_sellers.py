"""Sellers under one organisation, several organisations that sell, and baskets of all of them."""

from __future__ import annotations

import pytest

from hlf.shim import testing
from tests.unit.contracts import test_orders
from tests.unit.contracts.test_orders import ORDER, PINNED, Shop, refused
from tests.unit.contracts.trading import AUDITOR, MERCHANT, PAYMENTS, PLATFORM, as_bytes, salt

SOUND = {"seller_id": "sound", "name": "Shenzhen Sound", "country": "CN", "terms_id": PINNED["terms_id"]}
SOUND |= {"colour": "", "contact": ""}
LIGHT = {"seller_id": "light", "name": "Light & Co", "country": "CN", "terms_id": "other-terms"}
LIGHT |= {"colour": "", "contact": ""}


@pytest.fixture
def shop() -> Shop:
    """Return a channel with two sellers of one merchant."""
    made = Shop()
    for seller in (SOUND, LIGHT):
        made.submit("Sellers:register", as_bytes(seller), by=MERCHANT)
    return made


def listed(shop, merchant: str, size: int = 1) -> list[dict]:
    """Return the sellers of a merchant, or of all, page by page."""
    found, bookmark = [], ""
    while True:
        page = shop.ask("Sellers:list", merchant, size, bookmark, by=AUDITOR).json()
        assert len(page["sellers"]) <= size
        found, bookmark = found + page["sellers"], page["bookmark"]
        if not bookmark:
            return found


def test_a_seller_is_data_of_its_organisation(shop):
    """Registered under the chaincode's policy; from then on its merchant alone changes it."""
    assert [one["entry"] for one in listed(shop, MERCHANT)] == [LIGHT, SOUND]
    assert listed(shop, PLATFORM) == []
    renamed = as_bytes({**SOUND, "name": "Sound of Shenzhen"})
    assert shop.submit("Sellers:register", renamed, by=MERCHANT, endorsed_by=[MERCHANT]).json()["version"] == 2
    with pytest.raises(testing.TransactionInvalid):
        shop.submit("Sellers:register", renamed, by=MERCHANT, endorsed_by=[PLATFORM])
    assert shop.submit("Sellers:register", as_bytes(SOUND), by=PLATFORM).json()["merchant"] == PLATFORM
    past = shop.ask("Sellers:history", MERCHANT, "sound", by=AUDITOR).json()
    assert [each["value"]["version"] for each in past] == [2, 1]
    assert refused(shop.ask, "Sellers:read", MERCHANT, "shade") == "SELLER_UNKNOWN"
    for wrong in ({"country": "XX"}, {"name": ""}, {"seller_id": "a b"}, {"terms_id": ""}):
        assert refused(shop.submit, "Sellers:register", as_bytes({**SOUND, **wrong})) == "INVALID_ARGUMENT"


def test_a_seller_says_how_its_buyers_see_and_reach_it(shop):
    """Later, too; who says nothing has neither."""
    shown = {**SOUND, "colour": "#8a1c4a", "contact": "mailto:help@sound.example"}
    assert shop.submit("Sellers:register", as_bytes(shown), by=MERCHANT).json()["entry"] == shown
    plain = {name: value for name, value in SOUND.items() if value}
    assert shop.submit("Sellers:register", as_bytes(plain), by=MERCHANT).json()["entry"] == SOUND


@pytest.mark.parametrize("contact", ["https://sound.example", "https://sound.example/help?lang=vi", "tel:+6561234567"])
def test_a_contact_is_an_address_of_a_kind_that_buyers_may_follow(shop, contact):
    assert shop.submit("Sellers:register", as_bytes({**SOUND, "contact": contact}), by=MERCHANT).json()


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"colour": "#8A1C4A"},
        {"colour": "#8a1c4a}*{display:none"},
        {"contact": "javascript:alert(1)"},
        {"contact": "http://sound.example"},
        {"contact": "https://bank.example@evil.example"},
        {"contact": "https://sound.example:8443/"},
        {"contact": 'https://sound.example/"onclick=1'},
        {"contact": "https://s\u043eund.example"},
        {"contact": "mailto:help@sound.example?bcc=all@evil.example"},
        {"contact": "mailto:a@b.example,c@d.example"},
        {"contact": "tel:0800 1"},
        {"contact": " https://sound.example"},
        {"contact": f"https://{'a.' * 120}example"},
    ],
)
def test_what_could_mislead_a_buyer_is_refused(shop, wrong):
    """Another scheme, another host than it seems, or a style beyond a colour."""
    assert refused(shop.submit, "Sellers:register", as_bytes({**SOUND, **wrong})) == "INVALID_ARGUMENT"


def test_an_order_of_a_seller_pins_the_sellers_terms(shop):
    """One that its merchant sells for; without a seller the merchant sells for itself."""
    shop.place("o1", seller_id="sound")
    shop.open("o1")
    assert shop.ask("Orders:content", "o1", by=MERCHANT).json()["seller_id"] == "sound"
    assert refused(shop.place, "o2", seller_id="light", salt=salt("o2")) == "WRONG_TERMS"
    assert refused(shop.place, "o2", seller_id="shade", salt=salt("o2")) == "SELLER_UNKNOWN"
    assert refused(shop.place, "o2", seller_id="a b", salt=salt("o2")) == "INVALID_ARGUMENT"


def test_a_basket_makes_one_order_for_each_seller(shop):
    """Of two organisations: the platform finds all orders, each organisation that sells its own, others none."""
    promised = {**test_orders.TERMS, "seller": PAYMENTS, "terms_id": "payments-shop"}
    digest = test_orders.records.shaped(test_orders.ReturnTerms, promised, "terms").digest
    pinned = {"terms_id": "payments-shop", "version": 1, "digest": digest}
    shop.place("o1", seller_id="sound", checkout_id="basket")
    other = {**ORDER, "merchant": PAYMENTS, "terms": pinned, "salt": salt("o2"), "checkout_id": "basket"}
    transient = {"order": as_bytes(other), "terms": as_bytes(promised)}
    shop.submit("Orders:place", "o2", by=PLATFORM, transient=transient)
    shop.place("o3", salt=salt("o3"))

    def found(by: str) -> list[str]:
        return [each["order_id"] for each in shop.ask("Orders:of_checkout", "basket", by=by).json()]

    assert (found(PLATFORM), found(MERCHANT), found(PAYMENTS), found(AUDITOR)) == (["o1", "o2"], ["o1"], ["o2"], [])
    assert shop.ask("Orders:of_checkout", "basket", by=AUDITOR, peer=PLATFORM).json() == []
