"""A consortium file turned into :class:`network.topology.Consortium`, or an error that names line and field."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from network import document
from network.document import Field
from network.topology import (
    BFT,
    RAFT,
    Batch,
    Capabilities,
    Chaincode,
    Channel,
    Collection,
    Consortium,
    Orderer,
    OrdererOrganisation,
    Ordering,
    Organisation,
    Peer,
    Server,
    User,
)

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")
MSP_ID = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,62}")
DOMAIN = re.compile(r"(?=.{1,200}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
# The rules of Fabric itself: configtx.validateChannelID, lifecycle's chaincode name, version and collection name.
CHANNEL = re.compile(r"[a-z][a-z0-9.-]{0,248}")
CHAINCODE = re.compile(r"[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*")
VERSION = re.compile(r"[A-Za-z0-9_.+-]+")
COLLECTION = re.compile(r"[A-Za-z0-9-]+([A-Za-z0-9_-]+)*")
ADDRESS = re.compile(r"[A-Za-z0-9.\[\]:-]+:[0-9]{1,5}")
DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+")
CAPABILITY = re.compile(r"V[0-9](_[0-9]+){1,2}(_[A-Z]+)?")
IMAGE = re.compile(r"[a-z0-9][A-Za-z0-9._/:@-]{0,254}")
BFT_ORDERERS = 4

Item = TypeVar("Item")


def read(path: Path) -> Consortium:
    """
    The consortium a file describes.

    Raises:
        ConsortiumError: the first thing that is wrong, with line, field and cure.
    """
    root = document.load(path)
    fields = root.record(required=("name", "organisations", "channels"), optional=("orderers", "chaincodes", "servers"))
    organisations = _each(fields["organisations"], _organisation, lambda item: item.msp_id, minimum=1)
    ordering = _ordering(fields.get("orderers"))
    _refuse_shared_names(fields, organisations, ordering)
    members = tuple(organisation.msp_id for organisation in organisations)
    channels = _each(fields["channels"], lambda each: _channel(each, members), lambda item: item.name, minimum=1)
    servers: tuple[Server, ...] = ()
    if "servers" in fields:
        servers = _each(fields["servers"], lambda each: _server(each, path), lambda item: item.name)
    chaincodes: tuple[Chaincode, ...] = ()
    if "chaincodes" in fields:
        chaincodes = _each(
            fields["chaincodes"],
            lambda each: _chaincode(each, channels, organisations, servers),
            lambda item: f"{item.name} on {item.channel}",
        )
    return Consortium(
        name=fields["name"].text(NAME, "a name of small letters, digits and hyphens"),
        organisations=organisations,
        ordering=ordering,
        channels=channels,
        chaincodes=chaincodes,
        servers=servers,
        source=path.read_text(encoding="utf-8"),
    )


def _organisation(each: Field) -> Organisation:
    fields = each.record(required=("msp_id", "domain"), optional=("role", "country", "peers", "users"))
    msp_id = fields["msp_id"].text(MSP_ID, "an MSP id (a letter, then letters, digits, dots, hyphens)")
    domain = fields["domain"].text(DOMAIN, "a domain such as platform.selat.test")
    country = "ZZ"
    if "country" in fields:
        country = fields["country"].text(re.compile("[A-Z]{2}"), "an ISO 3166-1 country code of two capital letters")
    return Organisation(
        msp_id=msp_id,
        domain=domain,
        role=fields["role"].text(maximum=200) if "role" in fields else "",
        country=country,
        peers=_peers(fields.get("peers"), msp_id, domain),
        users=_users(fields.get("users")),
    )


def _peers(peers: Field | None, msp_id: str, domain: str) -> tuple[Peer, ...]:
    if peers is None:
        return (Peer(f"peer0.{domain}", msp_id),)
    if not peers.is_list:
        return tuple(Peer(f"peer{index}.{domain}", msp_id) for index in range(peers.integer(1, 50)))

    def peer(each: Field) -> Peer:
        fields = each.record(required=("name",), optional=("port",))
        host = fields["name"].text(HOST_NAME, "a host name of small letters, digits and hyphens")
        return Peer(f"{host}.{domain}", msp_id, _port(fields.get("port")))

    return _each(peers, peer, lambda item: item.name, minimum=1)


def _users(users: Field | None) -> tuple[User, ...]:
    always = {"Admin": User("Admin", "admin"), "User1": User("User1")}
    if users is not None:
        for user in _each(users, _user, lambda item: item.name):
            always[user.name] = user
    return tuple(always.values())


def _user(each: Field) -> User:
    fields = each.record(required=("name",), optional=("role", "attributes"))
    name = fields["name"].text(USER, "a user's name of letters, digits, hyphens and underscores")
    role = fields["role"].choice("client", "admin") if "role" in fields else "client"
    if name == "Admin" and role != "admin":
        raise each.error("the user Admin administers its organisation", "Give it role: admin, or another name.")
    return User(name, role, _texts(fields.get("attributes"), maximum=1000))


def _ordering(orderers: Field | None) -> Ordering:
    if orderers is None:
        return Ordering(RAFT, _orderer_organisations(1))
    if not orderers.is_mapping:
        return _ordering_of(orderers.choice(RAFT, BFT))
    fields = orderers.record(optional=("consensus", "organisations"))
    consensus = fields["consensus"].choice(RAFT, BFT) if "consensus" in fields else RAFT
    if "organisations" not in fields:
        return _ordering_of(consensus)
    organisations = _each(fields["organisations"], _orderer_organisation, lambda item: item.msp_id, minimum=1)
    count = sum(len(organisation.orderers) for organisation in organisations)
    if consensus == BFT and count < BFT_ORDERERS:
        raise fields["organisations"].error(
            f"BFT needs {BFT_ORDERERS} orderers to survive one faulty one, and here are {count}",
            "Leave `organisations` out to get four, each of its own organisation, or list more.",
        )
    return Ordering(consensus, organisations)


def _ordering_of(consensus: str) -> Ordering:
    return Ordering(consensus, _orderer_organisations(BFT_ORDERERS if consensus == BFT else 1))


def _orderer_organisations(count: int) -> tuple[OrdererOrganisation, ...]:
    found = []
    for index in range(1, count + 1):
        suffix = "" if index == 1 else str(index)
        msp_id, domain = f"Orderer{suffix}MSP", f"orderer{suffix}.selat.test"
        found.append(OrdererOrganisation(msp_id, domain, (Orderer(f"orderer0.{domain}", msp_id),)))
    return tuple(found)


def _orderer_organisation(each: Field) -> OrdererOrganisation:
    fields = each.record(required=("msp_id", "domain"), optional=("orderers",))
    msp_id = fields["msp_id"].text(MSP_ID, "an MSP id (a letter, then letters, digits, dots, hyphens)")
    domain = fields["domain"].text(DOMAIN, "a domain such as orderer.selat.test")
    orderers = fields.get("orderers")
    if orderers is None:
        return OrdererOrganisation(msp_id, domain, (Orderer(f"orderer0.{domain}", msp_id),))
    if not orderers.is_list:
        count = orderers.integer(1, 30)
        return OrdererOrganisation(
            msp_id, domain, tuple(Orderer(f"orderer{index}.{domain}", msp_id) for index in range(count))
        )

    def orderer(item: Field) -> Orderer:
        known = item.record(required=("name",), optional=("port", "admin_port"))
        host = known["name"].text(HOST_NAME, "a host name of small letters, digits and hyphens")
        return Orderer(f"{host}.{domain}", msp_id, _port(known.get("port")), _port(known.get("admin_port")))

    return OrdererOrganisation(msp_id, domain, _each(orderers, orderer, lambda item: item.name, minimum=1))


def _refuse_shared_names(fields: dict[str, Field], organisations: tuple[Organisation, ...], ordering: Ordering) -> None:
    """MSP ids and domains are unique over members and orderers: they name folders, groups and hosts."""
    members = list(zip(fields["organisations"].items(), organisations, strict=True))
    orderers = {organisation.msp_id for organisation in ordering.organisations}
    orderer_domains = {organisation.domain for organisation in ordering.organisations}
    domains: set[str] = set()
    for each, organisation in members:
        if organisation.msp_id in orderers:
            raise each.error(
                f"{organisation.msp_id} is the MSP id of an orderer organisation too", "Give one of them another."
            )
        if organisation.domain in domains or organisation.domain in orderer_domains:
            raise each.error(f"the domain {organisation.domain} is taken", "Give each organisation its own domain.")
        domains.add(organisation.domain)
    if len(orderer_domains) != len(ordering.organisations):
        raise fields["orderers"].error("two orderer organisations share a domain", "Give each its own.")
    taken: dict[int, str] = {}
    named = [(peer.name, peer.port) for organisation in organisations for peer in organisation.peers]
    for organisation in ordering.organisations:
        for orderer in organisation.orderers:
            named += [(orderer.name, orderer.port), (f"{orderer.name} (admin)", orderer.admin_port)]
    for name, port in named:
        if port is not None and port in taken:
            raise fields["organisations"].error(f"port {port} is given to {taken[port]} and to {name}", "Change one.")
        if port is not None:
            taken[port] = name


def _channel(each: Field, members: tuple[str, ...]) -> Channel:
    fields = each.record(required=("name", "members"), optional=("policies", "acls", "capabilities", "batch"))
    return Channel(
        name=fields["name"].text(CHANNEL, "a channel name (a small letter, then small letters, digits, dots, hyphens)"),
        members=_choices(fields["members"], members),
        policies=_texts(fields.get("policies")),
        acls=_texts(fields.get("acls")),
        capabilities=_capabilities(fields.get("capabilities")),
        batch=_batch(fields.get("batch")),
    )


def _capabilities(each: Field | None) -> Capabilities:
    if each is None:
        return Capabilities()
    fields = each.record(optional=("channel", "orderer", "application"))
    return Capabilities(
        **{name: value.text(CAPABILITY, "a capability level such as V2_0") for name, value in fields.items()}
    )


def _batch(each: Field | None) -> Batch:
    if each is None:
        return Batch()
    fields = each.record(optional=("timeout", "max_messages", "preferred_max_bytes", "absolute_max_bytes"))
    values: dict[str, object] = {}
    if "timeout" in fields:
        values["timeout"] = fields["timeout"].text(DURATION, "a duration with a unit, such as 200ms or 2s")
    if "max_messages" in fields:
        values["max_messages"] = fields["max_messages"].integer(1, 100_000)
    for name in ("preferred_max_bytes", "absolute_max_bytes"):
        if name in fields:
            values[name] = fields[name].integer(1024, 100 << 20)
    batch = Batch(**values)  # type: ignore[arg-type]
    if batch.preferred_max_bytes > batch.absolute_max_bytes:
        raise each.error("preferred_max_bytes is larger than absolute_max_bytes", "Swap or change them.")
    return batch


def _server(each: Field, file: Path) -> Server:
    fields = each.record(
        required=("name", "command"), optional=("each", "environment", "folder", "image", "per_organisation")
    )
    folder = None
    if "folder" in fields:
        # A folder is meant from the consortium file, wherever the command was typed.
        folder = (file.parent / fields["folder"].text()).resolve()
        if not folder.is_dir():
            raise fields["folder"].error(f"there is no folder {folder}", "Name it from the consortium file's folder.")
    return Server(
        name=fields["name"].text(NAME, "a name of small letters, digits and hyphens"),
        command=tuple(word.text() for word in fields["command"].items(minimum=1)),
        each=tuple(word.text() for word in fields["each"].items()) if "each" in fields else (),
        environment=_texts(fields.get("environment")),
        folder=folder,
        image=fields["image"].text(IMAGE, "the name of a container image") if "image" in fields else None,
        per_organisation=fields["per_organisation"].boolean() if "per_organisation" in fields else False,
    )


def _chaincode(
    each: Field, channels: tuple[Channel, ...], organisations: tuple[Organisation, ...], servers: tuple[Server, ...]
) -> Chaincode:
    fields = each.record(
        required=("name", "channel"),
        optional=(
            "version",
            "sequence",
            "endorsement",
            "collections",
            "init_required",
            "server",
            "address",
            "installed_by",
        ),
    )
    if ("server" in fields) == ("address" in fields):
        raise each.error(
            "either `server` (a program started here) or `address` (one already running) is wanted",
            "Give exactly one of the two.",
        )
    channel_names = tuple(channel.name for channel in channels)
    channel = channels[channel_names.index(fields["channel"].choice(*channel_names))]
    named = {organisation.msp_id: organisation for organisation in organisations}
    installed_by = channel.members
    if "installed_by" in fields:
        installed_by = _choices(fields["installed_by"], channel.members)
    collections: tuple[Collection, ...] = ()
    if "collections" in fields:
        collections = _each(fields["collections"], _collection, lambda item: item.name)
    return Chaincode(
        name=fields["name"].text(CHAINCODE, "a chaincode name of letters, digits, hyphens and underscores", maximum=64),
        channel=channel.name,
        version=fields["version"].text(VERSION, "a version such as 1.0") if "version" in fields else "1.0",
        sequence=fields["sequence"].integer(1, 1 << 31) if "sequence" in fields else 1,
        endorsement=fields["endorsement"].text() if "endorsement" in fields else None,
        collections=collections,
        init_required=fields["init_required"].boolean() if "init_required" in fields else False,
        server=fields["server"].choice(*(server.name for server in servers)) if "server" in fields else None,
        addresses=_addresses(fields["address"], [named[member] for member in installed_by])
        if "address" in fields
        else {},
        installed_by=installed_by,
    )


def _addresses(each: Field, members: list[Organisation]) -> dict[str, str]:
    wanted = "an address such as 127.0.0.1:9999"
    if not each.is_mapping:
        return {"": each.text(ADDRESS, wanted)}
    peers = {peer.name for member in members for peer in member.peers}
    found: dict[str, str] = {}
    for name, value in each.entries():
        if name not in peers and name not in {member.msp_id for member in members}:
            raise value.error(f"{name!r} is no peer and no organisation that installs it", "Name a peer or an MSP id.")
        found[name] = value.text(ADDRESS, wanted)
    for member in members:
        for peer in member.peers:
            if peer.name not in found and member.msp_id not in found:
                raise each.error(f"no address is given for {peer.name}", f"Add it, or one for all of {member.msp_id}.")
    return found


def _collection(each: Field) -> Collection:
    fields = each.record(
        required=("name", "policy"),
        optional=(
            "required_peer_count",
            "max_peer_count",
            "block_to_live",
            "member_only_read",
            "member_only_write",
            "endorsement",
        ),
    )
    numbers = {
        name: fields[name].integer(0, 1 << 31)
        for name in ("required_peer_count", "max_peer_count", "block_to_live")
        if name in fields
    }
    flags = {name: fields[name].boolean() for name in ("member_only_read", "member_only_write") if name in fields}
    collection = Collection(
        name=fields["name"].text(COLLECTION, "a collection name of letters, digits, hyphens and underscores"),
        policy=fields["policy"].text(),
        endorsement=fields["endorsement"].text() if "endorsement" in fields else None,
        **numbers,
        **flags,
    )
    if collection.required_peer_count > collection.max_peer_count:
        raise each.error("required_peer_count is larger than max_peer_count", "Raise max_peer_count.")
    return collection


def _choices(each: Field, names: tuple[str, ...]) -> tuple[str, ...]:
    chosen: list[str] = []
    for entry in each.items(minimum=1):
        name = entry.choice(*names)
        if name in chosen:
            raise entry.error(f"{name} stands here twice", "Keep one of the two.")
        chosen.append(name)
    return tuple(chosen)


def _port(each: Field | None) -> int | None:
    return None if each is None else each.integer(1, 65_535)


def _texts(each: Field | None, *, maximum: int = 4096) -> dict[str, str]:
    return {} if each is None else {name: value.text(maximum=maximum) for name, value in each.entries()}


def _each(
    field: Field, build: Callable[[Field], Item], key: Callable[[Item], str], *, minimum: int = 0
) -> tuple[Item, ...]:
    """Every entry of a list built, each under a name of its own."""
    found: dict[str, Item] = {}
    for each in field.items(minimum=minimum):
        item = build(each)
        if key(item) in found:
            raise each.error(f"{key(item)} stands in the list twice", "Rename or remove one of the two.")
        found[key(item)] = item
    return tuple(found.values())
