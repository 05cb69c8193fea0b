"""Consents to the gap meter: one claim is one figure, whichever grants show it."""

from __future__ import annotations

import json

from chaincode.domain.disclosure import gapmeter
from tests.unit.contracts.disclosure.test_gapmeter import UNITS, Meter, refused
from tests.unit.contracts.trading import AUDITOR, MERCHANT, PLATFORM, START, salt, terms, user


def test_a_claim_is_counted_once_however_often_it_is_shown():
    """By a second grant only when the first was revoked, and then from the next period on: never in one sum twice."""
    meter = Meter()
    for party in UNITS:
        meter.consent(party)
    meter.contribute(MERCHANT)
    made = meter.claims[MERCHANT]
    needed = gapmeter.NEEDED["forecast"]
    meter.grant("g-again", made, terms(made, AUDITOR, *needed, purpose=gapmeter.PURPOSE, salt=salt("again")))
    transient = {"grant": meter.show("g-again", MERCHANT), "salt": salt("more").encode(), **made.transient(*needed)}
    again = {"client": user(PLATFORM), "transient": transient, "at": START}
    assert refused(meter.ledger.invoke, "GapMeter:contribute", "g-again", **again) == "ALREADY_EXISTS"
    meter.revoke(f"g-{MERCHANT}", MERCHANT, PLATFORM)
    meter.ledger.invoke("GapMeter:contribute", "g-again", **again)
    for party in UNITS:
        if party != MERCHANT:
            meter.contribute(party)
    meter.compute()
    [cell] = json.loads(meter.kept())["cells"]
    assert (cell["demand"], cell["demand_parties"]) == (287, 3)
