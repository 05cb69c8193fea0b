"""The blueprint of the console: modules of pages register here, and the log-in's cookie is sent to nothing else."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("console", __name__, url_prefix="/console", template_folder="templates")
