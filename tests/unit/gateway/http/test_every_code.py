"""Every code of docs/errors.md is the answer to some request, with its status."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from fabric_protos.peer import transaction_pb2

from gateway.events.feeds import EventSource
from gateway.fabric import channels, ledgercalls, planning, wallet
from gateway.http import context, problemtypes
from gateway.http.budgets import Budgets
from gateway.http.freshness import NotReachedError
from gateway.offline import steps
from gateway.store import jobs, namedqueries, returnlimits, webhooks
from gateway.store.database import StoreError
from gateway.store.jobs import JobOwner, JobRequest, Jobs
from gateway.store.namedqueries import NamedQueries, NamedQuery
from gateway.store.tokens import IssuerUnavailableError, TokenCaller, Tokens
from gateway.store.webhooks import EventPlace, Filters, Webhooks
from gateway.trade.matching import batches
from hlf import errors
from tests.unit.gateway.fakes import TRANSACTION
from tests.unit.gateway.readmodel import epcisjourney

EVALUATE = "/v1/channels/trade/chaincodes/trade/evaluate"
SUBMIT = "/v1/channels/trade/chaincodes/trade/submit"
STREAM = "/v1/events/trade/trade"
CALL = {"function": "F"}
QUERY = {"name": "departures", "query": {"EQ_bizStep": ["departing"]}}
UNKNOWN = "selat_000000000000_" + "A" * 43

# Answers of the front, which the application never sees: tests/unit/gateway/front asks for them on a socket.
IN_FRONT = {"REQUEST_TIMEOUT", "EXPECTATION_FAILED", "GATEWAY_BUSY"}
# The last event of a stream that had begun: tests/unit/gateway/events reads it.
IN_STREAMS = {"STREAM_BEHIND"}


def _commit(name: str) -> errors.CommitError:
    return errors.CommitError(TRANSACTION, transaction_pb2.TxValidationCode.Value(name), 7)


def _fabric(status: str, message: str, kind: type[errors.GatewayError] = errors.EvaluateError) -> errors.GatewayError:
    return kind(message, status=grpc.StatusCode[status])


# What the ledger says, and the code of the answer.
SAID: dict[str, Exception | bytes] = {
    "CHAINCODE_NOT_FOUND": channels.ExplainedError("no such chaincode", code="CHAINCODE_NOT_FOUND"),
    "ENDORSER_UNKNOWN": channels.ExplainedError("no such member", code="ENDORSER_UNKNOWN"),
    "BLOCK_NOT_REACHED": NotReachedError("trade", 9, "AMSP", 3),
    "ENDORSERS_MISSING": _fabric("UNAVAILABLE", "failed to find any endorsing peers for org(s): AMSP"),
    "ENDORSERS_DISAGREE": _fabric("ABORTED", "ProposalResponsePayloads do not match"),
    "IDENTITY_REFUSED": _fabric("PERMISSION_DENIED", "access denied"),
    "IDENTITY_UNUSABLE": errors.ProfileError("no peer in the profile"),
    "CONTRACT_FAILED": _fabric("ABORTED", "chaincode response 500, boom"),
    "CONTRACT_REFUSED": errors.EvaluateError("refused/THEIR_OWN: words"),
    "CHAINCODE_UNAVAILABLE": _fabric("ABORTED", "failed to execute transaction ab"),
    "TRANSIENT_UNPROTECTED": _fabric("FAILED_PRECONDITION", "name organisations to protect transient data"),
    "FABRIC_TOO_LARGE": _fabric("RESOURCE_EXHAUSTED", "message larger than max"),
    "FABRIC_BUSY": _fabric("UNKNOWN", "too many requests for /gateway.Gateway"),
    "FABRIC_UNAVAILABLE": _fabric("UNAVAILABLE", "failed to connect"),
    "FABRIC_TIMEOUT": _fabric("DEADLINE_EXCEEDED", "Deadline Exceeded"),
    "FABRIC_REFUSED": _fabric("UNIMPLEMENTED", "unknown service"),
    "FABRIC_ANSWER_UNREADABLE": errors.WireError("not a message"),
    "ORDERING_REFUSED": _fabric("ABORTED", "unsuccessful response from orderer", errors.SubmitError),
    "OUTCOME_UNKNOWN": _fabric("DEADLINE_EXCEEDED", "Deadline Exceeded", errors.CommitStatusError),
    "MVCC_READ_CONFLICT": _commit("MVCC_READ_CONFLICT"),
    "PHANTOM_READ_CONFLICT": _commit("PHANTOM_READ_CONFLICT"),
    "ENDORSEMENT_POLICY_FAILURE": _commit("ENDORSEMENT_POLICY_FAILURE"),
    "KEY_POLICY_CONFLICT": ledgercalls.PolicyChangedError(TRANSACTION, 10, 7),
    "DUPLICATE_TXID": _commit("DUPLICATE_TXID"),
    "TRANSACTION_INVALID": _commit("BAD_PAYLOAD"),
    "ORGANISATION_UNKNOWN": wallet.WalletError("AMSP is not in the wallet"),
    "KEY_ELSEWHERE": wallet.KeyElsewhereError("its key is elsewhere"),
    "NOTHING_TO_WRITE": ledgercalls.NothingToWriteError("F writes nothing"),
    "CLIENT_GONE": ledgercalls.GoneError("the client went away"),
    "CURSOR_UNKNOWN": ledgercalls.CursorError("no such event"),
    "ENDORSERS_UNRESOLVED": planning.UnplannedError("nobody knows who may see it"),
    "BATCH_UNSOLVED": batches.UnsolvedError("no capacity"),
    "SOLVER_MISSING": batches.SolverMissingError("no OR-tools"),
    "KEY_UNUSABLE": errors.SealingError("not a key"),
    "GATEWAY_FAULT": RuntimeError("a defect"),
    "STORE_UNAVAILABLE": StoreError("database or disk is full"),
    **{
        code: steps.StepError(code, "words")
        for code in ("STEP_UNREADABLE", "STEP_EXPIRED", "SIGNER_FOREIGN", "SIGNATURE_INVALID")
    },
}
# Codes of a committed or ordered transaction; the others are asked for by a query.
SUBMITTED = {*problemtypes.COMMIT, "ORDERING_REFUSED", "OUTCOME_UNKNOWN"}


class World:
    """One gateway, and what a request may need to be refused."""

    def __init__(self, app: Any, ledgers: Any, bearer: Callable[..., dict[str, str]]) -> None:
        self.app, self.ledgers, self.bearer = app, ledgers, bearer
        self.client = app.test_client()
        self.services: context.Services = app.extensions[context.EXTENSION]
        self.headers = bearer()

    def change(self, **services: Any) -> None:
        """Replace some services of the gateway."""
        self.app.extensions[context.EXTENSION] = dataclasses.replace(self.services, **services)

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers={**self.headers, **headers})

    def post(self, path: str = EVALUATE, body: Any = CALL, **headers: str) -> Any:
        return self.client.post(path, json=body, headers={**self.headers, **headers})


def _expired(world: World) -> Any:
    token = Tokens(world.services.store, clock=lambda: 1.0).create("PlatformMSP", "User1", ["read"], 60)
    return world.get("/v1/stages", Authorization=f"Bearer {token}")


def _revoked(world: World) -> Any:
    world.services.tokens.revoke(world.headers["Authorization"].split("_")[1])
    return world.get("/v1/stages")


def _exhausted(world: World) -> Any:
    world.change(budgets=Budgets(token=1, organisation=9, address=9))
    world.get("/v1/stages")
    return world.get("/v1/stages")


def _closed(world: World) -> Any:
    world.change(settings=dataclasses.replace(world.services.settings, tracking=""))
    return world.get("/track/" + "A" * 43)


def _worn_out(world: World) -> Any:
    asked = {"line": "1", "quantity": 1, "reason": "DEFECTIVE", "resolution": "refund", "condition": "used"}
    answers = [world.client.post("/track/worn/returns", json=asked) for _ in range(returnlimits.OF_ONE_LINK + 1)]
    return answers[-1]


def _in_progress(world: World) -> Any:
    told: list[Any] = []
    world.ledgers.before_commit = lambda: told.append(world.post(SUBMIT, **{"Idempotency-Key": "k"}))
    world.post(SUBMIT, **{"Idempotency-Key": "k"})
    return told[0]


def _reused(world: World) -> Any:
    world.post(SUBMIT, **{"Idempotency-Key": "k"})
    return world.post(SUBMIT, {"function": "G"}, **{"Idempotency-Key": "k"})


def _too_many_jobs(world: World) -> Any:
    kept, owner = Jobs(world.services.store), JobOwner("PlatformMSP", "User1", "t", frozenset({"write"}))
    kept.put_all(owner, [JobRequest("/v1/orders", b"{}", "k")] * jobs.MOST_WAITING)
    return world.post(SUBMIT, CALL, Prefer="respond-async")


def _too_many_webhooks(world: World) -> Any:
    world.ledgers.chains["trade"] = []
    kept = Webhooks(world.services.store)
    for _ in range(webhooks.MOST_OF_ONE):
        kept.create("PlatformMSP", "User1", "https://example.com/", "trade", Filters(), EventPlace(0, 0))
    body = {"url": "https://example.com/", "channel": "trade"}
    return world.post("/v1/webhooks", body, **world.bearer("webhooks"))


def _too_many_events(world: World) -> Any:
    world.ledgers.chains["trade"] = epcisjourney.chained(epcisjourney.page())
    world.change(wallet=SimpleNamespace(channels=lambda: ["trade"]))
    return world.get("/epcis/events?maxEventCount=1")


def _too_many_queries(world: World) -> Any:
    kept = NamedQueries(world.services.store)
    for number in range(namedqueries.MOST_OF_ONE):
        kept.create("PlatformMSP", "User1", NamedQuery(f"q{number}", {}))
    return world.post("/epcis/queries", QUERY)


def _full(world: World) -> Any:
    while world.services.listener_slots.take(EventSource("PlatformMSP", "User1", "trade", "trade")):
        pass
    return world.get(STREAM)


def _unprovable(world: World) -> Any:
    world.ledgers.answers["Journeys:history"] = b"[{}]"
    return world.get("/v1/audit/trade/history/Journeys/J1")


def _unknown_transaction(world: World) -> Any:
    said = _fabric("UNKNOWN", "evaluate call to endorser returned error: no such transaction ID [ab] in index")
    world.ledgers.answers["GetBlockByTxID"] = said
    return world.get(f"/v1/audit/trade/transactions/{TRANSACTION}")


def _issuer_away(world: World) -> Any:
    def away(_: str) -> TokenCaller:
        raise IssuerUnavailableError("away")

    world.change(bearers=SimpleNamespace(caller=away))
    return world.get("/v1/stages")


REQUESTS: dict[str, Callable[[World], Any]] = {
    "TOKEN_MISSING": lambda world: world.client.get("/v1/stages"),
    "TOKEN_INVALID": lambda world: world.get("/v1/stages", Authorization=f"Bearer {UNKNOWN}"),
    "TOKEN_EXPIRED": _expired,
    "TOKEN_REVOKED": _revoked,
    "ISSUER_UNAVAILABLE": _issuer_away,
    "SCOPE_MISSING": lambda world: world.client.post(SUBMIT, json=CALL, headers=world.bearer("read")),
    "REQUEST_MALFORMED": lambda world: world.post(**{"Selat-After": "nonsense"}),
    "REQUEST_INVALID": lambda world: world.post(body={"function": "F", "more": 1}),
    "BODY_MISSING": lambda world: world.client.post(EVALUATE, headers=world.headers),
    "BODY_TOO_LARGE": lambda world: world.post(body={"function": "F" * 5000}),
    "BUDGET_EXHAUSTED": _exhausted,
    "LINK_EXHAUSTED": _worn_out,
    "NOT_ACCEPTABLE": lambda world: world.get("/epcis/events", Accept="application/xml"),
    "QUERY_TOO_LARGE": _too_many_events,
    "QUERY_EXISTS": lambda world: [world.post("/epcis/queries", QUERY) for _ in range(2)][-1],
    "QUERIES_EXHAUSTED": _too_many_queries,
    "NO_SUCH_ADDRESS": lambda world: world.get("/nowhere"),
    "METHOD_NOT_ALLOWED": lambda world: world.get(SUBMIT),
    "MEDIA_TYPE_UNSUPPORTED": lambda world: world.client.post(EVALUATE, data="{}", headers=world.headers),
    "IDEMPOTENCY_KEY_REUSED": _reused,
    "IDEMPOTENCY_IN_PROGRESS": _in_progress,
    "TRACKING_CLOSED": _closed,
    "STREAMS_EXHAUSTED": _full,
    "WEBHOOKS_EXHAUSTED": _too_many_webhooks,
    "JOBS_EXHAUSTED": _too_many_jobs,
    "FUNCTION_NOT_FOUND": lambda world: world.get("/v1/channels/trade/chaincodes/trade/openapi.json"),
    "HISTORY_UNPROVABLE": _unprovable,
    "TRANSACTION_NOT_FOUND": _unknown_transaction,
}


@pytest.mark.parametrize("code", problemtypes.PROBLEM_TYPES)
def test_every_code_is_the_answer_to_a_request(app, ledgers, bearer, code):
    """A code in the table that nobody can get would be a promise without a meaning."""
    world = World(app, ledgers, bearer)
    if code in IN_FRONT | IN_STREAMS:
        where = "front/test_service.py" if code in IN_FRONT else "events/test_feeds.py"
        assert code in (Path(__file__).parents[1] / where).read_text()
        return
    if code in REQUESTS:
        answer = REQUESTS[code](world)
    else:
        assert code in SAID or code in problemtypes.REFUSALS, "a new code needs a request that gets it"
        ledgers.answers["F"] = SAID.get(code, errors.EvaluateError(f"refused/{code}: words"))
        answer = world.post(SUBMIT if code in SUBMITTED else EVALUATE)
    assert (answer.json["code"], answer.status_code) == (code, problemtypes.PROBLEM_TYPES[code].status)
    assert answer.content_type == "application/problem+json"
