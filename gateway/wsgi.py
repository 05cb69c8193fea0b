"""The gateway under gunicorn: one process that listens, and workers that each make their own application."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from gateway.settings import Settings


class Server(BaseApplication):
    """
    ``Server(settings).run()`` serves until SIGTERM or SIGINT.

    The application is made in each worker, never before the fork: gRPC does not survive one.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        chosen: dict[str, Any] = {
            "bind": self._settings.listen,
            "workers": self._settings.workers,
            "worker_class": "gthread",
            "threads": self._settings.threads,
            "graceful_timeout": 3,
            "keepalive": 5,
            "accesslog": None,  # The application writes its own line, without addresses that may hold a link.
            "errorlog": "-",
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": self._ready,
            "proc_name": "selat-gateway",
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from gateway.app import create_app  # Imported in the worker: the listening process needs none of it.

        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
        return create_app(self._settings)

    def _ready(self, arbiter: Any) -> None:
        address = "{}:{}".format(*arbiter.LISTENERS[0].sock.getsockname()[:2])
        if self._settings.ready_file:
            path = Path(self._settings.ready_file)
            partial = path.with_suffix(".partial")
            partial.write_text(json.dumps({"pid": os.getpid(), "address": address}))
            partial.replace(path)


def main() -> None:
    """Serve with the settings in the environment."""
    Server(Settings.from_environment(os.environ)).run()
