"""Lanes: whose turn it is, and what leaves the queue."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gateway.front.lanes import FullError, Lane


class Work:
    """Jobs that run until they are let go, and the order in which they began."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.go = threading.Event()

    def __call__(self, name: str):
        def job() -> str:
            self.order.append(name)
            assert self.go.wait(30)
            return name

        return job


def play(scenario, *, threads: int = 1, queue: int = 10, seconds: float = 30.0) -> None:
    async def run() -> None:
        lane, work = Lane("test", threads, queue=queue, seconds=seconds), Work()
        try:
            await asyncio.wait_for(scenario(lane, work), 30)
        finally:
            work.go.set()
            lane.close()

    asyncio.run(run())


async def queued(lane: Lane, number: int) -> None:
    while lane.waiting != number:
        await asyncio.sleep(0)


def test_callers_take_turns():
    """Row by row: the third caller is not behind all that the first has asked for."""

    async def scenario(lane: Lane, work: Work) -> None:
        names = ["a1", "a2", "a3", "a4", "b1", "b2", "c1"]
        tasks = []
        for number, name in enumerate(names):
            tasks.append(asyncio.create_task(lane.run(name[0].encode(), work(name))))
            await queued(lane, number)
        work.go.set()
        assert await asyncio.gather(*tasks) == names
        assert work.order == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]

    play(scenario)


def test_a_full_queue_begins_nothing():
    async def scenario(lane: Lane, work: Work) -> None:
        first = asyncio.create_task(lane.run(b"a", work("first")))
        await asyncio.sleep(0)
        second = asyncio.create_task(lane.run(b"a", work("second")))
        await queued(lane, 1)
        with pytest.raises(FullError):
            await lane.run(b"b", work("third"))
        work.go.set()
        assert await asyncio.gather(first, second) == ["first", "second"]
        assert "third" not in work.order

    play(scenario, queue=1)


def test_a_turn_that_does_not_come_is_not_waited_for():
    async def scenario(lane: Lane, work: Work) -> None:
        first = asyncio.create_task(lane.run(b"a", work("first")))
        await asyncio.sleep(0)
        with pytest.raises(FullError):
            await lane.run(b"b", work("late"))
        assert lane.waiting == 0
        work.go.set()
        assert await first == "first"
        assert await lane.run(b"b", work("again")) == "again"

    play(scenario, seconds=0.05)


def test_who_gives_up_leaves_its_place_to_the_next():
    """Also if its turn comes in the same moment: no thread is lost."""

    async def scenario(lane: Lane, work: Work) -> None:
        first = asyncio.create_task(lane.run(b"a", work("first")))
        await asyncio.sleep(0)
        gone = asyncio.create_task(lane.run(b"b", work("gone")))
        last = asyncio.create_task(lane.run(b"c", work("last")))
        await queued(lane, 2)
        lane._freed()
        gone.cancel()
        await asyncio.wait([gone])
        work.go.set()
        assert await asyncio.gather(first, last) == ["first", "last"]
        assert (lane.waiting, work.order) == (0, ["first", "last"])

    play(scenario)


def test_work_that_was_begun_keeps_its_thread_until_it_ends():
    """Cancelling it drops the answer; a thread that still works is not given to another."""

    async def scenario(lane: Lane, work: Work) -> None:
        first = asyncio.create_task(lane.run(b"a", work("first")))
        while not work.order:
            await asyncio.sleep(0)
        first.cancel()
        second = asyncio.create_task(lane.run(b"b", work("second")))
        await queued(lane, 1)
        assert work.order == ["first"]
        work.go.set()
        assert await second == "second"

    play(scenario)


def test_what_work_raises_is_raised():
    async def scenario(lane: Lane, work: Work) -> None:
        def fail() -> None:
            raise KeyError("x")

        with pytest.raises(KeyError):
            await lane.run(b"a", fail)
        work.go.set()
        assert await lane.run(b"a", work("next")) == "next"

    play(scenario)
