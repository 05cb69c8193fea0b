"""
Keys and certificates of a consortium, in a state folder.

``make`` creates missing files and never overwrites existing ones, so it may be
called before every start. Only the owner can read private keys and their
folders. Key and certificate of one holder are made together or not at all.
"""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from hlf.errors import IdentityError
from hlf.network import certificates, errors, state
from hlf.network.certificates import IssuedCertificate
from hlf.network.state import Folder
from hlf.network.topology import Consortium, OrdererOrganisation, Organisation, User
from hlf.signers import load_private_key
from hlf.wire.certificates import read
from hlf.wire.certificates.names import ORGANIZATION

_NODE_OUS = """NodeOUs:
  Enable: true
  ClientOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: client}
  PeerOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: peer}
  AdminOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: admin}
  OrdererOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: orderer}
"""
# With two roots a role counts whichever of them issued the certificate.
_NODE_OUS_OF_ANY = _NODE_OUS.replace("Certificate: cacerts/ca.pem, ", "")
CA, TLS_CA = "ca", "tlsca"
"""The two authorities of an organisation: one signs its identities, the other the certificates of its TLS."""

AUTHORITIES = (CA, TLS_CA)
NEXT, FORMER = "-next", "-former"
"""How the folder of an authority ends that is about to succeed another, and of the one that it has just succeeded."""

REVOKED = "revoked"
SET_ASIDE = (REVOKED, *(f"{kind}{FORMER}" for kind in AUTHORITIES))
"""How the folders begin that hold an organisation's certificates which are no longer accepted."""
_UNUSABLE = "Restore it from a backup, or remove the whole state folder to start afresh (its ledgers are lost then)."


def make(folder: Folder, consortium: Consortium) -> None:
    """
    Create every key and certificate of the consortium that is not there yet.

    Raises:
        MaterialError: something is there, but unusable.
    """
    for organisation in consortium.organisations:
        _organisation(folder, organisation)
    for ordering in consortium.ordering.organisations:
        _orderer_organisation(folder, ordering)


def authority(folder: Folder, msp_id: str, kind: str = CA) -> IssuedCertificate:
    """
    Return the authority of an organisation: ``ca`` signs its identities, ``tlsca`` the certificates of TLS.

    Raises:
        MaterialError: its key is not in the folder, or unusable.
    """
    _settle(folder.organisation(msp_id))
    place = folder.organisation(msp_id) / kind
    return _load(place / "cert.pem", place / "key.pem")


def roots(msp: Path, kind: str = CA) -> list[Path]:
    """Return the files of the roots that an MSP folder trusts: one, and the next one in a roll-over."""
    present, following = _root_files(msp, kind)
    return [present, *([following] if following.exists() else [])]


def tls_roots(folder: Folder, msp_id: str) -> bytes:
    """Return the roots (PEM) by which clients know an organisation's nodes: one, or two in a roll-over."""
    return b"".join(file.read_bytes() for file in roots(folder.organisation(msp_id) / "msp", TLS_CA))


def succession(folder: Folder, msp_id: str, kind: str) -> tuple[IssuedCertificate, IssuedCertificate]:
    """
    Return an authority of an organisation and the one that succeeds it, which is made once.

    Raises:
        MaterialError: as for :func:`authority`.
    """
    place = folder.organisation(msp_id)
    if has_succeeded(folder, msp_id, kind):
        return authority(folder, msp_id, f"{kind}{FORMER}"), authority(folder, msp_id, kind)
    former = authority(folder, msp_id, kind)

    def made() -> dict[str, bytes]:
        issued = certificates.successor(former.certificate)
        return {"cert.pem": issued.certificate_pem, "key.pem": issued.key_pem}

    _once(place / f"{kind}{NEXT}", made)
    return former, authority(folder, msp_id, f"{kind}{NEXT}")


def is_being_succeeded(folder: Folder, msp_id: str, kind: str) -> bool:
    """Return whether a roll-over of an authority has begun, and not ended."""
    place = folder.organisation(msp_id)
    return any((place / f"{kind}{end}").exists() for end in (NEXT, FORMER))


def has_succeeded(folder: Folder, msp_id: str, kind: str) -> bool:
    """Return whether the next authority has taken the place of one that is not put away yet."""
    return (folder.organisation(msp_id) / f"{kind}{FORMER}").exists()


def succeed(folder: Folder, msp_id: str, kind: str) -> None:
    """Let the next authority of an organisation take its place, once, and keep the former one beside it."""
    place = folder.organisation(msp_id)
    if not has_succeeded(folder, msp_id, kind):
        (place / kind).rename(place / f"{kind}{FORMER}")
    _settle(place)


def retire(folder: Folder, msp_id: str, kind: str) -> None:
    """Put a former authority away, under a number, with the revocation lists that it has signed."""
    place = folder.organisation(msp_id)
    former = place / f"{kind}{FORMER}"
    if kind == CA:
        for file in revocation_lists(folder, msp_id):
            file.rename(former / file.name.replace("ca", "crl"))
    number = sum(1 for _ in place.glob(f"{former.name}-*"))
    former.rename(place / f"{former.name}-{number + 1}")


def trust(folder: Folder, msp_id: str, nodes: Iterable[str], kind: str, trusted: Sequence[bytes]) -> None:
    """Let the folders of an organisation, its users and *nodes* trust one root, or that and the next one."""
    place = folder.organisation(msp_id)
    holders = [*place.glob("users/*"), *place.glob("peers/*"), *filter(Path.is_dir, map(folder.orderer, nodes))]
    for msp in [place / "msp", *(each / "msp" for each in holders)]:
        for file, root in zip(_root_files(msp, kind), trusted, strict=False):
            state.replace_file(file, root)
        if kind == CA:
            state.replace_file(msp / "config.yaml", (_NODE_OUS if len(trusted) == 1 else _NODE_OUS_OF_ANY).encode())
        if len(trusted) == 1:
            _root_files(msp, kind)[1].unlink(missing_ok=True)
    if kind == TLS_CA:
        for holder in holders:
            state.replace_file(holder / "tls" / "ca.crt", b"".join(trusted))
            if (holder / "ca.pem").exists():
                trust_in_flat_form(folder, msp_id, holder, read((holder / "ca.pem").read_bytes()).pem)


def trust_in_flat_form(folder: Folder, msp_id: str, user: Path, issuer: bytes) -> None:
    """Write a user's ``ca.pem``: the issuer of its certificate, then the TLS roots of the organisation's nodes."""
    state.replace_file(user / "ca.pem", issuer + tls_roots(folder, msp_id))


def _root_files(msp: Path, kind: str) -> tuple[Path, Path]:
    place = msp / f"{kind}certs"
    return place / f"{kind}.pem", place / f"{kind}{NEXT}.pem"


def _settle(place: Path) -> None:
    """Finish a replacement of an authority that was interrupted between its two steps."""
    for kind in AUTHORITIES:
        if (place / f"{kind}{NEXT}").exists() and not (place / kind).exists():
            (place / f"{kind}{NEXT}").rename(place / kind)


def keep_public(folder: Folder, msp_id: str, root_pem: bytes, tls_root_pem: bytes) -> None:
    """Keep the roots of trust of an organisation whose keys are elsewhere."""
    place = folder.organisation(msp_id)
    for name, content in {
        "msp/config.yaml": _NODE_OUS.encode(),
        "msp/cacerts/ca.pem": root_pem,
        "msp/tlscacerts/tlsca.pem": tls_root_pem,
        "tlsca/cert.pem": tls_root_pem,
    }.items():
        state.replace_file(place / name, content)


def users(consortium: Consortium) -> list[tuple[str, tuple[User, ...]]]:
    """Return the users of each organisation, those that order included, by MSP id."""
    members = [(each.msp_id, each.users) for each in consortium.organisations]
    return members + [(each.msp_id, each.users) for each in consortium.ordering.organisations]


def revocation_lists(folder: Folder, msp_id: str) -> list[Path]:
    """Return the files of an organisation's revocation lists, of which there is one at most."""
    return sorted((folder.organisation(msp_id) / "msp" / "crls").glob("*.pem"))


def set_aside(folder: Folder, consortium: Consortium, is_member: Callable[[str], bool]) -> None:
    """
    Move away the material of an organisation under another domain, if it never became a member.

    It stays beside the new one, as ``.<MSP>-<number>``: a key is never deleted.

    Raises:
        MaterialError: it is a member under that other domain.
    """
    for organisation in consortium.organisations:
        place = folder.organisation(organisation.msp_id)
        made_for = _domain(place / "ca" / "cert.pem")
        if made_for is None or made_for == organisation.domain[: certificates.LONGEST_NAME]:
            continue
        if is_member(organisation.msp_id):
            raise errors.MaterialError(
                place,
                f"{organisation.msp_id} has the domain {made_for}, not {organisation.domain}",
                f"Its certificates name it. Write `domain: {made_for}`.",
            )
        number = sum(1 for _ in place.parent.glob(f".{organisation.msp_id}-*"))
        place.rename(place.with_name(f".{organisation.msp_id}-{number + 1}"))


def _domain(certificate_file: Path) -> str | None:
    """Return the domain that an authority was made for; None where there is no authority yet."""
    try:
        subject = read(certificate_file.read_bytes()).subject
    except (OSError, IdentityError):
        return None
    return next(iter(subject.values(ORGANIZATION)), None)


def _organisation(folder: Folder, organisation: Organisation) -> None:
    authorities = _Authorities(folder, organisation.msp_id, organisation.domain, organisation.country)
    for peer in organisation.peers:
        authorities.node(folder.peer(organisation.msp_id, peer.name), peer.name, "peer", organisation.host)
    for user in organisation.users:
        authorities.user(folder.user(organisation.msp_id, user.name), user)


def _orderer_organisation(folder: Folder, organisation: OrdererOrganisation) -> None:
    authorities = _Authorities(folder, organisation.msp_id, organisation.domain, "ZZ")
    for orderer in organisation.orderers:
        authorities.node(folder.orderer(orderer.name), orderer.name, "orderer", organisation.host)
    for user in organisation.users:
        authorities.user(folder.user(organisation.msp_id, user.name), user)


class _Authorities:
    """An organisation's signing CA and TLS CA, and what they issue."""

    def __init__(self, folder: Folder, msp_id: str, domain: str, country: str) -> None:
        self._domain = domain
        self._country = country
        root = folder.organisation(msp_id)
        _settle(root)
        self._signing = self._authority(root / "ca", f"ca.{domain}")
        self._tls = self._authority(root / "tlsca", f"tlsca.{domain}")
        _once(root / "msp", lambda: self._msp())

    def node(self, place: Path, name: str, unit: str, host: str | None) -> None:
        """Make a peer's or orderer's signing identity, and its TLS certificate for its names and its *host*."""
        _once(place / "msp", lambda: self._msp(self._identity(name, unit)))
        hosts = (name, name.split(".", 1)[0], "localhost", "127.0.0.1", "::1", *([host] if host else []))
        _once(place / "tls", lambda: self._tls_files("server", name, hosts))

    def user(self, place: Path, user: User) -> None:
        """Make a user's identity with attributes, in the flat form and as an MSP folder, and a TLS certificate."""

        def files() -> dict[str, bytes]:
            attributes = {"hf.EnrollmentID": user.name, "hf.Type": user.role, "hf.Affiliation": ""}
            name = f"{user.name}@{self._domain}"
            issued = self._identity(name, user.role, {**attributes, **user.attributes})
            flat = {
                "cert.pem": issued.certificate_pem,
                "key.pem": issued.key_pem,
                # The issuer of cert.pem first, then what a client must trust to dial the organisation's peers.
                "ca.pem": self._signing.certificate_pem + self._tls.certificate_pem,
            }
            msp = {f"msp/{path}": content for path, content in self._msp(issued).items()}
            tls = {f"tls/{path}": content for path, content in self._tls_files("client", name, ()).items()}
            return {**flat, **msp, **tls}

        _once(place, files)

    def _identity(self, name: str, unit: str, attributes: Mapping[str, str] | None = None) -> IssuedCertificate:
        return certificates.identity(self._signing, name, self._domain, self._country, unit, attributes)

    def _authority(self, place: Path, name: str) -> IssuedCertificate:
        def files() -> dict[str, bytes]:
            issued = certificates.authority(name, self._domain, self._country)
            return {"cert.pem": issued.certificate_pem, "key.pem": issued.key_pem}

        _once(place, files)
        return _load(place / "cert.pem", place / "key.pem")

    def _msp(self, issued: IssuedCertificate | None = None) -> dict[str, bytes]:
        files = {
            "config.yaml": _NODE_OUS.encode(),
            "cacerts/ca.pem": self._signing.certificate_pem,
            "tlscacerts/tlsca.pem": self._tls.certificate_pem,
        }
        if issued is not None:
            files |= {"signcerts/cert.pem": issued.certificate_pem, "keystore/key.pem": issued.key_pem}
        return files

    def _tls_files(self, end: str, name: str, hosts: tuple[str, ...]) -> dict[str, bytes]:
        issued = certificates.tls(self._tls, name, self._domain, self._country, hosts)
        return {
            f"{end}.crt": issued.certificate_pem,
            f"{end}.key": issued.key_pem,
            "ca.crt": self._tls.certificate_pem,
        }


def _once(place: Path, files: Callable[[], dict[str, bytes]]) -> None:
    """Fill a folder that does not exist yet; it appears complete, by one rename, or not at all."""
    if place.exists():
        return
    state.private_folder(place.parent)
    try:
        new = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    except OSError as error:
        raise state.unusable(place, error) from error
    try:
        for name, content in files().items():
            target = new / name
            state.private_folder(target.parent)
            mode = 0o600 if target.suffix == ".key" or target.name == "key.pem" else 0o644
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        new.rename(place)
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        raise state.unusable(place, error) from error
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _load(certificate_file: Path, key_file: Path) -> IssuedCertificate:
    try:
        certificate = read(certificate_file.read_bytes()).for_building()
    except OSError as error:
        raise errors.MaterialError(certificate_file, f"cannot be read: {error.strerror}", _UNUSABLE) from error
    except IdentityError as error:
        raise errors.MaterialError(certificate_file, f"is not a PEM certificate: {error}", _UNUSABLE) from error
    try:
        key = load_private_key(key_file.read_bytes())
    except OSError as error:
        raise errors.MaterialError(key_file, f"cannot be read: {error.strerror}", _UNUSABLE) from error
    except IdentityError:
        raise errors.MaterialError(key_file, "is not an unencrypted PEM private key", _UNUSABLE) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise errors.MaterialError(key_file, "does not belong to the certificate beside it", _UNUSABLE)
    if stat.S_IMODE(key_file.stat().st_mode) & 0o077:
        raise errors.MaterialError(
            key_file, "can be read by others than its owner", f"Run: chmod 600 {shlex.quote(str(key_file))}"
        )
    return IssuedCertificate(certificate, key)
