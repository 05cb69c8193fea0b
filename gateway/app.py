"""The Flask application."""

from __future__ import annotations

import functools
import time
import uuid

from flask import Flask, Response, g, request
from flask_smorest import Api

from gateway.addresses import BLUEPRINTS
from gateway.application import REQUEST_ID, Application
from gateway.audit import accesses
from gateway.console import views
from gateway.direct import DirectCalls
from gateway.events.slots import ListenerSlots
from gateway.fabric.ledger import Ledgers
from gateway.fabric.turns import FairLocks
from gateway.fabric.wallet import Wallet
from gateway.front.loopcalls import LoopCalls
from gateway.http import auth, budgets, context, cors, description, freshness, inputs, openapi, rendering
from gateway.http.answering import compression
from gateway.http.settings import Settings
from gateway.oidc import trust
from gateway.oidc.acceptedtokens import AcceptedTokens
from gateway.oidc.bearers import Issuers
from gateway.oidc.signin import SignIns
from gateway.pages import design, forms
from gateway.readmodel.feeding import Feeder
from gateway.readmodel.model import Model
from gateway.store.database import Store
from gateway.store.keys import Keys
from gateway.store.processes import GatewayProcess
from gateway.store.tokens import Tokens
from gateway.telemetry import answers, traces
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.traces import Traces
from gateway.tokens.clientcertificates import ClientCertificates
from gateway.trade.journeys import sendback


def create_app(settings: Settings, ledgers: Ledgers | None = None, tracing: Traces | None = None) -> Flask:
    """
    Return a gateway. It connects at its first request, through *ledgers* if they are given.
    """
    app = Application("gateway")
    app.request_class = inputs.FormRequest
    app.config.update(
        API_TITLE="Selat gateway",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
    )
    app.url_map.converters["int"] = inputs.Number
    serve_with(app, settings, ledgers, tracing)
    app.before_request(_begin)
    app.before_request(cors.preflight)
    app.before_request(auth.check)
    app.before_request(inputs.check)
    app.before_request(_check_form)
    app.before_request(accesses.record)
    app.after_request(_end)
    app.after_request(compression.compress)
    api = Api(app, spec_kwargs=description.SPEC)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    app.register_blueprint(openapi.pages)
    design.install(app)
    description.complete(app, api.spec)
    app.register_blueprint(views.blueprint)
    app.register_blueprint(sendback.blueprint)
    rendering.install(app)
    return app


def serve_with(app: Flask, settings: Settings, ledgers: Ledgers | None = None, tracing: Traces | None = None) -> None:
    """Give *app* these settings; it keeps nothing from earlier ones."""
    # Werkzeug cuts a chunked body here silently; one byte over the limit shows that it was longer.
    app.config.update(MAX_CONTENT_LENGTH=settings.max_body_bytes + 1, MAX_FORM_MEMORY_SIZE=settings.max_body_bytes)
    store, wallet = Store(settings.data, settings.database), Wallet(settings.wallet, settings.passphrase_file)
    intercepting = tracing.interceptors() if tracing else ()
    chain, model = ledgers or Ledgers(wallet, settings.submit_seconds, intercepting), Model(store)
    trusted = trust.read(settings.oidc)
    issuers = Issuers(trusted)
    app.extensions[context.EXTENSION] = services = context.Services(
        settings=settings,
        store=store,
        process=(process := GatewayProcess(store)),
        tokens=(own := Tokens(store)),
        bearers=AcceptedTokens(own, issuers),
        sign_ins=SignIns(trusted, issuers, store.secret()),
        certificates=ClientCertificates(wallet, frozenset(settings.tls_client_scopes.split())),
        wallet=wallet,
        ledgers=chain,
        loop_calls=LoopCalls(chain),
        keys=Keys(store, process=process),
        listener_slots=ListenerSlots(settings.streams),
        turns=FairLocks(),
        metrics=Metrics(),
        traces=tracing,
        budgets=budgets.Budgets(
            token=_share(settings.token_requests, settings),
            organisation=_share(settings.organisation_requests, settings),
            address=_share(settings.address_requests, settings),
        ),
        model=model,
        feeder=Feeder(model, chain),
    )
    plain = functools.partial(Flask.wsgi_app, app)
    # The application makes the spans of requests.
    around = tracing.around(plain) if tracing else DirectCalls(app, services, plain)
    app.wsgi_app = around  # type: ignore[method-assign, assignment]


def _share(requests: int, settings: Settings) -> int:
    """Return the part of a budget that one process counts."""
    return max(1, requests // settings.workers)


def _check_form() -> None:
    """Check every form of the console, so that no view has to."""
    if request.blueprint == views.blueprint.name and request.method == "POST":
        forms.check()


def _begin() -> None:
    tried = context.tried()
    g.request_id = request.environ.get(REQUEST_ID) or uuid.uuid4().hex
    g.started = tried.started if tried else time.monotonic()


def _end(response: Response) -> Response:
    """Add the request's id, forbid caches to store the answer, and log one line."""
    response.headers["X-Request-Id"] = g.request_id
    freshness.tell(response, context.blocks_written())
    rendering.add_missing(response.headers, {**budgets.headers(g.get("budgets", ())), **rendering.ALWAYS})
    cors.allow(response)
    _count(response)
    return response


def _count(response: Response) -> None:
    request, problem = context.current(), g.get("problem")
    caller = g.get("caller")
    route = request.url_rule.rule if request.url_rule else ""
    code = problem.code if problem is not None else ""
    method, status = request.method, response.status_code
    traces.answered(request.environ, route, method, status, code)
    answers.note(
        context.services().metrics,
        g.request_id,
        method,
        status,
        route=route,
        code=code,
        seconds=time.monotonic() - g.started,
        caller=caller.name if caller else "",
        written=context.transactions() + [each for each in [context.in_flight()] if each],
    )
