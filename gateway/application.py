"""Flask as the gateway uses it: without sessions, coroutines as views, or a second look for an address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Flask, Request
from flask.json.provider import DefaultJSONProvider
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter, Rule

Route = tuple[Rule, Mapping[str, Any]]
"""The rule of an address, and the values in a path."""
ROUTE = "selat.route"
"""Where a request's WSGI environment has its route, if somebody has found it already."""
REQUEST_ID = "selat.request_id"
"""Where it has its id, if it has been given one already."""


class Application(Flask):
    """Work that every request would repeat is done once, or left out."""

    def __init__(self, name: str) -> None:
        super().__init__(name, static_folder=None)
        self.session_interface = _NoSessions()
        self.json = _Json(self)

    def ensure_sync(self, func: Any) -> Any:
        """Return *func*: all functions of this application are synchronous, and none has to be asked each time."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what finds the request's address, or knows it from its environment."""
        made = super().create_url_adapter(request)
        if made is not None and request is not None:
            found: Route | None = request.environ.get(ROUTE)
            if found is not None:
                look = made.match

                def match(*path: Any, **options: Any) -> Any:
                    # What is allowed at an address is asked with another method.
                    return look(*path, **options) if path or "method" in options else found

                made.match = match  # type: ignore[method-assign]
        return made


class _NoSessions(SessionInterface):
    """The same empty session for everybody; nothing can be written into it."""

    def __init__(self) -> None:
        self._none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return self._none


class _Json(DefaultJSONProvider):
    """Writes objects in the order of their names' making, by one encoder."""

    sort_keys = False

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self._compact = json.JSONEncoder(default=self.default, separators=(",", ":"))

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        # What `response` asks for outside of the debug mode.
        return self._compact.encode(obj) if kwargs == {"separators": (",", ":")} else super().dumps(obj, **kwargs)
