"""What all addresses of EPCIS have in common: discovery by headers, and negotiation (EPCIS 2.0, section 12)."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from marshmallow import Schema, fields

from chaincode.domain.journeys import epcis
from gateway import bounds
from gateway.http import context
from gateway.http.inputs import Blueprint
from gateway.http.problems import Problem

ADDRESS = "/epcis"
# The only version of EPCIS and CBV that is served here.
_VERSION = (2, 0, 0)
_TEXT = ".".join(map(str, _VERSION))
_DISCOVERED = {
    **{f"GS1-{standard}-{each}": _TEXT for standard in ("EPCIS", "CBV") for each in ("Version", "Min", "Max")},
    "GS1-EPC-Format": "Never_Translates",
    "GS1-CBV-XML-Format": "Never_Translates",
    "GS1-EPCIS-Capture-Limit": str(bounds.BATCH.most),
    "GS1-Extensions": f"selat={epcis.VOCABULARY}",
}
_FORMATS = frozenset({"No_Preference", "Never_Translates"})
_MEDIA = ("application/json", "application/ld+json")


class CollectionSchema(Schema):
    """A collection of names: of addresses below this one, or of values in events."""

    context = fields.Raw(data_key="@context", required=True, metadata={"description": "Says what prefixes mean"})
    type = fields.String(required=True)
    member = fields.List(fields.String(), required=True)


def interface(name: str, module: str, description: str, part: str = "") -> Blueprint:
    """Return a blueprint for addresses of EPCIS below *part*, with discovery headers and negotiation."""
    made = Blueprint(name, module, url_prefix=ADDRESS + part, description=description)
    made.before_request(_negotiate)
    made.after_request(_discover)
    return made


def collection(members: list[str]) -> dict[str, Any]:
    """Return the body of a collection."""
    return {"context": list(epcis.CONTEXT), "type": "Collection", "member": members}


def _negotiate() -> None:
    """
    Refuse a request for another version, format or media type than the one that is served.

    Raises:
        Problem: NOT_ACCEPTABLE.
    """
    for standard in ("EPCIS", "CBV"):
        least, most = (_asked(f"GS1-{standard}-{end}") for end in ("Min", "Max"))
        if least > _VERSION or most < _VERSION:
            raise Problem("NOT_ACCEPTABLE", f"Of {standard} there is version {_TEXT} alone")
    for name in ("GS1-EPC-Format", "GS1-CBV-XML-Format"):
        if request.headers.get(name, "No_Preference") not in _FORMATS:
            raise Problem("NOT_ACCEPTABLE", f"{name}: identifiers are given as they were recorded (Never_Translates)")
    if request.accept_mimetypes.best_match(_MEDIA) is None and request.accept_mimetypes:
        raise Problem("NOT_ACCEPTABLE", f"Answers are {' or '.join(_MEDIA)}")


def _asked(name: str) -> tuple[int, ...]:
    """Return the version in a header; that of this interface if there is none."""
    parts = request.headers.get(name, _TEXT).split(".")
    if len(parts) > len(_VERSION) or not all(each.isascii() and each.isdecimal() and len(each) < 5 for each in parts):
        raise Problem("REQUEST_MALFORMED", f"{name} is a version, as {_TEXT}")
    return tuple(map(int, parts)) + (0,) * (len(_VERSION) - len(parts))


def _discover(response: Response) -> Response:
    """Put into each answer, also that to OPTIONS, what this interface supports."""
    response.headers.update(_DISCOVERED)
    response.headers["GS1-EPCIS-Capture-File-Size-Limit"] = str(context.services().settings.max_body_bytes)
    if request.method == "OPTIONS" and response.status_code == 200:
        response.status_code = 204
    return response
