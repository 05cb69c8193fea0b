"""
TLS at the gateway's own front: certificate and key from files, with client certificates if there is a file of their
authorities.

The files are looked at every second. A renewed certificate serves the next connection, and open ones stay. Files that
cannot be used are logged, and the last good ones stay in use.
"""

from __future__ import annotations

import logging
import os
import ssl
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.http.settings import Settings
from hlf.errors import IdentityError
from hlf.wire import certificates

HANDSHAKE_SECONDS = 10.0

_LOG = logging.getLogger("gateway")


class TlsError(Exception):
    """Certificate, key or authorities cannot be used; the message names the file and the cure."""


class ServerTls:
    """The files of one gateway, and what they say now."""

    def __init__(self, settings: Settings) -> None:
        """
        Read the files.

        Raises:
            TlsError: they cannot be used.
        """
        self._certificate, self._key = settings.tls_certificate, settings.tls_key
        self._clients = settings.tls_client_ca
        self._seen = self._stamps()
        self._now = self._read()
        # The listening context never changes; each handshake continues with the context of the present files.
        self.listening = self._read()
        self.listening.sni_callback = self._choose

    def renew(self) -> None:
        """Read the files again if one of them has changed."""
        stamps = self._stamps()
        if stamps == self._seen:
            return
        self._seen = stamps
        try:
            self._now = self._read()
        except TlsError as error:
            _LOG.error("the former certificate stays in use: %s", error)
        else:
            _LOG.info("the TLS certificate was renewed")

    @property
    def ends(self) -> datetime:
        """When the certificate expires."""
        return certificates.read_all(Path(self._certificate).read_bytes())[0].not_after

    def _choose(self, connection: ssl.SSLObject, name: str | None, listening: ssl.SSLContext) -> None:
        connection.context = self._now

    def _stamps(self) -> tuple[tuple[int, int], ...]:
        found = []
        for path in filter(None, (self._certificate, self._key, self._clients)):
            try:
                status = os.stat(path)
            except OSError:
                found.append((0, 0))
            else:
                found.append((status.st_mtime_ns, status.st_ino))
        return tuple(found)

    def _read(self) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.set_alpn_protocols(["http/1.1"])
        # No session is resumed, because a resumed one would keep the certificate from before a renewal.
        made.options |= ssl.OP_NO_TICKET
        made.num_tickets = 0
        try:
            made.load_cert_chain(self._certificate, self._key, _no_password)
        except ValueError as error:
            raise TlsError(str(error)) from None
        except (OSError, ssl.SSLError) as error:
            raise TlsError(
                f"{self._certificate} and {self._key} cannot be used: {_reason(error)}; name a certificate in PEM "
                "with its chain, and its own key"
            ) from None
        if self._clients:
            try:
                made.load_verify_locations(self._clients)
                certificates.read_all(Path(self._clients).read_bytes())
            except (OSError, ssl.SSLError, IdentityError) as error:
                raise TlsError(f"{self._clients} has no certificates of authorities: {_reason(error)}") from None
            made.verify_mode = ssl.CERT_OPTIONAL
        return made


def of(settings: Settings) -> ServerTls | None:
    """
    Return the TLS that the settings ask for; None if they ask for none.

    Raises:
        TlsError: its files cannot be used.
    """
    return ServerTls(settings) if settings.tls_certificate else None


def listening(encryption: ServerTls | None) -> dict[str, Any]:
    """Return the arguments about TLS for a server that listens."""
    if encryption is None:
        return {}
    return {"ssl": encryption.listening, "ssl_handshake_timeout": HANDSHAKE_SECONDS}


def _no_password() -> str:
    # OpenSSL would ask for a passphrase at the terminal.
    raise ValueError("the key in SELAT_TLS_KEY is encrypted; give the server a plain one that only its user can read")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or getattr(error, "reason", None) or type(error).__name__
