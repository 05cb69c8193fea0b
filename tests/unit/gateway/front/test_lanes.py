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


def play(scenario, *, threads: int = 1, queue: int = 10, seconds: float = 30.0, finishes: bool = False) -> None:
    async def run() -> None:
        lane, work = Lane("test", threads, queue=queue, seconds=seconds, finishes=finishes), Work()
        try:
            await asyncio.wait_for(scenario(lane, work), 30)
        finally:
            work.go.set()
            await lane.end(0)

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
        lane._places.give_back()
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


def test_what_the_loop_answers_takes_its_turn_and_no_thread():
    """As many at once as there are threads; the next one has its turn when the answer is there."""

    async def scenario(lane: Lane, work: Work) -> None:
        given = asyncio.Event()

        async def answer() -> str:
            await given.wait()
            return "by the loop"

        first = asyncio.create_task(lane.run(b"a", work("a thread's"), answer))
        second = asyncio.create_task(lane.run(b"b", work("second")))
        await queued(lane, 1)
        assert work.order == []
        given.set()
        work.go.set()
        assert await asyncio.gather(first, second) == ["by the loop", "second"]
        assert work.order == ["second"]

    play(scenario)


def test_what_the_loop_cannot_answer_keeps_its_turn():
    """A thread does the work, though others wait."""

    async def scenario(lane: Lane, work: Work) -> None:
        tried = asyncio.Event()

        async def nothing() -> None:
            await tried.wait()

        first = asyncio.create_task(lane.run(b"a", work("first"), nothing))
        second = asyncio.create_task(lane.run(b"b", work("second")))
        await queued(lane, 1)
        tried.set()
        work.go.set()
        assert await asyncio.gather(first, second) == ["first", "second"]
        assert work.order == ["first", "second"]

    play(scenario)


@pytest.mark.parametrize("ends", ["cancelled", "failed"])
def test_what_the_loop_does_not_finish_gives_its_turn_back(ends):
    async def scenario(lane: Lane, work: Work) -> None:
        begun = asyncio.Event()

        async def wait() -> None:
            begun.set()
            if ends == "failed":
                raise KeyError("x")
            await asyncio.Event().wait()

        first = asyncio.create_task(lane.run(b"a", work("first"), wait))
        await begun.wait()
        first.cancel()
        with pytest.raises(KeyError if ends == "failed" else asyncio.CancelledError):
            await first
        work.go.set()
        assert await lane.run(b"b", work("second")) == "second"
        assert work.order == ["second"]

    play(scenario)


@pytest.mark.parametrize("needs_a_thread", [False, True])
def test_a_lane_that_finishes_goes_on_when_the_caller_has_gone(needs_a_thread):
    """Its turn is not given to the next before all is done, in a thread too if one is needed."""

    async def scenario(lane: Lane, work: Work) -> None:
        begun, go, done = asyncio.Event(), asyncio.Event(), []

        async def answer() -> str | None:
            begun.set()
            await go.wait()
            done.append("by the loop")
            return None if needs_a_thread else "by the loop"

        first = asyncio.create_task(lane.run(b"a", work("first"), answer))
        await begun.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        second = asyncio.create_task(lane.run(b"b", work("second")))
        await queued(lane, 1)
        assert (done, work.order) == ([], [])
        go.set()
        work.go.set()
        assert await second == "second"
        assert (done, work.order) == (["by the loop"], ["first", "second"] if needs_a_thread else ["second"])

    play(scenario, finishes=True)


def test_the_end_of_a_lane_waits_for_what_goes_on_without_its_caller():
    async def scenario(lane: Lane, work: Work) -> None:
        begun, go, done = asyncio.Event(), asyncio.Event(), []

        async def answer() -> str:
            begun.set()
            await go.wait()
            done.append("all")
            return "answer"

        first = asyncio.create_task(lane.run(b"a", work("first"), answer))
        await begun.wait()
        first.cancel()
        ending = asyncio.create_task(lane.end(30))
        await asyncio.wait([first])
        assert (ending.done(), done) == (False, [])
        go.set()
        await ending
        assert done == ["all"]

    play(scenario, finishes=True)


def test_the_end_of_a_lane_does_not_wait_for_ever():
    async def scenario(lane: Lane, work: Work) -> None:
        going = asyncio.create_task(lane.run(b"a", work("first"), asyncio.Event().wait))
        await asyncio.sleep(0)
        await lane.end(0.01)
        assert not going.done()
        going.cancel()

    play(scenario, finishes=True)
