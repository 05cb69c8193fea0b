"""
A node's own membership: the identity with which it signs, and the organisation of its admins.

Both come from an MSP folder in Fabric's layout (cacerts, signcerts, keystore,
config.yaml ...).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from fabric_protos.msp import msp_config_pb2

from hlf import errors, signers, yamltext
from hlf.wire import msp, signatures

# Written on the event loop alone; commit threads look up.
_MADE: dict[tuple[bytes, bytes, bytes], None] = {}
_MOST_MADE = 4096
_ROLE_UNITS = {
    "ClientOUIdentifier": "client_ou_identifier",
    "PeerOUIdentifier": "peer_ou_identifier",
    "AdminOUIdentifier": "admin_ou_identifier",
    "OrdererOUIdentifier": "orderer_ou_identifier",
}


class LocalMsp:
    """A node's identity and its organisation's rules of membership."""

    def __init__(self, msp_id: str, folder: Path) -> None:
        """
        Read an MSP folder.

        Raises:
            IdentityError: the folder has no usable certificate, key or authority.
        """
        self.msp_id = msp_id
        self._folder = folder
        self.read_again()

    def read_again(self) -> None:
        """Read the folder, in which certificates may have been renewed; raises as at first."""
        msp_id, folder = self.msp_id, self._folder
        certificate = _one(folder / "signcerts")
        self.serialized = signatures.serialized_identity(msp_id, certificate)
        key = _one(folder / "keystore")
        try:
            self._signer = signers.from_pem(key)
        except errors.IdentityError as error:
            raise errors.IdentityError(f"the key in {folder / 'keystore'} cannot be used: {error}") from None
        self._matches: bool | None = None
        try:
            self.msps = msp.Msps([msp.Msp(_config(msp_id, folder))])
        except errors.WireError as error:
            raise errors.IdentityError(f"the MSP folder {folder} cannot be used: {error}") from None

    def identity(self, serialized: bytes) -> msp.Identity:
        """
        Return the identity in these bytes, checked by the node's own organisation.

        Raises:
            IdentityError: the bytes are no identity, or of another organisation.
        """
        try:
            named, _ = signatures.parse_identity(serialized)
        except errors.WireError as error:
            if not serialized:
                # Empty bytes are also a message: an identity of an organisation without a name.
                raise errors.IdentityError(f"expected MSP ID {self.msp_id}, received ") from None
            raise errors.IdentityError(f"could not deserialize a SerializedIdentity: {error}") from None
        if named != self.msp_id:
            raise errors.IdentityError(f"expected MSP ID {self.msp_id}, received {named}")
        return self.msps.identity(serialized)

    def sign(self, message: bytes) -> bytes:
        """Return this node's signature."""
        return self._signer.sign(message)

    def endorse(self, payload: bytes) -> bytes:
        """Return this node's signature for an endorsement of *payload*; it counts as made by this process."""
        signed = payload + self.serialized
        signature = self._signer.sign(signed)
        if self._matches is None:
            self._matches = self._verifies(signed, signature)
        if self._matches:
            _MADE[_place(signed, self.serialized, signature)] = None
            if len(_MADE) > _MOST_MADE:
                del _MADE[next(iter(_MADE))]
        return signature

    def _verifies(self, signed: bytes, signature: bytes) -> bool:
        """Return whether the certificate is that of the key, which nothing else has checked."""
        try:
            return self.msps.identity(self.serialized).verify(signed, signature)
        except errors.IdentityError:
            return False


def made(signed: msp.SignedData) -> bool:
    """
    Return whether a node of this process made this signature, over these bytes, as this identity.

    Only the latest are known. All peers are in this process, so a block's endorsements are mostly signatures that it
    made itself a moment ago.
    """
    return _place(signed.data, signed.identity, signed.signature) in _MADE


def _place(data: bytes, identity: bytes, signature: bytes) -> tuple[bytes, bytes, bytes]:
    return hashlib.sha256(data).digest(), identity, signature


def _config(msp_id: str, folder: Path) -> msp_config_pb2.FabricMSPConfig:
    config = msp_config_pb2.FabricMSPConfig(
        name=msp_id,
        root_certs=_all(folder / "cacerts"),
        intermediate_certs=_all(folder / "intermediatecerts"),
        admins=_all(folder / "admincerts"),
        revocation_list=_all(folder / "crls"),
        tls_root_certs=_all(folder / "tlscacerts"),
        tls_intermediate_certs=_all(folder / "tlsintermediatecerts"),
    )
    file = folder / "config.yaml"
    if file.is_file():
        _read_node_units(config, folder, file)
    return config


def _read_node_units(config: msp_config_pb2.FabricMSPConfig, folder: Path, file: Path) -> None:
    try:
        document = yamltext.loads(_read(file))
    except errors.YamlError as error:
        raise errors.IdentityError(f"{file}: {error}") from None
    units = document.get("NodeOUs") if isinstance(document, dict) else None
    if not isinstance(units, dict):
        return
    config.fabric_node_ous.enable = bool(units.get("Enable"))
    for name, field in _ROLE_UNITS.items():
        unit = units.get(name)
        if not isinstance(unit, dict):
            continue
        target = getattr(config.fabric_node_ous, field)
        target.organizational_unit_identifier = str(unit.get("OrganizationalUnitIdentifier", ""))
        if unit.get("Certificate"):
            target.certificate = _read(folder / str(unit["Certificate"]))


def _all(folder: Path) -> list[bytes]:
    if not folder.is_dir():
        return []
    return [_read(file) for file in sorted(folder.iterdir()) if file.is_file()]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise errors.IdentityError(f"{file} cannot be read: {error.strerror}") from None


def _one(folder: Path) -> bytes:
    files = _all(folder)
    if len(files) != 1:
        raise errors.IdentityError(f"{folder} must hold exactly one file and has {len(files)}")
    return files[0]
