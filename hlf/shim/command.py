"""
Serves a chaincode to peers: ``python -m hlf.shim.command contract.py --id LABEL:HASH --address 127.0.0.1:9999``.

It supports every way in which Fabric starts chaincode; :mod:`hlf.shim.serving.settings` lists the environment
variables. It needs only what ``pip install hlf`` installs.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hlf.shim import errors, server
from hlf.shim.serving import dialling, loading, settings
from hlf.shim.serving.reloading import ReloadingChaincode

_LOOK_SECONDS = 0.5
"""The seconds between checks of the files while there are no calls, so that defects are logged soon."""


def main(argv: list[str] | None = None) -> int:
    """
    Serve until SIGTERM or SIGINT.

    Return 0 afterwards; 2, with a line on standard error, if it cannot start; 1 if a dialled peer closed the stream.
    """
    options = parser().parse_args(argv)
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        plan = settings.read(_options(options), os.environ)
        chaincode = _chaincode(options)
        with _followed(chaincode):
            return _serve(chaincode, plan)
    except (errors.ShimError, OSError) as error:
        sys.stderr.write(f"chaincode: {error}\n")
        return 2


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line, for commands that have the same options."""
    made = argparse.ArgumentParser(
        prog="hlf chaincode serve",
        description="Serve a chaincode to peers, or register it at the peer that launched it.",
        allow_abbrev=False,
    )
    made.add_argument("module", metavar="MODULE", help="contract.py or package.module, each with :object if need be")
    made.add_argument("--id", default="", metavar="LABEL:HASH", help="the package id that the peers installed")
    made.add_argument("--address", default="", metavar="HOST:PORT", help=f"listen here ({settings.DEFAULT_ADDRESS})")
    made.add_argument("--tls-cert", default="", metavar="FILE", help="serve over TLS with this certificate")
    made.add_argument("--tls-key", default="", metavar="FILE", help="the private key of the certificate")
    made.add_argument("--client-ca", default="", metavar="FILE", help="peers must show a certificate of this CA")
    made.add_argument(
        "--peer-address", "--peer.address", "-peer.address", default="", metavar="HOST:PORT", help="dial this peer"
    )
    made.add_argument("--run-metadata", default="", metavar="FOLDER", help="a peer's folder for a builder's run")
    made.add_argument("--peer-tls-name", default="", metavar="HOST", help="the peer's name in its TLS certificate")
    made.add_argument("--reload", action="store_true", help="follow the source while it is written; exposes errors")
    made.add_argument("--expose-errors", action="store_true", help="show exceptions to callers and in the log")
    made.add_argument("--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING", "ERROR"])
    return made


def _options(options: argparse.Namespace) -> settings.Options:
    return settings.Options(
        package_id=options.id,
        address=options.address,
        peer_address=options.peer_address,
        peer_tls_name=options.peer_tls_name,
        tls_key=options.tls_key,
        tls_cert=options.tls_cert,
        client_ca=options.client_ca,
        run_metadata=options.run_metadata,
    )


def _chaincode(options: argparse.Namespace) -> Any:
    if options.reload:
        return ReloadingChaincode(options.module)
    chaincode = loading.load(options.module)
    if options.expose_errors:
        chaincode.expose_errors = True
    return chaincode


def _serve(chaincode: Any, plan: settings.ListenSettings | settings.DialSettings) -> int:
    if isinstance(plan, settings.ListenSettings):
        server.serve(chaincode, plan.package_id, plan.address, plan.tls)
        return 0
    dialled = dialling.DialledChaincode(chaincode, plan.name, plan.address, plan.tls)
    try:
        server.until_stopped(lambda stopping: dialling.serve(dialled, stopping))
    except dialling.PeerGone as gone:
        sys.stderr.write(f"chaincode: {gone}\n")
        return 1
    return 0


@contextmanager
def _followed(chaincode: Any) -> Iterator[None]:
    """Check the files of a chaincode that reloads itself, while the block runs."""
    if not isinstance(chaincode, ReloadingChaincode):
        yield
        return
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK_SECONDS):
            chaincode.refresh()

    looking = threading.Thread(target=look, name="reload", daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()


if __name__ == "__main__":
    sys.exit(main())
