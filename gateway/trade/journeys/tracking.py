"""The addresses behind a shopper's link. They need no access token and record nobody."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template

from gateway.http import auth, inputs, rendering
from gateway.http.inputs import Blueprint
from gateway.trade.journeys import buyerfacts, parcelpage, shopper
from gateway.trade.journeys.tracking_schemas import BasketGoodsSchema, LodgeSchema, SeenReturnSchema, TrackingSchema
from gateway.trade.returns import photos, sentphotos
from gateway.trade.returns.photos import PhotoError

blueprint = Blueprint("tracking", __name__, url_prefix="/track", description="For shoppers")


@blueprint.route("/<token>")
@auth.needs(auth.PUBLIC)
# Sites that pass a link on may add their own parameters.
@inputs.takes(query=None)
@blueprint.response(200, TrackingSchema)
def follow(token: str) -> dict[str, Any] | Response:
    """Say where the goods of a link are; a browser gets a page."""
    seen = shopper.follow(token)
    if rendering.page_wanted():
        facts = buyerfacts.of(token, seen)
        shown = parcelpage.page(seen, facts)
        return make_response(
            render_template(
                "tracking.html",
                token=token,
                returning=shopper.returnable(token),
                facts=facts,
                shop=facts.articles.shop,
                **shown,
            )
        )
    return seen


@blueprint.route("/<token>/orders")
@auth.needs(auth.PUBLIC)
@inputs.takes(query=None)
@blueprint.response(200, BasketGoodsSchema(many=True))
def follow_basket(token: str) -> list[dict[str, Any]] | Response:
    """Say where the goods of each order of a basket are; a browser gets a page."""
    seen = shopper.basket(token)
    if rendering.page_wanted():
        return make_response(render_template("basket.html", orders=parcelpage.basket(seen)))
    return seen


@blueprint.route("/<token>/returns", methods=["POST"])
@auth.needs(auth.PUBLIC)
@blueprint.arguments(LodgeSchema)
@inputs.takes(most=photos.MOST_ENCODED)
@blueprint.response(201, SeenReturnSchema)
def lodge(body: dict[str, Any], token: str) -> dict[str, Any]:
    """
    Request a return as the holder of the order's link; it is decided at once.

    The platform submits it. Only so many requests an hour are taken of one link, and of all links.
    """
    try:
        return shopper.lodge(token, body)
    except PhotoError as error:
        raise sentphotos.refused(error) from None
