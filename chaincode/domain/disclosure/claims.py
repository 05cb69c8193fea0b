"""
Claims: forecasts of e-commerce organisations and capabilities of logistics organisations.

Each attribute has its own slot in the digest document (`disclosures`), in the order of the tables here. New
attributes may only be appended: if a slot moved, existing claims would have their values under another name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaincode.domain.disclosure import audience, disclosures
from chaincode.domain.disclosure.disclosures import Disclosure, Document
from chaincode.domain.refusals import Refusal
from chaincode.domain.register import lpi
from chaincode.domain.vocabulary import attributes, goods, identifiers, money, places
from chaincode.domain.vocabulary.attributes import (
    BASIS_POINTS,
    PARTS_PER_MILLION,
    Attribute,
    code,
    day,
    exactly,
    flag,
    list_of,
    one_of,
    text,
    whole,
)
from hlf.codec import moments
from hlf.codec.refusals import invalid
from hlf.codec.words import Word

CLOCK_TOLERANCE = moments.SKEW // moments.SECOND
"""Seconds between a claim's own date and its transaction's."""

_MANY = 10**12
_SKU_REF = Word(r"[A-Za-z0-9_-]{22,64}", "a salted reference of 22 to 64 base64url characters")


@dataclass(frozen=True)
class ClaimKind:
    """One kind of claim: its attributes in the order of their slots, and the rules between them."""

    name: str
    attributes: tuple[Attribute, ...]
    agree: Callable[[Mapping[str, Any]], None]

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the attributes in the order of their slots."""
        return tuple(attribute.name for attribute in self.attributes)

    def check(self, values: Mapping[str, object]) -> None:
        """
        Refuse *values* that are not a complete claim of this kind.

        Raises:
            Refused: INVALID_ARGUMENT names the attribute; COHORT_TOO_SMALL.
        """
        for attribute in self.attributes:
            if attribute.name in values:
                attribute.rule(attribute.name, values[attribute.name])
            elif attribute.required:
                raise invalid(attribute.name, f"is missing; a {self.name} needs it")
        unknown = sorted(set(values) - set(self.slots))
        if unknown:
            raise invalid(unknown[0][:80], f"is no attribute of a {self.name}")
        self.agree(values)

    def check_part(self, values: Mapping[str, object]) -> None:
        """
        Refuse disclosed *values* that are invalid in this kind of claim. Rules between attributes are checked only
        for complete claims.

        Raises:
            Refused: INVALID_ARGUMENT names the attribute; COHORT_TOO_SMALL.
        """
        for attribute in self.attributes:
            if attribute.name in values:
                attribute.rule(attribute.name, values[attribute.name])
        audience.check_described(values)


def kind_of(document: Document) -> ClaimKind:
    """
    Return the kind of claim that *document* is about.

    Raises:
        Refused: UNKNOWN_KIND.
    """
    if document.kind not in KINDS:
        raise Refusal.UNKNOWN_KIND("a claim is a " + " or a ".join(KINDS))
    return KINDS[document.kind]


def checked(
    document: Document, opened: Sequence[Disclosure], issuer: str, claim_id: str, revision: int, now: int
) -> dict[str, object]:
    """
    Return the values of a new claim, if document and disclosures are a complete and valid claim of *issuer*.

    Raises:
        Refused: NOT_OWNER, WRONG_CLAIM, PRE_DATED, or the code for an invalid value.
    """
    kind = kind_of(document)
    if document.issuer != issuer:
        raise Refusal.NOT_OWNER("the document names another organisation as its issuer")
    if (document.claim_id, document.revision) != (claim_id, revision):
        raise Refusal.WRONG_CLAIM("the document is about another claim or revision")
    if abs(document.issued_at - now) > CLOCK_TOLERANCE:
        raise Refusal.PRE_DATED("the document's date is more than 15 minutes from the transaction's")
    values = disclosures.opened(document, opened, kind.slots)
    kind.check(values)
    return values


def proven(document: bytes, disclosed: Sequence[str], document_hash: str) -> tuple[Document, dict[str, object]]:
    """
    Return the disclosed values of a claim, if *document_hash* (hex) is the hash of its document on the channel.

    Anybody with document and disclosures can call this, without a ledger or an identity. They need only the hash,
    from a member, an auditor or the blocks. The hash must be from the collection of the document's issuer: its
    owner is the one that committed.

    Raises:
        Refused: NOT_COMMITTED if the channel has another document; or the code for an invalid disclosure.
    """
    if hashlib.sha256(document).hexdigest() != document_hash:
        raise Refusal.NOT_COMMITTED("the document is not the one on the channel")
    found = disclosures.read_document(document)
    opened = [disclosures.read(encoded, f"disclosures[{index}]") for index, encoded in enumerate(disclosed)]
    return found, disclosures.opened(found, opened, kind_of(found).slots)


def _in_order(values: Mapping[str, Any], *names: str) -> None:
    """Refuse values that are not in ascending order; skip absent ones."""
    given = [name for name in names if name in values]
    for lower, upper in zip(given, given[1:], strict=False):
        if values[lower] > values[upper]:
            raise invalid(upper, f"must not be less than {lower}")


def _together(values: Mapping[str, Any], *names: str) -> None:
    given = [name for name in names if name in values]
    if given and len(given) != len(names):
        missing = next(name for name in names if name not in values)
        raise invalid(missing, f"is missing beside {given[0]}")


def _forecast_agrees(values: Mapping[str, Any]) -> None:
    _in_order(values, "horizon.start", "horizon.end")
    _in_order(values, "demand.units_p10_h87", "demand.units_p50_h87", "demand.units_p90_h87")
    _in_order(values, "product.temperature_min_cel", "product.temperature_max_cel")
    _in_order(values, "horizon.start", "demand.peak_date")
    _in_order(values, "demand.peak_date", "horizon.end")
    _in_order(values, "audience.cohort_size", "audience.potential_users")
    _together(values, "demand.peak_date", "demand.peak_units_h87")
    _together(values, "money.gmv_minor", "money.currency")
    if values.get("product.ahtn8", values["product.hs6"])[:6] != values["product.hs6"]:
        raise invalid("product.ahtn8", "must begin with product.hs6")
    audience.check_described(values)


def _capability_agrees(values: Mapping[str, Any]) -> None:
    _in_order(values, "valid.from", "valid.to")
    _in_order(values, "time.transit_p50_hur", "time.transit_p90_hur", "time.transit_p95_hur")
    _in_order(values, "limits.temperature_min_cel", "limits.temperature_max_cel")
    _together(values, "time.cutoff", "time.time_zone")
    _together(values, "lpi.edition", "lpi.country", "lpi.component", "lpi.score_x100")
    priced = ("price.base_minor", "price.per_kg_minor")
    if any(name in values for name in priced) and "price.currency" not in values:
        raise invalid("price.currency", "is missing beside a price")
    if "lpi.edition" in values:
        top = LPI_EDITIONS[values["lpi.edition"]]
        if not 100 <= values["lpi.score_x100"] <= top:
            raise invalid("lpi.score_x100", f"must be from 100 to {top} in that edition")


LPI_EDITIONS = {name: most for name, (_, most) in lpi.SCALES.items()}
"""World Bank LPI editions, named as in `lpi`, with the top of their scale times 100."""

_TEMPERATURE = whole(-200, 200)
_CURRENCY = code(money.check_currency)
_REGIONS = list_of(code(places.check_subdivision))

FORECAST = ClaimKind(
    "forecast",
    (
        Attribute("horizon.start", day, required=True),
        Attribute("horizon.end", day, required=True),
        Attribute("horizon.bucket", one_of("P1W", "P1M"), required=True),
        Attribute("product.gtin14", code(goods.check_gtin)),
        Attribute("product.sku_ref", code(_SKU_REF.check)),
        Attribute("product.hs6", code(goods.check_hs6), required=True),
        Attribute("product.ahtn8", code(goods.check_ahtn8)),
        Attribute("product.category", text()),
        Attribute("product.dg_un", code(goods.check_un_number)),
        Attribute("product.temperature_min_cel", _TEMPERATURE),
        Attribute("product.temperature_max_cel", _TEMPERATURE),
        Attribute("region.subdivisions", _REGIONS, required=True),
        Attribute("region.locode", code(places.check_locode)),
        Attribute("demand.units_p10_h87", whole(0, _MANY)),
        Attribute("demand.units_p50_h87", whole(0, _MANY), required=True),
        Attribute("demand.units_p90_h87", whole(0, _MANY)),
        Attribute("demand.unit_weight_grm", whole(1, 10**9)),
        Attribute("demand.unit_volume_cmq", whole(1, 10**9)),
        Attribute("demand.peak_date", day),
        Attribute("demand.peak_units_h87", whole(0, _MANY)),
        Attribute("demand.hot_rank", whole(1, 10**6)),
        Attribute("demand.growth_bps", whole(-10_000, 10**7)),
        Attribute("demand.return_rate_bps", BASIS_POINTS),
        Attribute("money.gmv_minor", attributes.amount),
        Attribute("money.currency", _CURRENCY),
        Attribute("audience.age_band", one_of("18-24", "25-34", "35-44", "45-54", "55-64", "65+", "all")),
        Attribute("audience.sales_channel", one_of("marketplace", "own_shop", "social", "live_stream", "offline")),
        Attribute("audience.language", attributes.language),
        Attribute("audience.cohort_size", whole(0, 10**10)),
        Attribute("audience.potential_users", whole(0, 10**10)),
        Attribute("confidence_bps", BASIS_POINTS),
        Attribute("method", text()),
    ),
    _forecast_agrees,
)

CAPABILITY = ClaimKind(
    "capability",
    (
        Attribute("service_id", code(identifiers.check), required=True),
        Attribute("valid.from", day, required=True),
        Attribute("valid.to", day, required=True),
        Attribute("stages", list_of(code(identifiers.STAGE.check)), required=True),
        # UN/ECE Rec 19: 1 maritime, 2 rail, 3 road, 4 air, 5 mail, 6 multimodal, 7 fixed, 8 inland water, 9 unknown.
        Attribute("modes_rec19", list_of(one_of("1", "2", "3", "4", "5", "6", "7", "8", "9"))),
        Attribute("operating_type", one_of("direct", "franchise", "agent", "alliance"), required=True),
        Attribute("coverage.regions", _REGIONS, required=True),
        Attribute("coverage.locodes", list_of(code(places.check_locode))),
        Attribute("coverage.postal_prefixes", list_of(text(12), 500)),
        Attribute("coverage.lanes", list_of(code(places.LANE.check), 500)),
        Attribute("capacity.parcels_per_day_h87", whole(0, 10**9)),
        Attribute("capacity.mass_per_day_kgm", whole(0, 10**9)),
        Attribute("capacity.storage_mtq", whole(0, 10**9)),
        Attribute("capacity.utilisation_bps", BASIS_POINTS),
        Attribute("limits.weight_grm", whole(1, 10**9)),
        Attribute("limits.dimensions_mmt", exactly(whole(1, 10**5), 3)),
        Attribute("limits.dangerous_goods_un", list_of(code(goods.check_un_number), least=0)),
        Attribute("limits.temperature_min_cel", _TEMPERATURE),
        Attribute("limits.temperature_max_cel", _TEMPERATURE),
        Attribute("limits.cash_on_delivery", flag),
        Attribute("time.transit_p50_hur", whole(0, 10_000)),
        Attribute("time.transit_p90_hur", whole(0, 10_000)),
        Attribute("time.transit_p95_hur", whole(0, 10_000)),
        Attribute("time.cutoff", attributes.clock),
        Attribute("time.time_zone", code(places.check_time_zone)),
        Attribute("time.dwell_p90_hur", whole(0, 10_000)),
        Attribute("quality.on_time_bps", BASIS_POINTS),
        Attribute("quality.loss_ppm", PARTS_PER_MILLION),
        Attribute("quality.damage_ppm", PARTS_PER_MILLION),
        Attribute("quality.claim_days", whole(0, 365)),
        Attribute("price.base_minor", attributes.amount),
        Attribute("price.per_kg_minor", attributes.amount),
        Attribute("price.fuel_bps", BASIS_POINTS),
        Attribute("price.currency", _CURRENCY),
        Attribute("integration.languages", list_of(attributes.language)),
        Attribute("integration.interface", one_of("epcis", "rest", "edi", "file", "none")),
        Attribute("integration.customs_licence", text(64)),
        Attribute("lpi.edition", one_of(*LPI_EDITIONS)),
        Attribute("lpi.country", code(places.check_country)),
        Attribute(
            "lpi.component",
            one_of("overall", "customs", "infrastructure", "shipments", "competence", "tracking", "timeliness"),
        ),
        Attribute("lpi.score_x100", whole(0, 10_000)),
    ),
    _capability_agrees,
)

KINDS: dict[str, ClaimKind] = {kind.name: kind for kind in (FORECAST, CAPABILITY)}
