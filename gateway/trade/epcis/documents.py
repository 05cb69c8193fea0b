"""Documents that answer a query of EPCIS."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from chaincode.domain.journeys import epcis

SIMPLE = "SimpleEventQuery"


def of_query(events: Sequence[dict[str, Any]], name: str = SIMPLE, subscription: str = "") -> dict[str, Any]:
    """Return an EPCIS query document with what a query found now, in the order of members that hashing needs."""
    document: dict[str, Any] = json.loads(epcis.document(events, int(time.time() * 1000)))
    results = {"subscriptionID": subscription} if subscription else {}
    results |= {"queryName": name, "resultsBody": document.pop("epcisBody")}
    return {**document, "type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}
