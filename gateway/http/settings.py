"""The gateway's settings, read once from the environment."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from gateway.store import backends, scopes
from gateway.telemetry import logs

PREFIX = "SELAT_"
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it and says what it should be."""


@dataclass(frozen=True)
class Settings:
    """
    One gateway's settings; each is read from ``SELAT_<NAME>``.

    Attributes:
        wallet: folder of identities and connection profiles (a network's state folder).
        data: folder of the gateway's own data; all of it except access tokens, photos of returns and the record of
            audit requests may be deleted.
        passphrase_file: file whose first line is the passphrase of sealed keys in the wallet.
        database: URL of a PostgreSQL that gateways share, as postgresql://<user>@<host>/<database>; without it the
            database is a SQLite file in *data*.
        listen: address and port; port 0 lets the system choose.
        workers: processes.
        threads: in each process, for requests that a peer answers at once.
        submits: threads for requests that write; each may wait for a block.
        waits: threads for requests that wait for a block to reach a peer, or for a transaction's status.
        streams: event streams at once in each process; one user may have half of them.
        connections: open sockets in each process.
        token_requests: requests a minute with one token, over all processes.
        organisation_requests: requests a minute with all tokens of one organisation.
        address_requests: requests a minute without an accepted token, from one address.
        read_seconds: how long a client may take for the head of a request, and again for its body.
        max_body_bytes: a larger request body is refused.
        submit_seconds: how long a submit waits for its commit before its outcome is reported as unknown.
        tracking: the identity, ``<MSP>/<user>``, that answers shoppers' links; without it /track is closed.
        photo_days: how long photos are kept that shoppers sent with their returns.
        oidc: TOML file of the OpenID Connect issuers whose tokens are accepted; without it only the gateway's own are.
        origins: sites whose pages may call the API from a browser, separated by spaces, as https://shop.example.
        webhook_networks: networks besides the public internet to which webhooks may be sent, separated by spaces, as
            10.1.0.0/16; to them http is allowed, and to all others only https.
        tls_certificate, tls_key: files with the server's own certificate and its chain, and its key; without them a
            proxy must end TLS.
        tls_client_ca: file with the authorities of client certificates; a caller with the certificate of a user in the
            wallet needs no token.
        tls_client_scopes: what such a caller may do, separated by spaces.
        log: the form of log lines, ``text`` or ``json``.
        ready_file: written once the gateway listens, with its address.
    """

    wallet: Path
    data: Path
    passphrase_file: str = ""
    database: str = field(default="", repr=False)  # It may hold a password.
    listen: str = "127.0.0.1:8080"
    workers: int = 1
    threads: int = 16
    submits: int = 64
    waits: int = 16
    streams: int = 2000
    connections: int = 2500
    token_requests: int = 60_000
    organisation_requests: int = 120_000
    address_requests: int = 6_000
    read_seconds: int = 20
    max_body_bytes: int = 1 << 20
    submit_seconds: int = 30
    tracking: str = ""
    photo_days: int = 180
    oidc: str = ""
    origins: str = ""
    webhook_networks: str = ""
    tls_certificate: str = ""
    tls_key: str = ""
    tls_client_ca: str = ""
    tls_client_scopes: str = "read write events"
    log: str = logs.TEXT
    ready_file: str = ""

    def __post_init__(self) -> None:
        for each in fields(self):
            if each.type == "int" and getattr(self, each.name) < 1:
                raise SettingsError(f"{PREFIX}{each.name.upper()} is {getattr(self, each.name)}; it must be at least 1")
        try:
            backends.check_url(self.database)
        except ValueError as error:
            raise SettingsError(f"{PREFIX}DATABASE cannot be used: {error}") from None
        host, colon, port = self.listen.rpartition(":")
        if not (host and colon and port.isdecimal() and int(port) < 65536):
            raise SettingsError(f"{PREFIX}LISTEN is {self.listen!r}; it must be <address>:<port>, as 127.0.0.1:8080")
        if self.tracking and self.tracking.count("/") != 1:
            raise SettingsError(f"{PREFIX}TRACKING is {self.tracking!r}; it must be <MSP>/<user>, as PlatformMSP/User1")
        if bool(self.tls_certificate) != bool(self.tls_key) or (self.tls_client_ca and not self.tls_certificate):
            raise SettingsError(
                f"{PREFIX}TLS_CERTIFICATE and {PREFIX}TLS_KEY need each other, and {PREFIX}TLS_CLIENT_CA needs both"
            )
        if unknown := [each for each in self.tls_client_scopes.split() if not scopes.FORM.fullmatch(each)]:
            raise SettingsError(f"{PREFIX}TLS_CLIENT_SCOPES has {unknown[0]!r}; it must be scopes, as read write")
        if self.log not in logs.FORMS:
            raise SettingsError(f"{PREFIX}LOG is {self.log!r}; it must be one of {', '.join(logs.FORMS)}")
        try:
            _ = self.allowed_networks
        except ValueError as error:
            raise SettingsError(f"{PREFIX}WEBHOOK_NETWORKS: {error}") from None
        for origin in self.allowed_origins:
            if not _ORIGIN.fullmatch(origin):
                raise SettingsError(
                    f"{PREFIX}ORIGINS has {origin!r}; each must be a scheme and a host without a path, as https://shop.example"
                )

    @property
    def allowed_origins(self) -> frozenset[str]:
        """The sites whose pages may call the API from a browser."""
        return frozenset(self.origins.split())

    @property
    def allowed_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The networks besides the public internet to which webhooks may be sent."""
        return tuple(map(ipaddress.ip_network, self.webhook_networks.split()))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """
        Return the settings in *environ*; names it does not set keep their defaults.

        Raises:
            SettingsError: a setting is missing or has the wrong form.
        """
        known = {PREFIX + f.name.upper(): f for f in fields(cls)}
        values: dict[str, Any] = {}
        for name, known_field in known.items():
            text = environ.get(name)
            if text is None or text == "":
                continue
            try:
                values[known_field.name] = _READERS[str(known_field.type)](text)
            except ValueError:
                raise SettingsError(f"{name} is {text!r}; it must be a whole number") from None
        for name in ("wallet", "data"):
            if name not in values:
                raise SettingsError(f"{PREFIX}{name.upper()} is not set; it names a folder and has no default")
        return cls(**values)

    def to_environment(self) -> dict[str, str]:
        """Return these settings as environment variables, for the server's processes."""
        return {PREFIX + f.name.upper(): str(getattr(self, f.name)) for f in fields(self)}


_READERS = {"Path": Path, "str": str, "int": int}
