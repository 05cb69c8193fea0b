"""
What a claim is about, so that one owner cannot claim two figures for it.

A subject is (owner, kind, product or service, region, time). A claim covers several: one for each of its regions and
weeks; of a capability, for each region and month. Each is named by its digest under a secret of the owner. Two
claims about one thing have a digest in common. Without the secret, the digest tells nothing: subjects are few, so a
plain hash could be found by trying.

A forecast is about a GTIN; without one, about its SKU reference, else about its HS code; and about its audience, if
it names one. A week or month that a claim covers in part counts as covered.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from chaincode.domain.disclosure import disclosures
from chaincode.domain.vocabulary import weeks
from hlf.codec import canonical
from hlf.codec.bounds import Bounds
from hlf.codec.refusals import invalid

CELLS = Bounds(1, 2_000)
"""How many pairs of region and time one claim may cover."""

_DIGEST = 32
_AUDIENCE = ("audience.age_band", "audience.sales_channel", "audience.language")


@dataclasses.dataclass(frozen=True)
class ClaimSubject:
    """What one revision of a claim is about, as digests; the auditor compares them and learns nothing else."""

    owner: str
    claim_id: str
    revision: int
    cells: tuple[str, ...]


def cells(kind: str, owner: str, values: Mapping[str, Any], secret: str) -> tuple[str, ...]:
    """
    Return the digest of each subject that a claim with *values* is about, sorted.

    Raises:
        Refused: INVALID_ARGUMENT, the claim covers too many regions and weeks.
    """
    key = base64.urlsafe_b64decode(disclosures.check_salt(secret, "transient.secret") + "==")
    about, regions, times = _capability(values) if kind == "capability" else _forecast(values)
    if len(regions) * len(times) not in CELLS:
        raise invalid("horizon.end", f"with all regions the claim covers more than {CELLS.most} weeks; make several")
    return tuple(
        sorted(
            hmac.new(key, canonical.dumps([owner, kind, *about, region, time]), hashlib.sha256).hexdigest()[:_DIGEST]
            for region in regions
            for time in times
        )
    )


def _forecast(values: Mapping[str, Any]) -> tuple[list[str], list[str], list[str]]:
    names = ("product.gtin14", "product.sku_ref", "product.hs6")
    product = next(name for name in names if name in values)
    audience = [f"{name}={values[name]}" for name in _AUDIENCE if values.get(name, "all") != "all"]
    covered = weeks.days_in(values["horizon.start"], values["horizon.end"])
    return [product, str(values[product]), *audience], sorted(set(values["region.subdivisions"])), list(covered)


def _capability(values: Mapping[str, Any]) -> tuple[list[str], list[str], list[str]]:
    months = list(_months(date.fromisoformat(values["valid.from"]), date.fromisoformat(values["valid.to"])))
    # People read one name, whether its letters are large or small.
    return ["service_id", str(values["service_id"]).lower()], sorted(set(values["coverage.regions"])), months


def _months(first: date, last: date) -> Iterator[str]:
    for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield f"{month // 12:04}-{month % 12 + 1:02}"
