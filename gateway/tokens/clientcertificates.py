"""
Callers known by the certificate that they show in TLS: it must be exactly that of a user in the wallet.

The front accepts only certificates of its trusted authorities, and the handshake proves that the caller has the key. So
a user whose key is elsewhere needs no token, and a user who is taken out of the wallet is refused within seconds.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from gateway.fabric.wallet import Wallet, WalletError
from gateway.store.tokens import TokenCaller, TokenError
from hlf.errors import IdentityError
from hlf.wire import certificates

ENVIRON = "selat.client_certificate"
"""Where the WSGI environment has the certificate in DER; no header can set it."""

_FRESH_SECONDS = 5.0


class ClientCertificates:
    """The certificates of the wallet's users, and what a caller with one of them may do."""

    def __init__(self, wallet: Wallet, scopes: frozenset[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._wallet = wallet
        self._scopes = scopes
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at = -_FRESH_SECONDS
        self._users: dict[bytes, tuple[str, str]] = {}

    def caller(self, der: bytes) -> TokenCaller:
        """
        Return the user whose certificate this is.

        Raises:
            TokenError: it is nobody's here, or not valid now.
        """
        with self._lock:
            if self._clock() - self._read_at >= _FRESH_SECONDS:
                self._users, self._read_at = self._read(), self._clock()
            found = self._users.get(hashlib.sha256(der).digest())
        if found is None:
            raise TokenError("invalid", words="the client certificate is that of no user in the gateway's wallet")
        shown = certificates.parse(der)
        if not shown.not_before <= datetime.now(UTC) <= shown.not_after:
            raise TokenError("invalid", words="the client certificate is not valid at this time")
        name = hashlib.sha256(der).hexdigest()[:16]
        return TokenCaller(f"tls-{name}", *found, self._scopes, shown.not_after)

    def _read(self) -> dict[bytes, tuple[str, str]]:
        found: dict[bytes, tuple[str, str]] = {}
        for msp_id in self._wallet.organisations():
            for user in self._wallet.users(msp_id):
                try:
                    der = self._wallet.identity(msp_id, user).certificate.der
                except (WalletError, IdentityError, OSError):
                    continue  # `selat gateway check` reports it; the other users can call.
                # If two users have the same certificate, it is accepted for neither.
                key = hashlib.sha256(der).digest()
                found[key] = ("", "") if key in found else (msp_id, user)
        return {key: names for key, names in found.items() if names[0]}
