"""Return terms of each seller, and the act that publishes the next version."""

from __future__ import annotations

from gateway.audit import ownchannels
from gateway.console import companies
from gateway.console.acts import selleracts
from gateway.console.acts.termacts import latest
from gateway.console.blueprint import blueprint
from gateway.console.page import page
from gateway.http import auth, context
from gateway.http.context import COMMERCE
from gateway.readmodel import queries, views

# Events that are read to find the terms, and terms that a page shows.
_EVENTS, _MOST = 200, 25


@blueprint.route("/terms")
@auth.needs("read")
def terms() -> str:
    """Show the newest version of each seller's return terms, the last published first."""
    views.refreshed()
    model, own = context.services().model, context.caller().msp_id
    published = queries.events(model, own, name="TermsPublished", limit=_EVENTS).events
    names = list(dict.fromkeys(each.payload["terms_id"] for each in published if each.payload))[:_MOST]
    shown = [found for found in map(latest, names) if found]
    sells = {"platform", "merchant", "manufacturer", "supplier"} & set(companies.roles(own))
    joined = ownchannels.joined()
    serves = not joined or COMMERCE.channel in joined
    return page("terms.html", terms=shown, sells=bool(sells), shops=selleracts.own() if sells and serves else [])
