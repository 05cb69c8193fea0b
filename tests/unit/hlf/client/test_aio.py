"""What only an asyncio client can get wrong: cancelled tasks, and many tasks at once."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from hlf import aio, errors
from hlf.steps import connecting


def run(peer, user, body):
    """Return what *body* comes to, given a gateway in an event loop."""

    async def connected():
        async with aio.connect(peer.profile, *user) as fabric:
            return await body(fabric)

    return asyncio.run(connected())


def test_many_tasks_share_one_connection(peer, user):
    """Sixty-four submits at once, each with its own transaction."""

    async def body(fabric):
        contract = fabric.network("trade").contract("lab")
        return await asyncio.gather(*(contract.submit("put", str(number)) for number in range(64)))

    assert run(peer, user, body) == [b"result"] * 64
    assert len({request.transaction_id for request in peer.requests["Submit"]}) == 64


def test_a_cancelled_call_is_cancelled_at_the_peer(peer, user):
    """The task ends as cancelled, not with an error of this library, and the gateway goes on."""

    async def body(fabric):
        asked = asyncio.create_task(fabric.commit_status("trade", "never").wait_committed())
        while not peer.requests.get("CommitStatus"):
            await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        return await fabric.network("trade").contract("lab").evaluate("read")

    assert run(peer, user, body) == b"result"


def test_a_cancelled_consumer_loses_nothing(peer, user):
    """A consumer that gave up waiting gets, when it asks again, the event that came meanwhile."""

    async def body(fabric):
        stream = await fabric.network("trade").chaincode_events("lab", start_block=1)
        async with stream:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(stream), 0.05)
            peer.add_block("missed")
            return (await anext(stream)).name

    assert run(peer, user, body) == "missed"


def test_closing_the_gateway_under_a_call_is_an_error_of_the_stage(peer, user):
    """Whoever waits is told that the connection is closed; its task was not cancelled, so it does not end so."""

    async def body(fabric):
        asked = asyncio.create_task(fabric.commit_status("trade", "never").wait_committed())
        while not peer.requests.get("CommitStatus"):
            await asyncio.sleep(0)
        await fabric.close()
        with pytest.raises(errors.CommitStatusError, match="closed"):
            await asked

    run(peer, user, body)


def test_a_channel_of_ones_own(peer, user):
    """It is used as it is, with the caller's options and interceptors, and left open."""
    seen = []

    class Seen(grpc.aio.UnaryUnaryClientInterceptor):
        async def intercept_unary_unary(self, continuation, client_call_details, request):
            seen.append(client_call_details.method)
            return await continuation(client_call_details, request)

    async def played():
        trust, name = connecting.credentials(peer.endpoint, None), "grpc.ssl_target_name_override"
        options = [(name, peer.endpoint.override_hostname)]
        async with grpc.aio.secure_channel(peer.endpoint.address, trust, options, interceptors=[Seen()]) as channel:
            for _ in range(2):
                async with aio.connect(peer.profile, *user, channel=channel) as fabric:
                    assert await fabric.network("trade").contract("lab").evaluate("read") == b"result"

    asyncio.run(played())
    assert [bytes(method).decode().rpartition("/")[2] for method in seen] == ["Evaluate", "Evaluate"]


def test_interceptors_belong_to_a_channel_of_ones_own():
    """grpc.aio cannot add them to one that is made; leaving them out without a word would lose every trace."""
    with pytest.raises(ValueError, match="give them to your own channel"):
        aio.Connections(channel=object(), interceptors=[object()])
