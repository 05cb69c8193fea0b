"""Streams of chaincode events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from flask import Response, request

from gateway.events import cloudevents
from gateway.events.schemas import StreamQuerySchema
from gateway.http import auth, context
from gateway.http.inputs import Blueprint
from gateway.http.problems import Problem
from gateway.store.checkpoints import CheckpointReader, Checkpoints, EventCursor

blueprint = Blueprint("events", __name__, url_prefix="/v1/events", description="Chaincode events with a replay cursor")


@blueprint.route("/<channel>/<chaincode>")
@auth.needs("events")
@blueprint.arguments(StreamQuerySchema, location="query")
@blueprint.response(200, content_type="text/event-stream", description="CloudEvents 1.0, each in one server-sent event")
def stream(query: dict[str, Any], channel: str, chaincode: str) -> Response:
    """
    Follow a chaincode's events, from a block on or after a cursor.

    Each event's id is a cursor. A reader that returns with it (Last-Event-ID) continues after that event.
    """
    services, asking = context.services(), context.caller()
    reader = None
    cursor = _cursor(query)
    if "checkpoint" in query:
        reader = CheckpointReader(asking.msp_id, asking.user, channel, chaincode, query["checkpoint"])
        cursor = cursor or Checkpoints(services.store).get(reader)
    services.ledgers.check_stream(asking.msp_id, asking.user, channel, chaincode, cursor)
    start = cursor.block_number if cursor else query.get("start_block")
    who = (asking.msp_id, asking.user)
    if not services.places.take(who):
        raise Problem("STREAMS_EXHAUSTED")
    with ExitStack() as stack:
        stack.callback(services.places.release, who)
        stack.callback(services.metrics.stream_opened())
        opened = stack.enter_context(
            services.ledgers.events(
                asking.msp_id, asking.user, channel, chaincode, start, cursor.transaction_id if cursor else ""
            )
        )
        kept = stack.pop_all()
    checkpoints = Checkpoints(services.store)

    def delivered(seen: EventCursor) -> None:
        if reader is not None:
            checkpoints.set(reader, seen)

    text = cloudevents.lines(
        opened,
        channel,
        names=frozenset(filter(None, query.get("names", "").split(","))),
        limit=query.get("limit"),
        idle_seconds=query.get("idle_seconds"),
        delivered=delivered,
    )
    # The gateway's front watches the reader and calls this when it has gone.
    context.presence().when_left(opened.close)
    response = Response(_closing(text, kept), content_type="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    # If a client goes away before the first line, the generator never starts, so its end alone would not give the
    # place back.
    response.call_on_close(kept.close)
    return response


def _closing(text: Iterator[str], kept: ExitStack) -> Iterator[str]:
    with kept:
        yield from text


def _cursor(query: dict[str, Any]) -> EventCursor | None:
    text = query.get("after") or request.headers.get("Last-Event-ID")
    if not text:
        return None
    try:
        return EventCursor.parse(text)
    except ValueError as error:
        raise Problem("REQUEST_INVALID", str(error), errors={"query": {"after": [str(error)]}}) from None
