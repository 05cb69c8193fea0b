"""The gateway's processes: gunicorn listens, starts workers and replaces those that end; each serves by itself."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import signal
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from gateway.app import create_app
from gateway.audit.verifying import VerificationRunner
from gateway.front import tls
from gateway.front.service import FrontService
from gateway.http import context
from gateway.http.settings import Settings
from gateway.jobs.runner import JobRunner
from gateway.store.photos import ReturnPhotos
from gateway.store.processes import ALIVE_SECONDS, RepeatedWork
from gateway.telemetry import logs, metrics, traces
from gateway.webhooks.courier import Courier

# File descriptors that a worker needs besides its connections: for its database, channels to peers and gunicorn's
# pipes.
_FILES = 512
_NOTIFY_SECONDS = 1.0
_FORGET_SECONDS = 3600.0
# Longer than a submit may take, so that a restart interrupts none.
_SPARE_SECONDS = 10
_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


class FrontServer(BaseApplication):
    """
    ``Server(settings).run()`` serves until SIGTERM or SIGINT.

    The application is made in each worker, never before the fork, which gRPC does not survive. Its modules are imported
    before, so that a worker answers soon after its socket listens.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__()

    def run(self) -> None:
        if self.settings.workers > 1:
            metrics.share_in(self.settings.data / "metrics")
        # The processes share the memory of what is there before they fork, as long as nobody writes to it; a search for
        # garbage would write to every object.
        gc.collect()
        gc.freeze()
        _Arbiter(self).run()

    def load_config(self) -> None:
        chosen: dict[str, Any] = {
            "bind": self.settings.listen,
            "workers": self.settings.workers,
            "worker_class": LoopWorker,
            "graceful_timeout": self.settings.submit_seconds + _SPARE_SECONDS,
            "accesslog": None,  # The application writes its own line, without addresses that may hold a link.
            "errorlog": "-",
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": self._ready,
            "child_exit": _ended,
            "proc_name": "selat-gateway",
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        logs.configure(self.settings.log)
        return create_app(self.settings, tracing=traces.from_environment())

    def _ready(self, arbiter: Any) -> None:
        address = "{}:{}".format(*arbiter.LISTENERS[0].sock.getsockname()[:2])
        if self.settings.ready_file:
            path = Path(self.settings.ready_file)
            partial = path.with_suffix(".partial")
            partial.write_text(json.dumps({"pid": os.getpid(), "address": address}))
            partial.replace(path)


def _ended(arbiter: Any, worker: Any) -> None:
    metrics.ended(worker.pid)


class _Arbiter(Arbiter):
    """Delays stop signals while it starts a process; a signal in that moment would be lost."""

    def spawn_worker(self) -> int:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        try:
            return int(super().spawn_worker())
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class LoopWorker(Worker):
    """A process with one event loop, which serves ``gateway.front.service``."""

    app: FrontServer
    # gunicorn's types know neither the application that `FrontServer.load` makes nor gunicorn's own sockets.
    wsgi: Any
    sockets: list[Any]

    def init_signals(self) -> None:
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)

    def run(self) -> None:
        settings = self.app.settings
        # With TLS, as many sockets again may be in the middle of their handshakes.
        _allow_files(settings.connections * (2 if settings.tls_certificate else 1) + _FILES)
        # Objects that exist now stay until the end, so the garbage collector need not check them again.
        gc.collect()
        gc.freeze()
        asyncio.run(self._serve(settings))

    async def _serve(self, settings: Settings) -> None:
        service, encryption = FrontService(self.wsgi, settings), tls.of(settings)
        services: context.Services = self.wsgi.extensions[context.EXTENSION]
        forgetting = RepeatedWork("photos", _FORGET_SECONDS, ReturnPhotos(services.store).forget_old)
        working = (Courier(services), JobRunner(self.wsgi), VerificationRunner(services), forgetting)
        # These end last, because requests and jobs that are finished until then hold keys and jobs.
        lasting = (
            RepeatedWork("keys", ALIVE_SECONDS, services.keys.leave_late),
            RepeatedWork("processes", ALIVE_SECONDS, services.process.report_alive),
        )
        for worker in (*working, *lasting):
            worker.start()
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        for number in _STOPS:
            loop.add_signal_handler(number, ended.set)
        listening = [
            await loop.create_server(
                service.connections, sock=each.sock, backlog=self.cfg.backlog, **tls.listening(encryption)
            )
            for each in self.sockets
        ]
        # A signal that came before this loop was ready has changed ``alive``.
        while self.alive and not ended.is_set() and os.getppid() == self.ppid:
            self.notify()
            if encryption is not None:
                encryption.renew()
            try:
                async with asyncio.timeout(_NOTIFY_SECONDS):
                    await ended.wait()
            except TimeoutError:
                continue
        for each in listening:
            each.close()
        stopping = [
            asyncio.create_task(service.stop(self.cfg.graceful_timeout)),
            *(asyncio.create_task(asyncio.to_thread(worker.stop)) for worker in working),
        ]
        while not all(each.done() for each in stopping):
            self.notify()
            await asyncio.wait(stopping, timeout=_NOTIFY_SECONDS)
        for worker in lasting:
            worker.stop()
        for ended_task in stopping:
            ended_task.result()


def _allow_files(wanted: int) -> None:
    """Raise this process's limit of open files to what it needs, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def main() -> None:
    """Serve with the settings in the environment."""
    FrontServer(Settings.from_environment(os.environ)).run()
