"""Chaincodes of a consortium as packages for peers, and as programs that serve them."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hlf.admin import lifecycle
from hlf.network import ports, state
from hlf.network.engines.kubernetes.manifests import label
from hlf.network.processes import Program
from hlf.network.state import Folder, Record
from hlf.network.topology import Chaincode, Consortium, ServerProgram
from hlf.wire import packages

# How the names of servers' programs begin.
SERVER = "chaincode-"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class PackagedChaincode:
    """
    A chaincode and its package.

    Attributes:
        addresses: where each peer finds the chaincode's server, by peer name.
        builder: what each peer's chaincode builder fills into the templates of this package and of the next version's,
            by peer name.
    """

    chaincode: Chaincode
    package: bytes
    package_id: str
    addresses: Mapping[str, str]
    builder: Mapping[str, Mapping[str, str]]

    @property
    def key(self) -> str:
        """The chaincode as the record names it."""
        return _key(self.chaincode)

    @property
    def definition(self) -> lifecycle.Definition:
        """The definition that its channel is to agree on."""
        chaincode = self.chaincode
        return lifecycle.Definition(
            name=chaincode.name,
            version=chaincode.version,
            sequence=chaincode.sequence,
            endorsement=chaincode.endorsement or "",
            collections=tuple(
                lifecycle.Collection(
                    name=each.name,
                    policy=each.policy,
                    required_peer_count=each.required_peer_count,
                    max_peer_count=each.max_peer_count,
                    block_to_live=each.block_to_live,
                    member_only_read=each.member_only_read,
                    member_only_write=each.member_only_write,
                    endorsement=each.endorsement or "",
                )
                for each in chaincode.collections
            ),
            init_required=chaincode.init_required,
        )


def package_all(record: Record, consortium: Consortium) -> list[PackagedChaincode]:
    """Return the package of every chaincode; writes nothing."""
    return [_package(record, consortium, chaincode) for chaincode in consortium.chaincodes]


def keep(folder: Folder, record: Record, packaged: Iterable[PackagedChaincode]) -> None:
    """Keep the packages in ``packages/``, and their ids in the record."""
    for each in packaged:
        chaincode = each.chaincode
        state.replace_file(folder.packages / f"{chaincode.channel}-{chaincode.name}.tar.gz", each.package)
        record.packages.setdefault(chaincode.channel, {})[chaincode.name] = each.package_id


def builder_configuration(record: Record, packaged: Iterable[PackagedChaincode]) -> dict[str, dict[str, str]]:
    """
    Return, for each peer, the addresses that its chaincode builder fills into package templates.

    A package is a template if its chaincode has another address at each peer. The record keeps the addresses, because
    a peer asks for them at every start.
    """
    for each in packaged:
        for peer, values in each.builder.items():
            record.builder.setdefault(peer, {}).update(values)
    return {peer: dict(values) for peer, values in record.builder.items()}


def server_programs(
    folder: Folder, record: Record, consortium: Consortium, packaged: list[PackagedChaincode], *, current: bool = False
) -> list[Program]:
    """
    Return the programs that serve every chaincode with a server.

    Programs that still serve the version before are included; with *current* they are left out.
    """
    # A container has a network and a Python of its own.
    contained = record.contained
    shared = {
        "python": "python" if contained else sys.executable,
        "state": str(folder.root.absolute()),
        "host": "0.0.0.0" if contained else "127.0.0.1",  # noqa: S104 - inside a container
    }
    programs = []
    for server in consortium.servers:
        for number, served in _groups(record, consortium, server, packaged):
            if current and not any(each in packaged for each in served):
                continue
            name = _host(server.name, "") + (f"-{number}" if number > 1 else "")
            if not server.per_organisation:
                addresses = [(each, next(iter(each.addresses.values()))) for each in served]
                programs.append(_program(name, server, "", addresses, shared))
                continue
            for organisation in consortium.organisations:
                peer = organisation.peers[0].name
                addresses = [(each, each.addresses[peer]) for each in served if peer in each.addresses]
                if addresses:
                    name = _host(server.name, organisation.msp_id) + (f"-{number}" if number > 1 else "")
                    programs.append(_program(name, server, organisation.msp_id, addresses, shared))
    return programs


def settle(
    record: Record,
    consortium: Consortium,
    packaged: Sequence[PackagedChaincode],
    in_force: Sequence[PackagedChaincode] | None = None,
) -> None:
    """
    Record which programs serve which chaincodes, now that these versions (all by default) are in force.

    Programs that serve no version in force then belong to the network no longer.
    """
    settled = {each.key: each.chaincode for each in (packaged if in_force is None else in_force)}
    for server in consortium.servers:
        ran = {int(each["number"]) for each in record.serving.get(server.name, [])}
        record.serving[server.name] = [
            {"number": number, "serves": {each.key: each.chaincode.version for each in served}}
            for number, served in _groups(record, consortium, server, packaged)
            if any(settled[each.key] == each.chaincode if each.key in settled else number in ran for each in served)
        ]
    record.slots.update({key: {each.version: _slot(record, each)} for key, each in settled.items()})


def _groups(
    record: Record, consortium: Consortium, server: ServerProgram, packaged: Sequence[PackagedChaincode]
) -> list[tuple[int, list[PackagedChaincode]]]:
    """
    Return the programs of a server, each with its number and its chaincodes: running ones, and one for new versions.

    When a chaincode gets another version, a new program serves it, and the running one goes on with the others. The
    running one is restarted only if the new version reuses an address that it still serves.
    """
    wanted = {each.key: each for each in packaged if each.chaincode.server == server.name}
    held = [] if record.contained else record.serving.get(server.name, [])
    groups, known = [], set()
    for group in held:
        served = []
        for key, version in group["serves"].items():
            if key not in wanted:
                continue
            chaincode = dataclasses.replace(wanted[key].chaincode, version=version)
            if wanted[key].chaincode != chaincode and _slot(record, chaincode) == _slot(record, wanted[key].chaincode):
                continue
            known.add((key, version))
            served.append(_package(record, consortium, chaincode))
        if served:
            groups.append((int(group["number"]), served))
    new = [each for each in wanted.values() if (each.key, each.chaincode.version) not in known]
    if new:
        groups.append((max((int(each["number"]) for each in held), default=0) + 1, new))
    return groups


def _package(record: Record, consortium: Consortium, chaincode: Chaincode) -> PackagedChaincode:
    slot = _slot(record, chaincode)
    given = _given(record, chaincode, slot)
    addresses = _addresses(consortium, chaincode, given)
    template = ""
    builder: dict[str, dict[str, str]] = {}
    # The number of members must not decide, or one member more would change the package and its id. A folder with the
    # keys of one organisation makes its own package anyway, so it needs no template.
    given = {"": next(iter(addresses.values()))} if record.own and len(set(addresses.values())) == 1 else given
    if set(given) != {""}:
        template = _template(chaincode, slot)
        # A peer reads these values when it starts, so it knows those of the next version, too.
        for each in ports.SLOTS if chaincode.server is not None and not record.contained else (slot,):
            for peer, address in _addresses(consortium, chaincode, _given(record, chaincode, each)).items():
                builder.setdefault(peer, {})[_template(chaincode, each)] = address
    address = f"{{{{.{template}}}}}" if template else given[""]
    package = packages.ccaas(f"{chaincode.name}_{chaincode.version}", address)
    return PackagedChaincode(chaincode, package, packages.package_id(package), addresses, builder)


def _template(chaincode: Chaincode, slot: int) -> str:
    """Return the name of the builder's value; a field of a Go template starts with a letter."""
    digest = hashlib.sha256(f"{chaincode.channel}/{chaincode.name}".encode()).hexdigest()
    name = f"{re.sub('[^a-zA-Z0-9]', '_', chaincode.name)}_{digest[:8]}" + (f"_{slot}" if slot else "")
    return name if name[0].isalpha() else f"c{name}"


def _slot(record: Record, chaincode: Chaincode) -> int:
    """Return which of its two addresses a version of a chaincode has: not the one of the version in force."""
    held = record.slots.get(_key(chaincode), {})
    if not held or record.contained:
        return 0
    return held.get(chaincode.version, 1 - max(held.values()))


def _key(chaincode: Chaincode) -> str:
    return f"{chaincode.channel}/{chaincode.name}"


def _given(record: Record, chaincode: Chaincode, slot: int) -> Mapping[str, str]:
    """Return the addresses of a chaincode: one ``""`` for all peers, or one a peer or MSP id."""
    if chaincode.server is None:
        return chaincode.addresses
    uses = record.ports[ports.chaincode_key(chaincode.channel, chaincode.name, slot)]
    return {msp_id: f"{_reached(record, _host(chaincode.server, msp_id))}:{port}" for msp_id, port in uses.items()}


def _reached(record: Record, host: str) -> str:
    """Return where peers find a server's program: by its name where it has a host of its own."""
    if not record.contained:
        return "127.0.0.1"
    return label(host) if record.engine == "kubernetes" else host


def _addresses(consortium: Consortium, chaincode: Chaincode, given: Mapping[str, str]) -> dict[str, str]:
    """Return where each peer that runs the chaincode finds it."""
    found = {}
    for msp_id in chaincode.installed_by:
        for peer in consortium.organisation(msp_id).peers:
            found[peer.name] = given.get(peer.name) or given.get(msp_id) or given[""]
    return found


def _host(server: str, msp_id: str) -> str:
    """Return the name of a server's program, and of its host where it has one of its own."""
    return f"{SERVER}{server}{'-' if msp_id else ''}{msp_id}"


def _program(
    name: str,
    server: ServerProgram,
    msp_id: str,
    served: list[tuple[PackagedChaincode, str]],
    shared: Mapping[str, str],
) -> Program:
    shared = {**shared, "organisation": msp_id}
    command = [_filled(word, shared) for word in server.command]
    environment: dict[str, str] = {}
    for packaged, address in served:
        port = address.rpartition(":")[2]
        values = {
            **shared,
            "chaincode": packaged.chaincode.name,
            "package_id": packaged.package_id,
            "address": f"{shared['host']}:{port}",
            "port": port,
        }
        command += [_filled(word, values) for word in server.each]
        environment |= {name: _filled(value, values) for name, value in server.environment.items()}
        if not server.each:
            command = [_filled(word, values) for word in command]
    return Program(
        name,
        command,
        environment=environment,
        folder=server.folder,
        addresses=tuple(address for _, address in served),
    )


def _filled(word: str, values: Mapping[str, str]) -> str:
    """Return the word with known placeholders replaced; other braces stay for the program."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), word)
