"""
Return terms as schema.org's MerchantReturnPolicy, for shops and search engines to read.

Data without a term in schema.org (reasons with their evidence, deadlines, arbiter, hash) are in
``additionalProperty``, so nothing is lost.
"""

from __future__ import annotations

from chaincode.domain.returns.terms import Condition, Cover, Resolution, ReturnReason, ReturnTerms

_SCHEMA = "https://schema.org/"
_TYPES = {
    Resolution.REFUND: "FullRefund",
    Resolution.EXCHANGE: "ExchangeRefund",
    Resolution.STORE_CREDIT: "StoreCreditRefund",
}
_CONDITIONS = {
    Condition.SEALED: ("NewCondition",),
    Condition.UNUSED: ("NewCondition",),
    Condition.USED: ("NewCondition", "UsedCondition"),
    Condition.DAMAGED: ("NewCondition", "UsedCondition", "DamagedCondition"),
}
_PAYERS = {"seller": "FreeReturn", "carrier": "FreeReturn", "buyer": "ReturnFeesCustomerResponsibility"}
_DEFECTS = (
    ReturnReason.DEFECTIVE,
    ReturnReason.DAMAGED_IN_TRANSIT,
    ReturnReason.WRONG_ITEM,
    ReturnReason.NOT_AS_DESCRIBED,
)


def export(terms: ReturnTerms) -> dict[str, object]:
    """Return the JSON-LD of *terms*."""
    remorse = terms.reasons.get(ReturnReason.CHANGE_OF_MIND)
    defect = next((terms.reasons[reason] for reason in _DEFECTS if reason in terms.reasons), None)
    general = remorse or defect or next(iter(terms.reasons.values()))
    permitted = terms.window_days and not terms.final_sale
    window = "MerchantReturnFiniteReturnWindow" if permitted else "MerchantReturnNotPermitted"
    made: dict[str, object] = {
        "@context": _SCHEMA,
        "@type": "MerchantReturnPolicy",
        "@id": f"urn:sha256:{terms.digest}",
        "name": f"{terms.terms_id} version {terms.version}",
        "applicableCountry": terms.jurisdiction[:2],
        "inLanguage": list(terms.languages),
        "validFrom": terms.effective_from,
        "returnPolicyCategory": _SCHEMA + window,
        "merchantReturnDays": terms.window_days,
        "itemCondition": [_SCHEMA + each for each in _CONDITIONS[general.condition]],
        "refundType": sorted({_SCHEMA + _TYPES[each] for each in general.resolutions if each in _TYPES}),
        "returnMethod": _SCHEMA + ("ReturnByMail" if terms.coverage else "KeepProduct"),
    }
    if remorse:
        made["customerRemorseReturnFees"] = _SCHEMA + _fees(remorse)
    if defect:
        made["itemDefectReturnFees"] = _SCHEMA + _fees(defect)
    if general.restocking_bps:
        # A number means a percentage of the price; hundredths stay exact as text.
        made["restockingFee"] = f"{general.restocking_bps // 100}.{general.restocking_bps % 100:02}"
    made["additionalProperty"] = [
        {"@type": "PropertyValue", "name": name, "value": value} for name, value in _properties(terms)
    ]
    return made


def _fees(cover: Cover) -> str:
    return "RestockingFees" if cover.restocking_bps else _PAYERS[cover.payer]


def _properties(terms: ReturnTerms) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = [
        ("termsHash", terms.digest),
        ("windowBasis", terms.basis),
        ("sellerAnswerHours", terms.seller_answer_hours),
        ("pickupHours", terms.pickup_sla_hours),
        ("settlementHours", terms.settle_hours),
        ("disputeDays", terms.dispute_days),
        ("refundTrigger", terms.refund_trigger),
        ("arbiter", terms.arbiter),
        ("excludedHS", ", ".join(terms.excluded_hs)),
        ("finalSale", terms.final_sale),
    ]
    for reason, cover in sorted(terms.reasons.items()):
        ways = ", ".join(cover.resolutions)
        found.append((f"reason {reason}", f"{ways}; evidence {cover.evidence_min}; return paid by {cover.payer}"))
    return found
