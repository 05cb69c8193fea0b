"""
Matching: the best chain of carriers for a consignment, chosen by platform and auditor together.

Only these two see prices. A carrier sees its own legs, and why its offer was not chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chaincode.domain.matching.demands import Demand, Step
from chaincode.domain.matching.evidence import Evidence
from chaincode.domain.matching.friction import Pair
from chaincode.domain.matching.offers import Offer
from gateway.http import auth, context, idempotency, paging
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.trade import minting
from gateway.trade.disclosure import disclosing
from gateway.trade.disclosure.gapmeter_schemas import ContributedSchema, ContributionSchema
from gateway.trade.matching import batches
from gateway.trade.matching.matching_schemas import (
    BatchSchema,
    KindQuerySchema,
    MatchedSchema,
    MatchSchema,
    ReplanSchema,
    SolvedSchema,
    SolveSchema,
    TenderPageSchema,
    TenderQuerySchema,
)
from gateway.trade.receipts import CommittedSchema
from hlf.codec import canonical, records

blueprint = Blueprint("matching", __name__, url_prefix="/v1/matching", description="The best chain of carriers")


@blueprint.route("/offers", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(TenderQuerySchema, location="query")
@blueprint.arguments(ContributionSchema)
@blueprint.response(201, ContributedSchema)
def offer(query: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Make an offer from a grant with the purpose `matching`; by platform or auditor."""
    transient = disclosing.consented(body["grant_id"], body)
    taken = context.act(TRADE, "Matching:offer", body["grant_id"], query["platform"], transient=transient)
    return {"grant_id": body["grant_id"], **taken}


@blueprint.route("/offers", methods=["GET"], endpoint="offers")
@auth.needs("read")
@blueprint.arguments(TenderPageSchema, location="query")
@blueprint.response(200, description="The offers that are valid now")
def offers(query: dict[str, Any]) -> Any:
    """List the offers, as platform or auditor, by pages."""
    page = context.ask_record(TRADE, "Matching:offers", *paging.asked(query), query["platform"])
    return paging.answer(page["offers"], page["bookmark"])


@blueprint.route("/offers/<grant_id>/withdrawal", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(TenderQuerySchema, location="query")
@blueprint.response(200, ContributedSchema)
def withdraw(query: dict[str, Any], grant_id: str) -> dict[str, Any]:
    """Purge an offer."""
    transient = {"salt": disclosing.salt()}
    gone = context.act(TRADE, "Matching:withdraw_offer", grant_id, query["platform"], transient=transient)
    return {"grant_id": grant_id, **gone}


@blueprint.route("/experience", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, CommittedSchema)
def observe() -> dict[str, Any]:
    """Let matching use the hand-overs between companies that are counted so far."""
    return context.act(TRADE, "Matching:observe")


@blueprint.route("/experience", methods=["GET"], endpoint="experience")
@auth.needs("read")
@blueprint.response(200, description="Pairs of companies and their hand-overs")
def experience() -> list[dict[str, Any]]:
    """Read the hand-overs that matching uses."""
    return context.ask_list(TRADE, "Matching:experience")


@blueprint.route("/plans", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(TenderQuerySchema, location="query")
@blueprint.arguments(MatchSchema)
@blueprint.response(201, MatchedSchema)
def match(query: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Choose and book the best chain with enough capacity. Platform or auditor call it; both endorse."""
    plan_id = body.get("plan_id") or minting.public_id("plan")
    transient = {"demand": canonical.dumps(body["demand"]), "salt": disclosing.salt()}
    names = (plan_id, body["journey_id"])
    matched = context.act(TRADE, "Matching:match", *names, query["platform"], transient=transient)
    return {"plan_id": plan_id, **matched}


@blueprint.route("/batches", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(TenderQuerySchema, location="query")
@blueprint.arguments(BatchSchema)
@blueprint.response(201, CommittedSchema)
def match_batch(query: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Store plans that were computed outside, if the contract finds each allowed and the sum good enough."""
    plans = [
        {**plan, "plan_id": plan.get("plan_id") or minting.public_id("plan"), "salt": minting.salt()}
        for plan in body["plans"]
    ]
    batch = canonical.dumps({"plans": plans, "most_gap_bps": body["most_gap_bps"]})
    return context.act(TRADE, "Matching:match_batch", query["platform"], transient={"batch": batch})


@blueprint.route("/solutions", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(TenderQuerySchema, location="query")
@blueprint.arguments(SolveSchema)
@blueprint.response(200, SolvedSchema)
def solve(query: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Choose chains for many consignments together, as platform or auditor; nothing is written (needs OR-tools)."""
    platform = query["platform"]
    demands = {name: records.shaped(Demand, demand, f"demands.{name}") for name, demand in body["demands"].items()}
    offered = context.ask_pages(TRADE, "Matching:offers", "offers", after=(platform,))
    solved = batches.solve(
        demands,
        records.shaped(tuple[Offer, ...], list(offered), "offers"),
        records.shaped(tuple[Pair, ...], context.ask(TRADE, "Matching:experience"), "experience"),
        {one["msp_id"]: tuple(one["stages"]) for one in context.ask(TRADE, "Participants:list")},
        _evidence(demands, platform),
        seconds=body["seconds"],
    )
    return {
        "chains": solved.chains,
        "total": str(solved.total),
        "bound": str(solved.bound),
        "gap_bps": solved.gap_bps,
    }


def _evidence(demands: Mapping[str, Demand], platform: str) -> dict[str, tuple[Evidence, ...]]:
    """Return the evidence that the contract uses for each of *demands*; asked once for those with the same steps."""
    found: dict[tuple[Step, ...], tuple[Evidence, ...]] = {}
    for demand in demands.values():
        if demand.steps not in found:
            told = context.ask(TRADE, "Matching:evidence", records.plain(demand.steps), platform)
            found[demand.steps] = records.shaped(tuple[Evidence, ...], told, "evidence")
    return {name: found[demand.steps] for name, demand in demands.items()}


@blueprint.route("/plans/<plan_id>")
@auth.needs("read")
@blueprint.response(200, description="State, hashes, and the carriers' answers")
def read(plan_id: str) -> dict[str, Any]:
    """Read the public part of a plan."""
    return context.ask_record(TRADE, "Matching:read", plan_id)


@blueprint.route("/plans/<plan_id>/content")
@auth.needs("read")
@blueprint.arguments(TenderQuerySchema, location="query")
@blueprint.response(200, description="The plan with its prices")
def content(query: dict[str, Any], plan_id: str) -> dict[str, Any]:
    """Read a plan with its prices, as platform or auditor."""
    return context.ask_record(TRADE, "Matching:plan", plan_id, query["platform"])


@blueprint.route("/plans/<plan_id>/certificate")
@auth.needs("read")
@blueprint.arguments(TenderQuerySchema, location="query")
@blueprint.response(200, description="Proof that anybody who may see the offers can check in one pass")
def certificate(query: dict[str, Any], plan_id: str) -> dict[str, Any]:
    """Read a plan's certificate, as platform or auditor."""
    return context.ask_record(TRADE, "Matching:certificate", plan_id, query["platform"])


@blueprint.route("/plans/<plan_id>/verification")
@auth.needs("read")
@blueprint.arguments(TenderQuerySchema, location="query")
@blueprint.response(200, description="The result, if the certificate is right; else a refusal")
def verify(query: dict[str, Any], plan_id: str) -> dict[str, Any]:
    """Check a plan's certificate against the offers."""
    return context.ask_record(TRADE, "Matching:verify", plan_id, query["platform"])


@blueprint.route("/plans/<plan_id>/alternatives")
@auth.needs("read")
@blueprint.arguments(TenderQuerySchema, location="query")
@blueprint.response(200, description="The Pareto set of cost, time and risk")
def alternatives(query: dict[str, Any], plan_id: str) -> Any:
    """Read the alternatives to the chosen plan, as platform or auditor."""
    return context.ask(TRADE, "Matching:alternatives", plan_id, query["platform"])


@blueprint.route("/plans/<plan_id>/publication", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(TenderQuerySchema, location="query")
@blueprint.response(200, CommittedSchema)
def publish(query: dict[str, Any], plan_id: str) -> dict[str, Any]:
    """Publish the hashes of a plan, and ask its carriers."""
    own = context.caller().msp_id
    notice = context.evaluate(TRADE.call("Matching:notice", [plan_id, query["platform"]], None, (own,)))
    return context.act(TRADE, "Matching:publish", notice.decode())


@blueprint.route("/plans/<plan_id>/legs/<int:number>/delivery", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(TenderQuerySchema, location="query")
@blueprint.response(200, CommittedSchema)
def deliver(query: dict[str, Any], plan_id: str, number: int) -> dict[str, Any]:
    """Deliver a leg to its carrier, who alone can read it; by platform or auditor."""
    plan = context.ask(TRADE, "Matching:plan", plan_id, query["platform"])
    legs = {leg["number"]: leg for leg in plan["legs"]}
    leg = disclosing.named(legs, number, "leg")
    names = (plan_id, number, leg["carrier"])
    return context.act(TRADE, "Matching:deliver", *names, transient={"leg": canonical.dumps(leg)})


@blueprint.route("/plans/<plan_id>/cancellation", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, CommittedSchema)
def cancel(plan_id: str) -> dict[str, Any]:
    """Cancel a plan."""
    return context.act(TRADE, "Matching:cancel", plan_id)


@blueprint.route("/plans/<plan_id>/replacement", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(TenderQuerySchema, location="query")
@blueprint.arguments(ReplanSchema)
@blueprint.response(201, MatchedSchema)
def replan(query: dict[str, Any], body: dict[str, Any], plan_id: str) -> dict[str, Any]:
    """Make a new plan for one that a carrier refused, failed or did not answer; publish it to end the old one."""
    new_plan_id = minting.public_id("plan")
    made = context.act(
        TRADE,
        "Matching:replan",
        plan_id,
        new_plan_id,
        body["failed"],
        body["done"],
        query["platform"],
        transient={"salt": disclosing.salt()},
    )
    return {"plan_id": new_plan_id, **made}


@blueprint.route("/plans/<plan_id>/release", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(TenderQuerySchema, location="query")
@blueprint.response(200, CommittedSchema)
def release(query: dict[str, Any], plan_id: str) -> dict[str, Any]:
    """Release the capacity of a cancelled or replaced plan."""
    transient = {"salt": disclosing.salt()}
    return context.act(TRADE, "Matching:release", plan_id, query["platform"], transient=transient)


@blueprint.route("/plans/<plan_id>/conclusion", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.response(200, CommittedSchema)
def conclude(plan_id: str) -> dict[str, Any]:
    """Record that all carriers accepted."""
    return context.act(TRADE, "Matching:conclude", plan_id)


@blueprint.route("/journeys/<journey_id>")
@auth.needs("read")
@blueprint.arguments(KindQuerySchema, location="query")
@blueprint.response(200, description="The carriers, by the plan that all of them accepted")
def agreed(query: dict[str, Any], journey_id: str) -> dict[str, Any]:
    """Read the agreed carriers of a journey."""
    return context.ask_record(TRADE, "Matching:agreed", journey_id, query["kind"], query["platform"])
