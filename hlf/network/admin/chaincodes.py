"""Chaincodes of a consortium as packages for peers, and as programs that serve them."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hlf.admin import lifecycle
from hlf.network import ports, state
from hlf.network.processes import Program
from hlf.network.state import Folder, Record
from hlf.network.topology import Chaincode, Consortium, Server
from hlf.wire import packages

# How the names of servers' programs begin.
SERVER = "chaincode-"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Packaged:
    """A chaincode with its package, which gives its channel's peers the *addresses* of its servers, by peer name."""

    chaincode: Chaincode
    package: bytes
    package_id: str
    addresses: Mapping[str, str]
    template_key: str

    @property
    def definition(self) -> lifecycle.Definition:
        """What its channel is to agree on."""
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


def package_all(record: Record, consortium: Consortium) -> list[Packaged]:
    """Return the package of every chaincode; writes nothing."""
    return [_package(record, consortium, chaincode) for chaincode in consortium.chaincodes]


def keep(folder: Folder, record: Record, packaged: Iterable[Packaged]) -> None:
    """Keep the packages in ``packages/``, and their ids in the record."""
    for each in packaged:
        chaincode = each.chaincode
        state.replace_file(folder.packages / f"{chaincode.channel}-{chaincode.name}.tar.gz", each.package)
        record.packages.setdefault(chaincode.channel, {})[chaincode.name] = each.package_id


def builder_configuration(record: Record, packaged: Iterable[Packaged]) -> dict[str, dict[str, str]]:
    """
    Return for each peer the addresses that its builder fills into packages without a single one.

    The record keeps them: a package that was installed once asks for its own at every start of its peer.
    """
    for each in packaged:
        if each.template_key:
            for peer, address in each.addresses.items():
                record.builder.setdefault(peer, {})[each.template_key] = address
    return {peer: dict(values) for peer, values in record.builder.items()}


def server_programs(folder: Folder, record: Record, consortium: Consortium, packaged: list[Packaged]) -> list[Program]:
    """Return the programs to start so that every chaincode with a server is served."""
    # In a container the network is the container's own, and so is the Python.
    contained = record.engine == "docker"
    shared = {
        "python": "python" if contained else sys.executable,
        "state": str(folder.root.absolute()),
        "host": "0.0.0.0" if contained else "127.0.0.1",  # noqa: S104 - inside a container
    }
    programs = []
    for server in consortium.servers:
        served = [each for each in packaged if each.chaincode.server == server.name]
        if not served:
            continue
        if not server.per_organisation:
            addresses = [(each, next(iter(each.addresses.values()))) for each in served]
            programs.append(_program(server, "", addresses, shared))
            continue
        for organisation in consortium.organisations:
            peer = organisation.peers[0].name
            addresses = [(each, each.addresses[peer]) for each in served if peer in each.addresses]
            if addresses:
                programs.append(_program(server, organisation.msp_id, addresses, shared))
    return programs


def _package(record: Record, consortium: Consortium, chaincode: Chaincode) -> Packaged:
    given = _given(record, chaincode)
    addresses = _addresses(consortium, chaincode, given)
    template_key = ""
    # Not by how many there are at present: a member more or less must not make another package of it. Of a folder with
    # the keys of one organisation the package is its own anyway, and no peer must be started again to fill it in.
    given = {"": next(iter(addresses.values()))} if record.own and len(set(addresses.values())) == 1 else given
    if set(given) != {""}:
        digest = hashlib.sha256(f"{chaincode.channel}/{chaincode.name}".encode()).hexdigest()
        template_key = f"{re.sub('[^a-zA-Z0-9]', '_', chaincode.name)}_{digest[:8]}"
        # A Go template's field starts with a letter.
        template_key = template_key if template_key[0].isalpha() else f"c{template_key}"
    address = f"{{{{.{template_key}}}}}" if template_key else given[""]
    package = packages.ccaas(f"{chaincode.name}_{chaincode.version}", address)
    return Packaged(chaincode, package, packages.package_id(package), addresses, template_key)


def _given(record: Record, chaincode: Chaincode) -> Mapping[str, str]:
    """Return the addresses of a chaincode: one ``""`` for all peers, or one a peer or MSP id."""
    if chaincode.server is None:
        return chaincode.addresses
    uses = record.ports[ports.chaincode_key(chaincode.channel, chaincode.name)]
    contained = record.engine == "docker"
    return {
        msp_id: f"{_host(chaincode.server, msp_id) if contained else '127.0.0.1'}:{port}"
        for msp_id, port in uses.items()
    }


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


def _program(server: Server, msp_id: str, served: list[tuple[Packaged, str]], shared: Mapping[str, str]) -> Program:
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
        _host(server.name, msp_id),
        command,
        environment=environment,
        folder=server.folder,
        addresses=tuple(address for _, address in served),
    )


def _filled(word: str, values: Mapping[str, str]) -> str:
    """Return the word with known placeholders replaced; other braces stay for the program."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), word)
