"""``/epcis/queries``: named queries, what they find, and subscriptions to them."""

from __future__ import annotations

import time
from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from gateway import bounds
from gateway.http import auth, context, inputs
from gateway.http.context import TRADE
from gateway.http.problems import Problem
from gateway.http.times import Time
from gateway.store.deliveries import Deliveries
from gateway.store.namedqueries import NamedQueries, NamedQuery, NameTakenError, QueryLimitError
from gateway.store.webhooks import Filters, Subscription, Webhook, WebhookLimitError, Webhooks
from gateway.trade.epcis import binding, events, pagetokens, parameters, schedules
from gateway.trade.epcis.parameters import PageSchema, QuerySchema
from gateway.webhooks import addresses, messages
from hlf.codec import moments

_NAME = validate.Regexp(r"^[A-Za-z0-9._~-]{1,64}$")
_NEVER = -1

blueprint = binding.interface("epcisqueries", __name__, "EPCIS 2.0: named queries and subscriptions", "/queries")


class NamedQuerySchema(Schema):
    """A query under a name."""

    name = fields.String(required=True, validate=_NAME, metadata={"example": "departures"})
    query = fields.Nested(QuerySchema, required=True)


ScheduleSchema = Schema.from_dict(
    {part: fields.String(validate=bounds.counted(bounds.TEXT)) for part in schedules.PARTS}, name="EpcisScheduleSchema"
)
ScheduleSchema.__doc__ = "When a query is asked, in UTC: numbers and ranges, as `0,[10-15]`."


class SubscriptionSchema(Schema):
    """Body of ``POST /epcis/queries/<name>/subscriptions``: either ``stream`` or ``schedule``."""

    dest = fields.String(
        required=True,
        validate=bounds.counted(bounds.URL),
        metadata={"description": "Where documents are posted", "example": "https://example.com/epcis"},
    )
    token = fields.String(
        data_key="signatureToken",
        load_default="",
        validate=bounds.counted(bounds.OPTIONAL_TEXT),
        metadata={"description": "Signs each document: `GS1-Signature` is HMAC-SHA256 of the body under it, in hex"},
    )
    stream = fields.Boolean(metadata={"description": "true: each event as soon as it is recorded"})
    schedule = fields.Nested(ScheduleSchema)
    report_if_empty = fields.Boolean(data_key="reportIfEmpty", load_default=False)
    since = fields.String(
        data_key="initialRecordTime",
        validate=[bounds.counted(bounds.MOMENT), parameters.check_moment],
        metadata={"description": "Events recorded from then on; without it, those after the present block"},
    )


class MadeSubscriptionSchema(Schema):
    """A subscription, without its token."""

    id = fields.String(data_key="subscriptionID", required=True)
    dest = fields.String(required=True)
    created_at = Time(data_key="createdAt", required=True)
    notified_at = Time(data_key="lastNotifiedAt", metadata={"description": "When a document last arrived"})
    stream = fields.Boolean()
    schedule = fields.Nested(ScheduleSchema)
    report_if_empty = fields.Boolean(data_key="reportIfEmpty")


@blueprint.route("", methods=["POST"])
@auth.needs("read")
@blueprint.arguments(NamedQuerySchema)
@blueprint.response(201, NamedQuerySchema)
def create(body: dict[str, Any]) -> tuple[NamedQuery, int, dict[str, str]]:
    """Keep a query under a name; it is the user's own, and is never changed."""
    parameters.read(body["query"])
    asking, named = context.caller(), NamedQuery(body["name"], body["query"])
    try:
        _queries().create(asking.msp_id, asking.user, named)
    except NameTakenError:
        raise Problem("QUERY_EXISTS", f"There is a query {named.name}") from None
    except QueryLimitError:
        raise Problem("QUERIES_EXHAUSTED") from None
    return named, 201, {"Location": f"{binding.ADDRESS}/queries/{named.name}"}


@blueprint.route("")
@auth.needs("read")
@blueprint.arguments(PageSchema, location="query")
@blueprint.response(200, NamedQuerySchema(many=True))
def listed(query: dict[str, Any]) -> tuple[list[NamedQuery], int, dict[str, str]]:
    """List the user's queries."""
    asking, limit = context.caller(), query["perPage"]
    found = _queries().of_user(asking.msp_id, asking.user, pagetokens.after(query["nextPageToken"]), limit + 1)
    return found[:limit], 200, pagetokens.following([each.name for each in found], limit)


@blueprint.route("/<name>")
@auth.needs("read")
@blueprint.response(200, NamedQuerySchema)
def read(name: str) -> NamedQuery:
    """Read one of the user's queries."""
    return _found(name)


@blueprint.route("/<name>", methods=["DELETE"])
@auth.needs("webhooks")
@blueprint.response(204)
def delete(name: str) -> Response:
    """Delete one of the user's queries, with its subscriptions."""
    asking = context.caller()
    for each in _subscriptions(_found(name)):
        _webhooks().delete(each)
    _queries().delete(asking.msp_id, asking.user, name)
    return Response(status=204)


@blueprint.route("/<name>/events")
@auth.needs("read")
@blueprint.arguments(PageSchema, location="query")
@blueprint.response(200, description="An EPCISQueryDocument; its next page is in the header `Link`")
def found_now(query: dict[str, Any], name: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Ask one of the user's queries."""
    return events.found(parameters.read(_found(name).query), query, name)


@blueprint.route("/<name>/subscriptions", methods=["POST"])
@auth.needs("webhooks")
@blueprint.arguments(SubscriptionSchema)
@blueprint.response(201, MadeSubscriptionSchema)
def subscribe(body: dict[str, Any], name: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """
    Subscribe to a query: each new event it finds is posted to an address, at once or by a schedule.

    A subscription is a webhook of the user and has its id: `/v1/webhooks/<id>` shows what waits, attempts and dead
    letters.
    """
    asking, named = context.caller(), _found(name)
    addresses.check_target(body["dest"], "dest")
    standing, due_at = _standing(body, named), 0
    if standing.schedule is not None:
        try:
            due_at = schedules.following(standing.schedule, int(time.time() * 1000))
        except ValueError as error:
            raise inputs.invalid("json", ["schedule"], str(error)) from None
    height = context.services().ledgers.height(asking.msp_id, asking.user, TRADE.channel)
    place = messages.end_of(_NEVER if "since" in body else height - 1)
    try:
        made = _webhooks().create(
            asking.msp_id, asking.user, body["dest"], TRADE.channel, Filters(), place, standing, due_at
        )
    except WebhookLimitError:
        raise Problem("WEBHOOKS_EXHAUSTED") from None
    return (
        _all_shown([_one(named, made)])[0],
        201,
        {"Location": f"{binding.ADDRESS}/queries/{name}/subscriptions/{made}"},
    )


@blueprint.route("/<name>/subscriptions")
@auth.needs("webhooks")
@blueprint.arguments(PageSchema, location="query")
@blueprint.response(200, MadeSubscriptionSchema(many=True))
def subscriptions(query: dict[str, Any], name: str) -> tuple[list[dict[str, Any]], int, dict[str, str]]:
    """List the subscriptions to one of the user's queries."""
    after, limit = pagetokens.after(query["nextPageToken"]), query["perPage"]
    found = sorted((each for each in _subscriptions(_found(name)) if each.id > after), key=lambda each: each.id)
    return _all_shown(found[:limit]), 200, pagetokens.following([each.id for each in found], limit)


@blueprint.route("/<name>/subscriptions/<subscription_id>")
@auth.needs("webhooks")
@blueprint.response(200, MadeSubscriptionSchema)
def subscription(name: str, subscription_id: str) -> dict[str, Any]:
    """Read a subscription."""
    return _all_shown([_one(_found(name), subscription_id)])[0]


@blueprint.route("/<name>/subscriptions/<subscription_id>", methods=["DELETE"])
@auth.needs("webhooks")
@blueprint.response(204)
def unsubscribe(name: str, subscription_id: str) -> Response:
    """End a subscription, with what waits for it."""
    _webhooks().delete(_one(_found(name), subscription_id))
    return Response(status=204)


def _standing(body: dict[str, Any], named: NamedQuery) -> Subscription:
    schedule = body.get("schedule")
    if bool(body.get("stream")) == (schedule is not None):
        raise inputs.invalid("json", ["stream"], "Send either `stream` as true or `schedule`")
    query = dict(named.query)
    if "since" in body:
        later = [body["since"], query.get("GE_recordTime", body["since"])]
        query["GE_recordTime"] = max(later, key=lambda text: moments.parse(text).at)
    return Subscription(named.name, query, schedule, body["report_if_empty"], body["token"])


def _queries() -> NamedQueries:
    return NamedQueries(context.services().store)


def _webhooks() -> Webhooks:
    return Webhooks(context.services().store)


def _found(name: str) -> NamedQuery:
    """Return one of the user's queries; another user's is not found."""
    asking = context.caller()
    found = _queries().find(asking.msp_id, asking.user, name)
    if found is None:
        raise Problem("NOT_FOUND", f"You have no query {name[:64]}")
    return found


def _subscriptions(named: NamedQuery) -> list[Webhook]:
    asking = context.caller()
    found = _webhooks().of_user(asking.msp_id, asking.user)
    return [each for each in found if each.subscription is not None and each.subscription.name == named.name]


def _one(named: NamedQuery, subscription_id: str) -> Webhook:
    for each in _subscriptions(named):
        if each.id == subscription_id:
            return each
    raise Problem("NOT_FOUND", f"The query has no subscription {subscription_id[:40]}")


def _all_shown(found: list[Webhook]) -> list[dict[str, Any]]:
    arrivals = Deliveries(context.services().store).last_arrivals([each.id for each in found])
    return [_shown(each, arrivals.get(each.id)) for each in found]


def _shown(webhook: Webhook, arrived: int | None) -> dict[str, Any]:
    standing = webhook.subscription
    assert standing is not None  # noqa: S101  For the type checker: `_subscriptions` has no others.
    when = {"stream": True} if standing.schedule is None else {"schedule": standing.schedule}
    return {
        "id": webhook.id,
        "dest": webhook.url,
        "created_at": webhook.created_at,
        "report_if_empty": standing.report_if_empty,
        **({"notified_at": arrived} if arrived else {}),
        **when,
    }
