"""The demo's callers: each an organisation's user with a token, and nothing but HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import requests

_SECONDS = 60


class DemoError(Exception):
    """The gateway gave another answer than the story expects."""


class Blocks:
    """
    The newest block of each channel that a caller wrote to.

    Peers of different organisations get a block at slightly different times. The actors of a story share the newest
    block numbers, and the gateway waits for its peers (headers Selat-Block and Selat-After).
    """

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def note(self, text: str) -> None:
        """Store the block numbers of an answer."""
        for entry in filter(None, text.split(", ")):
            channel, _, block = entry.partition("=")
            self._seen[channel] = max(int(block), self._seen.get(channel, 0))

    def __str__(self) -> str:
        return ", ".join(f"{channel}={block}" for channel, block in self._seen.items())


class DemoCaller:
    """One organisation's user, as a client of the gateway."""

    def __init__(self, base: str, name: str, msp_id: str, user: str, *, token: str, blocks: Blocks) -> None:
        self.name = name
        self.msp_id = msp_id
        self.user = user
        self._base = base
        self.blocks = blocks
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: str | int) -> Any:
        """Return the answer to a question; raises DemoError for a refusal."""
        return self._answer("GET", path, params=query).json()

    def pages(self, path: str, **query: str | int) -> Iterator[Any]:
        """Yield the records of a list, page after page; raises DemoError for a refusal."""
        response = self._answer("GET", path, params=query)
        yield from response.json()
        while following := response.links.get("next"):
            response = self._answer("GET", following["url"])
            yield from response.json()

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        """Return the answer to a request; raises DemoError for a refusal."""
        return json_object(self._answer("POST", path, json=body))

    def refusal(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Return the problem document of a refused request; raises DemoError if it is not refused."""
        response = self.send(method, path, json=body)
        if response.status_code < 400:
            raise DemoError(f"{self.msp_id} was allowed {method} {path}, and should not have been")
        return json_object(response)

    def events(self, path: str, **query: str | int) -> list[str]:
        """Return the names of the events in a stream that ends by itself."""
        response = self.send("GET", path, params=query)
        return [line.removeprefix("event: ") for line in response.text.splitlines() if line.startswith("event: ")]

    def _answer(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        response = self.send(method, path, **kwargs)
        if response.status_code >= 400:
            found = response.json()
            raise DemoError(f"{method} {path} by {self.msp_id}: {found['code']}: {found['detail']}. {found['cure']}")
        return response

    def send(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Return the response, whatever its status; raises DemoError if there is none."""
        headers = {"Selat-After": str(self.blocks), **(kwargs.pop("headers", None) or {})}
        try:
            response = self._session.request(method, self._base + path, timeout=_SECONDS, headers=headers, **kwargs)
            self.blocks.note(response.headers.get("Selat-Block", ""))
            return response
        except requests.RequestException as error:
            raise DemoError(f"{method} {path}: the gateway did not answer ({type(error).__name__})") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()


def json_object(response: requests.Response) -> dict[str, Any]:
    """Return the JSON object of an answer; raise DemoError if it is another value."""
    found = response.json()
    if not isinstance(found, dict):
        raise DemoError(f"{response.url} answers no JSON object")
    return found


@dataclass(frozen=True)
class Cast:
    """The actors."""

    admin: DemoCaller
    carrier_admin: DemoCaller
    platform: DemoCaller
    merchant: DemoCaller
    payments: DemoCaller
    origin: DemoCaller
    forwarder: DemoCaller
    last_mile: DemoCaller
    customs: DemoCaller
    auditor: DemoCaller

    def everyone(self) -> list[DemoCaller]:
        """Return one caller of each organisation."""
        return [getattr(self, name) for name in self.__dataclass_fields__ if "admin" not in name]
