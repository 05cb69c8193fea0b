"""The steps of a chaincode's lifecycle, each by one organisation: package, install, approve, readiness, commit."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hlf import errors as hlf_errors
from hlf import waiting
from hlf.admin import lifecycle
from hlf.admin.peer import Peer
from hlf.network import errors, ports, state, topology
from hlf.network.admin import chaincodes, definitions
from hlf.network.exchange import exchangedfiles
from hlf.network.exchange.ownorganisation import OwnOrganisation
from hlf.network.state import Folder
from hlf.wire import packages
from hlf.wire.config.channelconfig import Bundle

KIND = "definition"
_AGREE_SECONDS = 10.0


@dataclasses.dataclass(frozen=True)
class ProposedDefinition:
    """A definition that a channel is to agree on, as organisations hand it to each other."""

    channel: str
    definition: lifecycle.Definition

    def words(self) -> list[str]:
        """Return what the channel would agree on, a line each."""
        values = dataclasses.asdict(self.definition)
        collections = values.pop("collections")
        lines = [f"{name}: {value if value != '' else 'by default of the channel'}" for name, value in values.items()]
        for each in collections:
            named = f"collection {each.pop('name')}: members {each.pop('policy')}"
            lines.append(", ".join((named, *(f"{name} {value}" for name, value in each.items() if value != ""))))
        return lines


def propose(
    channel: str, name: str, place: Path, root: Path, consortium: Path | None = None, msp_id: str | None = None
) -> ProposedDefinition:
    """
    Write the definition that a consortium file gives a chaincode into *place*, for the others to approve.

    Raises:
        ConsortiumError, NetworkError: the file cannot be used, or has no such chaincode.
    """
    with OwnOrganisation(root, msp_id) as ours:
        packaged = _packaged(ours, state.wanted(ours.folder, consortium), channel, name)
        made = ProposedDefinition(channel, packaged.definition)
    exchangedfiles.write(place, KIND, {"channel": channel, "definition": dataclasses.asdict(made.definition)})
    return made


def read(place: Path) -> ProposedDefinition:
    """
    Return the definition in a file.

    Raises:
        ExchangeError: it is none, or no lifecycle would take it.
    """
    file = exchangedfiles.ExchangedFile(place, KIND)
    channel, values = file.text("channel"), file.mapping("definition")
    try:
        collections = tuple(_built(lifecycle.Collection, each) for each in values.pop("collections"))
        definition = _built(lifecycle.Definition, {**values, "collections": collections})
        definition.fields()
    except (KeyError, TypeError, hlf_errors.HlfError) as error:
        raise file.error(f"holds no definition of a chaincode ({error})") from error
    return ProposedDefinition(channel, definition)


def package(
    channel: str, name: str, place: Path, root: Path, consortium: Path | None = None, msp_id: str | None = None
) -> str:
    """
    Write an organisation's package of a chaincode of the file, and return its id.

    Raises:
        ConsortiumError, NetworkError: the file cannot be used, or has no such chaincode for this organisation.
    """
    folder = Folder(root)
    state.existing(folder)
    with state.alone(folder), OwnOrganisation(root, msp_id) as ours:
        packaged = _packaged(ours, state.wanted(ours.folder, consortium), channel, name)
        # Its server's port stands in the package.
        state.write(folder, ours.record)
    state.replace_file(place, packaged.package)
    return packaged.package_id


def install(place: Path, root: Path, msp_id: str | None = None) -> str:
    """
    Install a package on every peer of an organisation that does not have it, and return its id.

    Raises:
        ExchangeError: it cannot be read.
        LifecycleError: (of ``hlf``) a peer refused it.
    """
    content, package_id = _package(place)
    with OwnOrganisation(root, msp_id) as ours:
        ours.peer()
        for peer in ours.peers():
            if package_id not in {each.package_id for each in lifecycle.installed(peer)}:
                lifecycle.install(peer, content)
    return package_id


def approve(place: Path, root: Path, msp_id: str | None = None, package: Path | None = None) -> str:
    """
    Approve a definition in an organisation's name, with its *package* or to run none; return the package's id.

    An organisation that has approved exactly this is left as it is.

    Raises:
        ExchangeError: the definition cannot follow the one in force, or *package* is not installed.
        LifecycleError: (of ``hlf``) the peer refused.
    """
    proposed = read(place)
    with OwnOrganisation(root, msp_id) as ours:
        peer = ours.peer()
        agreed = _following(proposed, peer, place) is not None
        package_id = _package(package)[1] if package is not None else ""
        if package is not None and package_id not in {each.package_id for each in lifecycle.installed(peer)}:
            raise errors.ExchangeError(package, f"is not installed at {peer.name}", "Install it first.")
        definition = proposed.definition
        held = lifecycle.approved(peer, proposed.channel, definition.name)
        same = held is not None and (held.sequence, held.package_id) == (definition.sequence, package_id)
        if not same or not (agreed or lifecycle.readiness(peer, proposed.channel, definition).get(ours.msp_id)):
            lifecycle.approve(peer, proposed.channel, definition, package_id)
    return package_id


def readiness(place: Path, root: Path, msp_id: str | None = None) -> Mapping[str, bool]:
    """
    Return which organisations have approved exactly this definition, as an own peer has it.

    Raises:
        ExchangeError: the definition cannot follow the one in force.
    """
    proposed = read(place)
    with OwnOrganisation(root, msp_id) as ours:
        peer = ours.peer()
        found = _following(proposed, peer, place)
        if found is not None:
            return found.approvals
        return lifecycle.readiness(peer, proposed.channel, proposed.definition)


def commit(place: Path, root: Path, msp_id: str | None = None) -> None:
    """
    Put a definition in force that enough organisations approve; return when the organisation's own peers have it.

    Raises:
        ExchangeError: it cannot follow the one in force, or too few have approved it.
        EngineError: organisations that approved are not reached, or an own peer does not get it.
    """
    proposed = read(place)
    with OwnOrganisation(root, msp_id) as ours:
        peer = ours.peer()
        if _following(proposed, peer, place) is None:
            _commit(proposed, ours, place)
        ours.wait_everywhere(proposed.channel, "definition", lambda own: _in_force(proposed, own) is not None)


def _commit(proposed: ProposedDefinition, ours: OwnOrganisation, place: Path) -> None:
    """Commit by a peer of each organisation that has approved: the peer of any other refuses to endorse."""
    channel, definition = proposed.channel, proposed.definition
    ready = lifecycle.readiness(ours.peer(), channel, definition)
    agree = sorted(msp_id for msp_id, approved in ready.items() if approved)
    asked = ours.endorsers(Bundle(channel, ours.config(channel)), agree)

    def agreed() -> bool:
        # The last approval may be in a block that another organisation's peer does not have yet.
        return all(lifecycle.readiness(peer, channel, definition) == ready for peer in asked.values())

    with contextlib.suppress(hlf_errors.LifecycleError):
        waiting.until(agreed, _AGREE_SECONDS, every=0.1)
    try:
        lifecycle.commit(ours.peer(), channel, definition, [asked[msp_id] for msp_id in agree if msp_id in asked])
    except hlf_errors.LifecycleError as refused:
        silent = ", ".join(msp_id for msp_id in agree if msp_id not in asked)
        if silent:
            raise errors.EngineError(
                f"{ours.peer().name} reaches no peer of {silent}, which would have to endorse as well ({refused})",
                "Ask its admin whether it runs, and whether its host and port are open to the others.",
            ) from refused
        raise errors.ExchangeError(
            place,
            f"has too few approvals: {', '.join(agree) or 'nobody'} of {', '.join(sorted(ready))} ({refused})",
            "Let others approve it; check-readiness shows who has.",
        ) from refused


def _in_force(proposed: ProposedDefinition, peer: Peer) -> lifecycle.CommittedChaincodeDefinition | None:
    """Return the definition in force at a peer if it has the proposed one's sequence."""
    return _of_sequence(proposed, lifecycle.committed_definition(peer, proposed.channel, proposed.definition.name))


def _of_sequence(
    proposed: ProposedDefinition, found: lifecycle.CommittedChaincodeDefinition | None
) -> lifecycle.CommittedChaincodeDefinition | None:
    return found if found is not None and found.sequence == proposed.definition.sequence else None


def _following(proposed: ProposedDefinition, peer: Peer, place: Path) -> lifecycle.CommittedChaincodeDefinition | None:
    """
    Return the proposed definition if it is in force, None if it can follow what is.

    Raises:
        ExchangeError: it can do neither.
    """
    present = lifecycle.committed_definition(peer, proposed.channel, proposed.definition.name)
    trouble = definitions.problem(proposed.definition, present)
    if trouble is None:
        return _of_sequence(proposed, present)
    held = present.sequence if present is not None else 0
    raise errors.ExchangeError(
        place,
        f"has sequence {proposed.definition.sequence} of {proposed.definition.name}, and channel {proposed.channel} "
        f"has {held} in force" + (" with another content" if proposed.definition.sequence == held else ""),
        f"Propose it again with sequence {held + 1}.",
    )


def _packaged(
    ours: OwnOrganisation, wanted: topology.Consortium, channel: str, name: str
) -> chaincodes.PackagedChaincode:
    mine = wanted.only([ours.msp_id]) if ours.record.own else wanted
    ports.assign(ours.record, mine)
    for each in chaincodes.package_all(ours.record, mine):
        if (each.chaincode.channel, each.chaincode.name) == (channel, name):
            return each
    known = ", ".join(each.name for each in mine.chaincodes_of(channel)) or "none"
    raise errors.NetworkError(
        f"the consortium file has no chaincode {name} of {ours.msp_id} on channel {channel}", f"It has there: {known}."
    )


def _package(place: Path) -> tuple[bytes, str]:
    try:
        content = place.read_bytes()
        return content, packages.package_id(content)
    except OSError as error:
        raise errors.ExchangeError(place, f"cannot be read: {error.strerror}", "Name the package's file.") from error
    except hlf_errors.HlfError as error:
        raise errors.ExchangeError(place, f"is no package of a chaincode ({error})", "Make it: package.") from error


def _built(kind: Any, values: Any) -> Any:
    """Return a value of a dataclass, whose fields must all have their own types."""
    made = kind(**values)
    for each in dataclasses.fields(kind):
        given = getattr(made, each.name)
        wanted = {"str": str, "int": int, "bool": bool}.get(str(each.type), tuple)
        if type(given) is not wanted:
            raise TypeError(f"{each.name} is {given!r}")
    return made
