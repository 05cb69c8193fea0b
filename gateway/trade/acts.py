"""Views for writes that differ only in a few words; each resource lists its own in a table."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from marshmallow import Schema

from gateway.http import auth, idempotency
from gateway.http.inputs import Blueprint


def serve(
    blueprint: Blueprint,
    address: str,
    endpoint: str,
    do: Callable[..., dict[str, Any]],
    *,
    body: type[Schema] | None,
    answer: type[Schema],
    summary: str,
) -> None:
    """
    Serve ``do(body, **path)`` as a POST that acts once for each idempotency key. With *body* None it takes no body.
    """
    view: Callable[..., Any] = do
    if body is None:
        view = functools.update_wrapper(functools.partial(do, {}), do)
    view.__doc__ = summary
    view = blueprint.response(200, answer)(view)
    if body is not None:
        view = blueprint.arguments(body)(view)
    view = auth.needs("write")(idempotency.keyed(view))
    blueprint.route(address, methods=["POST"], endpoint=endpoint)(view)
