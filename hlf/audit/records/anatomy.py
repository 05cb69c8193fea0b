"""The parts of a transaction as JSON values: signers, calls, reads and writes."""

from __future__ import annotations

import base64
from typing import Any

from hlf import errors
from hlf.wire import blocks, rwsets
from hlf.wire.config import channelconfig


def who(serialized: bytes, bundle: channelconfig.Bundle) -> dict[str, Any]:
    """Return the owner of an identity: organisation and certificate; *unknown* if it is not a member's."""
    try:
        identity = bundle.msps.identity(serialized)
    except errors.HlfError:
        return {"msp_id": "unknown", "subject": "", "serial_number": ""}
    certificate = identity.certificate
    return {
        "msp_id": identity.msp_id,
        "subject": certificate.subject.rfc4514(),
        "serial_number": f"{certificate.serial_number:x}",
    }


def action(found: blocks.Action, bundle: channelconfig.Bundle) -> dict[str, Any]:
    """Return a chaincode call with its results as JSON values; private data appear only as hashes."""
    return {
        "chaincode": found.chaincode,
        "version": found.version,
        "function": shown(found.args[0]) if found.args else "",
        "arguments": [shown(argument) for argument in found.args[1:]],
        "status": found.status,
        "result": shown(found.payload),
        "event": {"name": found.event.name, "payload": shown(found.event.payload)} if found.event else None,
        "reads": [
            {"namespace": part.namespace, "key": read.key, "version": _version(read.version)}
            for part in found.rwset.namespaces
            for read in part.reads
        ],
        "writes": [
            {
                "namespace": part.namespace,
                "key": write.key,
                "deleted": write.is_delete,
                "value": None if write.value is None else shown(write.value),
            }
            for part in found.rwset.namespaces
            for write in part.writes
        ],
        "private_writes": [_private(part.namespace, c) for part in found.rwset.namespaces for c in part.collections],
        "endorsed_by": [who(e.endorser, bundle) for e in found.endorsements],
    }


def _private(namespace: str, collection: rwsets.CollectionHashed) -> dict[str, Any]:
    """Return the hashes that the channel has of private data."""
    return {
        "namespace": namespace,
        "collection": collection.name,
        "hashes": [
            {"key": w.key_hash.hex(), "value": w.value_hash.hex(), "deleted": w.is_delete, "purged": w.is_purge}
            for w in collection.writes
        ],
    }


def _version(version: rwsets.Version | None) -> str | None:
    return None if version is None else f"{version.block}:{version.tx}"


def shown(data: bytes) -> str:
    """Return bytes as text, or as base64 with that mark."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(data).decode()
