"""
Sign with keys in a hardware security module, by PKCS #11: the extra ``pkcs11``.

::

    with pkcs11.signer("/usr/lib/softhsm/libsofthsm2.so", "fabric", pin, certificate_pem) as signer:
        with hlf.connect(profile, Identity("Org1MSP", certificate_pem), signer) as gateway:
            ...
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hlf import extras
from hlf.errors import IdentityError, WireError
from hlf.identity import load_certificate
from hlf.wire import signatures


@dataclass
class _Login:
    """A process logs in to a token once, however many signers of its keys it has; the last one logs out."""

    session: Any
    pin: str = field(repr=False)
    sessions: int = 0


class _Logins:
    """The tokens to which this process is logged in, by their library and label."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[tuple[str, str], _Login] = {}

    def session(self, pkcs11: Any, library: str, token: str, pin: str) -> Any:
        """Return a new session in which the token's private keys can be used; raises the module's own errors."""
        with self._lock:
            found = pkcs11.lib(library).get_token(token_label=token)
            login = self._open.get((library, token))
            if login is None:
                login = self._open[library, token] = _Login(found.open(user_pin=pin), pin)
            elif login.pin != pin:
                raise pkcs11.PinIncorrect
            login.sessions += 1
            try:
                return found.open()
            except BaseException:
                self._leave(library, token)
                raise

    def close(self, session: Any, library: str, token: str) -> None:
        """Close a session; log out with the last one."""
        with self._lock:
            try:
                session.close()
            finally:
                self._leave(library, token)

    def _leave(self, library: str, token: str) -> None:
        login = self._open[library, token]
        login.sessions -= 1
        if not login.sessions:
            del self._open[library, token]
            login.session.close()


_LOGINS = _Logins()


class HsmSigner:
    """
    A signer whose key never leaves its module. Many threads may use it, one at a time. Close it.

    Args:
        close: ends the session.
    """

    def __init__(self, close: Callable[[], None], key: Any, mechanism: Any, curve: ec.EllipticCurve) -> None:
        self._close: Callable[[], None] | None = close
        self._key = key
        self._mechanism = mechanism
        self._curve = curve
        self._lock = threading.Lock()

    def sign(self, message: bytes) -> bytes:
        """
        Return the signature of *message*.

        Raises:
            IdentityError: the module refused.
        """
        digest = hashlib.sha256(message).digest()
        try:
            with self._lock:
                raw = bytes(self._key.sign(digest, mechanism=self._mechanism))
            return signatures.canonical(raw, self._curve)
        except (_library().PKCS11Error, WireError) as refused:
            raise IdentityError(f"the security module did not sign: {_words(refused)}") from None

    def close(self) -> None:
        """End the session; who closes the last signer of a token logs out of it."""
        with self._lock:
            if self._close is not None:
                self._close()
            self._close = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def signer(library: str, token: str, pin: str, certificate_pem: bytes, *, label: str | None = None) -> HsmSigner:
    """
    Return a signer with the certificate's private key in the *token* of that label.

    Args:
        library: the file of the module's PKCS #11 library.
        label: of the key; without one it is found by its id, which Fabric's tools set to the SHA-256 of the public
            key's point (the subject key identifier).

    Raises:
        IdentityError: the extra ``pkcs11`` is not installed, the library, the token or the key is not there, the PIN
            is wrong, or the key is not the certificate's. The PIN is never quoted.
    """
    public = load_certificate(certificate_pem).public_key.key
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise IdentityError("the certificate's key is not ECDSA; Fabric takes no other kind from a security module")
    signatures.require_supported(public.curve)
    pkcs11 = _library()
    try:
        session = _LOGINS.session(pkcs11, library, token, pin)
    except pkcs11.NoSuchToken:
        raise IdentityError(
            f"{library} has no token with the label {token!r}; softhsm2-util --show-slots lists"
        ) from None
    except pkcs11.PinIncorrect:
        raise IdentityError(f"the PIN for the token {token!r} is wrong; too many wrong ones lock it") from None
    except (pkcs11.PKCS11Error, RuntimeError, OSError) as failed:
        raise IdentityError(f"{library} cannot be used as a PKCS #11 library: {_words(failed)}") from None
    close = functools.partial(_LOGINS.close, session, library, token)
    try:
        found = HsmSigner(close, _key(pkcs11, session, public, label), pkcs11.Mechanism.ECDSA, public.curve)
        if not signatures.verify(
            public, found.sign(b"Is this the key of the certificate?"), b"Is this the key of the certificate?"
        ):
            raise IdentityError(
                "the key in the token is not the key of the certificate; give the label of the right one"
            )
    except BaseException:
        close()
        raise
    return found


def _key(pkcs11: Any, session: Any, public: ec.EllipticCurvePublicKey, label: str | None) -> Any:
    wanted = {"label": label} if label is not None else {"id": _identifier(public)}
    words = f"with the label {label!r}" if label is not None else f"with the id {_identifier(public).hex()}"
    try:
        return session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, **wanted)
    except pkcs11.NoSuchKey:
        raise IdentityError(f"the token has no private key {words}; give the key's own label") from None
    except pkcs11.MultipleObjectsReturned:
        raise IdentityError(f"the token has several private keys {words}; give one a label of its own") from None


def _identifier(public: ec.EllipticCurvePublicKey) -> bytes:
    point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return hashlib.sha256(point).digest()


def _library() -> Any:
    try:
        return importlib.import_module("pkcs11")
    except ImportError:
        raise IdentityError(str(extras.missing("python-pkcs11", "pkcs11"))) from None


def _words(failure: BaseException) -> str:
    return str(failure) or type(failure).__name__
