"""The Flask application."""

from __future__ import annotations

import functools
import logging
import time
import uuid

from flask import Flask, Response, g, request
from flask_smorest import Api

from gateway.addresses import BLUEPRINTS
from gateway.application import Application
from gateway.audit import accesses
from gateway.console import views
from gateway.fabric.ledger import Ledgers
from gateway.fabric.streams import Places
from gateway.fabric.turns import Turns
from gateway.fabric.wallet import Wallet
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
from gateway.store.tokens import Tokens
from gateway.telemetry import logs, traces
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.traces import Traces
from gateway.tokens.clientcertificates import ClientCertificates
from gateway.trade.journeys import sendback

_ACCESS = logging.getLogger("gateway.access")


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
    plain = functools.partial(Flask.wsgi_app, app)
    app.wsgi_app = tracing.around(plain) if tracing else plain  # type: ignore[method-assign, assignment]
    intercepting = tracing.interceptors() if tracing else ()
    chain, model = ledgers or Ledgers(wallet, settings.submit_seconds, intercepting), Model(store)
    trusted = trust.read(settings.oidc)
    issuers = Issuers(trusted)
    app.extensions[context.EXTENSION] = context.Services(
        settings=settings,
        store=store,
        tokens=(own := Tokens(store)),
        bearers=AcceptedTokens(own, issuers),
        sign_ins=SignIns(trusted, issuers, store.secret()),
        certificates=ClientCertificates(wallet, frozenset(settings.tls_client_scopes.split())),
        wallet=wallet,
        ledgers=chain,
        keys=Keys(store),
        places=Places(settings.streams),
        turns=Turns(),
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


def _share(requests: int, settings: Settings) -> int:
    """Return the part of a budget that one process counts."""
    return max(1, requests // settings.workers)


def _check_form() -> None:
    """Check every form of the console; no view has to think of it."""
    if request.blueprint == views.blueprint.name and request.method == "POST":
        forms.check()


def _begin() -> None:
    g.request_id = request.environ.get("selat.request_id") or uuid.uuid4().hex
    g.started = time.monotonic()


def _end(response: Response) -> Response:
    """
    Add the request's id, forbid caches to store the answer, and log one line.

    The line has the route and not the path, because a path may hold a shopper's link. It never has a query or a body.
    """
    response.headers["X-Request-Id"] = g.request_id
    freshness.tell(response, context.blocks_written())
    rendering.add_missing(response.headers, {**budgets.headers(g.get("budgets", ())), **rendering.ALWAYS})
    cors.allow(response)
    _count(response)
    return response


def _count(response: Response) -> None:
    request, problem = context.current(), g.get("problem")
    caller = g.get("caller")
    who = caller.name if caller else None
    route = request.url_rule.rule if request.url_rule else None
    code = problem.code if problem is not None else None
    seconds = time.monotonic() - g.started
    written = context.transactions() + [each for each in [context.in_flight()] if each]
    method, status = request.method, response.status_code
    context.services().metrics.answered(route or "", method, status, code or "", seconds)
    traces.answered(request.environ, route or "", method, status, code or "")
    _ACCESS.info(
        "%s %s %s %d %s %.0fms %s %s",
        g.request_id,
        method,
        route or "-",
        status,
        code or "-",
        seconds * 1000,
        who or "-",
        ",".join(written) or "-",
        extra=logs.fields(
            request_id=g.request_id,
            method=method,
            route=route,
            status=status,
            code=code,
            milliseconds=round(seconds * 1000),
            caller=who,
            transactions=written or None,
        ),
    )
