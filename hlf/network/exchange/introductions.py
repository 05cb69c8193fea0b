"""What an organisation tells the others of itself: roots of trust, and nodes with addresses; nothing private."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hlf import errors as hlf_errors
from hlf.network import errors, material, ports, state
from hlf.network.exchange import exchangedfiles
from hlf.network.state import Folder, Record
from hlf.network.topology import Consortium
from hlf.wire import certificates
from hlf.wire.certificates import Certificate

KIND = "introduction"


def of(folder: Folder, record: Record, consortium: Consortium, msp_id: str) -> dict[str, Any]:
    """
    Return the public facts that the folder has of an organisation.

    Raises:
        StateError: it was never introduced here.
    """
    mine = consortium.only([msp_id])
    root, tls = roots(folder, msp_id)
    nodes: dict[str, Any] = {name: record.ports.get(name) for name in mine.nodes}
    consenters = {each.name: consenter(folder, each.name) for each in mine.orderers}
    if not known(folder, record, consortium, msp_id):
        raise errors.StateError(
            folder.root,
            f"does not know {msp_id} yet",
            f"Ask its admin for {msp_id}.introduction.json, and name that file: --with FILE.",
        )
    return {
        "msp_id": msp_id,
        "root": root.read_text(encoding="ascii"),
        "tls_root": tls.read_text(encoding="ascii"),
        "nodes": nodes,
        "consenters": {
            name: {key: file.read_text(encoding="ascii") for key, file in files.items()}
            for name, files in consenters.items()
        },
    }


def of_channel(
    folder: Folder, record: Record, consortium: Consortium, channel: str, introduced: Iterable[Path]
) -> list[dict[str, Any]]:
    """
    Return what the folder knows of a channel's members and orderers' organisations, after it took *introduced* in.

    Raises:
        StateError: the file has no such channel, or one of them was never introduced here.
        ExchangeError: as for :func:`take`.
    """
    if channel not in {each.name for each in consortium.channels}:
        known = ", ".join(each.name for each in consortium.channels)
        raise errors.StateError(folder.root, f"the file has no channel {channel}", f"It has {known}.")
    for file in introduced:
        take(folder, record, consortium, file)
    return [of(folder, record, consortium, msp_id) for msp_id in parties(consortium, channel)]


def parties(consortium: Consortium, channel: str) -> tuple[str, ...]:
    """Return the members of a channel and the organisations that order, as a file has them."""
    return (*consortium.channel(channel).members, *(each.msp_id for each in consortium.ordering.organisations))


def known(folder: Folder, record: Record, consortium: Consortium, msp_id: str) -> bool:
    """Return whether the folder has all public material of an organisation of the file."""
    mine = consortium.only([msp_id])
    files = [
        *roots(folder, msp_id),
        *(file for each in mine.orderers for file in consenter(folder, each.name).values()),
    ]
    return all(file.exists() for file in files) and all(name in record.ports for name in mine.nodes)


def write(folder: Folder, record: Record, consortium: Consortium, msp_id: str) -> Path:
    """Write an organisation's introduction for the others, and return its file."""
    place = folder.root / f"{msp_id}.introduction.json"
    exchangedfiles.write(place, KIND, of(folder, record, consortium, msp_id))
    return place


def take(folder: Folder, record: Record, consortium: Consortium, place: Path) -> str:
    """
    Keep an introduction, and return the MSP id of its organisation.

    Raises:
        ExchangeError: it is damaged, or contradicts what is known of that organisation.
    """
    return keep(folder, record, consortium, exchangedfiles.ExchangedFile(place, KIND))


def keep(folder: Folder, record: Record, consortium: Consortium, file: exchangedfiles.ExchangedFile) -> str:
    """Keep what the fields of a file say of an organisation, as :func:`take` does."""
    msp_id = file.text("msp_id")
    mine = consortium.only([msp_id])
    if not mine.nodes:
        raise file.error(
            f"introduces {msp_id!r}, and the consortium file here has no such organisation",
            "Write it into the file as its admin has it, and name the file: --consortium FILE.",
        )
    root, tls = (_authority(file, name) for name in ("root", "tls_root"))
    consenters, numbers = file.mapping("consenters"), file.numbers("nodes")
    if set(numbers) != {*mine.nodes} or set(consenters) != {each.name for each in mine.orderers}:
        raise file.error(
            f"has the nodes {', '.join(sorted(numbers))} of {msp_id}, and the consortium file here "
            f"{', '.join(sorted(mine.nodes))}",
            "Agree on one file first.",
        )
    listeners = {each.name: ports.PEER_USES for each in mine.peers}
    listeners |= {each.name: ports.ORDERER_USES for each in mine.orderers}
    for name, uses in listeners.items():
        if set(numbers[name]) != {*uses}:
            raise file.error(f"names other ports of {name} than {', '.join(uses)}")
    for name, place, certificate in zip(("identity", "TLS"), roots(folder, msp_id), (root, tls), strict=True):
        if place.exists() and place.read_bytes() != certificate.pem:
            raise file.error(
                f"names another {name} root of {msp_id} than this folder knows",
                f"Compare the SHA-256 of both with the admin of {msp_id} by telephone; do not use the file until then.",
            )
    held = {
        name: {key: _issued(file, name, key, values, issuer) for key, issuer in (("tls", tls), ("identity", root))}
        for name, values in consenters.items()
    }
    if msp_id not in record.own:
        material.keep_public(folder, msp_id, root.pem, tls.pem)
        for name, certificate_of in held.items():
            for key, kept in consenter(folder, name).items():
                state.replace_file(kept, certificate_of[key].pem)
        record.ports.update(numbers)
        record.hosts.update(mine.hosts)
    return msp_id


def roots(folder: Folder, msp_id: str) -> tuple[Path, Path]:
    """Return the files of an organisation's roots of trust: of its identities, and of its TLS."""
    msp = folder.organisation(msp_id) / "msp"
    return msp / "cacerts" / "ca.pem", msp / "tlscacerts" / "tlsca.pem"


def consenter(folder: Folder, name: str) -> dict[str, Path]:
    """Return the files of an orderer's certificates, which channels name."""
    place = folder.orderer(name)
    return {"tls": place / "tls" / "server.crt", "identity": place / "msp" / "signcerts" / "cert.pem"}


def _authority(file: exchangedfiles.ExchangedFile, name: str) -> Certificate:
    """Return a root of trust of the file; refuse another certificate before it gets into the folder."""
    found = _certificate(file, name, file.text(name))
    if not found.issued(found):
        raise file.error(f"has a {name!r} that is no root of trust: it has not issued itself")
    return found


def _issued(file: exchangedfiles.ExchangedFile, node: str, key: str, values: Any, issuer: Certificate) -> Certificate:
    """Return an orderer's certificate, issued by its own organisation: it decides who votes in channels."""
    found = _certificate(file, f"{key} of {node}", values.get(key) if isinstance(values, dict) else None)
    if not issuer.issued(found):
        raise file.error(f"has a certificate {key!r} of {node} that its organisation has not issued")
    return found


def _certificate(file: exchangedfiles.ExchangedFile, name: str, text: Any) -> Certificate:
    try:
        (found,) = certificates.read_all(str(text).encode("ascii"))
    except (UnicodeError, ValueError, hlf_errors.IdentityError) as error:
        raise file.error(f"has no certificate {name!r}") from error
    return found
