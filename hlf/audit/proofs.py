"""A committed transaction taken apart, with everything that can be recomputed from its block recomputed."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from hlf import errors
from hlf.wire import blocks, channelconfig, msp, rwsets, signatures

_BLOCK_POLICY = "/Channel/Orderer/BlockValidation"


@dataclass(frozen=True)
class Check:
    """One thing that was recomputed."""

    name: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True)
class Proof:
    """
    A transaction, the block it is in, and what was checked of them.

    Whether the endorsers were enough is Fabric's own verdict, the validation code; here it is checked that each of them
    really signed, and is a member of the channel.
    """

    channel: str
    block: blocks.Block
    transaction: blocks.Transaction
    checks: tuple[Check, ...]
    members: channelconfig.Bundle

    @property
    def verified(self) -> bool:
        """Whether all checks passed."""
        return all(check.passed for check in self.checks)

    @property
    def endorsers(self) -> list[str]:
        """MSP ids of those whose endorsements stand in the transaction, sorted."""
        found = (_who(e.endorser, self.members)["msp_id"] for a in self.transaction.actions for e in a.endorsements)
        return sorted(set(found))

    @property
    def creator(self) -> dict[str, Any]:
        """Who submitted it: organisation and certificate."""
        return _who(self.transaction.creator, self.members)

    def document(self) -> dict[str, Any]:
        """The whole proof as JSON values."""
        transaction = self.transaction
        return {
            "channel": self.channel,
            "transaction_id": transaction.transaction_id,
            "index": transaction.index,
            "valid": transaction.valid,
            "validation_code": transaction.code_name,
            "timestamp": transaction.timestamp.isoformat() if transaction.timestamp else None,
            "creator": self.creator,
            "actions": [_action(action, self.members) for action in transaction.actions],
            "block": {
                "number": self.block.number,
                "hash": self.block.hash.hex(),
                "previous_hash": self.block.previous_hash.hex(),
                "data_hash": self.block.data_hash.hex(),
            },
            "checks": [{"name": c.name, "passed": c.passed, "detail": c.detail} for c in self.checks],
            "verified": self.verified,
        }


def prove(channel: str, block: blocks.Block, transaction_id: str, bundle: channelconfig.Bundle) -> Proof | None:
    """
    The proof of a transaction in *block*; None if it is not in there.

    *bundle* is the channel's configuration at that block, which says who belongs to it.
    """
    transaction = next((t for t in block.transactions if t.transaction_id == transaction_id), None)
    if transaction is None:
        return None
    checks = (
        Check("block: its data hash is that of its data", block.data_hash == block.computed_data_hash),
        _orderers(block, bundle),
        Check(
            "transaction: its id is the hash of its nonce and creator",
            transaction.transaction_id == transaction.computed_transaction_id,
        ),
        _own_bytes(transaction),
        _signed(
            "transaction: signed by its creator",
            bundle,
            transaction.creator,
            transaction.payload,
            transaction.signature,
        ),
        *(
            _signed(
                f"endorsement of {_who(e.endorser, bundle)['msp_id']}: signed over the results",
                bundle,
                e.endorser,
                action.response_payload + e.endorser,
                e.signature,
            )
            for action in transaction.actions
            for e in action.endorsements
        ),
    )
    return Proof(channel, block, transaction, checks, bundle)


def writes(proof: Proof) -> list[tuple[str, rwsets.Write]]:
    """The public writes of a proven transaction, each with its chaincode."""
    return [
        (part.namespace, write)
        for action in proof.transaction.actions
        for part in action.rwset.namespaces
        for write in part.writes
    ]


def _orderers(block: blocks.Block, bundle: channelconfig.Bundle) -> Check:
    name = f"block: signed by orderers as {_BLOCK_POLICY} asks"
    if block.number == 0:
        return Check(name, True, "the first block is not signed: it is agreed on outside")
    signed = []
    for signature in block.signatures:
        creator = signature.creator or _consenter(bundle, signature.identifier)
        signed.append(msp.Signed(signature.signed, creator, signature.signature))
    refusal = bundle.refusal(_BLOCK_POLICY, signed)
    return Check(name, refusal is None, refusal or f"{len(signed)} signature(s)")


def _consenter(bundle: channelconfig.Bundle, identifier: int | None) -> bytes:
    """The identity of a BFT orderer, which signs under its number in the channel's configuration."""
    consenters = bundle.ordering.consenters if bundle.ordering else ()
    found = next((c for c in consenters if c.id == identifier), None)
    return signatures.serialized_identity(found.msp_id, found.identity) if found else b""


def _own_bytes(transaction: blocks.Transaction) -> Check:
    found = blocks.check_transaction(transaction)
    return Check("transaction: endorsed is what was proposed", not found, "; ".join(found))


def _signed(name: str, bundle: channelconfig.Bundle, identity: bytes, data: bytes, signature: bytes) -> Check:
    try:
        member = bundle.msps.validate(identity)
    except errors.HlfError as error:
        return Check(name, False, str(error))
    return Check(name, member.verify(data, signature))


def _who(serialized: bytes, bundle: channelconfig.Bundle) -> dict[str, Any]:
    try:
        identity = bundle.msps.identity(serialized)
    except errors.HlfError:
        return {"msp_id": "unknown", "subject": "", "serial_number": ""}
    certificate: x509.Certificate = identity.certificate
    return {
        "msp_id": identity.msp_id,
        "subject": certificate.subject.rfc4514_string(),
        "serial_number": f"{certificate.serial_number:x}",
    }


def _action(action: blocks.Action, bundle: channelconfig.Bundle) -> dict[str, Any]:
    return {
        "chaincode": action.chaincode,
        "version": action.version,
        "function": shown(action.args[0]) if action.args else "",
        "arguments": [shown(argument) for argument in action.args[1:]],
        "status": action.status,
        "result": shown(action.payload),
        "event": {"name": action.event.name, "payload": shown(action.event.payload)} if action.event else None,
        "reads": [
            {"namespace": part.namespace, "key": read.key, "version": _version(read.version)}
            for part in action.rwset.namespaces
            for read in part.reads
        ],
        "writes": [
            {
                "namespace": part.namespace,
                "key": write.key,
                "deleted": write.is_delete,
                "value": None if write.value is None else shown(write.value),
            }
            for part in action.rwset.namespaces
            for write in part.writes
        ],
        "private_writes": [_private(part.namespace, c) for part in action.rwset.namespaces for c in part.collections],
        "endorsed_by": [_who(e.endorser, bundle) for e in action.endorsements],
    }


def _private(namespace: str, collection: rwsets.CollectionHashed) -> dict[str, Any]:
    """What the channel holds of private data: hashes."""
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
    """Bytes as text, or in base64 with that said."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(data).decode()


def last_config(block: blocks.Block) -> int:
    """
    The number of the configuration block in force when *block* was made.

    Raises:
        WireError: the block does not say.
    """
    if block.number == 0:
        return 0
    if block.last_config is None:
        raise errors.WireError(f"block {block.number} does not name its configuration block")
    return block.last_config
