"""Streams of chaincode events."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from flask import Response, request

from gateway.events.feeds import EventSource
from gateway.events.listeners import LISTENING, Listening
from gateway.events.schemas import StreamQuerySchema
from gateway.http import auth, context
from gateway.http.inputs import Blueprint
from gateway.http.problems import Problem
from gateway.store.checkpoints import CheckpointReader, Checkpoints, EventCursor
from gateway.tokens import clientcertificates
from hlf.steps.checkpoints import Position

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
    source, checkpoints = EventSource(asking.msp_id, asking.user, channel, chaincode), Checkpoints(services.store)
    reader, cursor = None, _cursor(query)
    if "checkpoint" in query:
        reader = CheckpointReader(asking.msp_id, asking.user, channel, chaincode, query["checkpoint"])
        cursor = cursor or checkpoints.get(reader)
    height = services.ledgers.check_stream(asking.msp_id, asking.user, channel, chaincode, cursor)
    start = cursor.position if cursor else Position(query.get("start_block", height))

    def delivered(seen: EventCursor) -> None:
        if reader is not None:
            checkpoints.set(reader, seen)

    if not services.listener_slots.take(source):
        raise Problem("STREAMS_EXHAUSTED")
    held = ExitStack()
    held.callback(services.listener_slots.release, source)
    held.callback(services.metrics.stream_opened())
    request.environ[LISTENING] = Listening(
        source,
        start,
        height,
        names=frozenset(filter(None, query.get("names", "").split(","))),
        limit=query.get("limit"),
        idle_seconds=query.get("idle_seconds"),
        caller=asking,
        certificate=b"" if "Authorization" in request.headers else request.environ.get(clientcertificates.ENVIRON, b""),
        delivered=delivered if reader is not None else None,
        release=held.close,
    )
    # The reader may go before the gateway's front follows the stream.
    context.presence().when_left(held.close)
    response = Response(iter(()), content_type="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _cursor(query: dict[str, Any]) -> EventCursor | None:
    text = query.get("after") or request.headers.get("Last-Event-ID")
    if not text:
        return None
    try:
        return EventCursor.parse(text)
    except ValueError as error:
        raise Problem("REQUEST_INVALID", str(error), errors={"query": {"after": [str(error)]}}) from None
