"""
The input of an address: the body and the query parameters that its view declares, and nothing else.

No input is ignored silently: otherwise a body of the wrong type, or a misspelt or repeated name, would count as not
sent. So every request is compared with its view's declaration before the view runs. Input that is
unknown, missing or unreadable is refused, and the error names its place.
"""

from __future__ import annotations

import functools
import io
import re
import urllib.parse
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import IO, Any, TypeVar, cast

import flask_smorest
from flask import Request, current_app, g
from marshmallow import Schema, fields
from webargs import missing
from webargs.flaskparser import FlaskParser
from werkzeug.routing import IntegerConverter

from gateway.http import context, times
from gateway.http.problems import Problem
from hlf.codec import canonical

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
FILES = "multipart/form-data"
"""A form with files."""
_SHOWN = 120
_NO_TEXT = "Not text in UTF-8, or with U+0000."
_INTEGER = re.compile(r"-?[0-9]{1,20}")
# In other people's chaincodes a number called "at" need not be a time.
_TRADE = "gateway.trade."
_View = TypeVar("_View", bound=Callable[..., Any])


@dataclass(frozen=True)
class AcceptedInput:
    """
    The input that one view reads.

    Attributes:
        body: the media type of its body; empty if it has none.
        query: the names of its query parameters; None if it accepts any, because other sites add theirs.
        numbers: those of its query parameters that are integers.
        most: bytes of its body, where these are more than the gateway takes elsewhere; 0 where they are not.
    """

    body: str = ""
    query: frozenset[str] | None = frozenset()
    numbers: frozenset[str] = frozenset()
    most: int = 0

    def limit(self, usual: int) -> int:
        """Return how many bytes the body may have, if other addresses take *usual*."""
        return max(self.most, usual)


class Number(IntegerConverter):
    """An integer of at most 15 digits in a path; Python refuses to read one of several thousand digits."""

    regex = r"[0-9]{1,15}"


class _Parser(FlaskParser):
    """Gives schemas the body that ``check`` has read."""

    def load_json(self, req: Any, schema: Schema) -> Any:
        return g.get("body", missing)


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose views declare their input by schemas."""

    ARGUMENTS_PARSER = _Parser()

    def arguments(
        self, schema: Schema | type[Schema], *, location: str = "json", **options: Any
    ) -> Callable[[_View], _View]:
        """Declare a body or query parameters, and read them. Other input is refused."""
        made = schema() if isinstance(schema, type) else schema
        decorate = super().arguments(made, location=location, **options)

        def mark(view: _View) -> _View:
            taken = of(view)
            if location == "query":
                names = {field.data_key or name for name, field in made.fields.items()}
                numbers = {name for name in names if isinstance(made.fields.get(name), fields.Integer)}
                taken = replace(
                    taken, query=(taken.query or frozenset()) | names, numbers=taken.numbers | frozenset(numbers)
                )
            else:
                taken = replace(taken, body=JSON)
            decorated: _View = decorate(view)
            decorated.takes = taken  # type: ignore[attr-defined]  # The type of functions has no attributes.
            return decorated

        return mark

    def response(self, *declared: Any, **options: Any) -> Callable[[_View], _View]:
        """Declare an answer. Times in answers of the trade, whose records count milliseconds, become text."""
        decorate = super().response(*declared, **options)
        if not self.import_name.startswith(_TRADE):
            return decorate

        def mark(view: _View) -> _View:
            @functools.wraps(view)
            def timed(*arguments: Any, **named: Any) -> Any:
                return times.shown(view(*arguments, **named))

            decorated: _View = decorate(cast("_View", timed))
            return decorated

        return mark


class FormRequest(Request):
    """Keeps the files of a form in memory, like the rest of the body; Werkzeug would write them to disk."""

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        return io.BytesIO()


def takes(*, body: str = "", query: Collection[str] | None = (), most: int = 0) -> Callable[[_View], _View]:
    """Declare the input of a page without a schema; see ``AcceptedInput``."""

    def mark(view: _View) -> _View:
        # The type of functions has no attributes.
        view.takes = AcceptedInput(body, None if query is None else frozenset(query), most=most)  # type: ignore[attr-defined]
        return view

    return mark


def of(view: Callable[..., Any]) -> AcceptedInput:
    """Return the declared input of a view; nothing by default."""
    return getattr(view, "takes", AcceptedInput())


def check() -> None:
    """
    Compare the input with the view's declaration, before every request.

    Raises:
        Problem: REQUEST_INVALID, REQUEST_MALFORMED, BODY_MISSING, BODY_TOO_LARGE, MEDIA_TYPE_UNSUPPORTED.
    """
    request = context.current()
    if request.endpoint is None:
        return
    taken = of(current_app.view_functions[request.endpoint])
    _check_path(request)
    _check_query(request, taken)
    limit = taken.limit(context.services().settings.max_body_bytes)
    if taken.most:
        # The application's settings do the same for other addresses.
        request.max_content_length, request.max_form_memory_size = limit + 1, limit
    if (length := request.content_length) is not None and length > limit:
        raise too_large(limit, length)
    sent = request.get_data(cache=True, parse_form_data=False)
    if len(sent) > limit:
        raise too_large(limit)
    if not sent:
        # OPTIONS asks what an address takes and sends no input.
        if taken.body and request.method != "OPTIONS":
            raise Problem("BODY_MISSING")
    elif taken.body in (FORM, FILES):
        _check_type(request, taken.body)
    else:
        _check_type(request, JSON)
        g.body = read(sent)
        if not taken.body and g.body != {}:
            raise invalid("json", _names(g.body), "Unknown field: this address takes no body.")


def too_large(limit: int, length: int | None = None) -> Problem:
    """Return the problem for a body over the limit; the length of a chunked body is unknown."""
    size = "is longer than that" if length is None else f"has {length} bytes"
    return Problem("BODY_TOO_LARGE", f"This gateway takes bodies of at most {limit} bytes; this one {size}")


def _check_path(request: Request) -> None:
    """Refuse a value in the path that is not UTF-8; nothing has such an id."""
    for name, value in (request.view_args or {}).items():
        # Flask turns bytes that are not UTF-8 into U+FFFD.
        if isinstance(value, str) and ("\ufffd" in value or "\0" in value):
            raise Problem("NO_SUCH_ADDRESS", f"path.{name}: {_NO_TEXT}")


def _check_query(request: Request, taken: AcceptedInput) -> None:
    if taken.query is None:
        return
    known = ", ".join(sorted(taken.query)) or "none"
    for sent in request.query_string.split(b"&") if b"%" in request.query_string else ():
        # Flask leaves bytes that are not UTF-8 percent-encoded.
        if not _is_text(urllib.parse.unquote_to_bytes(sent)):
            raise invalid("query", [sent.partition(b"=")[0].decode("latin-1")], _NO_TEXT)
    for name, values in request.args.lists():
        if name not in taken.query:
            raise invalid("query", [name], f"Unknown parameter: this address takes {known}.")
        if len(values) > 1:
            raise invalid("query", [name], "Given more than once.")
        if name in taken.numbers and not _INTEGER.fullmatch(values[0]):
            # Python would also read digits of other scripts, and underscores between digits.
            raise invalid("query", [name], "Not a valid integer.")


def _is_text(value: bytes) -> bool:
    try:
        return "\0" not in value.decode()
    except UnicodeDecodeError:
        return False


def _check_type(request: Request, wanted: str) -> None:
    """Refuse another media type, character set or compression."""
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype == wanted and charset in {"utf-8", "utf8", "us-ascii"} and coding == "identity":
        return
    sent = f"Content-Type: {request.headers['Content-Type'][:_SHOWN]}" if request.mimetype else "no Content-Type"
    if coding != "identity":
        sent += f" and Content-Encoding: {coding[:_SHOWN]}"
    raise Problem("MEDIA_TYPE_UNSUPPORTED", f"The body came with {sent}; this address takes {wanted} in UTF-8")


def read(sent: bytes) -> Any:
    """Return the JSON value of a body; raise Problem if it is malformed."""
    try:
        return canonical.loads(sent)
    except canonical.CanonicalError as error:
        place = f"json{error.path.removeprefix('$')}"[:_SHOWN]
        raise Problem("REQUEST_MALFORMED", f"{place}: {error.reason}", errors={place: [error.reason]}) from None


def _names(body: Any) -> list[str]:
    return list(body) if isinstance(body, dict) else ["_schema"]


def invalid(location: str, names: list[str], words: str) -> Problem:
    """Return the problem for members or parameters that cannot be accepted; *location* is ``json`` or ``query``."""
    shown = [name[:_SHOWN] for name in names[:20]]
    found = {location: {name: [words] for name in shown}}
    return Problem("REQUEST_INVALID", f"{location}.{shown[0]}: {words}", errors=found)
