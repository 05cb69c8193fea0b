"""Duty drawback: evidence of both movements, the tariff of customs, deadlines; the entry for two alone."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from chaincode.domain.returns.drawbacks import ImportEntry
from hlf.codec import records
from hlf.shim import testing
from tests.support.leaks import stands
from tests.unit.contracts import shipping
from tests.unit.contracts.register.test_customs import TARIFF
from tests.unit.contracts.trading import CUSTOMS, FORWARDER, LAST_MILE, MERCHANT, PLATFORM, salt, user

HASH = "a" * 64
DAY = 24
TERMS = {
    "country": "VN", "effective_from": "2026-01-05", "export_days": 30, "claim_days": 20, "source": "Law on duties",
    "tax_bps": 5_000,
}  # fmt: skip
ENTRY = {
    "drawback_id": "D1", "reference": "104-2026-77", "on": "2026-01-05", "code": "85183010", "currency": "VND",
    "units": 2, "customs_value": "10000000", "duty": "1000000", "tax": "880000", "salt": salt("entry"),
    "agreement": "",
}  # fmt: skip


@pytest.fixture
def channel() -> shipping.Channel:
    """Return a delivered consignment of which one unit is back at its merchant in another country."""
    return came_back()


def came_back(*, abroad: bool = True, hour: float = 60) -> shipping.Channel:
    """Return a channel with the terms of customs and return R1, one of two units, received abroad at *hour*."""
    made = shipping.Channel()
    made.majority("Customs:publish_tariff", TARIFF | {"duty_bps": 1_000, "tax_bps": 800}, by=CUSTOMS)
    made.majority("Drawbacks:publish_terms", TERMS, by=CUSTOMS)
    made.open()
    made.deliver()
    made.lodge()
    made.record(LAST_MILE, "S22", "shipping", 40, "VNHAN", journey_id="R1-reverse")
    if abroad:
        made.hand_over(LAST_MILE, MERCHANT, hour, "CNSZX", journey_id="R1-reverse")
    return made


def refused(code: str):
    """Return the call must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def entry_of(**changes: Any) -> bytes:
    """Return the import entry as it is hashed."""
    return records.dumps(records.shaped(ImportEntry, ENTRY | changes, "entry"))


def file(channel: shipping.Channel, entry: bytes = b"", by: str = MERCHANT, **changes: str) -> dict[str, Any]:
    """File drawback D1 for the return."""
    filing = {"drawback_id": "D1", "return_id": "R1", "evidence_hash": HASH} | changes
    digest = hashlib.sha256(entry or entry_of(drawback_id=filing["drawback_id"])).hexdigest()
    made: dict[str, Any] = channel.majority("Drawbacks:file", {"entry_hash": digest} | filing, by=by)
    return made


def disclose(
    channel: shipping.Channel, recipient: str, entry: bytes = b"", by: str = MERCHANT, drawback_id: str = "D1"
) -> testing.Result:
    """Give the entry to a party."""
    told = {"entry": entry or entry_of(drawback_id=drawback_id)}
    return channel.ledger.invoke(
        "Drawbacks:disclose", drawback_id, recipient, client=user(by), transient=told, at=shipping.at(channel.hour)
    )


def act(channel: shipping.Channel, function: str, *args: str, by: str = CUSTOMS) -> str:
    """Return the state after one step of D1, which claimant and customs endorse."""
    endorsers = (MERCHANT, CUSTOMS)
    return str(channel.submit(f"Drawbacks:{function}", "D1", *args, by=by, endorsed_by=endorsers)["state"])


def test_duty_and_tax_of_what_left_again_come_back(channel):
    """Half of the duty and half of half the tax, since one of two units left and half the tax comes back."""
    made = file(channel)
    assert (made["state"], made["units"], made["customs"]) == ("FILED", 1, CUSTOMS)
    with refused("NOT_FOUND"):
        act(channel, "accept")
    for recipient in (MERCHANT, CUSTOMS):
        written = disclose(channel, recipient)
        assert {collection for collection, _ in written.private_writes} == {f"_implicit_org_{recipient}"}
        assert not stands(10_000_000, repr(written.payload + written.rwset))
        assert channel.query("Drawbacks:entry", "D1", by=recipient)["amount"] == str(500_000 + 220_000)
    with pytest.raises((testing.Refused, testing.CallFailed)):
        channel.query("Drawbacks:entry", "D1", by=FORWARDER)
    with refused("NOT_CUSTOMS"):
        act(channel, "accept", by=MERCHANT)
    assert act(channel, "accept") == "ACCEPTED"
    with pytest.raises(testing.TransactionInvalid, match="ENDORSEMENT_POLICY_FAILURE"):
        channel.submit("Drawbacks:confirm_payment", "D1", HASH, by=MERCHANT, endorsed_by=(MERCHANT,))
    with refused("NOT_THE_CLAIMANT"):
        act(channel, "confirm_payment", HASH)
    assert act(channel, "confirm_payment", HASH, by=MERCHANT) == "PAID"
    with refused("ALREADY_EXISTS"):
        file(channel, drawback_id="D2")
    assert channel.query("Drawbacks:of_return", "R1") == ["D1"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"duty": "1000001"}, "AMOUNT_DIFFERS"),
        ({"agreement": "ACFTA"}, "AMOUNT_DIFFERS"),
        ({"agreement": "RCEP"}, "NO_PREFERENCE"),
        ({"code": "90183010"}, "NO_TARIFF"),
        ({"on": "2026-01-04"}, "NO_TARIFF"),
        ({"drawback_id": "D9"}, "NOT_AS_STORED"),
    ],
)
def test_an_entry_claims_no_more_than_the_tariff_asks(channel, changes, code):
    """Customs' peer computes it again by what customs published; another entry is found by its hash."""
    entry = entry_of(**changes)
    file(channel, entry)
    with refused(code):
        disclose(channel, CUSTOMS, entry)
    with refused("NOT_AS_STORED"):
        disclose(channel, CUSTOMS, entry_of(tax="1"))
    with refused("NOT_A_PARTY"):
        disclose(channel, FORWARDER, entry)


def test_nothing_comes_back_for_what_did_not_leave_in_time():
    """Goods still in the country, goods that left too late, and a claim too late."""
    with refused("NOT_EXPORTED"):
        file(came_back(abroad=False))
    with refused("NOT_EXPORTED"):
        file(came_back(hour=40 * DAY))
    late = came_back()
    late.hour += 21 * DAY
    with refused("DEADLINE_PASSED"):
        file(late)


def test_duty_must_have_been_paid_and_terms_be_in_force():
    """A return whose import paid none, and a country whose customs gives nothing back."""
    made = shipping.Channel()
    made.open(custodian=LAST_MILE)
    made.record(LAST_MILE, "S20", "accepting", 6, "VNHAN")
    made.lodge()
    with refused("NO_DRAWBACK"):
        file(made)
    made.majority("Drawbacks:publish_terms", TERMS, by=CUSTOMS)
    with refused("DUTY_NOT_PAID"):
        file(made)
    with refused("NOT_A_SELLER"):
        file(made, by=LAST_MILE)
    with refused("RETURN_UNKNOWN"):
        file(made, return_id="R9")
    with refused("NOT_CUSTOMS"):
        made.majority("Drawbacks:publish_terms", TERMS | {"country": "TH"}, by=CUSTOMS)


def test_customs_refuses_on_known_grounds_and_is_bound_by_silence(channel):
    """After a refusal there may be another claim; without an answer in time it is accepted, and then owed."""
    file(channel)
    with refused("INVALID_ARGUMENT"):
        act(channel, "refuse", "NO_REASON", HASH)
    assert act(channel, "refuse", "USED_IN_COUNTRY", HASH) == "REFUSED"
    assert file(channel, by=PLATFORM, drawback_id="D2")["state"] == "FILED"
    channel.majority("Drawbacks:withdraw", "D2", by=PLATFORM)
    file(channel, drawback_id="D3")
    disclose(channel, CUSTOMS, drawback_id="D3")
    with refused("NOT_DUE"):
        channel.majority("Drawbacks:enforce", "D3", by=FORWARDER)
    for days, state in ((31, "ACCEPTED"), (31, "DEFAULTED")):
        channel.hour += days * DAY
        assert channel.majority("Drawbacks:enforce", "D3", by=FORWARDER)["state"] == state
    assert channel.majority("Drawbacks:confirm_payment", "D3", HASH, by=MERCHANT)["state"] == "PAID"
    with refused("NO_DEADLINE"):
        channel.majority("Drawbacks:enforce", "D3", by=FORWARDER)


def test_customs_is_not_bound_by_silence_to_an_entry_that_it_was_not_shown(channel):
    """The tariff has not been asked about it yet; after the deadline it is too late to show one."""
    file(channel)
    channel.hour += 31 * DAY
    with refused("DEADLINE_PASSED"):
        disclose(channel, CUSTOMS)
    with refused("NOT_FOUND"):
        channel.majority("Drawbacks:enforce", "D1", by=FORWARDER)
    channel.majority("Drawbacks:withdraw", "D1", by=MERCHANT)


def test_the_duty_of_one_declaration_does_not_come_back_twice(channel):
    """Two returns of the line: neither with other figures of the declaration, nor for more units than it had."""
    channel.lodge("R2")
    channel.record(LAST_MILE, "S22", "shipping", channel.hour, "VNHAN", journey_id="R2-reverse")
    channel.hand_over(LAST_MILE, MERCHANT, channel.hour, "CNSZX", journey_id="R2-reverse")
    file(channel)
    disclose(channel, CUSTOMS)
    other = entry_of(drawback_id="D2", units=1)
    file(channel, other, drawback_id="D2", return_id="R2")
    with refused("AMOUNT_DIFFERS"):
        disclose(channel, CUSTOMS, other, drawback_id="D2")
    channel.majority("Drawbacks:withdraw", "D2", by=MERCHANT)
    file(channel, drawback_id="D3", return_id="R2")
    disclose(channel, CUSTOMS, drawback_id="D3")
    act(channel, "refuse", "GOODS_DIFFER", HASH)
    whole = entry_of(drawback_id="D4", units=1)
    file(channel, whole, drawback_id="D4")
    with refused("AMOUNT_DIFFERS"):
        disclose(channel, CUSTOMS, whole, drawback_id="D4")
