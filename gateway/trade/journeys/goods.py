"""What journeys carry: the channel has commitments, and those who need to know are shown the values."""

from __future__ import annotations

from typing import Any

from chaincode.domain.orders import orderfacts
from chaincode.domain.orders.orders import Order
from gateway.http import auth, context, idempotency
from gateway.http.context import COMMERCE, TRADE
from gateway.http.inputs import Blueprint
from gateway.trade.journeys.goods_schemas import ShownGoodsSchema, ShowSchema
from gateway.trade.receipts import CommittedSchema
from hlf.codec import canonical, records

blueprint = Blueprint("goods", __name__, url_prefix="/v1/journeys", description="What journeys carry")


@blueprint.route("/<journey_id>/goods", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(ShowSchema)
@blueprint.response(201, CommittedSchema)
def show(body: dict[str, Any], journey_id: str) -> dict[str, Any]:
    """
    Show the goods of a journey to one kind of reader, as platform or merchant of its order.

    Carriers get HS code, AHTN code and weight; customs and auditor also GTIN and price. Only their own peers see these
    values, and check them against the commitments on the channel.
    """
    readers, journey = body["readers"], context.ask(TRADE, "Journeys:read", journey_id)["journey"]
    order_id, carried = journey["order_id"], {line["line"] for line in journey["lines"]}
    content = canonical.dumps(context.ask(COMMERCE, "Orders:content", order_id))
    shown = orderfacts.shown(order_id, records.loads(Order, content), readers)
    goods = {line: disclosures for line, disclosures in shown.items() if line in carried}
    return context.act(TRADE, "Goods:show", journey_id, readers, transient={"goods": canonical.dumps(goods)})


@blueprint.route("/<journey_id>/goods")
@auth.needs("read")
@blueprint.response(200, ShownGoodsSchema)
def read(journey_id: str) -> dict[str, Any]:
    """Read what the caller was shown of a journey's goods; the disclosures prove it to anybody."""
    return context.ask_record(TRADE, "Goods:read", journey_id)
