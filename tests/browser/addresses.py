"""The pages of each role, with the ids of the demo's story."""

from __future__ import annotations

from selat.demo.callers import DemoCaller
from tests.browser.story import SeenStory

OPEN = ("/console/login", "/console/design", "/docs/errors")
TRADER = (
    "/console/",
    "/console/search?q={journey}",
    "/console/orders",
    "/console/journeys",
    "/console/journeys/{journey}",
    "/console/returns",
    "/console/returns/{return_id}",
    "/console/carrier-claims",
    "/console/carrier-claims/{carrier_claim}",
    "/console/acts/contest-claim?claim_id={carrier_claim}",
    "/console/drawbacks",
    "/console/drawbacks/{drawback}",
    "/console/acts/file-claim?journey_id={journey}",
    "/console/plans",
    "/console/plans/{plan}",
    "/console/terms",
    "/console/acts/publish-terms",
    "/console/lanes?origin=CNSZX&destination=CNYTN",
    "/console/gaps",
    "/console/figures",
    "/console/figures/{claim}/1",
    "/console/acts/hand-over?journey_id={journey}&place=VNHAN",
    "/console/disclosures",
    "/console/companies",
)
AUDITOR = (
    "/console/audit",
    "/console/audit/search?q=5",
    "/console/audit/report",
    "/console/network",
    "/console/network/changes",
    "/console/audit/trade/blocks/5",
    "/console/audit/trade/history/Journeys/{journey}",
    "/console/audit/ecommerce/transactions/{transaction}",
    "/console/disclosures",
)
SHOPPER = ("/track/{token}", "/track/{token}/return?line=1", "/track/{basket}/orders")
ROLES = {
    "": (*OPEN, *SHOPPER),
    "platform": TRADER,
    "last_mile": (
        "/console/",
        "/console/journeys/{journey}",
        "/console/plans/{plan}",
        "/console/disclosures",
        "/console/agreements",
        "/console/carrier-claims",
        "/console/carrier-claims/{carrier_claim}",
        "/console/acts/propose-hand-over?consignments={journey}&place=VNHAN",
        "/console/acts/publish-liability",
    ),
    "customs": (
        "/console/",
        "/console/carrier-claims/{carrier_claim}",
        "/console/drawbacks",
        "/console/drawbacks/{drawback}",
        "/console/acts/refuse-drawback?drawback_id={drawback}",
        "/console/acts/publish-drawback-terms",
        "/console/acts/publish-de-minimis",
    ),
    "auditor": AUDITOR,
}
# Kinds of records of which any one is shown, by what its id is called above.
_ONE_OF = {"return_id": "returns", "carrier_claim": "carrier-claims", "drawback": "drawbacks"}


def addresses(role: str, played: SeenStory, platform: DemoCaller) -> list[str]:
    """Return the pages of a role, with the ids of the story; *platform* is asked for those that nobody noted."""
    (plan,) = platform.get("/v1/model/events", name="PlanPublished")["events"]
    known = {
        "journey": played.journey_id,
        "claim": played.claim_id,
        "plan": plan["payload"]["plan_id"],
        **{name: platform.get(f"/v1/model/{kind}")["records"][0]["id"] for name, kind in _ONE_OF.items()},
        "transaction": played.order["placing"]["transaction_id"],
        "token": played.order["tracking_token"],
        "basket": played.basket,
    }
    return [path.format(**known) for path in ROLES[role]]
