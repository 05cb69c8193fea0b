"""
Threads in lanes, so that requests that wait for different things do not delay each other.

A lane has a number of threads and a queue. In the queue each caller has its own row, and the rows take turns. So a
caller with a thousand requests delays the single request of another by one. A request leaves the queue when its
caller has gone.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

_Answer = TypeVar("_Answer")


class FullError(Exception):
    """The lane's queue is full, or a turn did not come in time; the request was not begun."""


class FairQueue:
    """A number of places, for which each caller waits in its own row; the rows take turns. For one event loop."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting = 0
        self._rows: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return self._waiting

    def take(self) -> bool:
        """Take a place if one is free; nobody waits then."""
        free = self._free > 0
        self._free -= free
        return free

    def ask(self, caller: Hashable) -> asyncio.Future[None]:
        """Return a turn, which is done when it has a place; ``leave`` gives it up or back."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.take():
            turn.set_result(None)
        else:
            self._rows.setdefault(caller, deque()).append(turn)
            self._waiting += 1
        return turn

    def leave(self, caller: Hashable, turn: asyncio.Future[None]) -> None:
        """Give up a turn, or its place back."""
        if turn.done() and not turn.cancelled():
            self.give_back()
            return
        row = self._rows.get(caller)
        if row is not None and turn in row:
            row.remove(turn)
            self._waiting -= 1
            if not row:
                del self._rows[caller]

    def give_back(self) -> None:
        """Give a place to the next caller's row, and move that row to the end."""
        while self._rows:
            caller, row = self._rows.popitem(last=False)
            turn = row.popleft()
            self._waiting -= 1
            if row:
                self._rows[caller] = row
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class Lane:
    """One lane. Only the work runs in a thread; everything else runs on the event loop."""

    def __init__(self, name: str, threads: int, *, queue: int, seconds: float, finishes: bool = False) -> None:
        """
        Make a lane of *threads*. At most *queue* requests wait, each for at most *seconds*.

        If it *finishes*, what was begun on the event loop goes on when its caller has gone, as it does in a thread.
        """
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._places = FairQueue(threads)
        self._room = queue
        self._seconds = seconds
        self._finishes = finishes
        self._going: set[asyncio.Task[Any]] = set()

    @property
    def waiting(self) -> int:
        """How many requests wait for a thread."""
        return self._places.waiting

    async def run(
        self,
        caller: bytes,
        work: Callable[[], _Answer],
        first: Callable[[], Awaitable[_Answer | None]] | None = None,
    ) -> _Answer:
        """
        Return what *work* returns or raises, done in a thread when it is *caller*'s turn.

        *first* runs on the event loop in the same turn: its answer is returned, or, if it is None, *work* is done.
        Cancelling also cancels work that has not begun; work that has begun goes on and keeps its thread. It cancels
        *first* too, unless the lane finishes what was begun: then *first*, and *work* after it, go on in their turn.

        Raises:
            FullError: the work was not begun.
        """
        if not self._places.take():
            await self._turn(caller)
        if first is None:
            return await self._in_thread(work)
        if not self._finishes:
            return await self._done(work, first)
        going = asyncio.get_running_loop().create_task(self._done(work, first))
        self._going.add(going)
        going.add_done_callback(self._going.discard)
        return await asyncio.shield(going)

    async def end(self, seconds: float) -> None:
        """Return when all that goes on without its caller is done, or after *seconds*; then close the lane."""
        if self._going:
            await asyncio.wait(self._going, timeout=max(0.0, seconds))
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _done(self, work: Callable[[], _Answer], first: Callable[[], Awaitable[_Answer | None]]) -> _Answer:
        """Return the answer of *first*, or of *work* if that is None; the place is given back after it."""
        try:
            answer = await first()
        except BaseException:
            self._places.give_back()
            raise
        if answer is None:
            return await self._in_thread(work)
        self._places.give_back()
        return answer

    async def _in_thread(self, work: Callable[[], _Answer]) -> _Answer:
        """Return the answer of *work*; its thread gives the place back when it is done."""
        loop = asyncio.get_running_loop()
        job: Future[_Answer] = self._pool.submit(work)
        job.add_done_callback(lambda _: loop.call_soon_threadsafe(self._places.give_back))
        return await asyncio.wrap_future(job)

    async def _turn(self, caller: bytes) -> None:
        """Return when this request has a thread."""
        if self.waiting >= self._room:
            raise FullError
        turn = self._places.ask(caller)
        try:
            async with asyncio.timeout(self._seconds):
                await turn
        except BaseException as error:
            # It may have got a thread just when it gave up: pass the thread on.
            self._places.leave(caller, turn)
            if isinstance(error, TimeoutError):
                raise FullError from None
            raise
