"""The asyncio client behind the synchronous client's names, so that one set of tests runs on both."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Coroutine
from typing import Any, Self


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Return what *coroutine* comes to, or raise what it raises."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """Return what *function* comes to, called in the loop and awaited where it wants that."""

        async def called() -> Any:
            result = function(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

        return self.run(called())

    def stop(self) -> None:
        """End the loop; what still runs in it is a defect of the test."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Module:
    """What a module of ``hlf.aio`` makes, as the synchronous client's would be used."""

    def __init__(self, loop: Loop, module: Any) -> None:
        self._loop, self._module = loop, module

    def __getattr__(self, name: str) -> Any:
        made = getattr(self._module, name)

        def make(*args: Any, **kwargs: Any) -> Any:
            kwargs = {key: vars(v)["_inner"] if isinstance(v, Blocking) else v for key, v in kwargs.items()}
            return Blocking(self._loop, self._loop.call(made, *args, **kwargs))

        return make


class Blocking:
    """An object of ``hlf.aio`` whose coroutines are waited for; what it gives back of its own kind is wrapped too."""

    def __init__(self, loop: Loop, inner: Any) -> None:
        vars(self).update(_loop=loop, _inner=inner)

    def __getattr__(self, name: str) -> Any:
        found = self._loop.call(getattr, self._inner, name)
        if not callable(found):
            return self._wrapped(found)
        return lambda *args, **kwargs: self._wrapped(self._loop.call(found, *args, **kwargs))

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._inner, name, value)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        try:
            return self._loop.run(self._inner.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._loop.call(self._inner.close)

    def _wrapped(self, found: Any) -> Any:
        ours = type(found).__module__.startswith("hlf.aio.")
        return Blocking(self._loop, found) if ours else found
