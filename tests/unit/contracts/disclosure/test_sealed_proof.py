"""Somebody outside the channel is sealed an attribute and finds out that it is true; or that it is not."""

from __future__ import annotations

import hashlib
import json

import pytest

from chaincode.domain.disclosure import claims, disclosures, grants
from hlf import errors, sealing
from hlf.codec.refusals import Refused
from tests.unit.contracts.trading import (
    AUDITOR,
    CUSTOMS,
    FORECAST,
    MERCHANT,
    START,
    Claim,
    as_bytes,
    hash_on_channel,
    terms,
    trade_channel,
    user,
)

NAMES = ("horizon.start", "demand.units_p50_h87")


def code(call, *args) -> str:
    with pytest.raises(Refused) as refused:
        call(*args)
    return refused.value.code


@pytest.mark.parametrize("suite", sealing.Suite)
def test_an_outsider_opens_and_checks_what_it_was_sealed(suite):
    """Seal, record, unseal; the record's hash proves the ciphertext, the document's hash the value."""
    ledger, forecast, key = trade_channel(), Claim("forecast", MERCHANT, "c1", FORECAST), sealing.generate(suite)
    forecast.commit(ledger)
    binding = sealing.Binding("trade", "s1", key.public.thumbprint, forecast.revision)
    package = {name: value.decode() for name, value in forecast.transient(*NAMES).items()}
    sealed = sealing.seal(as_bytes(package), key.public, binding)
    record = {
        **terms(forecast, "Port of Haiphong", *NAMES),
        "key_thumbprint": key.public.thumbprint,
        "suite": suite.value,
        "ciphertext_sha256": hashlib.sha256(sealed).hexdigest(),
    }
    transient = {"sealed": as_bytes(record)}
    ledger.invoke(
        "Disclosures:record_sealed", "s1", client=user(MERCHANT), transient=transient,
        at=START,
    )  # fmt: skip
    kept = ledger.evaluate("Disclosures:sealed", client=user(AUDITOR)).json()["seals"][0]
    assert kept["sealing"]["ciphertext_sha256"] == hashlib.sha256(sealed).hexdigest()

    opened = json.loads(sealing.unseal(sealed, key, binding))
    on_channel = ledger.evaluate("Claims:document_hash", MERCHANT, "c1", 1, client=user(CUSTOMS)).json()
    document, values = claims.proven(
        opened["document"].encode(), json.loads(opened["disclosures"]), on_channel["document_hash"]
    )
    assert document.issuer == MERCHANT
    assert values == {name: FORECAST[name] for name in NAMES}
    with pytest.raises(errors.SealingError):
        sealing.unseal(sealed, key, sealing.Binding("trade", "s2", key.public.thumbprint, forecast.revision))


def test_a_lie_does_not_pass():
    """Neither another document, nor another value, nor a kind of claim that nobody knows."""
    ledger, forecast = trade_channel(), Claim("forecast", MERCHANT, "c1", FORECAST)
    forecast.commit(ledger)
    found = hash_on_channel(ledger, MERCHANT, "claim.document", "c1", "000001")
    document = forecast.document.to_bytes()
    true = [one.encoded for one in forecast.disclosures if one.name in NAMES]
    assert claims.proven(document, true, found)[1]
    other = Claim("forecast", MERCHANT, "c2", FORECAST).document.to_bytes()
    assert code(claims.proven, other, true, found) == "NOT_COMMITTED"
    lie = disclosures.disclose(b"\x05" * 16, NAMES[1], 9_999).encoded
    assert code(claims.proven, document, [lie], found) == "NOT_IN_CLAIM"
    assert code(claims.proven, document, [*true, true[0]], found) == "ATTRIBUTE_TWICE"
    assert code(claims.proven, document, ["short"], found) == "INVALID_ARGUMENT"
    strange = document.replace(b'"vct":"forecast"', b'"vct":"wish"')
    assert code(claims.proven, strange, true, hashlib.sha256(strange).hexdigest()) == "UNKNOWN_KIND"


def test_the_contract_knows_the_suites_of_the_client():
    """What can be sealed can be recorded."""
    assert set(grants.SUITES) == {suite.value for suite in sealing.Suite}
