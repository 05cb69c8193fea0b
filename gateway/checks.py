"""The checks of ``selat gateway check``: whether a gateway with these settings could work."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from gateway.fabric.ledger import Ledgers
from gateway.fabric.wallet import KeyElsewhereError, Wallet, WalletError
from gateway.front import tls
from gateway.http.settings import Settings
from gateway.oidc import trust
from gateway.oidc.bearers import Issuers, MissingLibraryError
from gateway.store.backends import MissingDriverError
from gateway.store.database import SecretError, Store, StoreError
from gateway.telemetry import traces
from hlf import errors
from hlf.identity import Identity
from hlf.pkcs11 import HsmSigner

_REACHED_SECONDS = 2.0
_SOON = timedelta(days=30)
# Certificates of public authorities may be valid for a few weeks only; programs renew them.
_RENEWED = timedelta(days=7)
# What keys in security modules sign as a trial; no message of Fabric looks like it.
_TRIED = b"selat gateway check"


@dataclass(frozen=True)
class CheckResult:
    """The result of one check. If it is not *good*, *words* has cause and cure."""

    what: str
    good: bool
    words: str


def findings(settings: Settings, now: datetime | None = None) -> Iterator[CheckResult]:
    """Yield the results of all checks, cheap ones first. Nodes are asked; nothing is written to a ledger."""
    wallet = Wallet(settings.wallet, settings.passphrase_file)
    organisations = wallet.organisations()
    yield _store(settings)
    yield CheckResult(
        "wallet",
        bool(organisations),
        ", ".join(organisations) or f"{settings.wallet} has no profiles/<MSP>.json; start a network or name it",
    )
    yield from _address(settings)
    yield from _encryption(settings, now or datetime.now(UTC))
    yield from _tracking(settings, wallet)
    yield from _oidc(settings)
    yield from _traces()
    for msp_id in organisations:
        yield from _identities(wallet, msp_id, now or datetime.now(UTC))
    yield from _network(settings, wallet, organisations)


def _store(settings: Settings) -> CheckResult:
    what = "the database of SELAT_DATABASE" if settings.database else str(settings.data)
    try:
        store = Store(settings.data, settings.database)
        store.check_writable()
        store.secret()
    except (OSError, StoreError, SecretError, MissingDriverError) as error:
        return CheckResult("store", False, f"{what} cannot be used: {error}")
    return CheckResult("store", True, what)


def _address(settings: Settings) -> Iterator[CheckResult]:
    host = settings.listen.rpartition(":")[0].strip("[]")
    try:
        own = ipaddress.ip_address(host).is_loopback
    except ValueError:
        own = host == "localhost"
    open_to_all = (
        f"{settings.listen} is open to other machines; let a proxy do that with TLS, or name SELAT_TLS_CERTIFICATE"
    )
    yield CheckResult("address", True, settings.listen if own or settings.tls_certificate else open_to_all)


def _encryption(settings: Settings, now: datetime) -> Iterator[CheckResult]:
    try:
        found = tls.of(settings)
    except tls.TlsError as error:
        yield CheckResult("TLS", False, str(error))
        return
    if found is not None:
        yield CheckResult("TLS", found.ends - now > _RENEWED, f"the certificate expires on {found.ends:%Y-%m-%d}")


def _tracking(settings: Settings, wallet: Wallet) -> Iterator[CheckResult]:
    if settings.tracking:
        msp_id, _, user = settings.tracking.partition("/")
        try:
            wallet.user(msp_id, user)
        except (WalletError, errors.HlfError) as error:
            yield CheckResult("tracking", False, str(error))
        else:
            yield CheckResult("tracking", True, settings.tracking)


def _oidc(settings: Settings) -> Iterator[CheckResult]:
    try:
        issuers = Issuers(trust.read(settings.oidc))
    except (trust.TrustError, MissingLibraryError) as error:
        yield CheckResult("issuers", False, str(error))
        return
    for url, answers in issuers.reached().items():
        yield CheckResult(f"issuer {url}", answers, "answers" if answers else "its keys cannot be read")


def _traces() -> Iterator[CheckResult]:
    try:
        if not traces.wanted(os.environ):
            return
    except traces.TracesError as error:
        yield CheckResult("traces", False, str(error))
        return
    try:
        url = urlsplit(traces.collector(os.environ))
        address = (url.hostname or "", url.port or (443 if url.scheme == "https" else 80))
        socket.create_connection(address, _REACHED_SECONDS).close()
    except (OSError, ValueError) as error:
        # Without a collector requests are served, but their spans are lost. The URL may hold a password.
        yield CheckResult("traces", False, f"the collector of OTEL_EXPORTER_OTLP_ENDPOINT cannot be reached: {error}")
    else:
        yield CheckResult("traces", True, f"the collector at {address[0]}:{address[1]} answers")


def _identities(wallet: Wallet, msp_id: str, now: datetime) -> Iterator[CheckResult]:
    try:
        wallet.profile(msp_id)
    except errors.HlfError as error:
        yield CheckResult(msp_id, False, str(error))
        return
    yield from users(wallet, msp_id, now)


def users(wallet: Wallet, msp_id: str, now: datetime) -> Iterator[CheckResult]:
    """Yield, for each user, whether its certificate is valid long enough and its key can be used."""
    for name in wallet.users(msp_id):
        what = f"{msp_id}/{name}"
        try:
            own, where = _key(wallet, msp_id, name)
        except errors.HlfError as error:
            yield CheckResult(what, False, str(error))
            continue
        ends = own.certificate.not_after
        yield CheckResult(what, ends - now > _SOON, f"the certificate expires on {ends:%Y-%m-%d}{where}")


def _key(wallet: Wallet, msp_id: str, name: str) -> tuple[Identity, str]:
    """Return a user's identity, and a note if its key is not in a file; a key in a module must sign a trial text."""
    try:
        own, signer = wallet.user(msp_id, name)
    except KeyElsewhereError:
        return wallet.identity(msp_id, name), "; it signs elsewhere"
    if not isinstance(signer, HsmSigner):
        return own, ""
    with signer:
        signer.sign(_TRIED)
        return own, "; the key in its security module signs"


def _network(settings: Settings, wallet: Wallet, organisations: list[str]) -> Iterator[CheckResult]:
    ledgers = Ledgers(wallet, settings.submit_seconds)
    try:
        up = [msp_id for msp_id in organisations if ledgers.reachable(msp_id)]
        for msp_id in organisations:
            there = msp_id in up
            yield CheckResult(
                f"peer of {msp_id}", there, "answers" if there else "cannot be reached; is the network up?"
            )
        if not any(map(wallet.signing_user, organisations)):
            yield CheckResult("channels", True, "cannot be asked for: no key is here, and users sign elsewhere")
            return
        for channel in wallet.channels():
            served = ledgers.serves(channel, up)
            yield CheckResult(f"channel {channel}", served, "answers" if served else "no peer has it")
    finally:
        ledgers.close()
