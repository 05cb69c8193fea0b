"""
A new root of trust for an organisation, beside the old one until nobody needs that any more.

The channels first trust both. Then nodes and users get certificates of the new
root, for the keys they have, and last the channels and nodes forget the old
one. The two authorities in the organisation's folder say how far it is, so a
command that was cut off goes on when it is run again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hlf.admin import channel as channels
from hlf.network import certificates, engines, errors, material, state
from hlf.network.admin import lifetime, restarting, updates
from hlf.network.admin.keys import renewing
from hlf.network.admin.nodes import Nodes
from hlf.network.engines import Engine
from hlf.network.plan import consenters
from hlf.network.state import Folder, Record
from hlf.network.topology import BFT, Consortium
from hlf.wire.certificates import read, read_revocations
from hlf.wire.config import configvalues

_UNITS = ("client", "peer", "admin", "orderer")


@dataclass(frozen=True)
class RollOver:
    """
    The roll-over of an organisation's root: the channels that trust it, what gets new certificates, and who signs.

    *known* are the orderers that channels know by their certificates, as with BFT. *begun* says that an earlier command
    was cut off.
    """

    msp_id: str
    channels: tuple[str, ...]
    nodes: tuple[str, ...]
    users: tuple[str, ...]
    known: tuple[str, ...]
    begun: bool

    def __str__(self) -> str:
        named = ", ".join(self.channels) or "no channel"
        lines = [
            f"make a new root of {self.msp_id}" + (" (begun already)" if self.begun else ""),
            f"let {named} trust both roots, signed by the admins whom the policies ask for",
            f"make new certificates of {', '.join((*self.nodes, *self.users))}; keys stay, "
            "and each node is started again",
            *(f"let {named} know {each} by its new certificate" for each in self.known),
            f"take the old root out of {named}: certificates of it are refused from then on, wherever copies are",
            "start each node again, without the old root",
        ]
        return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))


@dataclass(frozen=True)
class _Rolling:
    folder: Folder
    record: Record
    engine: Engine
    consortium: Consortium
    msp_id: str

    @property
    def holders(self) -> dict[str, Path]:
        """The nodes and users of the organisation, by name."""
        found = renewing.holders(self.folder, self.consortium)
        return {name: place for name, (msp_id, place) in found.items() if msp_id == self.msp_id}

    @property
    def nodes(self) -> list[str]:
        """The organisation's nodes."""
        return [name for name in self.holders if name in self.consortium.nodes]


def plan(msp_id: str, root: Path = Path("build/network")) -> RollOver:
    """
    Return what :func:`roll` would do; changes nothing.

    Raises:
        StateError: there is no such organisation, or the network does not run.
    """
    rolling = _asked(msp_id, root)
    with Nodes(rolling.folder, rolling.record, rolling.consortium) as nodes:
        found = lifetime.look(rolling.folder, rolling.record, rolling.consortium, nodes, rolling.engine)
    names = (name for name, config in found.configs.items() if _groups(config.channel_group, msp_id))
    users = tuple(name for name in rolling.holders if name not in rolling.nodes)
    place = rolling.folder.organisation(msp_id)
    begun = any((place / name).exists() for name in (material.NEXT, material.FORMER))
    bft = rolling.consortium.ordering.consensus == BFT
    known = tuple(each.name for each in rolling.consortium.orderers if bft and each.msp_id == msp_id)
    return RollOver(msp_id, tuple(names), tuple(rolling.nodes), users, known, begun)


def roll(msp_id: str, root: Path = Path("build/network")) -> None:
    """
    Give an organisation a new root of trust, and its nodes and users certificates of it.

    Raises:
        StateError: as for :func:`plan`; or the keys of those who must sign are not here.
        ConfigError: (of ``hlf``) a channel refused the update.
    """
    rolling = _asked(msp_id, root)
    folder = rolling.folder
    with state.alone(folder):
        place = folder.organisation(msp_id)
        if not (place / material.FORMER).exists():
            former = material.authority(folder, msp_id)
            succeeding = material.successor(folder, msp_id)
            both = [former.certificate_pem, succeeding.certificate_pem]
            material.trust(folder, msp_id, rolling.nodes, both)
            _in_channels(rolling, lambda group: _in_msps(group, msp_id, lambda msp: _trust(msp, *both)))
            for name in rolling.holders:
                _issue(rolling, name, succeeding)
            restarting.restart(rolling.nodes, root)
            rolling.engine.wait_ordering(rolling.record, rolling.consortium)
            _in_channels(rolling, lambda group: consenters.identify(group.groups["Orderer"], _identities(rolling)))
            material.succeed(folder, msp_id)
        former_pem = (place / material.FORMER / "cert.pem").read_bytes()
        present_pem = material.authority(folder, msp_id).certificate_pem
        material.trust(folder, msp_id, rolling.nodes, [present_pem])
        _in_channels(
            rolling, lambda group: _in_msps(group, msp_id, lambda msp: _distrust(msp, former_pem, present_pem))
        )
        restarting.restart(rolling.nodes, root)
        # It returns when the peers have found each other again.
        lifetime.bring_up(folder, rolling.consortium, rolling.record.engine, rolling.record.version)
        material.retire(folder, msp_id)


def _asked(msp_id: str, root: Path) -> _Rolling:
    folder = Folder(root)
    record = state.started(folder)
    state.require_all_keys(folder, record)
    engine, consortium = engines.by_name(record.engine), state.held(folder)
    if msp_id not in consortium.msp_ids:
        raise errors.StateError(root, f"has no organisation {msp_id}", f"It has {', '.join(consortium.msp_ids)}.")
    if not any(engine.running(folder).values()):
        raise errors.not_running(root)
    return _Rolling(folder, record, engine, consortium, msp_id)


def _issue(rolling: _Rolling, name: str, authority: certificates.Issued) -> None:
    """Replace a holder's signing certificates by those of the new root; the ones of TLS have another authority."""
    place = rolling.holders[name]
    for file, kind in renewing.files(place):
        if kind == "ca":
            former = read(file.read_bytes()).for_building()
            state.replace_file(file, certificates.renewed(authority, former))
    if (place / "ca.pem").exists():
        tls = material.authority(rolling.folder, rolling.msp_id, "tlsca")
        state.replace_file(place / "ca.pem", authority.certificate_pem + tls.certificate_pem)


def _identities(rolling: _Rolling) -> dict[str, bytes]:
    """Return the certificates of the organisation's orderers, by the address at which others reach them."""
    return {
        rolling.record.inside(name): (place / "msp" / "signcerts" / "cert.pem").read_bytes()
        for name, place in rolling.holders.items()
        if place == rolling.folder.orderer(name)
    }


def _in_channels(rolling: _Rolling, change: Callable[[Any], None]) -> None:
    """Change the configuration (``common.ConfigGroup``) of every channel, where it is not so yet."""
    folder, record, consortium = rolling.folder, rolling.record, rolling.consortium
    with Nodes(folder, record, consortium) as nodes:
        found = lifetime.look(folder, record, consortium, nodes, rolling.engine)
        for channel, config in found.configs.items():
            changed = channels.copy(config)
            change(changed.channel_group)
            if changed != config:
                updates.put_in_force(folder, consortium, nodes, channel, config, changed)


def _in_msps(channel_group: Any, msp_id: str, change: Callable[[Any], None]) -> None:
    """Change what a channel says of the organisation."""
    for group in _groups(channel_group, msp_id):
        config = configvalues.fabric_msp(group)
        change(config)
        configvalues.set_fabric_msp(group, config)


def _groups(group: Any, msp_id: str) -> list[Any]:
    """Return where a channel's configuration describes an organisation: as a member, and as one that orders."""
    kinds = (group.groups[kind].groups for kind in ("Application", "Orderer"))
    return [held[msp_id] for held in kinds if msp_id in held]


def _trust(config: Any, former: bytes, succeeding: bytes) -> None:
    if succeeding not in config.root_certs:
        config.root_certs.append(succeeding)
    for unit in _UNITS:
        identifier = getattr(config.fabric_node_ous, f"{unit}_ou_identifier")
        # A unit that names its authority counts only in certificates of that one.
        if identifier.certificate == former:
            identifier.certificate = b""


def _distrust(config: Any, former: bytes, present: bytes) -> None:
    roots = [each for each in config.root_certs if each != former]
    del config.root_certs[:]
    config.root_certs.extend(roots)
    key_id = read(former).extensions.subject_key_id
    lists = [each for each in config.revocation_list if read_revocations(each).authority_key_id != key_id]
    del config.revocation_list[:]
    config.revocation_list.extend(lists)
    for unit in _UNITS:
        identifier = getattr(config.fabric_node_ous, f"{unit}_ou_identifier")
        if not identifier.certificate and roots == [present]:
            identifier.certificate = present
