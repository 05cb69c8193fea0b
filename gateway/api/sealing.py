"""Attributes sealed to the key of somebody outside the channel."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from chaincode.domain import canonical
from gateway import auth, current, identifiers, once, showing
from gateway.current import TRADE
from gateway.inputs import Blueprint
from gateway.schemas.disclosures import SealedSchema, SealSchema
from hlf import sealing

blueprint = Blueprint(
    "sealing", __name__, url_prefix="/v1/disclosures/sealed", description="Attributes sealed to outsiders' keys"
)


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@once.keyed
@blueprint.arguments(SealSchema)
@blueprint.response(201, SealedSchema)
def seal(body: dict[str, Any]) -> dict[str, Any]:
    """
    Seal attributes to the key of somebody outside the channel (HPKE, RFC 9180).

    The ciphertext is in the answer and kept nowhere; owner and auditor keep a record with its hash.
    """
    key = sealing.PublicKey(sealing.Suite(body.pop("suite")), body.pop("public_key"))
    document, chosen = showing.chosen(body["claim_id"], body["revision"], body["attributes"])
    seal_id = identifiers.public_id("seal")
    binding = sealing.Binding(TRADE.channel, seal_id, body["recipient"], body["revision"])
    plain = canonical.dumps({"document": document, "disclosures": chosen})
    ciphertext = sealing.seal(plain, key, binding)
    record = {
        **body,
        "key_thumbprint": key.thumbprint,
        "suite": key.suite.value,
        "ciphertext_sha256": hashlib.sha256(ciphertext).hexdigest(),
        "salt": identifiers.salt(),
    }
    recorded = current.act(
        TRADE,
        "Disclosures:record_sealed",
        seal_id,
        transient={"sealed": canonical.dumps(record)},
        endorsers=[current.caller().msp_id, showing.auditor()],
    )
    return {"seal_id": seal_id, "ciphertext": ciphertext, "binding": dataclasses.asdict(binding), **recorded}


@blueprint.route("", methods=["GET"], endpoint="list")
@auth.needs("read")
@blueprint.response(200, description="Records of what was sealed to whom")
def sealed() -> list[dict[str, Any]]:
    """List what was sealed to outsiders, as its owner or as the auditor."""
    return current.ask(TRADE, "Disclosures:sealed")
