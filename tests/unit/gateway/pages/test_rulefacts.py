"""The facts of a decision on a return, as a person would say them."""

from __future__ import annotations

import itertools
import re

import pytest

from chaincode.domain.returns.terms import ReturnReason
from gateway.pages import languages, rulefacts
from hlf.codec import moments
from tests.unit.domain.returns import returning
from tests.unit.domain.returns.returning import facts

KNOWN = (
    facts(),
    facts(delivered=None, carrier=None),
    facts(delivered=None, lost_at=moments.parse("2026-03-01T00:00:00.000Z").at),
    *(
        facts(terms=returning.terms(basis=basis, excluded_hs=("6108",)))
        for basis in ("delivered", "first_attempt", "order")
    ),
)
# What the ledger writes and nobody says: names of fields, codes, and times with a T.
_OF_THE_LEDGER = re.compile(r"[a-z]_[a-z]|[A-Z]{2}_?[A-Z]{3}|\dT\d")


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_nothing_is_told_in_the_ledgers_words(app, language):
    """Every fact of every rule has a name and a value in the reader's language."""
    seen = set()
    for known, reason in itertools.product(KNOWN, ReturnReason):
        for finding in returning.decision(known=known, reason=reason, evidence=("1", "2")).findings:
            with app.test_request_context(headers={"Cookie": f"{languages.COOKIE}={language}"}):
                told = rulefacts.told(finding.facts, "VNHAN", lambda msp_id: f"company of {msp_id.lower()}")
            seen |= {name for name, value in finding.facts.items() if value}
            for name, value in told:
                assert not _OF_THE_LEDGER.search(name), finding
                assert not _OF_THE_LEDGER.search(value), finding
    assert seen == rulefacts.NAMES.keys()
