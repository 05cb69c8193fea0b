"""The files of the pages; the address of each has a hash, so that a browser keeps it for good."""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path

from flask import Blueprint, Response, send_from_directory, url_for

from gateway.http import auth, inputs

_STATIC = Path(__file__).parent / "static"
YEAR = 365 * 24 * 3600
"""The seconds for which browsers keep what never changes under its address."""
blueprint = Blueprint("assets", __name__, template_folder="templates")


@blueprint.route("/static/<path:filename>")
@auth.needs(auth.PUBLIC)
@inputs.takes(query={"v"})
def static(filename: str) -> Response:
    """Return a file of the pages."""
    return send_from_directory(_STATIC, filename, max_age=YEAR)


def address(filename: str) -> str:
    """Return the address of a file; if its content changes, so does the address."""
    return url_for("assets.static", filename=filename, v=_version(filename))


@functools.cache
def _version(filename: str) -> str:
    return hashlib.sha256((_STATIC / filename).read_bytes()).hexdigest()[:12]


@functools.cache
def icon_names() -> tuple[str, ...]:
    """Return the names of the icons, in the order of their file."""
    return tuple(re.findall(r'<symbol id="([a-z]+)"', (_STATIC / "icons.svg").read_text()))
