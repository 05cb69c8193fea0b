"""The organisations of a consortium file: members with peers and users, and those that run orderers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hlf.codec import names
from hlf.network.consortiummodel import (
    BFT,
    RAFT,
    Orderer,
    OrdererOrganisation,
    OrderingService,
    Organisation,
    Peer,
    PeerSettings,
    User,
)
from hlf.network.document import Field

DOMAIN = re.compile(r"(?=.{1,200}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# A host name, or an IPv4 address.
REACHED = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
BFT_ORDERERS = 4


def _calls(each: Field) -> int:
    return each.integer(1, 1_000_000)


# The keys of core.yaml that an organisation may set for its peers, each with its field of PeerSettings and its reader.
SETTINGS: dict[str, tuple[str, Callable[[Field], Any]]] = {
    "peer.tls.clientAuthRequired": ("client_auth_required", Field.boolean),
    "peer.gateway.enabled": ("gateway_enabled", Field.boolean),
    "peer.gateway.endorsementTimeout": ("endorsement_timeout", Field.duration),
    "chaincode.executetimeout": ("execute_timeout", Field.duration),
    "peer.limits.concurrency.endorserService": ("endorser_concurrency", _calls),
    "peer.limits.concurrency.deliverService": ("deliver_concurrency", _calls),
    "peer.limits.concurrency.gatewayService": ("gateway_concurrency", _calls),
}


def organisation(each: Field) -> Organisation:
    """Return one member, with its peers and users."""
    fields = each.record(
        required=("msp_id", "domain"), optional=("role", "country", "host", "peers", "anchors", "users", "settings")
    )
    msp_id = fields["msp_id"].word(names.MSP_ID)
    domain = fields["domain"].text(DOMAIN, "a domain such as platform.selat.test")
    country = "ZZ"
    if "country" in fields:
        country = fields["country"].text(re.compile("[A-Z]{2}"), "an ISO 3166-1 country code of two capital letters")
    peers = _peers(fields.get("peers"), msp_id, domain)
    hosts = tuple(peer.name.removesuffix(f".{domain}") for peer in peers)
    anchors = fields["anchors"].choices(hosts) if "anchors" in fields else hosts[:1]
    return Organisation(
        msp_id=msp_id,
        domain=domain,
        role=fields["role"].text(maximum=200) if "role" in fields else "",
        country=country,
        peers=peers,
        anchors=tuple(f"{host}.{domain}" for host in anchors),
        users=_users(fields.get("users")),
        settings=_settings(fields.get("settings")),
        host=_host(fields.get("host")),
    )


def _host(each: Field | None) -> str | None:
    return None if each is None else each.text(REACHED, "a host's name or IPv4 address, such as fabric.alpha.example")


def _settings(each: Field | None) -> PeerSettings:
    if each is None:
        return PeerSettings()
    values = {}
    for name, value in each.record(optional=tuple(SETTINGS)).items():
        kept_as, read = SETTINGS[name]
        values[kept_as] = read(value)
    return PeerSettings(**values)


def _peers(peers: Field | None, msp_id: str, domain: str) -> tuple[Peer, ...]:
    if peers is None:
        return (Peer(f"peer0.{domain}", msp_id),)
    if not peers.is_list:
        return tuple(Peer(f"peer{index}.{domain}", msp_id) for index in range(peers.integer(1, 50)))

    def peer(each: Field) -> Peer:
        fields = each.record(required=("name",), optional=("port",))
        host = fields["name"].text(HOST_NAME, "a host name of small letters, digits and hyphens")
        return Peer(f"{host}.{domain}", msp_id, _port(fields.get("port")))

    return peers.each(peer, lambda item: item.name, minimum=1)


def _users(users: Field | None) -> tuple[User, ...]:
    always = {"Admin": User("Admin", "admin"), "User1": User("User1")}
    if users is not None:
        for user in users.each(_user, lambda item: item.name):
            always[user.name] = user
    return tuple(always.values())


def _user(each: Field) -> User:
    fields = each.record(required=("name",), optional=("role", "attributes"))
    name = fields["name"].text(USER, "a user's name of letters, digits, hyphens and underscores")
    role = fields["role"].choice("client", "admin") if "role" in fields else "client"
    if name == "Admin" and role != "admin":
        raise each.error("the user Admin administers its organisation", "Give it role: admin, or another name.")
    return User(name, role, fields["attributes"].texts(maximum=1000) if "attributes" in fields else {})


def ordering(orderers: Field | None) -> OrderingService:
    """Return who orders and how; one Raft orderer where the file does not say."""
    if orderers is None:
        return OrderingService(RAFT, _orderer_organisations(1))
    if not orderers.is_mapping:
        return _ordering_of(orderers.choice(RAFT, BFT))
    fields = orderers.record(optional=("consensus", "organisations"))
    consensus = fields["consensus"].choice(RAFT, BFT) if "consensus" in fields else RAFT
    if "organisations" not in fields:
        return _ordering_of(consensus)
    organisations = fields["organisations"].each(_orderer_organisation, lambda item: item.msp_id, minimum=1)
    count = sum(len(organisation.orderers) for organisation in organisations)
    if consensus == BFT and count < BFT_ORDERERS:
        raise fields["organisations"].error(
            f"BFT needs {BFT_ORDERERS} orderers to survive one faulty one, and here are {count}",
            "Leave `organisations` out to get four, each of its own organisation, or list more.",
        )
    return OrderingService(consensus, organisations)


def _ordering_of(consensus: str) -> OrderingService:
    return OrderingService(consensus, _orderer_organisations(BFT_ORDERERS if consensus == BFT else 1))


def _orderer_organisations(count: int) -> tuple[OrdererOrganisation, ...]:
    found = []
    for index in range(1, count + 1):
        suffix = "" if index == 1 else str(index)
        msp_id, domain = f"Orderer{suffix}MSP", f"orderer{suffix}.selat.test"
        found.append(OrdererOrganisation(msp_id, domain, (Orderer(f"orderer0.{domain}", msp_id),)))
    return tuple(found)


def _orderer_organisation(each: Field) -> OrdererOrganisation:
    fields = each.record(required=("msp_id", "domain"), optional=("host", "orderers"))
    msp_id = fields["msp_id"].word(names.MSP_ID)
    domain = fields["domain"].text(DOMAIN, "a domain such as orderer.selat.test")
    orderers, host = fields.get("orderers"), _host(fields.get("host"))
    if orderers is None:
        return OrdererOrganisation(msp_id, domain, (Orderer(f"orderer0.{domain}", msp_id),), host=host)
    if not orderers.is_list:
        count = orderers.integer(1, 30)
        named = tuple(Orderer(f"orderer{index}.{domain}", msp_id) for index in range(count))
        return OrdererOrganisation(msp_id, domain, named, host=host)

    def orderer(item: Field) -> Orderer:
        known = item.record(required=("name",), optional=("port", "admin_port"))
        name = known["name"].text(HOST_NAME, "a host name of small letters, digits and hyphens")
        return Orderer(f"{name}.{domain}", msp_id, _port(known.get("port")), _port(known.get("admin_port")))

    return OrdererOrganisation(msp_id, domain, orderers.each(orderer, lambda item: item.name, minimum=1), host=host)


def refuse_shared_names(
    fields: dict[str, Field], organisations: tuple[Organisation, ...], agreed: OrderingService
) -> None:
    """Refuse an MSP id or domain that two members or orderers share: it names folders, groups and hosts."""
    members = list(zip(fields["organisations"].items(), organisations, strict=True))
    orderers = {organisation.msp_id for organisation in agreed.organisations}
    orderer_domains = {organisation.domain for organisation in agreed.organisations}
    domains: set[str] = set()
    for each, organisation in members:
        if organisation.msp_id in orderers:
            raise each.error(
                f"{organisation.msp_id} is the MSP id of an orderer organisation too", "Give one of them another."
            )
        if organisation.domain in domains or organisation.domain in orderer_domains:
            raise each.error(f"the domain {organisation.domain} is taken", "Give each organisation its own domain.")
        domains.add(organisation.domain)
    if len(orderer_domains) != len(agreed.organisations):
        raise fields["orderers"].error("two orderer organisations share a domain", "Give each its own.")
    taken: dict[tuple[str | None, int], str] = {}
    named = [(each.host, peer.name, peer.port) for each in organisations for peer in each.peers]
    for ordering in agreed.organisations:
        for orderer in ordering.orderers:
            named += [(ordering.host, orderer.name, orderer.port)]
            named += [(ordering.host, f"{orderer.name} (admin)", orderer.admin_port)]
    for host, name, port in named:
        if port is not None and (host, port) in taken:
            raise fields["organisations"].error(
                f"port {port} is given to {taken[host, port]} and to {name}", "Change one."
            )
        if port is not None:
            taken[host, port] = name


def _port(each: Field | None) -> int | None:
    return None if each is None else each.integer(1, 65_535)
