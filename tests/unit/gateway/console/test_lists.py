"""Lists of orders and journeys: filters, pages and a search, each answered by the gateway's own copy."""

from __future__ import annotations

import re

import pytest

from gateway.console import lists
from tests.unit.gateway.readmodel.chain import Wrote, chain

_CUSTODIANS = ("PlatformMSP", "ForwarderMSP", "ForwarderMSP")


def _custody(number: int) -> dict[str, object]:
    offer = {"taker": "PlatformMSP"} if number == 2 else None
    return {
        "journey_id": f"J{number}",
        "parcel": "",
        "state": "awaited" if offer else "held",
        "periods": [{"custodian": _CUSTODIANS[number], "since": "2026-11-29T09:00:00.000Z", "place": "VNHAN"}],
        "offer": offer,
        "ended_at": None,
        "ended_place": "",
    }


@pytest.fixture
def clerk(client, log_in, bearer, ledgers, services, monkeypatch):
    """Return a browser of the platform, whose peer has three journeys, and an order of each."""
    written = [
        Wrote(
            {
                ("order", f"O{n}"): {"order_id": f"O{n}", "state": "placed", "merchant": "AMSP", "platform": "BMSP"},
                ("journey", f"J{n}"): {
                    "journey_id": f"J{n}",
                    "order_id": f"O{n}",
                    "kind": "forward",
                    "origin": "CNSZX",
                    "destination": "VNHAN",
                    "epcs": [f"00634614{n}"],
                },
                ("custody", f"J{n}"): _custody(n),
            }
        )
        for n in range(3)
    ]
    ledgers.chains["trade"] = chain(*[[each] for each in written])
    ledgers.answers["Participants:list"] = b"[]"
    monkeypatch.setattr(type(services.wallet), "channels", lambda _: ["trade"])
    log_in(bearer("read")["Authorization"].removeprefix("Bearer "))
    return lambda path: client.get(path).get_data(as_text=True)


def shown(page: str, prefix: str) -> list[str]:
    """Return which of the three things of a list a page shows."""
    return [f"{prefix}{n}" for n in range(3) if f'title="{prefix}{n}"' in page]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["J0", "J1", "J2"]),
        ("?state=held", ["J0", "J1"]),
        ("?state=awaited", ["J2"]),
        ("?state=mine", ["J2"]),
        ("?state=ours", ["J0"]),
        ("?state=delivered", []),
        ("?q=006346141", ["J1"]),
        ("?q=of no label", []),
    ],
)
def test_journeys_are_found_by_where_they_are_and_by_any_number(clerk, query, found):
    """A filter is a condition on custody; a search takes what stands on a label."""
    page = clerk(f"/console/journeys{query}")
    assert shown(page, "J") == found
    assert ("Shenzhen to Hanoi" in page) == bool(found)


def test_an_order_is_found_by_its_parcel(clerk):
    """Whatever record a number stands in, the list shows what it belongs to."""
    assert shown(clerk("/console/orders"), "O") == ["O0", "O1", "O2"]
    assert shown(clerk("/console/orders?q=006346142"), "O") == ["O2"]
    assert shown(clerk("/console/orders?state=closed"), "O") == []


def test_a_list_leads_to_its_next_page_in_the_same_filter(clerk, monkeypatch):
    monkeypatch.setattr(lists, "PAGE", 1)
    first = clerk("/console/journeys?state=held")
    assert shown(first, "J") == ["J1"]
    address = first.split('href="/console/journeys?state=held&amp;cursor=')[1].split('"')[0]
    assert shown(clerk(f"/console/journeys?state=held&cursor={address}"), "J") == ["J0"]
    assert "REQUEST_INVALID" in clerk("/console/journeys?cursor=nonsense")


@pytest.mark.parametrize(
    ("state", "merchant", "platform", "acts"),
    [
        ("placed", "PlatformMSP", "BMSP", ["confirm-order", "cancel-order"]),
        ("placed", "AMSP", "PlatformMSP", ["cancel-order"]),
        ("confirmed", "PlatformMSP", "BMSP", ["cancel-order"]),
        ("fulfilling", "AMSP", "PlatformMSP", ["close-order"]),
        ("closed", "PlatformMSP", "BMSP", []),
        ("placed", "AMSP", "BMSP", []),
    ],
)
def test_an_order_offers_what_its_parties_may_do(
    client, log_in, bearer, ledgers, services, monkeypatch, state, merchant, platform, acts
):
    """By its state; only the seller confirms, and nobody else sees an act."""
    one = {"order_id": "O1", "state": state, "merchant": merchant, "platform": platform, "journey_id": ""}
    ledgers.chains["trade"] = chain([Wrote({("order", "O1"): one})])
    ledgers.answers["Participants:list"] = b"[]"
    monkeypatch.setattr(type(services.wallet), "channels", lambda _: ["trade"])
    log_in(bearer("read", "write")["Authorization"].removeprefix("Bearer "))
    page = client.get("/console/orders").get_data(as_text=True)
    assert re.findall(r"/console/acts/([a-z-]+)\?order_id=O1", page) == acts
