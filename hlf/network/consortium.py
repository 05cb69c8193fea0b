"""A consortium file turned into a :class:`.consortiummodel.Consortium`, or an error that names line and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hlf.codec import names
from hlf.network import document, parties, policies, software
from hlf.network.consortiummodel import BatchSettings, Capabilities, Chaincode, Channel, Consortium, ServerProgram
from hlf.network.document import NAME, Field
from hlf.wire.config.capabilities import SUPPORTED


def read(path: Path, base: Path, text: str | None = None) -> Consortium:
    """
    Return the consortium a file describes, or *text* in its place; relative paths in it are meant from *base*.

    Raises:
        ConsortiumError: the first thing that is wrong, with line, field and cure.
    """
    root = document.load(path, text)
    fields = root.record(required=("name", "organisations", "channels"), optional=("orderers", "chaincodes", "servers"))
    organisations = fields["organisations"].each(parties.organisation, lambda item: item.msp_id, minimum=1)
    ordering = parties.ordering(fields.get("orderers"))
    parties.refuse_shared_names(fields, organisations, ordering)
    members = tuple(organisation.msp_id for organisation in organisations)
    known = (*members, *(organisation.msp_id for organisation in ordering.organisations))
    channels = fields["channels"].each(lambda each: _channel(each, members, known), lambda item: item.name, minimum=1)
    servers: tuple[ServerProgram, ...] = ()
    if "servers" in fields:
        servers = fields["servers"].each(lambda each: software.server(each, base), lambda item: item.name)
    chaincodes: tuple[Chaincode, ...] = ()
    if "chaincodes" in fields:
        chaincodes = fields["chaincodes"].each(
            lambda each: software.chaincode(each, channels, organisations, servers),
            lambda item: f"{item.name} on {item.channel}",
        )
    return Consortium(
        name=fields["name"].word(NAME),
        organisations=organisations,
        ordering=ordering,
        channels=channels,
        chaincodes=chaincodes,
        servers=servers,
        source=path.read_text(encoding="utf-8") if text is None else text,
        base=base,
    )


def _channel(each: Field, members: tuple[str, ...], known: tuple[str, ...]) -> Channel:
    fields = each.record(required=("name", "members"), optional=("policies", "acls", "capabilities", "batch"))
    own: dict[str, str] = {}
    if "policies" in fields:
        own = {name: policies.application(value, known) for name, value in fields["policies"].entries()}
    return Channel(
        name=fields["name"].word(names.CHANNEL),
        members=fields["members"].choices(members),
        policies=own,
        acls={name: policies.access(value, own) for name, value in fields["acls"].entries()}
        if "acls" in fields
        else {},
        capabilities=_capabilities(fields.get("capabilities")),
        batch=_batch(fields.get("batch")),
    )


def _capabilities(each: Field | None) -> Capabilities:
    if each is None:
        return Capabilities()
    fields = each.record(optional=("channel", "orderer", "application"))
    return Capabilities(**{name: value.choice(*sorted(SUPPORTED[name.capitalize()])) for name, value in fields.items()})


def _batch(each: Field | None) -> BatchSettings:
    if each is None:
        return BatchSettings()
    fields = each.record(optional=("timeout", "max_messages", "preferred_max_bytes", "absolute_max_bytes"))
    values: dict[str, Any] = {}
    if "timeout" in fields:
        values["timeout"] = fields["timeout"].duration()
    if "max_messages" in fields:
        values["max_messages"] = fields["max_messages"].integer(1, 100_000)
    for name in ("preferred_max_bytes", "absolute_max_bytes"):
        if name in fields:
            values[name] = fields[name].integer(1024, 100 << 20)
    batch = BatchSettings(**values)
    if batch.preferred_max_bytes > batch.absolute_max_bytes:
        raise each.error("preferred_max_bytes is larger than absolute_max_bytes", "Swap or change them.")
    return batch
