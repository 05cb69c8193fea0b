"""What the gateway reads: bodies, query texts, tokens, contracts' answers, photos, uploads, and files that disclose."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flask import g
from flask.testing import FlaskClient

from gateway.console import reportwords
from gateway.console.changes import planwords
from gateway.http import context, freshness
from gateway.offline import steps
from gateway.offline.steps import SignedStep
from gateway.store import scopes, tokens
from gateway.store.checkpoints import EventCursor
from gateway.trade.returns.photos import PhotoError
from hlf import errors
from hlf.audit.records import search
from hlf.sentdocuments import SentDocument
from selat import claimreceipts
from tests.fuzz.target import Target, reads, text_of
from tests.fuzz.targets.exchanges import FIELDS
from tests.fuzz.targets.messages import MESSAGE
from tests.unit.gateway.fakes import FakeLedgers, application


class RefusedError(Exception):
    """The gateway answered with a problem of the caller's."""


@functools.cache
def _client() -> tuple[FlaskClient, dict[str, str]]:
    """Return a gateway without a ledger, and the headers of somebody who may do everything."""
    app = application(Path(tempfile.mkdtemp(prefix="selat-fuzz-")), FakeLedgers())
    token = app.extensions[context.EXTENSION].tokens.create("PlatformMSP", "User1", scopes.SCOPES, 86_400)
    return app.test_client(), {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def _body(data: bytes) -> object:
    client, headers = _client()
    answer = client.post("/v1/channels/trade/chaincodes/trade/evaluate", data=data, headers=headers)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        raise RefusedError(answer.text)
    return answer.text


def _document(kind: str, read: Callable[[SentDocument], object]) -> Callable[[bytes], object]:
    """Return what reads a document that somebody uploads, as a page does, for a reader whose register has no names."""

    def run(data: bytes) -> object:
        with _client()[0].application.test_request_context():
            g.companies = {}
            return repr(read(SentDocument(data, kind)))

    return run


def _token(data: bytes) -> object:
    client, _ = _client()
    try:
        return client.application.extensions[context.EXTENSION].tokens.caller(text_of(data))
    except tokens.TokenError as refused:
        if refused.reason != "unknown":
            raise
        return None


def _cursor(data: bytes) -> object:
    return str(EventCursor.parse(text_of(data)))


def _page(data: bytes) -> object:
    return str(search.SearchCursor.parse(text_of(data)))


def _blocks(data: bytes) -> object:
    return freshness.text(freshness.parse(text_of(data)))


def _disclosed(data: bytes) -> object:
    found = claimreceipts.read(data, "trade")
    return found.document(), found.value_hash, found.opened(), claimreceipts.refusal(found)


def _step(data: bytes) -> object:
    user = FakeLedgers().keyless("PlatformMSP", "User1")
    sent = SignedStep("trade", "trade", data, b"")
    read = (
        lambda: steps.proposal(user, sent, datetime.now(UTC)),
        lambda: steps.transaction(user, sent, datetime.now(UTC)),
        lambda: steps.question(user, sent),
    )
    found: list[object] = []
    for each in read:
        try:
            found.append(each())
        except steps.StepError as refused:
            if refused.code == "STEP_UNREADABLE":
                continue
            found.append(refused)  # It is somebody else's, and so was read to its end.
    if not found:
        raise steps.StepError("STEP_UNREADABLE", "none of the three")
    return found


TARGETS = (
    Target("body", "gateway.http.inputs.check", (RefusedError,), _body),
    Target("token", "gateway.store.tokens.Tokens.caller", (tokens.TokenError,), _token),
    Target("cursor", "gateway.store.checkpoints.EventCursor.parse", (ValueError,), _cursor),
    Target("step", "gateway.offline.steps.proposal", (steps.StepError,), _step, MESSAGE),
    Target("freshness", "gateway.http.freshness.parse", (ValueError,), _blocks),
    reads("result", "gateway.fabric.results.read", errors.WireError),
    reads("metadata", "gateway.fabric.declarations.read", errors.WireError),
    Target("page", "hlf.audit.records.search.SearchCursor.parse", (errors.WireError,), _page),
    reads("photo", "gateway.trade.returns.photos.read", PhotoError),
    *(
        Target(kind, f"gateway.console.{name}.read", (errors.DocumentError,), _document(kind, read), FIELDS)
        for kind, name, read in (
            (planwords.KIND, "changes.planwords", planwords.read),
            (reportwords.KIND, "reportwords", reportwords.read),
        )
    ),
    Target("disclosed", "selat.claimreceipts.read", (errors.WireError,), _disclosed),
)
