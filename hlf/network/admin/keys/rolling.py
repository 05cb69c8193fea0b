"""
New roots of trust for an organisation, beside the old ones until these are no longer needed.

It has two authorities: one signs its identities, the other the certificates of
its TLS. The channels first trust old and new ones. Then nodes and users get
certificates of the new ones, for the keys they have, and last the channels and
nodes forget the old ones. The authorities in the organisation's folder say how
far it is, so an interrupted command continues when it is run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hlf.admin import channel as channels
from hlf.network import certificates, engines, errors, material, profile, state
from hlf.network.admin import lifetime, restarting, updates
from hlf.network.admin.keys import renewing
from hlf.network.admin.nodes import Nodes
from hlf.network.admin.observed import ChannelConfigs
from hlf.network.engines import Engine
from hlf.network.material import CA, TLS_CA
from hlf.network.plan import configuration, consenters
from hlf.network.state import Folder, Record
from hlf.network.topology import BFT, Consortium, Orderer
from hlf.wire.certificates import read, read_revocations
from hlf.wire.config import configvalues

TRUSTED, RENEWED = "trusted", "renewed"
"""Where a roll-over may rest: all trust old and new, or all have certificates of the new and still trust the old."""

_WORDS = {CA: "identities", TLS_CA: "TLS"}
_UNITS = ("client", "peer", "admin", "orderer")


@dataclass(frozen=True)
class RollOver:
    """
    The roll-over of an organisation's roots: the channels that trust them, what gets new certificates, and who signs.

    *kinds* are the authorities that get a successor. *known* are the orderers that channels know by their certificates.
    *gateways* are peers that must start again to connect to an organisation's only orderer.
    *alone* are channels whose only orderer is the organisation's. *begun* says that an earlier command was interrupted.
    """

    msp_id: str
    kinds: tuple[str, ...]
    channels: tuple[str, ...]
    nodes: tuple[str, ...]
    users: tuple[str, ...]
    known: tuple[str, ...]
    gateways: tuple[str, ...]
    alone: tuple[str, ...]
    begun: bool

    def __str__(self) -> str:
        named = ", ".join(self.channels) or "no channel"
        roots = " and ".join(f"a new root of its {_WORDS[kind]}" for kind in self.kinds)
        lines = [
            f"make for {self.msp_id} {roots}" + (" (begun already)" if self.begun else ""),
            f"let {named} trust old and new, signed by the admins whom the policies ask for; "
            "profiles name both, so give them to clients before you go on (--until trusted)",
            f"make new certificates of {', '.join((*self.nodes, *self.users))}; keys stay, "
            "and each node is started again; give users theirs before you go on (--until renewed)",
            *(f"let {named} know {each} by its new certificates" for each in self.known),
            *([f"start {', '.join(self.gateways)} again: their gateways keep connections"] if self.gateways else []),
            f"remove the old roots from {named}: their certificates are refused from then on, wherever copies are",
            "start each node again, without the old roots",
        ]
        said = "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))
        if TLS_CA not in self.kinds:
            said += (
                f"\nThe root of TLS stays: {', '.join(self.alone)} has no other orderer, and Raft lets one exchange "
                "its own certificate only if another can lead. Add one first: hlf network orderer-add."
            )
        return said


@dataclass(frozen=True)
class _RollOverRequest:
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

    @property
    def users(self) -> list[str]:
        """The organisation's users, each as ``MSP/name``."""
        return [name for name in self.holders if name not in self.consortium.nodes]

    @property
    def orderers(self) -> list[Orderer]:
        """The organisation's orderers."""
        return [each for each in self.consortium.orderers if each.msp_id == self.msp_id]

    def look(self) -> ChannelConfigs:
        """Return what the channels say."""
        with Nodes(self.folder, self.record, self.consortium) as nodes:
            return lifetime.look(self.folder, self.record, self.consortium, nodes, self.engine)


def plan(msp_id: str, root: Path = Path("build/network")) -> RollOver:
    """
    Return what :func:`roll` would do; changes nothing.

    Raises:
        StateError: there is no such organisation, or the network does not run.
    """
    rolling = _asked(msp_id, root)
    found = rolling.look()
    names = (name for name, config in found.configs.items() if _groups(config.channel_group, msp_id))
    alone = _alone(rolling, found)
    kinds = _kinds(rolling, alone)
    begun = any(material.is_being_succeeded(rolling.folder, msp_id, kind) for kind in kinds)
    renamed = rolling.consortium.ordering.consensus == BFT or TLS_CA in kinds
    known = tuple(each.name for each in rolling.orderers if renamed)
    only = TLS_CA in kinds and bool(known) and _known_by_one_address(rolling, found)
    return RollOver(
        msp_id=msp_id,
        kinds=kinds,
        channels=tuple(names),
        nodes=tuple(rolling.nodes),
        users=tuple(rolling.users),
        known=known,
        gateways=tuple(_gateways(rolling)) if only else (),
        alone=tuple(alone),
        begun=begun,
    )


def roll(msp_id: str, root: Path = Path("build/network"), until: str | None = None) -> None:
    """
    Give an organisation new roots of trust, and its nodes and users certificates of them.

    With *until* it rests at :data:`TRUSTED` or :data:`RENEWED`, and a later call goes on from there.

    Raises:
        StateError: as for :func:`plan`; or the keys of those who must sign are not here.
        ConfigError: (of ``hlf``) a channel refused the update.
    """
    rolling = _asked(msp_id, root)
    folder = rolling.folder
    with state.alone(folder):
        found = rolling.look()
        kinds = _kinds(rolling, _alone(rolling, found))
        _require_signers(rolling, found)
        if not all(material.has_succeeded(folder, msp_id, kind) for kind in kinds):
            _trust_both(rolling, kinds)
            if until == TRUSTED:
                return
            _renew(rolling, kinds)
            for kind in kinds:
                material.succeed(folder, msp_id, kind)
        if until is None:
            _forget(rolling, kinds)


def _require_signers(rolling: _RollOverRequest, found: ChannelConfigs) -> None:
    """Raise StateError unless the admins whose keys are here can sign what is about to change, before anything does."""
    addresses = [rolling.record.inside(each.name) for each in rolling.orderers]
    for channel, config in found.configs.items():
        changed = channels.copy(config)
        _in_msps(changed.channel_group, rolling.msp_id, lambda msp: msp.root_certs.append(b"the next one"))
        for address in addresses:
            consenters.know_by_tls(changed.channel_group.groups["Orderer"], address, b"another one")
        if changed != config:
            updates.signers_of(rolling.folder, rolling.consortium, channel, config, changed)


def _trust_both(rolling: _RollOverRequest, kinds: Iterable[str]) -> None:
    """Let folders, channels and profiles trust the old roots and the new ones."""
    pairs = {}
    for kind in kinds:
        pair = material.succession(rolling.folder, rolling.msp_id, kind)
        pairs[kind] = [each.certificate_pem for each in pair]
        material.trust(rolling.folder, rolling.msp_id, rolling.nodes, kind, pairs[kind])

    def change(msp: Any) -> None:
        for kind, pems in pairs.items():
            _trust(msp, kind, *pems)

    _in_channels(rolling, lambda group: _in_msps(group, rolling.msp_id, change))
    profile.make(rolling.folder, rolling.record, rolling.consortium)


def _renew(rolling: _RollOverRequest, kinds: Iterable[str]) -> None:
    """
    Give nodes and users certificates of the new roots.

    Nodes trust both roots of their own organisation when they have started again, so its users come after them.
    """
    for name in rolling.nodes:
        for kind in kinds:
            _issue(rolling, name, kind)
        if name in {each.name for each in rolling.orderers}:
            _start_again(rolling, name, tls=TLS_CA in kinds)
        else:
            restarting.restart([name], rolling.folder.root)
    for name in rolling.users:
        for kind in kinds:
            _issue(rolling, name, kind)
    rolling.engine.wait_ordering(rolling.record, rolling.consortium)
    if TLS_CA in kinds and _known_by_one_address(rolling, rolling.look()):
        restarting.restart(_gateways(rolling), rolling.folder.root)


def _start_again(rolling: _RollOverRequest, name: str, *, tls: bool) -> None:
    """
    Start an orderer with its new certificates, and update the channels that know the old ones.

    Connections keep the roots that they were made with, and would refuse the new certificate of TLS. Orderers connect
    again when a certificate in the channel is exchanged, and gateways when an address has left the channel.
    """
    place, address = rolling.holders[name], rolling.record.inside(name)
    certificate, identity = place / "tls" / "server.crt", place / "msp" / "signcerts" / "cert.pem"

    def before(orderer: Any) -> None:
        consenters.know_by_tls(orderer, address, certificate.read_bytes())
        configuration.hide(orderer, address)

    def after(orderer: Any) -> None:
        consenters.know_by_identity(orderer, address, identity.read_bytes())
        if address in consenters.addresses(orderer):
            configuration.show(orderer, rolling.msp_id, address)

    if tls:
        _in_channels(rolling, lambda group: before(group.groups["Orderer"]))
    restarting.restart([name], rolling.folder.root)
    _in_channels(rolling, lambda group: after(group.groups["Orderer"]), name)


def _known_by_one_address(rolling: _RollOverRequest, found: ChannelConfigs) -> bool:
    """Return whether the organisation orders by one orderer, which no channel can leave out for a moment."""
    configs = found.configs.values()
    return any(configuration.has_one_address(each.channel_group.groups["Orderer"], rolling.msp_id) for each in configs)


def _gateways(rolling: _RollOverRequest) -> list[str]:
    """Return all peers, whose gateways keep their connections to orderers."""
    return [each.name for each in rolling.consortium.peers]


def _forget(rolling: _RollOverRequest, kinds: Iterable[str]) -> None:
    """Let folders, channels, profiles and nodes forget the old roots."""
    folder, msp_id = rolling.folder, rolling.msp_id
    pairs = {}
    for kind in kinds:
        pairs[kind] = [each.certificate_pem for each in material.succession(folder, msp_id, kind)]
        material.trust(folder, msp_id, rolling.nodes, kind, pairs[kind][1:])

    def change(msp: Any) -> None:
        for kind, pems in pairs.items():
            _distrust(msp, kind, *pems)

    _in_channels(rolling, lambda group: _in_msps(group, msp_id, change))
    restarting.restart(rolling.nodes, folder.root)
    # It returns when the peers have found each other again, and writes the profiles.
    lifetime.bring_up(folder, rolling.consortium, rolling.record.engine, rolling.record.version)
    for kind in kinds:
        material.retire(folder, msp_id, kind)


def _alone(rolling: _RollOverRequest, found: ChannelConfigs) -> list[str]:
    """Return the channels whose only orderer is one of the organisation's."""
    own = {rolling.record.inside(each.name) for each in rolling.orderers}
    listed = {name: consenters.addresses(each.channel_group.groups["Orderer"]) for name, each in found.configs.items()}
    return [name for name, agree in listed.items() if len(agree) == 1 and own.issuperset(agree)]


def _kinds(rolling: _RollOverRequest, alone: list[str]) -> tuple[str, ...]:
    """Return the authorities that can get a successor."""
    if alone and not material.is_being_succeeded(rolling.folder, rolling.msp_id, TLS_CA):
        return (CA,)
    return material.AUTHORITIES


def _asked(msp_id: str, root: Path) -> _RollOverRequest:
    folder = Folder(root)
    record = state.started(folder)
    state.require_all_keys(folder, record)
    engine, consortium = engines.by_name(record.engine), state.held(folder)
    if msp_id not in consortium.msp_ids:
        raise errors.StateError(root, f"has no organisation {msp_id}", f"It has {', '.join(consortium.msp_ids)}.")
    if not any(engine.running(folder).values()):
        raise errors.not_running(root)
    return _RollOverRequest(folder, record, engine, consortium, msp_id)


def _issue(rolling: _RollOverRequest, name: str, kind: str) -> None:
    """Replace a holder's certificates of one authority by those of its successor."""
    place = rolling.holders[name]
    _, succeeding = material.succession(rolling.folder, rolling.msp_id, kind)
    issuer = read(succeeding.certificate_pem)
    for file, issued_by in renewing.files(place):
        former = read(file.read_bytes())
        # An interrupted command has exchanged some of them.
        if issued_by == kind and not issuer.issued(former):
            state.replace_file(file, certificates.renewed(succeeding, former.for_building()))
    if kind == CA and (place / "ca.pem").exists():
        material.trust_in_flat_form(rolling.folder, rolling.msp_id, place, succeeding.certificate_pem)


def _in_channels(rolling: _RollOverRequest, change: Callable[[Any], None], started: str = "") -> None:
    """
    Change the configuration (``common.ConfigGroup``) of every channel, where it is not so yet.

    An orderer of BFT that was *started* a moment ago may miss a block, so another one is asked.
    """
    folder, record, consortium = rolling.folder, rolling.record, rolling.consortium
    others = [each for each in consortium.orderers if each.name != started]
    speaker = next((each for each in others if each.msp_id != rolling.msp_id), (others or consortium.orderers)[-1])
    with Nodes(folder, record, consortium) as nodes:
        for channel in nodes.orderer_admin(speaker).channels():
            config = channels.config(nodes.orderer(speaker), channel)
            changed = channels.copy(config)
            change(changed.channel_group)
            if changed != config:
                updates.put_in_force(folder, consortium, nodes, channel, config, changed, speaker)


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


def _roots(config: Any, kind: str) -> Any:
    return config.root_certs if kind == CA else config.tls_root_certs


def _trust(config: Any, kind: str, former: bytes, succeeding: bytes) -> None:
    roots = _roots(config, kind)
    if succeeding not in roots:
        roots.append(succeeding)
    if kind != CA:
        return
    for unit in _UNITS:
        identifier = getattr(config.fabric_node_ous, f"{unit}_ou_identifier")
        # A unit that names its authority counts only in certificates of that one.
        if identifier.certificate == former:
            identifier.certificate = b""


def _distrust(config: Any, kind: str, former: bytes, present: bytes) -> None:
    listed = _roots(config, kind)
    roots = [each for each in listed if each != former]
    del listed[:]
    listed.extend(roots)
    if kind != CA:
        return
    key_id = read(former).extensions.subject_key_id
    lists = [each for each in config.revocation_list if read_revocations(each).authority_key_id != key_id]
    del config.revocation_list[:]
    config.revocation_list.extend(lists)
    for unit in _UNITS:
        identifier = getattr(config.fabric_node_ous, f"{unit}_ou_identifier")
        if not identifier.certificate and roots == [present]:
            identifier.certificate = present
