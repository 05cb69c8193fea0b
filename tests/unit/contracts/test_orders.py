"""Orders, settlement and catalogue on `ecommerce`: private content, public state, money that adds up."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest

from chaincode.domain.journeys import goodsfacts
from chaincode.domain.returns.terms import ReturnTerms
from hlf.codec import records
from hlf.shim import testing
from tests.support.leaks import stands
from tests.unit.contracts.trading import (
    AUDITOR,
    MERCHANT,
    PAYMENTS,
    PLATFORM,
    START,
    as_bytes,
    commerce_channel,
    salt,
    user,
)

BOTH = (PLATFORM, MERCHANT)
THREE = (PLATFORM, MERCHANT, PAYMENTS)
TERMS = {
    "terms_id": "returns", "version": 1, "seller": MERCHANT, "jurisdiction": "VN", "languages": ["vi"],
    "effective_from": "2026-11-01T00:00:00Z", "window_days": 7, "reasons": {"DEFECTIVE": {"resolutions": ["refund"]}},
    "arbiter": AUDITOR, "coverage": [], "currency": "SGD", "returnless_below": "39801",
}  # fmt: skip
PINNED = {"terms_id": "returns", "version": 1, "digest": records.shaped(ReturnTerms, TERMS, "terms").digest}
ORDER = {
    "platform": PLATFORM,
    "merchant": MERCHANT,
    "buyer_token_hash": "0" * 64,
    "placed_at": "2026-11-22T07:00:00Z",
    "incoterm": "DDP",
    "named_place": "VNHAN",
    "origin": "CNSZX",
    "destination": "VNHAN",
    "lines": [
        {"line": 1, "gtin": "09506000134352", "hs6": "851712", "quantity": 2, "unit_price": "19900", "weight_grm": 450}
    ],
    "currency": "SGD",
    "freight": "800",
    "insurance": "0",
    "terms": PINNED,
    "salt": salt("order"),
}
PAYMENT = {
    "order_id": "o1",
    "platform": PLATFORM,
    "merchant": MERCHANT,
    "payments": PAYMENTS,
    "amount": "40600",
    "currency": "SGD",
    "settle_currency": "CNY",
    "salt": salt("payment"),
}
RATES = {"date": "2026-11-20", "base": "USD", "rates": {"CNY": "7.11", "SGD": "1.30", "VND": "26350"}, "source": "MAS"}
TARIFF = {
    "country": "VN", "hs6": "851712", "effective_from": "2026-01-01", "currency": "VND", "duty_bps": 1_000,
    "tax_bps": 1_000, "duty_free_to": "1000000", "tax_free_to": "0", "source": "Decree 26/2023/ND-CP",
}  # fmt: skip
PRODUCT = {
    "gtin": "09506000134352", "titles": {"en": "Phone"}, "hs6": "851712", "category": "phones", "weight_grm": 450,
    "volume_cmq": 900, "list_price": "19900", "currency": "SGD", "origin": "CN",
}  # fmt: skip


def refused(call: Any, *args: Any, **named: Any) -> str:
    with pytest.raises(testing.Refused) as found:
        call(*args, **named)
    return found.value.code


class Shop:
    """An `ecommerce` channel and what its members send."""

    def __init__(self) -> None:
        self.ledger = commerce_channel()

    def place(
        self, order_id: str = "o1", by: str = PLATFORM, endorsed_by: Any = None, terms: Any = TERMS, **changes: Any
    ) -> Any:
        """Place an order."""
        transient = {"order": as_bytes({**ORDER, **changes}), "terms": as_bytes(terms)}
        return self.submit("Orders:place", order_id, by=by, transient=transient, endorsed_by=endorsed_by)

    def open(
        self,
        order_id: str = "o1",
        by: str = PLATFORM,
        terms: Any = PINNED,
        platform: str = PLATFORM,
        merchant: str = MERCHANT,
    ) -> Any:
        """Open it."""
        return self.submit("Orders:open", order_id, platform, merchant, terms, by=by)

    def submit(
        self,
        function: str,
        *args: Any,
        by: str = PLATFORM,
        transient: Any = None,
        endorsed_by: Any = None,
        at: datetime = START,
        role: str = "client",
    ) -> Any:
        """Submit as a member."""
        return self.ledger.invoke(
            function, *args, client=user(by, role), transient=transient, endorsed_by=endorsed_by, at=at
        )

    def ask(self, function: str, *args: Any, by: str = PLATFORM, peer: str = "") -> Any:
        """Evaluate as a member."""
        return self.ledger.evaluate(function, *args, client=user(by), peer=peer, at=START)

    def authorise(self, payment_id: str = "p1", by: str = PLATFORM, **changes: Any) -> Any:
        """Reserve the amount."""
        total = changes.pop("total", None) or self.ask("Orders:total", "o1", by=MERCHANT).payload
        transient = {"payment": as_bytes({**PAYMENT, **changes}), "total": total}
        return self.submit("Settlement:authorise", payment_id, by=by, transient=transient)

    def move(
        self,
        step: str,
        number: int | str,
        by: str = PAYMENTS,
        kept: bytes = b"",
        at: datetime = START,
        payment: str = "p1",
        **change: Any,
    ) -> Any:
        """Move the payment on."""
        kept = kept or self.ask("Settlement:show", payment, by=PAYMENTS).payload
        transient = {"payment": kept, "change": as_bytes({"salt": salt("change", number), **change})}
        if step == "settle":
            transient["debts"] = self.ask("Settlement:debts", payment, by=PAYMENTS).payload
        return self.submit(f"Settlement:{step}", payment, by=by, transient=transient, at=at)

    def state(self, payment: str = "p1") -> Any:
        """Where the payment stands."""
        return self.ask("Settlement:read", payment, by=MERCHANT).json()["state"]


@pytest.fixture
def shop() -> Shop:
    """Return a channel with one open order."""
    found = Shop()
    found.place()
    found.open()
    return found


# Orders


def test_an_order_is_private_and_its_state_is_not(shop: Shop) -> None:
    """Content with platform and merchant; id, hash, state and pinned terms with all."""
    assert shop.ask("Orders:content", "o1", by=MERCHANT).json()["lines"][0]["unit_price"] == "19900"
    public = shop.ask("Orders:read", "o1", by=PAYMENTS).json()
    assert (public["state"], public["terms"]) == ("placed", PINNED)
    assert shop.ask("Orders:list", by=AUDITOR).json() == {"orders": [public], "bookmark": ""}
    for caller, peer in ((PAYMENTS, ""), (PAYMENTS, MERCHANT), (AUDITOR, PLATFORM)):
        with pytest.raises((testing.Refused, testing.CallFailed)):
            shop.ask("Orders:content", "o1", by=caller, peer=peer)
    assert refused(shop.ask, "Orders:read", "o9") == "ORDER_UNKNOWN"


def test_placing_writes_no_public_state() -> None:
    """The hash is told, nothing of the content."""
    result = Shop().place()
    assert not result.writes
    assert set(result.json()) == {"order_id", "order_hash"}
    assert {collection for collection, _ in result.private_writes} == {f"_implicit_org_{one}" for one in BOTH}


def test_an_order_is_between_its_parties() -> None:
    """Nobody else places or opens it, both endorse, and both hold the same content."""
    shop = Shop()
    assert refused(shop.place, by=PAYMENTS) == "NOT_A_PARTY"
    with pytest.raises(testing.TransactionInvalid):
        shop.place(endorsed_by=[PLATFORM])
    assert refused(shop.open) == "NOT_PLACED"
    shop.place()
    assert refused(shop.place) == "ALREADY_EXISTS"
    assert refused(shop.open, by=PAYMENTS) == "NOT_A_PARTY"
    assert refused(shop.open, terms={**PINNED, "version": 2}) == "WRONG_TERMS"
    assert refused(shop.open, by=PAYMENTS, platform=PAYMENTS) == "NOT_PLACED"
    shop.open(by=MERCHANT)
    assert refused(shop.open) == "ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("terms", "changes", "code"),
    [
        ({**TERMS, "window_days": 99}, {}, "WRONG_TERMS"),
        ({**TERMS, "version": 2}, {}, "WRONG_TERMS"),
        (TERMS, {"merchant": PAYMENTS}, "WRONG_TERMS"),
        (TERMS, {"placed_at": "2026-10-31T23:59:59Z"}, "WRONG_TERMS"),
        (TERMS, {"placed_at": "2026-10-01T00:00:00Z"}, "TOO_LATE"),
        (TERMS, {"placed_at": "2027-12-27T07:00:00Z"}, "EVENT_IN_FUTURE"),
        (TERMS, {"placed_at": "2015-11-22T07:00:00Z"}, "TOO_LATE"),
        (TERMS, {"placed_at": "9999-12-31T23:59:59-05:00"}, "INVALID_ARGUMENT"),
    ],
)
def test_an_order_is_placed_under_its_terms_and_about_now(terms: Any, changes: Any, code: str) -> None:
    """The terms are those that it pins, of its merchant, in force when it was placed; a date far off is no date."""
    assert refused(Shop().place, terms=terms, endorsed_by=(PLATFORM, MERCHANT, PAYMENTS), **changes) == code


def test_what_trade_is_told_follows_from_the_order_and_its_terms(shop: Shop) -> None:
    """Quantities and commitments, whether a line is too cheap to come back and whether it may; its hash is public."""
    facts = shop.ask("Orders:facts", "o1", by=MERCHANT)
    told = facts.json()
    (line,) = told["lines"]
    assert (line["line"], line["quantity"], line["returnless"], line["excluded"]) == ("1", 2, True, False)
    assert len(set(line["goods"])) == len(goodsfacts.ATTRIBUTES)
    assert not stands("851712", facts.text)
    assert (told["terms"], told["buyer_hash"], told["placed_at"]) == (PINNED, "0" * 64, ORDER["placed_at"])
    assert not stands(39800, facts.text)
    assert not stands(19900, facts.text)
    assert told["nonce"] != ORDER["salt"]
    public = shop.ask("Orders:read", "o1", by=AUDITOR).json()
    assert public["facts_hash"] == hashlib.sha256(facts.payload).hexdigest()
    assert public["order_hash"] == told["order_hash"]
    assert refused(shop.ask, "Orders:facts", "o1", by=PAYMENTS) == "NOT_FOUND"


@pytest.mark.parametrize(
    ("terms", "cheap"),
    [({"returnless_below": "39801"}, True), ({"returnless_below": "39800"}, False), ({"currency": "CNY"}, False)],
)
def test_a_line_is_cheap_by_its_own_price_and_the_pinned_terms(terms: Any, cheap: Any) -> None:
    """Not by anybody's word; a limit in another currency is none."""
    shop, promised = Shop(), {**TERMS, **terms}
    pinned = {**PINNED, "digest": records.shaped(ReturnTerms, promised, "terms").digest}
    transient = {"order": as_bytes({**ORDER, "terms": pinned}), "terms": as_bytes(promised)}
    shop.submit("Orders:place", "o1", transient=transient)
    assert shop.ask("Orders:facts", "o1", by=MERCHANT).json()["lines"][0]["returnless"] is cheap


def test_an_order_moves_and_every_state_stays_in_its_history(shop: Shop) -> None:
    """Confirmed by the merchant, fulfilled by a journey, closed."""
    assert refused(shop.submit, "Orders:confirm", "o1") == "NOT_A_PARTY"
    shop.submit("Orders:confirm", "o1", by=MERCHANT)
    assert refused(shop.submit, "Orders:close", "o1") == "WRONG_STATE"
    assert shop.submit("Orders:fulfil", "o1", "j1").json()["journey_id"] == "j1"
    assert refused(shop.submit, "Orders:cancel", "o1", "BUYER_REQUEST") == "WRONG_STATE"
    assert refused(shop.submit, "Orders:close", "o1", by=PAYMENTS) == "NOT_A_PARTY"
    shop.submit("Orders:close", "o1", by=MERCHANT)
    past = [entry["value"]["state"] for entry in shop.ask("Orders:history", "o1", by=AUDITOR).json()]
    assert past == ["closed", "fulfilling", "confirmed", "placed"]


def test_a_cancelled_order_says_why(shop: Shop) -> None:
    """From a list of reasons, not in words that might name somebody."""
    assert refused(shop.submit, "Orders:cancel", "o1", "because") == "INVALID_ARGUMENT"
    assert shop.submit("Orders:cancel", "o1", "OUT_OF_STOCK").json()["reason"] == "OUT_OF_STOCK"


def test_the_key_of_an_order_takes_both_parties(shop: Shop) -> None:
    """Validation holds it, not only the contract's code."""
    for endorsers in ([MERCHANT], [PLATFORM], [PLATFORM, PAYMENTS]):
        with pytest.raises(testing.TransactionInvalid) as invalid:
            shop.submit("Orders:confirm", "o1", by=MERCHANT, endorsed_by=endorsers)
        assert invalid.value.code == "ENDORSEMENT_POLICY_FAILURE"


# Payments


def test_a_payment_from_reservation_to_settlement(shop: Shop) -> None:
    """Each state is seen by its three parties, none by anybody else, and no amount by the channel."""
    shop.submit("Settlement:publish_rates", as_bytes(RATES), by=PAYMENTS)
    result = shop.authorise()
    assert not result.writes
    assert result.json() == {"payment_id": "p1"}
    assert shop.state() == "authorised"
    shop.move("capture", 1, amount="600")
    shop.move("capture", 2, amount="40000")
    assert shop.state() == "captured"
    shop.move("refund", 3, amount="1600")
    shop.move("settle", 4, rate_date="2026-11-20", rate_base="USD")
    assert shop.state() == "settled"
    payment = shop.ask("Settlement:read", "p1", by=MERCHANT).json()["payment"]
    assert (payment["settled"], payment["paid_out"]) == ("39000", str(round(39_000 * 711 / 130)))
    assert [one["state"] for one in shop.ask("Settlement:list", by=PLATFORM).json()["payments"]] == ["settled"]
    assert shop.ask("Settlement:list", by=AUDITOR).json()["payments"] == []
    for caller, peer in ((AUDITOR, ""), (AUDITOR, PAYMENTS)):
        with pytest.raises((testing.Refused, testing.CallFailed)):
            shop.ask("Settlement:show", "p1", by=caller, peer=peer)


def test_a_reservation_is_let_go(shop: Shop) -> None:
    """Only while nothing was taken."""
    shop.authorise()
    shop.move("void", 1)
    assert shop.state() == "voided"
    assert refused(shop.move, "capture", 2, amount="1") == "WRONG_STATE"


def test_the_payment_firm_moves_a_payment_and_only_as_it_stands(shop: Shop) -> None:
    """Replayed or altered records are found by their hash."""
    shop.authorise()
    kept = shop.ask("Settlement:show", "p1", by=PAYMENTS).payload
    assert refused(shop.move, "capture", 1, by=MERCHANT) == "NOT_PAYMENT_FIRM"
    assert refused(shop.move, "capture", 1, kept=kept.replace(b"40600", b"90600")) == "NOT_AS_STORED"
    assert refused(shop.move, "capture", 1, amount="40601") == "AMOUNT_EXCEEDS"
    assert refused(shop.move, "capture", 1, amount=1) == "INVALID_ARGUMENT"
    assert refused(shop.move, "capture", 1, salt=PAYMENT["salt"], amount="1") == "SALT_REUSED"
    shop.move("capture", 1, amount="40600")
    assert refused(shop.move, "capture", 2, kept=kept, amount="1") == "NOT_AS_STORED"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"order_id": "o9"}, "ORDER_UNKNOWN"),
        ({"merchant": PAYMENTS}, "WRONG_ORDER"),
        ({"amount": "40599"}, "AMOUNT_DIFFERS"),
        ({"currency": "CNY"}, "AMOUNT_DIFFERS"),
        ({"total": b'{"amount":"1","currency":"SGD","order_id":"o1","salt":"A"}'}, "NOT_AS_STORED"),
        ({"amount": "0"}, "INVALID_ARGUMENT"),
        ({"amount": 5}, "INVALID_ARGUMENT"),
        ({"currency": "XXX"}, "INVALID_ARGUMENT"),
    ],
)
def test_payments_that_cannot_be(shop: Shop, changes: Any, code: str) -> None:
    """Each with its code."""
    assert refused(shop.authorise, **changes) == code


def test_a_payment_firm_is_shown_the_total_and_not_the_order(shop: Shop) -> None:
    """Platform and merchant read it; it has a salt of its own, from which the order's is not found."""
    total = shop.ask("Orders:total", "o1", by=PLATFORM).json()
    assert (total["amount"], total["currency"]) == ("40600", "SGD")
    assert total["salt"] != ORDER["salt"]
    assert len(total["salt"]) >= 22
    assert refused(shop.ask, "Orders:total", "o1", by=PAYMENTS) == "NOT_FOUND"


def test_a_payment_is_made_once_by_a_party_for_a_living_order(shop: Shop) -> None:
    """Not by a stranger, not twice, not for what was cancelled."""
    assert refused(shop.authorise, by=AUDITOR) == "NOT_A_PARTY"
    shop.authorise()
    assert refused(shop.authorise) == "ALREADY_EXISTS"
    shop.submit("Orders:cancel", "o1", "BUYER_REQUEST")
    assert refused(shop.authorise, "p2") == "WRONG_STATE"


@pytest.mark.parametrize("step", ["capture", "refund"])
def test_a_change_without_an_amount_moves_nothing(shop: Shop, step: str) -> None:
    """Nothing is meant that is not said; the refusal names the field."""
    shop.authorise()
    shop.move("capture", 1, amount="600")
    with pytest.raises(testing.Refused, match="INVALID_ARGUMENT: change.amount: is missing"):
        shop.move(step, 2)
    with pytest.raises(testing.Refused, match="INVALID_ARGUMENT: change.amount: is missing"):
        shop.move(step, 2, amount=None)
    assert shop.ask("Settlement:read", "p1", by=MERCHANT).json()["payment"]["captured"] == "600"


def test_one_payment_takes_an_orders_money(shop: Shop) -> None:
    """A second one is neither captured nor authorised any more; the first goes on in parts."""
    shop.authorise()
    shop.authorise("p2", salt=salt("second"))
    shop.move("capture", 1, amount="600")
    assert refused(shop.move, "capture", 2, payment="p2", amount="1") == "ALREADY_CAPTURED"
    assert refused(shop.authorise, "p3", salt=salt("third")) == "ALREADY_CAPTURED"
    shop.move("capture", 3, amount="40000")
    shop.move("void", 4, payment="p2")
    shop.move("refund", 5, amount="40600")
    assert (shop.state(), shop.state("p2")) == ("refunded", "voided")
    assert refused(shop.authorise, "p3", salt=salt("third")) == "ALREADY_CAPTURED"


def test_two_payments_captured_in_one_block_are_one(shop: Shop) -> None:
    """Both saw the order's money untaken; the second is invalid."""
    both = []
    for payment, number in (("p1", 1), ("p2", 2)):
        shop.authorise(payment, salt=salt(payment))
        kept = shop.ask("Settlement:show", payment, by=PAYMENTS).payload
        change = as_bytes({"salt": salt("change", number), "amount": "40600"})
        both.append((payment, {"payment": kept, "change": change}))
    first, second = (
        shop.ledger.endorse("Settlement:capture", payment, client=user(PAYMENTS), transient=transient, at=START)
        for payment, transient in both
    )
    shop.ledger.commit(first)
    with pytest.raises(testing.TransactionInvalid, match="MVCC_READ_CONFLICT"):
        shop.ledger.commit(second)


def test_nothing_is_taken_or_paid_out_for_a_cancelled_order(shop: Shop) -> None:
    """What was captured goes back, what was reserved is let go."""
    shop.authorise(settle_currency="SGD")
    shop.authorise("p2", salt=salt("second"))
    shop.move("capture", 1, amount="600")
    shop.submit("Orders:cancel", "o1", "OUT_OF_STOCK")
    assert refused(shop.move, "settle", 2) == "ORDER_CANCELLED"
    assert refused(shop.move, "capture", 2, amount="1") == "ORDER_CANCELLED"
    assert refused(shop.move, "capture", 2, payment="p2", amount="1") == "ORDER_CANCELLED"
    shop.move("refund", 3, amount="600")
    shop.move("void", 4, payment="p2")
    assert (shop.state(), shop.state("p2")) == ("refunded", "voided")


def test_what_goes_back_after_the_settlement_is_the_merchants_debt(shop: Shop) -> None:
    """The order is not cancelled any more; the next settlement of the merchant pays the debt first."""
    shop.authorise(settle_currency="SGD")
    shop.move("capture", 1, amount="40600")
    shop.move("refund", 2, amount="600")
    shop.move("settle", 3)
    assert refused(shop.submit, "Orders:cancel", "o1", "BUYER_REQUEST") == "ALREADY_SETTLED"
    assert shop.ask("Settlement:debts", "p1", by=MERCHANT).json() == {"debts": [], "total": "0"}
    shop.move("refund", 4, amount="10000")
    shop.move("refund", 5, amount="1000")
    payment = shop.ask("Settlement:read", "p1", by=MERCHANT).json()["payment"]
    assert (payment["captured"], payment["refunded"], payment["settled"]) == ("40600", "11600", "29000")
    assert shop.ask("Settlement:debts", "p1", by=MERCHANT).json()["total"] == "11000"
    shop.place("o2", salt=salt("order 2"))
    shop.open("o2")
    shop.authorise("p2", order_id="o2", settle_currency="SGD", salt=salt("second"),
                   total=shop.ask("Orders:total", "o2", by=MERCHANT).payload)  # fmt: skip
    shop.move("capture", 6, payment="p2", amount="40600")
    kept, debts = (shop.ask(f"Settlement:{name}", "p2", by=PAYMENTS).payload for name in ("show", "debts"))
    transient = {"payment": kept, "change": as_bytes({"salt": salt("change", 7)})}
    for wrong, code in ((debts.replace(b'"10000"', b'"1"'), "NOT_AS_STORED"), (debts[:10], "INVALID_ARGUMENT")):
        told = transient | {"debts": wrong}
        assert refused(shop.submit, "Settlement:settle", "p2", by=PAYMENTS, transient=told) == code
    shop.move("settle", 7, payment="p2")
    payment = shop.ask("Settlement:read", "p2", by=MERCHANT).json()["payment"]
    assert (payment["settled"], payment["netted"], payment["paid_out"]) == ("40600", "11000", "29600")
    assert shop.ask("Settlement:debts", "p2", by=MERCHANT).json()["total"] == "0"


def test_a_refund_and_the_settlement_of_another_order_pass_in_one_block(shop: Shop) -> None:
    """Each refund after a settlement is a debt with a key of its own; a part that is paid off leaves the rest owed."""
    for number, name in enumerate(("1", "2"), 1):
        order_id = f"o{number}"
        if number > 1:
            shop.place(order_id, salt=salt("order", number))
            shop.open(order_id)
        shop.authorise(f"p{name}", order_id=order_id, settle_currency="SGD", salt=salt("payment", number),
                       total=shop.ask("Orders:total", order_id, by=MERCHANT).payload)  # fmt: skip
        shop.move("capture", f"capture {name}", payment=f"p{name}", amount="40600" if number == 1 else "500")
    shop.move("settle", "settle 1")
    shop.move("refund", "refund 1", amount="700")

    def endorsed(function: str, payment: str, number: str, transient: Any, **change: Any) -> Any:
        kept = shop.ask("Settlement:show", payment, by=PAYMENTS).payload
        sent = {"payment": kept, "change": as_bytes({"salt": salt("change", number), **change}), **transient}
        return shop.ledger.endorse(f"Settlement:{function}", payment, client=user(PAYMENTS), transient=sent, at=START)

    debts = {"debts": shop.ask("Settlement:debts", "p2", by=PAYMENTS).payload}
    refunded, settled = endorsed("refund", "p1", "again", {}, amount="30"), endorsed("settle", "p2", "settle 2", debts)
    shop.ledger.commit(refunded)
    shop.ledger.commit(settled)
    told = shop.ask("Settlement:debts", "p2", by=MERCHANT).json()
    assert sorted(int(each["amount"]) for each in told["debts"]) == [30, 200]
    assert told["total"] == "230"


def test_an_order_is_not_settled_and_cancelled_in_one_block(shop: Shop) -> None:
    """Whichever comes second is invalid."""
    shop.authorise(settle_currency="SGD")
    shop.move("capture", 1, amount="40600")
    kept = shop.ask("Settlement:show", "p1", by=PAYMENTS).payload
    transient = {"payment": kept, "change": as_bytes({"salt": salt("change", 2)})}
    settled = shop.ledger.endorse("Settlement:settle", "p1", client=user(PAYMENTS), transient=transient, at=START)
    cancelled = shop.ledger.endorse("Orders:cancel", "o1", "FRAUD_SUSPECTED", client=user(MERCHANT), at=START)
    shop.ledger.commit(settled)
    with pytest.raises(testing.TransactionInvalid, match="MVCC_READ_CONFLICT"):
        shop.ledger.commit(cancelled)


def test_rates_are_published_once_and_count_for_their_publisher(shop: Shop) -> None:
    """The payment firm cannot settle at somebody else's, at a lost day's, or at rewritten rates."""
    shop.authorise()
    shop.move("capture", 1, amount="40600")
    named = {"rate_date": "2026-11-20", "rate_base": "USD"}
    assert refused(shop.move, "settle", 2) == "RATES_NEEDED"
    shop.submit("Settlement:publish_rates", as_bytes(RATES), by=MERCHANT)
    assert refused(shop.move, "settle", 2, **named) == "RATES_UNKNOWN"
    shop.submit("Settlement:publish_rates", as_bytes({**RATES, "rates": {"CNY": "7.11"}}), by=PAYMENTS)
    rewritten = ("Settlement:publish_rates", as_bytes(RATES))
    assert refused(shop.submit, *rewritten, by=PAYMENTS) == "ALREADY_EXISTS"
    old = as_bytes({**RATES, "date": "2026-11-17"})
    assert refused(shop.submit, "Settlement:publish_rates", old, by=PAYMENTS) == "RATES_STALE"
    assert refused(shop.move, "settle", 2, **named) == "NO_RATE"
    assert refused(shop.move, "settle", 2, at=START + timedelta(days=3), **named) == "RATES_STALE"


def test_anybody_converts_at_published_rates(shop: Shop) -> None:
    """As the settlement does."""
    shop.submit("Settlement:publish_rates", as_bytes(RATES), by=PAYMENTS)
    place = (PAYMENTS, "USD", "2026-11-20")
    assert shop.ask("Settlement:rates", *place, by=AUDITOR).json() == RATES
    found = shop.ask("Settlement:convert", *place, as_bytes({"minor": "130", "currency": "SGD"}), "VND", by=AUDITOR)
    assert found.json() == {"minor": "26350", "currency": "VND"}
    assert refused(shop.ask, "Settlement:rates", PAYMENTS, "USD", "2026-11-21") == "RATES_UNKNOWN"
    assert refused(shop.ask, "Settlement:rates", PAYMENTS, "USD", "today") == "INVALID_ARGUMENT"


def test_duty_and_who_pays_it(shop: Shop) -> None:
    """DDP: the seller; for platform and merchant, who hold the order's content and say whose tariffs count."""
    tariff = ("Settlement:publish_tariff", as_bytes(TARIFF))
    assert refused(shop.submit, *tariff) == "WRONG_ROLE"
    assert refused(shop.ask, "Settlement:duties", "o1", PLATFORM, by=MERCHANT) == "NO_TARIFF"
    shop.submit(*tariff, by=PLATFORM, role="admin")
    shop.submit("Settlement:publish_tariff", as_bytes({**TARIFF, "duty_bps": 0}), by=PLATFORM, role="admin")
    assert refused(shop.ask, "Settlement:duties", "o1", PLATFORM, by=MERCHANT) == "RATES_NEEDED"
    shop.submit("Settlement:publish_rates", as_bytes(RATES), by=PAYMENTS)
    found = shop.ask("Settlement:duties", "o1", PLATFORM, PAYMENTS, "USD", "2026-11-20", by=MERCHANT).json()
    value = round(40_600 * 26_350 / 130)
    assert (found["payer"], found["customs_value"], found["duty"]) == ("seller", str(value), "0")
    assert found["tax"] == str(round(value / 10))
    assert refused(shop.ask, "Settlement:duties", "o1", PLATFORM, by=AUDITOR) == "NOT_FOUND"


def test_a_tariff_is_its_publishers_own(shop: Shop) -> None:
    """Nobody writes over another's; what it said before stays visible."""
    for publisher, duty_bps in ((PLATFORM, 1_000), (PLATFORM, 0), (MERCHANT, 5_000)):
        stated = as_bytes({**TARIFF, "duty_bps": duty_bps})
        shop.submit("Settlement:publish_tariff", stated, by=publisher, role="admin")
    place = (PLATFORM, "VN", "851712")
    assert shop.ask("Settlement:tariff", *place, by=AUDITOR).json()["duty_bps"] == 0
    past = shop.ask("Settlement:tariff_history", *place, by=AUDITOR).json()
    assert [entry["value"]["duty_bps"] for entry in past] == [0, 1_000]
    assert shop.ask("Settlement:tariff", MERCHANT, "VN", "851712", by=AUDITOR).json()["duty_bps"] == 5_000
    assert refused(shop.ask, "Settlement:tariff", PAYMENTS, "VN", "851712") == "NO_TARIFF"
    assert refused(shop.ask, "Settlement:tariff", PLATFORM, "VN", "420212") == "NO_TARIFF"
    assert refused(shop.ask, "Settlement:tariff", "not an MSP", "VN", "851712") == "INVALID_ARGUMENT"


# Catalogue


def test_products_are_listed_by_pages() -> None:
    """In the order of merchants and numbers; a bookmark holds even if the product that it names is withdrawn."""
    shop, found, bookmark = Shop(), [], ""
    gtins = ["06901234567892", "09506000134352", "09506000134369"]
    for gtin in gtins:
        shop.submit("Catalogue:offer", as_bytes({**PRODUCT, "gtin": gtin}), by=MERCHANT)
    for size in (1, 1, 500):
        page = shop.ask("Catalogue:list", "", str(size), bookmark).json()
        found += [each["product"]["gtin"] for each in page["listings"]]
        bookmark = page["bookmark"]
    assert (found, bookmark) == (gtins, "")
    first = shop.ask("Catalogue:list", MERCHANT, "2").json()
    assert (len(first["listings"]), first["bookmark"]) == (2, gtins[2])
    for wrong in ("0", "501"):
        assert refused(shop.ask, "Catalogue:list", "", wrong) == "INVALID_ARGUMENT"


def test_a_product_is_its_merchants_own() -> None:
    """Listed under the chaincode's policy; from then on its merchant alone endorses, and nobody else amends."""
    shop = Shop()
    assert shop.submit("Catalogue:offer", as_bytes(PRODUCT), by=MERCHANT).json()["version"] == 1
    dearer = as_bytes({**PRODUCT, "list_price": "20900"})
    assert shop.submit("Catalogue:offer", dearer, by=MERCHANT, endorsed_by=[MERCHANT]).json()["version"] == 2
    with pytest.raises(testing.TransactionInvalid):
        shop.submit("Catalogue:offer", dearer, by=MERCHANT, endorsed_by=[PLATFORM])
    assert refused(shop.submit, "Catalogue:withdraw", PRODUCT["gtin"], by=PLATFORM) == "PRODUCT_UNKNOWN"
    shop.submit("Catalogue:withdraw", PRODUCT["gtin"], by=MERCHANT)
    assert refused(shop.submit, "Catalogue:withdraw", PRODUCT["gtin"], by=MERCHANT) == "WRONG_STATE"
    read = shop.ask("Catalogue:read", MERCHANT, PRODUCT["gtin"], by=AUDITOR).json()
    assert (read["state"], read["product"]["list_price"]) == ("withdrawn", "20900")
    every = {"listings": [read], "bookmark": ""}
    assert shop.ask("Catalogue:list", by=AUDITOR).json() == shop.ask("Catalogue:list", MERCHANT).json() == every
    assert shop.ask("Catalogue:list", PLATFORM).json() == {"listings": [], "bookmark": ""}
    past = shop.ask("Catalogue:history", MERCHANT, PRODUCT["gtin"], by=AUDITOR).json()
    assert [entry["value"]["version"] for entry in past] == [3, 2, 1]
    assert refused(shop.ask, "Catalogue:read", MERCHANT, "1") == "INVALID_ARGUMENT"
    hidden = ({"category": "phones\u202e"}, {"titles": {"en": "Phone\nSold out"}})
    for wrong in ({"hs6": "1"}, {"category": ""}, *hidden):
        assert refused(shop.submit, "Catalogue:offer", as_bytes({**PRODUCT, **wrong})) == "INVALID_ARGUMENT"
