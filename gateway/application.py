"""Flask as the gateway uses it: without sessions, without coroutines as views, and with one route lookup a request."""

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
    """A Flask application without work that Flask would repeat for each request."""

    def __init__(self, name: str) -> None:
        super().__init__(name, static_folder=None)
        self.session_interface = _NoSessions()
        self.json = _Json(self)

    def ensure_sync(self, func: Any) -> Any:
        """Return *func*, because all functions of this application are synchronous."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return the adapter that finds the request's route; a route that was found before is in the environment."""
        made = super().create_url_adapter(request)
        if made is not None and request is not None:
            found: Route | None = request.environ.get(ROUTE)
            if found is not None:
                look = made.match

                def match(*path: Any, **options: Any) -> Any:
                    # Werkzeug names a path or method when it asks what is allowed at an address.
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
    """Writes the members of objects in the order in which they were added, with one shared encoder."""

    sort_keys = False

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self._compact = json.JSONEncoder(default=self.default, separators=(",", ":"))

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        # The arguments that Flask's `response` passes outside debug mode.
        return self._compact.encode(obj) if kwargs == {"separators": (",", ":")} else super().dumps(obj, **kwargs)
