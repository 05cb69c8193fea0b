"""
Serve chaincodes to peers: ``python -m chaincode.main --serve trade=LABEL:HASH@127.0.0.1:9999 [--serve ...]``.

Name a chaincode of ``chaincode/`` (trade, commerce, carriage), or any other as ``package.module:object``. A class
is instantiated without arguments. The environment can set TLS, as :mod:`hlf.shim.serving.settings` says.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

from hlf.shim import errors, server
from hlf.shim.serving import loading, settings


def find(name: str) -> Any:
    """
    Return the chaincode object called *name*.

    Raises:
        ContractError: there is no such chaincode, or its module cannot be read.
    """
    return loading.load(name if ":" in name else f"chaincode.{name}:chaincode")


def served(text: str, tls: server.Tls | None) -> server.ServedChaincode:
    """
    Return the chaincode to serve for ``NAME=LABEL:HASH@HOST:PORT``.

    Raises:
        ContractError: the text has another form, or there is no such chaincode.
    """
    name, equals, rest = text.partition("=")
    package_id, at, address = rest.rpartition("@")
    if not (name and equals and package_id and at and address):
        raise errors.ContractError(f"{text!r} is not of the form NAME=LABEL:HASH@HOST:PORT")
    return server.ServedChaincode(find(name), package_id, address, tls)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM. Return 0 afterwards, or 2 with an error line if it cannot begin."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        tls = settings.server_tls(
            settings.Options(tls_key=options.tls_key, tls_cert=options.tls_cert, client_ca=options.client_ca),
            os.environ,
        )
        listed = [served(text, tls) for text in options.serve]
        if options.chaincode:
            listed.append(server.ServedChaincode(find(options.chaincode), options.id, options.address, tls))
        if not listed:
            raise errors.ContractError("nothing to serve; give --serve, or --chaincode with --id and --address")
        server.serve_all(listed)
    except (errors.ShimError, OSError) as error:
        sys.stderr.write(f"chaincode: {error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chaincode.main", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--serve", action="append", default=[], metavar="NAME=LABEL:HASH@HOST:PORT")
    parser.add_argument("--chaincode", metavar="NAME", help="serve one chaincode, with --id and --address")
    parser.add_argument("--id", metavar="LABEL:HASH", help="the package id that the peers installed")
    parser.add_argument("--address", metavar="HOST:PORT", default=settings.DEFAULT_ADDRESS)
    parser.add_argument("--tls-cert", default="", metavar="FILE")
    parser.add_argument("--tls-key", default="", metavar="FILE")
    parser.add_argument("--client-ca", default="", metavar="FILE", help="peers must show a certificate of this CA")
    parser.add_argument("--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING", "ERROR"])
    return parser


if __name__ == "__main__":
    sys.exit(main())
