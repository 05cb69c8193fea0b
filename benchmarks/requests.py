"""What the gateway itself takes for a request: in one process, over a ledger that answers at once."""

from __future__ import annotations

import io
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request

from benchmarks.figures import Figure, Line
from gateway.application import REQUEST_ID, ROUTE
from gateway.http import context
from tests.unit.gateway.fakes import FakeLedgers, application

ROUNDS, EACH = 9, 200
ASKED = {"evaluate": "at most 0.4", "submit with a key": "at most 1.5"}
_CALL = json.dumps({"function": "Notes:read", "arguments": ["N1"]}).encode()
_PATH = "/v1/channels/trade/chaincodes/trade"
_KEYS = itertools.count()


def requests(_: str) -> Iterator[Line]:
    """Yield milliseconds of time and of processor for a request, by turns in rounds, as the median of the rounds."""
    with tempfile.TemporaryDirectory(prefix="selat-bench-") as folder:
        app = application(Path(folder), FakeLedgers(answers={"Notes:read": b'{"text":"n"}'}), token_requests=10**9)
        made = app.extensions[context.EXTENSION].tokens.create("PlatformMSP", "User1", ["read", "write"], 24 * 3600)
        token = f"Bearer {made}"
        kinds: dict[str, Callable[[], None]] = {
            "bare Flask view": lambda: _ask(_bare, "/", token),
            "evaluate through Flask": lambda: _ask(app, f"{_PATH}/evaluate", token, HTTP_X_OTHER=""),
            "evaluate": lambda: _ask(app, f"{_PATH}/evaluate", token),
            "submit": lambda: _ask(app, f"{_PATH}/submit", token),
            "submit with a key": lambda: _ask(app, f"{_PATH}/submit", token, HTTP_IDEMPOTENCY_KEY=f"k{next(_KEYS)}"),
        }
        rounds = [{name: _timed(send) for name, send in kinds.items()} for _ in range(ROUNDS)]
    for name in kinds:
        for place, what in enumerate(("", ", processor")):
            values = [each[name][place] for each in rounds]
            yield Figure(
                f"request, {name}{what}",
                statistics.median(values),
                "ms",
                ASKED.get(name, ""),
                (min(values), max(values)),
            )


def _timed(send: Callable[[], None]) -> tuple[float, float]:
    """Return milliseconds of time and of processor for one of many."""
    began, worked = time.perf_counter(), time.process_time()
    for _ in range(EACH):
        send()
    return 1000 * (time.perf_counter() - began) / EACH, 1000 * (time.process_time() - worked) / EACH


_bare = Flask("bare")


@_bare.post("/")
def _echo() -> Any:
    return jsonify(request.get_json())


def _ask(app: Flask, path: str, token: str, **more: str) -> None:
    """Send one call as the front does, and read the answer; a refusal is an error of the benchmark."""
    environment: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(_CALL)),
        "HTTP_AUTHORIZATION": token,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(_CALL),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        REQUEST_ID: "0" * 32,
        ROUTE: app.url_map.bind("localhost").match(path, method="POST", return_rule=True),
        **more,
    }
    told: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        told.append(status)
        return lambda _: None

    body = b"".join(app.wsgi_app(environment, start))
    if not told[0].startswith("200"):
        raise RuntimeError(f"{path} answered {told[0]}: {body[:200]!r}")
