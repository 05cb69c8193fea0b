"""Many listeners, few streams: nobody misses an event, gets one twice or out of order, or waits for another."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest

from gateway.events import feeds, listeners
from hlf import errors
from hlf.steps.checkpoints import Position
from tests.unit.gateway.events.chains import SOURCE, Crowd, Peer, event, everything, heard, ids_in, ids_of, until


def on_a_loop(story: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run a test on an event loop."""

    @functools.wraps(story)
    def run(*args: Any, **named: Any) -> None:
        asyncio.run(story(*args, **named))  # type: ignore[arg-type]

    return run


@on_a_loop
async def test_six_hundred_listeners_share_one_stream():
    """And each gets every event, once and in order."""
    peer, events = Peer([event(1)]), [event(number) for number in range(2, 30)]
    crowd = Crowd(peer)
    hearing = [asyncio.create_task(heard(crowd.listener(), len(events))) for _ in range(600)]
    await until(lambda: peer.open == 1)
    peer.add(*events)
    for each in await asyncio.gather(*hearing):
        assert each == ids_of(*events)
    assert (peer.most, len(peer.opened)) == (1, 1)
    await until(lambda: peer.open == 0)


@on_a_loop
async def test_readers_that_return_continue_behind_their_last_event(monkeypatch):
    """However far back it is: replays are few at once, and end when they have caught up."""
    monkeypatch.setattr(listeners, "_QUIET_SECONDS", 0.01)
    events = [event(number, place) for number in range(1, 40) for place in range(3)]
    peer = Peer(list(events))
    crowd, later = Crowd(peer), [event(50), event(51)]
    starts = [each * 37 % len(events) for each in range(100)]
    hearing = []
    for start in starts:
        seen = events[start]
        back = crowd.listener(Position(seen.block_number, seen.transaction_id))
        hearing.append(asyncio.create_task(heard(back, len(events) - start - 1 + len(later))))
    await until(lambda: crowd.feeds.replays.waiting == 0 and peer.open == 1)
    peer.add(*later)
    for start, each in zip(starts, await asyncio.gather(*hearing), strict=True):
        assert each == ids_of(*events[start + 1 :], *later)
    # Besides the feed's own; each replay's thread may still be about to end when the next begins.
    assert peer.most <= 2 * feeds._REPLAYS + 1


@on_a_loop
async def test_a_replay_joins_while_events_keep_coming(monkeypatch):
    """It never has a quiet moment, and still changes to the feed without a gap or a repetition."""
    peer = Peer([event(number) for number in range(1, 400)])
    crowd = Crowd(peer)
    live = crowd.listener()
    following = asyncio.create_task(heard(live, 600))
    returning = asyncio.create_task(heard(crowd.listener(Position(0)), 999))
    for number in range(400, 1_000):
        peer.add(event(number))
        await asyncio.sleep(0)
    assert await following == ids_of(*[event(number) for number in range(400, 1_000)])
    assert await returning == ids_of(*[event(number) for number in range(1, 1_000)])


@on_a_loop
async def test_a_slow_replay_that_becomes_the_feed_tells_nobody_old_events(monkeypatch):
    """A quiet replay may only be slow. Those who are further than it pass over what it brings late."""
    monkeypatch.setattr(listeners, "_QUIET_SECONDS", 0.01)
    peer = Peer([event(1), event(2), event(3)])
    crowd = Crowd(peer)
    peer.tell(held=True)
    live = asyncio.create_task(heard(crowd.listener(), 1))
    behind = event(2)
    last, first = (
        asyncio.create_task(heard(crowd.listener(Position(behind.block_number, behind.transaction_id)), 2)),
        asyncio.create_task(heard(crowd.listener(Position(0)), 4)),
    )
    await until(lambda: len(peer.opened) == 3 and peer.open == 1)
    peer.add(event(4))
    peer.tell()
    assert await live == ids_of(event(4))
    assert await last == ids_of(event(3), event(4))
    assert await first == ids_of(*(event(number) for number in range(1, 5)))


@on_a_loop
async def test_a_slow_listener_is_cut_off_and_holds_up_nobody(monkeypatch):
    """Its last event says why and what to do; with the id of the event before it continues without a gap."""
    monkeypatch.setattr(feeds, "_KEPT", 10)
    peer = Peer([event(1)])
    crowd = Crowd(peer)
    pieces, quick = crowd.listener().pieces(), crowd.listener().pieces()
    assert await anext(pieces) == await anext(quick) == b": stream opened\n\n"
    await until(lambda: peer.open == 1)
    peer.add(event(2))
    seen = await anext(pieces)
    assert await anext(quick) == seen
    for number in range(3, 102):
        peer.add(event(number))
        assert ids_in(await anext(quick)) == ids_of(event(number))
    await quick.aclose()
    text = await everything(pieces)
    assert b"event: problem" in text
    assert b"STREAM_BEHIND" in text
    last = event(2)
    assert ids_in(seen + text) == ids_of(last)
    again = crowd.listener(Position(last.block_number, last.transaction_id))
    assert await heard(again, 99) == ids_of(*[event(number) for number in range(3, 102)])


@on_a_loop
async def test_replays_take_turns_by_user(monkeypatch):
    """A user with many old positions that reads slowly does not keep another from catching up."""
    monkeypatch.setattr(listeners, "_REPLAY_SECONDS", 0.02)
    monkeypatch.setattr(feeds, "_KEPT", 1)
    peer = Peer([event(number) for number in range(1, 50)])
    crowd = Crowd(peer)
    stuck = [crowd.listener(Position(0)) for _ in range(3 * feeds._REPLAYS)]
    waiting = [each.pieces() for each in stuck]
    for each in waiting:
        await anext(each)
    # They ask for their turns, and those that have one read nothing after their first piece.
    asking = [asyncio.create_task(anext(each)) for each in waiting]
    other = feeds.EventSource("BMSP", "User1", "trade", "trade")
    assert await heard(crowd.listener(Position(0), source=other), 49) == ids_of(*peer.events)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    for listener in stuck:
        listener.leave()
    await until(lambda: peer.open == 0)


@on_a_loop
async def test_users_share_nothing():
    """Fabric decides for each user what it may read, so each has a stream of its own."""
    peer = Peer([event(1)])
    crowd = Crowd(peer)
    other = feeds.EventSource("BMSP", "User1", "trade", "trade")
    hearing = [asyncio.create_task(heard(crowd.listener(source=each), 1)) for each in (SOURCE, other)]
    await until(lambda: peer.open == 2)
    peer.add(event(2))
    await asyncio.gather(*hearing)
    assert {each[0] for each in peer.opened} == {"AMSP", "BMSP"}


@on_a_loop
async def test_a_refused_feed_says_why_to_each_listener_and_is_asked_anew_for_the_next():
    """A listener that comes later gets no end that is not its own."""
    peer = Peer([event(1)])
    crowd = Crowd(peer)
    texts = [asyncio.create_task(everything(crowd.listener().pieces())) for _ in range(3)]
    await until(lambda: peer.open == 1)
    peer.tell(errors.EventsError("Failed evaluating policy", status=grpc.StatusCode.PERMISSION_DENIED))
    assert all(b"IDENTITY_REFUSED" in text for text in await asyncio.gather(*texts))
    peer.tell()
    again = asyncio.create_task(heard(crowd.listener(), 1))
    await until(lambda: peer.open == 1)
    peer.add(event(2))
    assert await again == ids_of(event(2))


@on_a_loop
async def test_the_peer_is_asked_again_whether_the_user_may_read(monkeypatch):
    """A feed may be there for days; who has lost the right learns it within a minute, and others miss nothing."""
    monkeypatch.setattr(feeds, "_RENEW_SECONDS", 0.01)
    peer = Peer([event(1)])
    crowd = Crowd(peer)
    hearing = asyncio.create_task(heard(crowd.listener(), 50))
    await until(lambda: peer.open == 1)
    for number in range(2, 52):
        asked = len(peer.opened)
        peer.add(event(number))
        await until(lambda asked=asked, number=number: hearing.done() or number % 10 > 0 or len(peer.opened) > asked)
    assert await hearing == ids_of(*[event(number) for number in range(2, 52)])
    assert len(peer.opened) > 3


@on_a_loop
async def test_a_peer_that_is_away_when_it_is_asked_again_is_waited_for(monkeypatch):
    """A restart of the peer in that moment ends no listener."""
    monkeypatch.setattr(feeds, "_RENEW_SECONDS", 0.05)
    peer = Peer([event(1)])
    crowd, stream = Crowd(peer), peer.stream
    refused: list[object] = []

    def away(*asked: Any) -> contextlib.AbstractContextManager[Any]:
        if peer.opened and len(refused) < 3:
            refused.append(asked)
            raise errors.EventsError("connection refused", status=grpc.StatusCode.UNAVAILABLE)
        return stream(*asked)

    crowd.feeds._ledgers.events = away
    hearing = asyncio.create_task(heard(crowd.listener(), 1))
    await until(lambda: len(refused) == 3 and len(peer.opened) > 1)
    peer.add(event(2))
    assert await hearing == ids_of(event(2))


@pytest.mark.parametrize("start", [Position(10**15), Position(10**15, "0" * 64), Position(0, "0" * 64)])
@on_a_loop
async def test_hostile_positions_harm_nobody(start, monkeypatch):
    """A listener far ahead, or behind an event that is not there, hears nothing, and the others everything."""
    monkeypatch.setattr(listeners, "_QUIET_SECONDS", 0.01)
    peer = Peer([event(1)])
    crowd = Crowd(peer)
    lost = asyncio.create_task(everything(crowd.listener(start, idle_seconds=1).pieces()))
    live = asyncio.create_task(heard(crowd.listener(), 2))
    await until(lambda: peer.open >= 1)
    peer.add(event(2), event(3))
    assert await live == ids_of(event(2), event(3))
    assert ids_in(await lost) in ([], ids_of(event(2), event(3)), ids_of(event(1), event(2), event(3)))
    await until(lambda: peer.open == 0)


@on_a_loop
async def test_large_events_are_kept_few(monkeypatch):
    """What a feed keeps is bounded in bytes too, and one event that is larger still arrives."""
    monkeypatch.setattr(feeds, "_KEPT_BYTES", 1_000)
    peer = Peer([event(1)])
    crowd = Crowd(peer)
    pieces = crowd.listener().pieces()
    await anext(pieces)
    for number in range(2, 5):
        peer.add(event(number, payload=b"x" * 5_000))
        assert ids_in(await anext(pieces)) == ids_of(event(number))
        assert [len(each._events) for each in crowd.feeds._feeds.values()] == [1]
    await pieces.aclose()
