"""Log lines: as text, or each as one JSON object."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from gateway.telemetry import traces

TEXT, JSON = "text", "json"
FORMS = (TEXT, JSON)
_FIELDS = "selat_fields"


def configure(form: str) -> None:
    """Write the lines of all loggers to standard error in this form."""
    handler = logging.StreamHandler()
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    handler.setFormatter(_Json() if form == JSON else text)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def fields(**values: Any) -> dict[str, Any]:
    """Return the ``extra`` of a log call whose JSON line has these fields; None leaves a field out."""
    return {_FIELDS: {name: value for name, value in values.items() if value is not None}}


class _Json(logging.Formatter):
    """One JSON object a line; a line that has fields needs no message."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line: dict[str, Any] = {"time": at, "level": record.levelname.lower(), "logger": record.name}
        told = getattr(record, _FIELDS, None)
        line |= told if told is not None else {"message": record.getMessage()}
        line |= traces.ids()
        if record.exc_info and record.exc_info[0] is not None:
            # Not the text of the exception, which may quote a caller's input.
            line["exception"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"))
