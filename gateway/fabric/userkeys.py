"""
The key of a user in the wallet: in a file, in a file sealed with a passphrase, in a security module, or elsewhere.

    key.pem       PKCS #8 or SEC 1; sealed, it is encrypted PKCS #8
    pkcs11.toml   library, token, pin_file and perhaps label: the key is in a module (PKCS #11)
    neither       the user signs elsewhere
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from marshmallow import Schema, ValidationError, fields

from hlf import identity, pkcs11, signers
from hlf.client.session import TlsIdentity
from hlf.errors import IdentityError

KEY, MODULE, TLS_KEY = "key.pem", "pkcs11.toml", "tls/client.key"
_LEAST = 16


class _ModuleSchema(Schema):
    library = fields.String(required=True)
    token = fields.String(required=True)
    pin_file = fields.String(required=True)
    label = fields.String(load_default=None)


def is_here(user: Path) -> bool:
    """Return whether the gateway can sign for the user of this folder."""
    return (user / KEY).is_file() or (user / MODULE).is_file()


def load(user: Path, msp_id: str, passphrase_file: str = "") -> tuple[identity.Identity, signers.Signer]:
    """
    Return the identity and signer of the user of this folder.

    Raises:
        hlf.errors.IdentityError: certificate, key, passphrase or module cannot be used.
    """
    if not (user / MODULE).is_file():
        return identity.load_user(user, msp_id, password=_password(user / KEY, passphrase_file))
    own = identity.Identity(msp_id, (user / "cert.pem").read_bytes())
    try:
        told = _ModuleSchema().load(tomllib.loads((user / MODULE).read_text("utf-8")))
        pin = _line(Path(told["pin_file"]))
        return own, pkcs11.signer(told["library"], told["token"], pin, own.certificate_pem, label=told["label"])
    except (OSError, ValueError, ValidationError, IdentityError) as error:
        raise IdentityError(f"{user / MODULE}: {error}") from None


def load_tls(user: Path, passphrase_file: str = "") -> TlsIdentity | None:
    """
    Return what the user of this folder shows in mutual TLS, its key opened; None if there is nothing.

    Raises:
        hlf.errors.IdentityError: it cannot be read or opened.
    """
    found = TlsIdentity.load(user)
    if found is None or not is_sealed(found.key_pem):
        return found
    return replace(found, key_pem=opened(found.key_pem, passphrase(passphrase_file), str(user / TLS_KEY)))


def is_sealed(pem: bytes) -> bool:
    """Return whether a key's PEM is encrypted."""
    return b"ENCRYPTED" in pem


def passphrase(file: str) -> bytes:
    """
    Return the passphrase in *file*, its first line.

    Raises:
        hlf.errors.IdentityError: there is none, or it is short enough to be guessed.
    """
    if not file:
        raise IdentityError("a key in the wallet is sealed; name the file of its passphrase in SELAT_PASSPHRASE_FILE")
    try:
        found = _line(Path(file)).encode()
    except (OSError, ValueError) as error:
        raise IdentityError(f"the passphrase cannot be read: {error}") from None
    if len(found) < _LEAST:
        raise IdentityError(f"the passphrase in {file} has fewer than {_LEAST} bytes; make one: openssl rand -hex 32")
    return found


def sealed(pem: bytes, secret: bytes, place: str) -> bytes:
    """
    Return a plain key as encrypted PKCS #8.

    Raises:
        hlf.errors.IdentityError: it is no key.
    """
    return _written(pem, None, serialization.BestAvailableEncryption(secret), place)


def opened(pem: bytes, secret: bytes, place: str) -> bytes:
    """
    Return a sealed key as plain PKCS #8.

    Raises:
        hlf.errors.IdentityError: the passphrase is another, or it is no key.
    """
    return _written(pem, secret, serialization.NoEncryption(), place)


def _written(
    pem: bytes, secret: bytes | None, encryption: serialization.KeySerializationEncryption, place: str
) -> bytes:
    try:
        key = signers.load_private_key(pem, secret)
    except IdentityError as error:
        raise IdentityError(f"{place}: {error}") from None
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def _password(key: Path, passphrase_file: str) -> bytes | None:
    return passphrase(passphrase_file) if is_sealed(key.read_bytes()) else None


def _line(file: Path) -> str:
    lines = file.read_text("utf-8").splitlines()
    return lines[0] if lines else ""
