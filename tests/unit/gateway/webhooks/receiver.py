"""A receiver of webhooks on this machine: it checks each signature and answers as it is told."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


class Receiver:
    """Keeps messages whose signature is good, and the last one's headers; *answers* are taken one by one, then 204."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/events"
        self.secret = ""
        self.answers: list[int] = []
        self.headers: dict[str, str] = {}
        self.last: dict[str, str] = {}
        self.got: list[tuple[str, dict[str, Any]]] = []

    def take(self, headers: dict[str, str], body: bytes) -> int:
        self.last = headers
        status = self.answers.pop(0) if self.answers else 204
        stated = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        signature = Webhook(self.secret).sign(headers["webhook-id"], stated, body.decode())
        if signature not in headers["webhook-signature"].split(" "):
            raise WebhookVerificationError
        self.got.append((headers["webhook-id"], json.loads(body)))
        return status

    @property
    def names(self) -> list[str]:
        """The types of the events that came, in order."""
        return [event["type"].rpartition(".")[2] for _, event in self.got]


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    """Yield a receiver that serves."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = found.take(dict(self.headers), self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Receiver(server.server_address[1])
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield found
        finally:
            server.shutdown()
            serving.join()
