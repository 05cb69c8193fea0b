"""The time and the weight of each page, with many journeys in the read model and a ledger that answers at once."""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from flask.testing import FlaskClient

from benchmarks.figures import Figure, Line
from benchmarks.pages import records
from benchmarks.pages.singles import OneOfEach
from gateway.http import context
from tests.unit.gateway.conftest import enter_console
from tests.unit.gateway.fakes import application

JOURNEYS, TIMES = 100_000, 40
MILLISECONDS, KILOBYTES = "at most 100", "at most 100"
_KILOBYTE = 1024
_MIDDLE = 50_000
_BROWSER = {"Accept": "text/html"}
_ANSWERS: Mapping[str, object] = {
    "Participants:list": [
        {"msp_id": each, "name": each.removesuffix("MSP"), "roles": ["platform"], "countries": ["VN"]}
        for each in (records.OWN, "MerchantMSP", "OriginCarrierMSP", "ForwarderMSP", "LastMileMSP", "WarehouseMSP")
    ],
    "Orders:list": {"orders": []},
    "Terms:latest": {"terms": None},
    "Agreements:list": {"agreements": [], "bookmark": ""},
    "Claims:list": {"claims": [], "bookmark": ""},
    "Disclosures:requests": {"requests": [], "bookmark": ""},
    **dict.fromkeys(("Disclosures:given", "Disclosures:received"), {"grants": [], "bookmark": ""}),
    **dict.fromkeys(("CarrierClaims:terms", "Performance:lane"), []),
    "Sellers:list": {"sellers": [], "bookmark": ""},
}
PAGES: Mapping[str, str] = {
    "today": "/console/",
    "orders": "/console/orders",
    "orders in one state": "/console/orders?state=placed",
    "orders in a state that none has": "/console/orders?state=cancelled",
    "orders by a number": "/console/orders?q=order-50000",
    "journeys": "/console/journeys",
    "journeys to confirm": "/console/journeys?state=mine",
    "journeys through our hands": "/console/journeys?state=ours",
    "journeys not yet confirmed": "/console/journeys?state=awaited",
    "journeys by a label": f"/console/journeys?q={records.parcel(_MIDDLE)}",
    "journeys by what all begin with": "/console/journeys?q=journey",
    "returns": "/console/returns",
    "loss and damage": "/console/carrier-claims",
    "duty that comes back": "/console/drawbacks",
    "return terms": "/console/terms",
    "plans": "/console/plans",
    "lanes": "/console/lanes",
    "search by a label": f"/console/search?q={records.parcel(_MIDDLE)}",
    "search by what all begin with": "/console/search?q=order",
    "search for nothing": "/console/search?q=nothing-like-it",
    "a form": "/console/acts/hand-over?journey_id=J1&place=VNHAN",
    "companies": "/console/companies",
    "a journey of 24 events": "/console/journeys/J1",
    "an order by its number": "/console/orders?q=order-50001",
    "a claim": "/console/carrier-claims/CC1",
    "a transaction": "/console/audit/trade/transactions/{transaction}",
    "a parcel behind its link, of three articles": "/track/right",
    "the form to send an article back": "/track/right/return?line=1",
}


def pages(_: str) -> Iterator[Line]:
    """Yield for each page the milliseconds of processor of 95 of 100 loads, and the kilobytes of a first one."""
    yield from measured(JOURNEYS, TIMES)


def measured(journeys: int, times: int) -> Iterator[Line]:
    """Yield the figures with so many journeys, each page loaded so many times."""
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
        ledgers = OneOfEach(_ANSWERS)
        app = application(Path(folder), ledgers, token_requests=10**9)
        services = app.extensions[context.EXTENSION]
        records.fill(services.store, journeys)
        known = services.settings.wallet / "channels"
        known.mkdir(exist_ok=True)
        (known / "trade.block").write_bytes(ledgers.story.chain.serialized[0])
        client = app.test_client()
        enter_console(client, services.tokens.create(records.OWN, "User1", ["read", "write", "audit"], 24 * 3600))
        for name, address in PAGES.items():
            path = address.format(transaction=ledgers.story.confirmed.id)
            spent = [_load(client, path) for _ in range(times + 1)][1:]
            ninety_five = statistics.quantiles(spent, n=20, method="inclusive")[-1]
            yield Figure(f"page, {name}, p95", ninety_five, "ms", MILLISECONDS, (min(spent), max(spent)))
            yield Figure(f"page, {name}, first load", _weight(client, path), "KB", KILOBYTES)


def _load(client: FlaskClient, path: str) -> float:
    """Return the milliseconds of processor of one load; whatever is no page is an error of the benchmark."""
    began = time.process_time()
    answer = client.get(path, headers=_BROWSER)
    spent = 1000 * (time.process_time() - began)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return spent


def _size(client: FlaskClient, path: str) -> int:
    with client.get(path, headers=_BROWSER) as answer:
        return len(answer.data)


def _weight(client: FlaskClient, path: str) -> float:
    """Return the kilobytes of a page with every file that it asks for, none of them compressed."""
    page = client.get(path, headers=_BROWSER).get_data(as_text=True)
    files = {name.partition("#")[0] for name in re.findall(r'(?:href|src)="(/static/[^"]+)"', page)}
    sizes = [_size(client, each) for each in sorted(files)]
    return (len(page.encode()) + sum(sizes)) / _KILOBYTE
