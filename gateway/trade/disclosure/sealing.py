"""Attributes encrypted for somebody outside the channel."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from gateway.http import auth, context, idempotency, paging
from gateway.http.context import TRADE
from gateway.http.inputs import Blueprint
from gateway.http.paging import PageQuerySchema
from gateway.trade import minting
from gateway.trade.disclosure import disclosing
from gateway.trade.disclosure.disclosure_schemas import SealedSchema, SealSchema
from hlf import sealing
from hlf.codec import canonical

blueprint = Blueprint(
    "sealing", __name__, url_prefix="/v1/disclosures/sealed", description="Attributes encrypted for outsiders"
)


@blueprint.route("", methods=["POST"])
@auth.needs("write")
@idempotency.keyed
@blueprint.arguments(SealSchema)
@blueprint.response(201, SealedSchema)
def seal(body: dict[str, Any]) -> dict[str, Any]:
    """
    Encrypt attributes to the key of somebody outside the channel (HPKE, RFC 9180).

    The answer has the ciphertext, which is kept nowhere else. Owner and auditor keep a record with its hash.
    """
    key = sealing.PublicKey(sealing.Suite(body.pop("suite")), body.pop("public_key"))
    document, chosen = disclosing.chosen(body["claim_id"], body["revision"], body["attributes"])
    seal_id = minting.public_id("seal")
    binding = sealing.Binding(TRADE.channel, seal_id, body["recipient"], body["revision"])
    plain = canonical.dumps({"document": document, "disclosures": chosen})
    ciphertext = sealing.seal(plain, key, binding)
    record = {
        **body,
        "key_thumbprint": key.thumbprint,
        "suite": key.suite.value,
        "ciphertext_sha256": hashlib.sha256(ciphertext).hexdigest(),
        "salt": minting.salt(),
    }
    recorded = context.act(
        TRADE,
        "Disclosures:record_sealed",
        seal_id,
        transient={"sealed": canonical.dumps(record)},
    )
    return {"seal_id": seal_id, "ciphertext": ciphertext, "binding": dataclasses.asdict(binding), **recorded}


@blueprint.route("", methods=["GET"], endpoint="list")
@auth.needs("read")
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, description="Records of sealed attributes and their recipients")
def sealed(query: dict[str, Any]) -> Any:
    """List the records of sealed attributes, as owner or auditor, by pages."""
    page = context.ask_record(TRADE, "Disclosures:sealed", *paging.asked(query))
    return paging.answer(page["seals"], page["bookmark"])
