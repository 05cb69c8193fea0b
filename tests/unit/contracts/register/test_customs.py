"""Customs publishes for its own country alone, for days to come, and what it published stands."""

from __future__ import annotations

import pytest

from hlf.shim import testing
from tests.unit.contracts import shipping
from tests.unit.contracts.trading import CUSTOMS, MERCHANT

TARIFF = {
    "country": "VN", "code": "85183010", "effective_from": "2026-01-05", "duty_bps": 1_000, "tax_bps": 800,
    "source": "Decree 26", "preferences": {"ACFTA": 0},
}  # fmt: skip
WAIVER = {
    "country": "VN", "effective_from": "2026-01-05", "basis": "CIF", "currency": "VND", "duty_free_to": "1000000",
    "tax_free_to": "0", "source": "Decision 78",
}  # fmt: skip


@pytest.fixture
def channel() -> shipping.Channel:
    """Return a channel on which customs of Viet Nam is a member."""
    return shipping.Channel()


def refused(code: str):
    """Return the call must be refused with *code*."""
    return pytest.raises(testing.Refused, match=f"^{code}: ")


def test_customs_publishes_and_everybody_computes(channel):
    """A tariff, a waiver, and what an import costs by them; the arguments of the query are in no block."""
    channel.majority("Customs:publish_tariff", TARIFF, by=CUSTOMS)
    channel.majority("Customs:publish_de_minimis", WAIVER, by=CUSTOMS)
    later = {**TARIFF, "effective_from": "2026-02-01", "duty_bps": 1_200}
    channel.majority("Customs:publish_tariff", later, by=CUSTOMS)
    assert channel.query("Customs:tariff", "VN", "85183010", "2026-01-31")["duty_bps"] == 1_000
    assert [each["duty_bps"] for each in channel.query("Customs:tariffs", "VN", "85183010")] == [1_000, 1_200]
    assert channel.query("Customs:de_minimis", "VN", "2026-01-10")["basis"] == "CIF"
    empty = ("Customs:de_minimis", "TH", "2026-01-10")
    assert channel.ledger.evaluate(*empty, client=shipping.user(MERCHANT)).payload == b""
    proof = {"agreement": "ACFTA", "criterion": "WO", "proof_hash": "b" * 64}
    line = {"line": 1, "code": "85183010", "value": "5000000", "origin": "CN"}
    bought = {"country": "VN", "on": "2026-01-10", "incoterm": "DDP", "currency": "VND", "freight": "100000"}
    found = channel.query("Customs:assess", {**bought, "lines": [line, {**line, "line": 2, "preference": proof}]})
    assert (found["payer"], found["customs_value"], found["duty"]) == ("seller", "10100000", "505000")
    assert [each["agreement"] for each in found["charges"]] == ["", "ACFTA"]


def test_nobody_publishes_for_another_or_for_yesterday(channel):
    """Neither a member that is not customs, nor customs of another country, nor a day that has begun elsewhere."""
    with refused("NOT_CUSTOMS"):
        channel.majority("Customs:publish_tariff", TARIFF, by=MERCHANT)
    with refused("NOT_CUSTOMS"):
        channel.majority("Customs:publish_de_minimis", {**WAIVER, "country": "TH", "currency": "THB"}, by=CUSTOMS)
    with refused("INVALID_ARGUMENT"):
        channel.majority("Customs:publish_tariff", {**TARIFF, "effective_from": "2026-01-04"}, by=CUSTOMS)
    channel.majority("Customs:publish_tariff", TARIFF, by=CUSTOMS)
    with refused("ALREADY_EXISTS"):
        channel.majority("Customs:publish_tariff", {**TARIFF, "duty_bps": 0}, by=CUSTOMS)
    with refused("NO_TARIFF"):
        channel.query("Customs:tariff", "VN", "85183010", "2026-01-04")
