"""One organisation with its own keys and nodes, and the channels as these show them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hlf import errors as hlf_errors
from hlf import waiting
from hlf.admin import channel as channels
from hlf.admin import discovery
from hlf.admin.orderer import Orderer
from hlf.admin.peer import Peer
from hlf.client.session import TlsIdentity
from hlf.identity import Identity
from hlf.network import errors, state
from hlf.network.admin import nodes
from hlf.network.admin.nodes import Nodes
from hlf.network.state import Folder
from hlf.profile import Endpoint
from hlf.signers import Signer
from hlf.wire.config.channelconfig import Bundle

_ANSWER_SECONDS = 3.0
_SETTLE_SECONDS = 60.0
_GOSSIP_SECONDS = 30.0


class OwnOrganisation:
    """
    An organisation with the key of its admin; a context manager that closes its connections.

    Nodes of other organisations are found as a channel's configuration and discovery name them.
    """

    def __init__(self, root: Path, msp_id: str | None = None, *, timeout: float = 60.0) -> None:
        """
        Use the folder *root* in the name of *msp_id*, by default of the one whose keys it holds.

        Raises:
            StateError: the folder holds no network, or no key of that organisation's admin.
        """
        self.folder = Folder(root)
        self.record = state.existing(self.folder)
        self.consortium = state.held(self.folder)
        self.msp_id = msp_id or self._owner()
        self._timeout = timeout
        self._user = self.folder.user(self.msp_id, "Admin")
        if not (self._user / "key.pem").exists():
            held = ", ".join(_owners(self.folder)) or "no organisation"
            raise errors.StateError(
                root,
                f"holds no key of the admin of {self.msp_id}",
                f"It holds those of {held}: name one with --organisation, or another folder with --state.",
            )
        self._open = contextlib.ExitStack()
        self.nodes = self._open.enter_context(Nodes(self.folder, self.record, self.consortium, timeout=timeout))

    @property
    def admin(self) -> tuple[Identity, Signer]:
        """The organisation's admin and its signer; raise StateError if the certificate has expired."""
        return nodes.valid_user(self._user, self.msp_id)

    def peers(self) -> list[Peer]:
        """
        Return the organisation's own peers, none where it only orders.

        Raises:
            StateError: none of them listens.
        """
        if not self.nodes.knows(self.msp_id):
            return []
        names = [each.name for each in self.consortium.organisation(self.msp_id).peers]
        self.nodes.require_listening(names)
        return [self.nodes.peer(name) for name in names]

    def peer(self) -> Peer:
        """
        Return the organisation's first peer.

        Raises:
            StateError: it has none.
        """
        peers = self.peers()
        if not peers:
            raise errors.StateError(
                self.folder.root, f"{self.msp_id} has no peer in the consortium file", "Name a member: --organisation."
            )
        return peers[0]

    def wait_everywhere(self, channel: str, what: str, has: Callable[[Peer], bool]) -> None:
        """
        Return when every own peer on a channel has the change that was put in force there.

        Raises:
            EngineError: one does not get it; *what* names it, as ``definition``.
        """
        joined = [each for each in self.peers() if channel in each.channels()]
        if not waiting.until(lambda: all(has(each) for each in joined), _SETTLE_SECONDS, every=0.1):
            raise errors.EngineError(
                f"after {_SETTLE_SECONDS:g} s not every peer of {self.msp_id} has the {what}",
                f"Read the peers' logs for the cause; the {what} itself is in force.",
            )

    def config(self, channel: str) -> Any:
        """
        Return the configuration (``common.Config``) of a channel in force, as an own peer or the orderers have it.

        Raises:
            AdminError: (of ``hlf``) no node answered with it.
        """
        for peer in self.peers():
            if channel in peer.channels():
                return channels.config(peer, channel)
        with self._speaking(self._own_orderers()) as orderer:
            return channels.config(orderer, channel)

    @contextlib.contextmanager
    def orderer(self, bundle: Bundle) -> Any:
        """
        Yield a channel's orderer that answers, as the channel's configuration names it.

        Raises:
            StateError: none answers.
        """
        roots = {each.msp_id: _tls_roots(each.msp) for each in _ordering(bundle)}
        places = [
            Endpoint(address, address, roots[msp_id], msp_id)
            for msp_id, addresses in bundle.orderer_endpoints.items()
            for address in addresses
        ]
        with self._speaking(places) as found:
            yield found

    def endorsers(self, bundle: Bundle, msp_ids: Iterable[str]) -> dict[str, Peer]:
        """
        Return a peer of each of these members of a channel that answers, the own one first, by MSP id.

        Peers that have joined lately find each other by gossip, so they are waited for.
        """
        found = {self.msp_id: self.peer()}
        roots = {each.msp_id: _tls_roots(each.msp) for each in bundle.application_organisations.values()}
        missing = [each for each in msp_ids if each != self.msp_id]

        def complete() -> bool:
            for each in sorted(discovery.peers(self.peer(), bundle.channel_id), key=lambda known: known.address):
                if each.msp_id in missing and each.msp_id not in found:
                    place = Endpoint(each.address, each.address, roots[each.msp_id], each.msp_id)
                    if (peer := self._answering(place)) is not None:
                        found[each.msp_id] = peer
            return found.keys() >= set(missing)

        waiting.until(complete, _GOSSIP_SECONDS, every=0.5)
        return found

    def _answering(self, place: Endpoint) -> Peer | None:
        with contextlib.ExitStack() as opened:
            peer = opened.enter_context(Peer(place, *self.admin, timeout=self._timeout, tls_identity=self._tls))
            try:
                peer.session.wait_ready(place, _ANSWER_SECONDS)
            except hlf_errors.GatewayError:
                return None
            self._open.push(opened.pop_all())
            return peer

    @property
    def _tls(self) -> TlsIdentity | None:
        return TlsIdentity.load(self._user)

    @contextlib.contextmanager
    def _speaking(self, places: Iterable[Endpoint]) -> Any:
        asked = []
        for place in places:
            with Orderer(place, *self.admin, timeout=self._timeout, tls_identity=self._tls) as orderer:
                try:
                    orderer.session.wait_ready(place, _ANSWER_SECONDS)
                except hlf_errors.GatewayError:
                    asked.append(place.address)
                    continue
                yield orderer
                return
        raise errors.StateError(
            self.folder.root,
            f"no orderer answers {self.msp_id} (asked: {', '.join(asked) or 'none is known'})",
            "Ask those who run them, and try again.",
        )

    def _own_orderers(self) -> list[Endpoint]:
        found = []
        for each in self.consortium.orderers:
            root = self.folder.organisation(each.msp_id) / "tlsca" / "cert.pem"
            if root.exists() and each.name in self.record.ports:
                address = self.record.address(each.name)
                found.append(Endpoint(each.name, address, root.read_bytes(), each.msp_id, each.name))
        return found

    def _owner(self) -> str:
        own = self.record.own or _owners(self.folder)
        members = [each for each in own if each in {one.msp_id for one in self.consortium.organisations}]
        if len(members) > 1 or not own:
            raise errors.StateError(
                self.folder.root, f"holds the keys of {', '.join(own) or 'nobody'}", "Name one with --organisation."
            )
        return members[0] if members else own[0]

    def __enter__(self) -> OwnOrganisation:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()


def _owners(folder: Folder) -> list[str]:
    """Return the organisations whose admins' keys are in a folder."""
    keys = folder.organisation("any").parent.glob("[!.]*/users/Admin/key.pem")
    return sorted(each.parents[2].name for each in keys)


def _ordering(bundle: Bundle) -> list[Any]:
    return [] if bundle.ordering is None else list(bundle.ordering.organisations.values())


def _tls_roots(msp: Any) -> bytes:
    return b"".join((*msp.config.tls_root_certs, *msp.config.tls_intermediate_certs))
