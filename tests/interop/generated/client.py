"""The client that openapi-python-client makes, used on a gateway; prints what it saw as JSON."""

import json
import sys

from selat_gateway_client import AuthenticatedClient
from selat_gateway_client.api.calls import calls_evaluate, calls_status, calls_submit
from selat_gateway_client.api.tokens import tokens_create, tokens_listed, tokens_revoke
from selat_gateway_client.models import Call, NewToken
from selat_gateway_client.types import Unset

base, token = sys.argv[1:]
place = {"channel": "mychannel", "chaincode": "lab"}
with AuthenticatedClient(base, token) as client:
    made = tokens_create.sync(client=client, body=NewToken(scopes=["read", "write"], days=1))
    listed = tokens_listed.sync(client=client)
    with AuthenticatedClient(base, made.token) as narrow:
        call = Call(function="put", arguments=["generated", "by Python"])
        receipt = calls_submit.sync(client=narrow, body=call, idempotency_key="python-1", **place)
        again = calls_submit.sync_detailed(client=narrow, body=call, idempotency_key="python-1", **place)
        read = calls_evaluate.sync(client=narrow, body=Call(function="get", arguments=["generated"]), **place)
        status = calls_status.sync("mychannel", receipt.transaction_id, client=narrow)
        problem = calls_evaluate.sync(client=narrow, body=Call(function="nothing"), **place)
        refused = tokens_listed.sync_detailed(client=narrow)
    (entry,) = [each for each in listed if each.scopes == ["read", "write"]]
    revoked = tokens_revoke.sync(entry.id, client=client)
told = {
    "read": read.result,
    "valid": status.valid,
    "replayed": again.headers.get("Idempotency-Replayed") == "true" and again.parsed == receipt,
    "problem": [problem.status, problem.code.value, isinstance(problem.cure, Unset)],
    "refused": [refused.status_code, refused.parsed.code.value],
    "revoked": revoked.revoked,
}
sys.stdout.write(json.dumps(told))
