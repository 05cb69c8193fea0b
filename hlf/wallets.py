"""Wallets: identities in the JSON files of fabric-network, the former SDK for Node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hlf import jsontext, signers
from hlf.errors import IdentityError, WireError
from hlf.identity import Identity, matching
from hlf.signers import Signer

_MOST_BYTES = 1 << 20
_SOFTWARE, _HARDWARE = "X.509", "HSM-X.509"


def load(path: Path | str, signer: Signer | None = None) -> tuple[Identity, Signer]:
    """
    Return the identity and signer in a wallet's file, such as ``wallet/appUser.id``.

    Raises:
        IdentityError: it cannot be read or used; the text names the file, the field and the cure.
    """
    path = Path(path)
    try:
        return read(path.read_bytes(), signer)
    except OSError as unreadable:
        raise IdentityError(f"{path} cannot be read: {unreadable.strerror}") from unreadable
    except IdentityError as unusable:
        raise IdentityError(f"{path}: {unusable}") from None


def read(data: bytes, signer: Signer | None = None) -> tuple[Identity, Signer]:
    """
    Return the identity and signer in the JSON of a wallet's entry.

    Args:
        signer: signs in place of a private key in the entry. One of the type HSM-X.509 has none and needs it:
            ``hlf.pkcs11.signer``, or any other.

    Raises:
        IdentityError: it is no such entry; the text names the field and the cure, and never quotes a value.
    """
    try:
        entry = jsontext.loads(data, most_bytes=_MOST_BYTES)
    except WireError as malformed:
        raise IdentityError(f"no entry of a wallet: {malformed}") from None
    if not isinstance(entry, dict):
        raise IdentityError("no entry of a wallet: expected an object with credentials, mspId and type")
    kind = _text(entry, "type", 'write "X.509", or "HSM-X.509" for a key in a security module')
    if kind not in (_SOFTWARE, _HARDWARE):
        raise IdentityError(f"type is {kind[:40]!r}; only {_SOFTWARE} and {_HARDWARE} are known")
    if entry.get("version", 1) != 1:
        raise IdentityError("version is not 1; this entry is of a newer form: export the certificate and key as PEM")
    credentials = entry.get("credentials")
    if not isinstance(credentials, dict):
        raise IdentityError("credentials is missing or not an object; it holds certificate and privateKey in PEM")
    pem = _text(credentials, "certificate", "put the certificate there in PEM", "credentials.certificate").encode()
    identity = Identity(_text(entry, "mspId", "write the organisation's MSP id, such as Org1MSP"), pem)
    if signer is not None:
        return identity, signer
    if kind == _HARDWARE:
        raise IdentityError("its key is in a security module: give a signer, of hlf.pkcs11.signer for example")
    key = _text(credentials, "privateKey", "put the private key there in PEM", "credentials.privateKey").encode()
    private = signers.load_private_key(key)
    if not matching(identity, private):
        raise IdentityError("credentials.privateKey is not the key of credentials.certificate")
    return identity, signers.from_private_key(private)


def _text(parent: dict[str, Any], key: str, cure: str, where: str = "") -> str:
    value = parent.get(key)
    if not isinstance(value, str) or not value:
        raise IdentityError(f"{where or key} is missing or not a text; {cure}")
    return value
