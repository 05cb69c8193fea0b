# The part of flask-smorest that the gateway uses; the package brings no types of its own.
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import marshmallow as ma
from apispec import APISpec
from flask import Blueprint as FlaskBlueprint
from flask import Flask

_View = TypeVar("_View", bound=Callable[..., Any])

class Api:
    spec: APISpec
    def __init__(self, app: Flask | None = ..., *, spec_kwargs: Mapping[str, Any] | None = ...) -> None: ...
    def register_blueprint(self, blp: Blueprint, **options: Any) -> None: ...

class Blueprint(FlaskBlueprint):
    def __init__(self, *args: Any, description: str = ..., **kwargs: Any) -> None: ...
    def route(self, rule: str, *, parameters: list[Any] | None = ..., **options: Any) -> Callable[[_View], _View]: ...
    def arguments(
        self,
        schema: ma.Schema | type[ma.Schema],
        *,
        location: str = ...,
        content_type: str | None = ...,
        required: bool = ...,
        description: str | None = ...,
        example: Any = ...,
        examples: Any = ...,
        **kwargs: Any,
    ) -> Callable[[_View], _View]: ...
    def response(
        self,
        status_code: int | str,
        schema: ma.Schema | type[ma.Schema] | None = ...,
        *,
        content_type: str | None = ...,
        description: str | None = ...,
        example: Any = ...,
        examples: Any = ...,
        headers: Any = ...,
    ) -> Callable[[_View], _View]: ...
    def alt_response(self, status_code: int | str, **kwargs: Any) -> Callable[[_View], _View]: ...
    def doc(self, **kwargs: Any) -> Callable[[_View], _View]: ...
