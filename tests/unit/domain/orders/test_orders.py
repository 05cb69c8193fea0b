"""Orders, Incoterms, duties and products: what is agreed, who pays, and how an order moves."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaincode.domain.orders import duties, products
from chaincode.domain.orders.duties import Tariff
from chaincode.domain.orders.orders import Line, Order, PinnedTerms, PublicOrder
from chaincode.domain.orders.products import Product
from chaincode.domain.vocabulary import incoterms
from chaincode.domain.vocabulary.money import Money, Rates
from hlf.codec import records
from hlf.codec.refusals import Refused

TERMS = PinnedTerms("t1", 2, "1" * 64)
LINES = (
    Line(1, "09506000134352", "851712", 2, 19_900, 450, "85171210"),
    Line(2, "00012345600012", "420212", 1, 5_000, 900),
)
ORDER = Order(
    "PMSP", "MMSP", "0" * 64, "2026-11-22T07:00:00Z", "DDP", "VNHAN", "CNSZX", "VNHAN", LINES, "SGD", 800, 50, TERMS,
    "A" * 22,
)  # fmt: skip
PUBLIC = PublicOrder("o1", "2" * 64, "3" * 64, "PMSP", "MMSP", TERMS)
RATES = Rates("2026-11-20", "USD", {"VND": "26350", "SGD": "1.30"}, "MAS")
PHONES = Tariff("VN", "851712", "2026-01-01", "VND", 1_000, 1_000, 1_000_000, 0, "Decree 26/2023/ND-CP")
CASES = dataclasses.replace(PHONES, hs6="420212", duty_bps=2_500)
TITLES = {"en": "Phone", "vi": "Điện thoại"}
PRODUCT = Product("09506000134352", TITLES, "851712", "phones", 450, 900, 19_900, "SGD", "CN")


def code(call, *args, **named) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **named)
    return refused.value.code


def test_totals():
    """Lines, freight and insurance in the order's currency."""
    assert ORDER.goods_value == Money(44_800, "SGD")
    assert ORDER.total == Money(45_650, "SGD")
    assert ORDER.parties == {"PMSP", "MMSP"}


def test_an_order_reads_back_with_amounts_as_text():
    """The canonical bytes are the order."""
    assert records.loads(Order, records.dumps(ORDER)) == ORDER
    assert b'"unit_price":"19900"' in records.dumps(ORDER)


@pytest.mark.parametrize(
    "change",
    [
        {"platform": ""},
        {"merchant": "a b"},
        {"buyer_token_hash": "Nguyen Van A"},
        {"placed_at": "today"},
        {"incoterm": "XYZ"},
        {"incoterm": "FOB"},
        {"incoterm": "CIF"},
        {"named_place": "Hanoi"},
        {"origin": "CN"},
        {"destination": "XXHAN"},
        {"lines": ()},
        {"lines": (LINES[1],)},
        {"lines": (LINES[0], LINES[0])},
        {"currency": "XXX"},
        {"currency": "ANG"},
        {"freight": -1},
        {"insurance": 10**18},
        {"salt": "short"},
    ],
)
def test_what_is_no_order_is_refused(change):
    """Each field, and lines numbered from 1; a person's name is no token hash."""
    assert code(dataclasses.replace, ORDER, **change) in ("INVALID_ARGUMENT", "SALT_TOO_SHORT")


@pytest.mark.parametrize(
    "change",
    [
        {"gtin": "9506000134352"},
        {"hs6": "8517"},
        {"ahtn8": "85171310"},
        {"quantity": 0},
        {"weight_grm": 0},
        {"line": 0},
        {"unit_price": -1},
    ],
)
def test_what_is_no_line_is_refused(change):
    """Codes with their check digits, positive counts."""
    assert code(dataclasses.replace, LINES[0], **change) == "INVALID_ARGUMENT"


@pytest.mark.parametrize("change", [{"terms_id": ""}, {"version": 0}, {"digest": "1" * 63}])
def test_pinned_terms_name_a_version(change):
    """Id, number and hash."""
    assert code(dataclasses.replace, TERMS, **change) == "INVALID_ARGUMENT"


STATES = ("placed", "confirmed", "fulfilling", "closed", "cancelled")
ALLOWED = {
    ("placed", "confirmed"), ("placed", "cancelled"), ("confirmed", "fulfilling"), ("confirmed", "cancelled"),
    ("fulfilling", "closed"),
}  # fmt: skip


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES[1:])
def test_an_order_moves_along_its_states(before, after):
    """Every pair of states: only the listed moves are possible."""
    order = dataclasses.replace(PUBLIC, state=before)
    if (before, after) in ALLOWED:
        moved = order.moved(after, journey_id="j1", reason="BUYER_REQUEST")
        assert (moved.state, moved.journey_id, moved.reason) == (after, "j1", "BUYER_REQUEST")
        assert moved.moved("closed").journey_id == "j1" if after == "fulfilling" else True
    else:
        assert code(order.moved, after) == "WRONG_STATE"


# Rows of the ICC's Incoterms 2020: export (S14), carriage (S15), import and duty (S17, S18), insurance.
ROWS = {
    "EXW": "BBB-", "FCA": "SBB-", "CPT": "SSB-", "CIP": "SSBS", "DAP": "SSB-", "DPU": "SSB-", "DDP": "SSS-",
    "FAS": "SBB-", "FOB": "SBB-", "CFR": "SSB-", "CIF": "SSBS",
}  # fmt: skip


@pytest.mark.parametrize("name", incoterms.INCOTERMS)
def test_incoterms_decide_who_pays(name):
    """Eleven rules; only DDP makes the seller pay duty and tax."""
    term = incoterms.incoterm("incoterm", name)
    payers = [term.payer(stage) for stage in ("S14", "S15", "S18")]
    assert "".join(payer[0].upper() for payer in payers) + (term.insures[:1].upper() or "-") == ROWS[name]
    assert term.payer("S17") == term.payer("S18")
    assert term.sea_only == (name in ("FAS", "FOB", "CFR", "CIF"))
    assert code(term.payer, "S20") == "INVALID_ARGUMENT"


def test_there_are_eleven_incoterms():
    """As the ICC published them; DAT was the 2010 name of DPU."""
    assert set(incoterms.INCOTERMS) == set(ROWS)
    assert code(incoterms.incoterm, "field", "DAT") == "INVALID_ARGUMENT"


def test_goods_in_parcels_are_not_sold_on_board_a_ship():
    """Seven rules are for any mode of transport; who asks for another is told which."""
    assert set(incoterms.FOR_PARCELS) == set(ROWS) - {"FAS", "FOB", "CFR", "CIF"}
    with pytest.raises(Refused, match="EXW FCA CPT CIP DAP DPU DDP"):
        incoterms.for_parcels("field", "FOB")


def test_duty_and_tax_by_hand():
    """456.50 SGD are 9,252,904 VND; 398 to 50 by value; duty by line, tax on both, halves to even."""
    found = duties.assess(ORDER, {"851712": PHONES, "420212": CASES}, RATES)
    assert found.customs_value == round(45_650 * 26_350 / 130) == 9_252_904
    assert [(one.customs_value, one.duty, one.tax) for one in found.charges] == [
        (8_220_214, 822_021, 904_224),
        (1_032_690, 258_172, 129_086),
    ]
    assert (found.duty, found.tax) == (822_021 + 258_172, 904_224 + 129_086)
    assert (found.payer, found.currency, found.rate_date) == ("seller", "VND", "2026-11-20")


def test_the_buyer_pays_unless_ddp():
    """The figures stay, the payer changes."""
    tariffs = {"851712": PHONES, "420212": CASES}
    for name in incoterms.FOR_PARCELS:
        found = duties.assess(dataclasses.replace(ORDER, incoterm=name), tariffs, RATES)
        assert found.payer == ("seller" if name == "DDP" else "buyer")
        assert found.duty == 1_080_193


def test_small_consignments_may_be_free():
    """Up to and including the limit, for duty and for tax each on its own."""
    exactly = dataclasses.replace(PHONES, duty_free_to=9_252_904, tax_free_to=9_252_903)
    found = duties.assess(ORDER, {"851712": exactly, "420212": exactly}, RATES)
    assert found.duty == 0
    assert found.tax > 0
    free = dataclasses.replace(exactly, tax_free_to=9_252_904)
    assert duties.assess(ORDER, {"851712": free, "420212": free}, RATES).tax == 0


def test_no_rate_is_needed_in_the_same_currency():
    """And none is named then."""
    tariff = dataclasses.replace(PHONES, currency="SGD", duty_free_to=0)
    found = duties.assess(ORDER, {"851712": tariff, "420212": tariff}, None)
    assert (found.customs_value, found.rate_date) == (45_650, "")


def test_what_is_missing_is_named():
    """A tariff, a table, or tariffs that agree on a currency."""
    assert code(duties.assess, ORDER, {"851712": PHONES}, RATES) == "NO_TARIFF"
    assert code(duties.assess, ORDER, {"851712": PHONES, "420212": CASES}, None) == "RATES_NEEDED"
    mixed = {"851712": PHONES, "420212": dataclasses.replace(CASES, currency="USD")}
    assert code(duties.assess, ORDER, mixed, RATES) == "CURRENCY_MISMATCH"


@given(st.lists(st.tuples(st.integers(1, 1_000), st.integers(0, 10**6)), min_size=1, max_size=6), st.integers(0, 10**6))
def test_charges_add_up(positions, freight):
    """Customs value, duty and tax of the lines are those of the order, also when everything is a gift."""
    lines = tuple(
        Line(number, "09506000134352", "851712", quantity, price, 1)
        for number, (quantity, price) in enumerate(positions, 1)
    )
    order = dataclasses.replace(ORDER, lines=lines, freight=freight)
    found = duties.assess(order, {"851712": PHONES}, RATES)
    assert sum(one.customs_value for one in found.charges) == found.customs_value
    assert (found.duty, found.tax) == (sum(one.duty for one in found.charges), sum(one.tax for one in found.charges))


@pytest.mark.parametrize(
    "change",
    [
        {"country": "XX"},
        {"hs6": "1"},
        {"effective_from": "soon"},
        {"currency": "XXX"},
        {"duty_bps": -1},
        {"tax_bps": 100_001},
        {"duty_free_to": -1},
        {"source": ""},
    ],
)
def test_what_is_no_tariff_is_refused(change):
    """Each field."""
    assert code(dataclasses.replace, PHONES, **change) == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "change",
    [
        {"gtin": "1"},
        {"hs6": "1"},
        {"ahtn8": "85171310"},
        {"dg_un": "1"},
        {"currency": "XXX"},
        {"list_price": -1},
        {"origin": "XX"},
        {"category": ""},
        {"weight_grm": 0},
        {"volume_cmq": 0},
        {"titles": {}},
        {"titles": {"English": "Phone"}},
        {"titles": {"en": ""}},
    ],
)
def test_what_is_no_product_is_refused(change):
    """Each field."""
    assert code(dataclasses.replace, PRODUCT, **change) == "INVALID_ARGUMENT"


def test_a_listing_counts_its_versions():
    """Offered, amended, withdrawn, offered again."""
    first = products.listed("MMSP", dataclasses.replace(PRODUCT, ahtn8="85171210", dg_un="UN3481"))
    amended = first.amended(PRODUCT)
    withdrawn = amended.withdrawn()
    again = withdrawn.amended(PRODUCT)
    assert [(one.version, one.state) for one in (first, amended, withdrawn, again)] == [
        (1, "offered"), (2, "offered"), (3, "withdrawn"), (4, "offered"),
    ]  # fmt: skip
    assert code(withdrawn.withdrawn) == "WRONG_STATE"
