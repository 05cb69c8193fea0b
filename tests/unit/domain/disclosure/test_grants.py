"""Grants: exactly what was granted, while it is granted, to whom it was granted."""

from __future__ import annotations

import dataclasses

import pytest

from chaincode.domain.disclosure import grants
from chaincode.domain.disclosure.grants import CounterOffer, Grant, GrantTerms, Request, RequestTerms, SealTerms
from hlf.codec.refusals import Refused

SALT, OTHER_SALT = "A" * 22, "B" * 22
EXPIRY = "2027-01-01T00:00:00Z"
EXPIRES_AT = grants.moment("expiry", EXPIRY)
TERMS = GrantTerms("c1", 1, "BMSP", ("product.hs6", "demand.units_p50_h87"), "planning", EXPIRY, SALT, "r1")
GRANT = Grant("g1", "AMSP", "AuditorMSP", "2026-11-22T00:00:00.000Z", "0" * 64, TERMS)
OFFER = CounterOffer("c2", 3, ("price.base_minor", "price.currency"))
ASKED = RequestTerms("AMSP", "c1", 1, ("demand.units_p50_h87", "product.hs6"), "planning", EXPIRY, SALT, OFFER)
REQUEST = Request("r1", "BMSP", "AuditorMSP", "2026-11-22T00:00:00.000Z", ASKED)
SEALING = SealTerms(
    "c1", 1, ("product.hs6",), "Port of Haiphong", "0" * 64, "MLKEM768-X25519", "1" * 64, "berth plan", EXPIRY, SALT
)


def code(call, *args, **named) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **named)
    return refused.value.code


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ({"product.hs6"}, "ATTRIBUTE_MISSING"),
        (set(), "ATTRIBUTE_MISSING"),
        ({"product.hs6", "demand.units_p50_h87", "money.gmv_minor"}, "ATTRIBUTE_NOT_GRANTED"),
        ({"money.gmv_minor"}, "ATTRIBUTE_NOT_GRANTED"),
    ],
)
def test_exactly_the_granted_attributes(names, wanted):
    """One more or one less is refused; the granted ones pass in any order."""
    assert code(GRANT.check_exactly, names) == wanted
    GRANT.check_exactly({"demand.units_p50_h87", "product.hs6"})


def test_a_grant_ends():
    """At its expiry to the millisecond, or when it is revoked, whichever is first."""
    assert GRANT.state(EXPIRES_AT - 1) == "open"
    GRANT.check_open(EXPIRES_AT - 1)
    assert GRANT.state(EXPIRES_AT) == "expired"
    assert code(GRANT.check_open, EXPIRES_AT) == "EXPIRED"
    revoked = GRANT.revoked("2026-12-01T00:00:00.000Z", OTHER_SALT)
    assert revoked.state(0) == revoked.state(EXPIRES_AT) == "revoked"
    assert code(revoked.check_open, 0) == "REVOKED"


def test_a_revocation_needs_a_fresh_salt_and_happens_once():
    """The same salt would let the change be guessed from the first hash."""
    assert code(GRANT.revoked, "now", SALT) == "SALT_REUSED"
    assert code(GRANT.revoked, "now", "short") == "SALT_TOO_SHORT"
    assert code(GRANT.revoked("now", OTHER_SALT).revoked, "later", SALT) == "REVOKED"


def test_three_keep_a_grant():
    """Owner, recipient, auditor; nobody else."""
    assert GRANT.parties == REQUEST.parties == {"AMSP", "BMSP", "AuditorMSP"}


def test_an_answer_is_exactly_what_was_asked():
    """A reciprocal offer was made for that and nothing else; the order of attributes does not matter."""
    grants.check_answers(TERMS, REQUEST)
    for field, value in {
        "recipient": "CMSP",
        "claim_id": "c9",
        "revision": 2,
        "attributes": ("product.hs6",),
        "purpose": "resale",
        "expires_at": "2027-01-02T00:00:00Z",
        "request_id": None,
    }.items():
        changed = dataclasses.replace(TERMS, **{field: value})
        with pytest.raises(Refused) as refused:
            grants.check_answers(changed, REQUEST)
        assert refused.value.code == "NOT_AS_REQUESTED"
        assert refused.value.text.endswith(field)


def test_the_counterpart_is_in_the_requesters_own_words():
    """The owner that accepts cannot bend the other half."""
    terms = grants.counter_terms(REQUEST, OTHER_SALT)
    assert terms == GrantTerms(
        "c2", 3, "AMSP", ("price.base_minor", "price.currency"), "planning", EXPIRY, OTHER_SALT, "r1"
    )
    alone = dataclasses.replace(REQUEST, asked=dataclasses.replace(ASKED, offer=None))
    assert code(grants.counter_terms, alone, OTHER_SALT) == "NOT_RECIPROCAL"


@pytest.mark.parametrize("record", [TERMS, ASKED, OFFER, SEALING], ids=lambda record: type(record).__name__)
@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("claim_id", "a b", "INVALID_ARGUMENT"),
        ("revision", 0, "INVALID_ARGUMENT"),
        ("revision", 10**6, "INVALID_ARGUMENT"),
        ("attributes", (), "INVALID_ARGUMENT"),
        ("attributes", ("product.hs6", "product.hs6"), "INVALID_ARGUMENT"),
        ("attributes", ("shoe.size",), "INVALID_ARGUMENT"),
        ("attributes", ("audience.age_band",), "COHORT_TOO_SMALL"),
        ("purpose", "  ", "INVALID_ARGUMENT"),
        ("purpose", "x" * 201, "INVALID_ARGUMENT"),
        ("expires_at", "tomorrow", "INVALID_ARGUMENT"),
        ("salt", "A" * 21, "SALT_TOO_SHORT"),
        ("recipient", "", "INVALID_ARGUMENT"),
        ("owner", "", "INVALID_ARGUMENT"),
        ("suite", "RSA", "INVALID_ARGUMENT"),
        ("key_thumbprint", "0" * 63, "INVALID_ARGUMENT"),
        ("ciphertext_sha256", "G" * 64, "INVALID_ARGUMENT"),
    ],
)
def test_records_refuse_what_they_cannot_mean(record, field, value, wanted):
    """Wherever the field occurs."""
    if hasattr(record, field):
        assert code(dataclasses.replace, record, **{field: value}) == wanted
    else:
        assert field not in {one.name for one in dataclasses.fields(record)}
