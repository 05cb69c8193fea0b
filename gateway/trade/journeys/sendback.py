"""What a shopper does behind the link of an order: ask to send an article back, and take receipts; without a script."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as Redirect

from gateway.http import auth, context, inputs
from gateway.http.problems import Problem
from gateway.pages import forms, states
from gateway.pages.languages import gettext
from gateway.trade.journeys import buyerfacts, shopper
from gateway.trade.journeys.tracking_schemas import LodgeSchema
from gateway.trade.returns import photos, shownphotos
from gateway.trade.returns.photos import PhotoError

blueprint = Blueprint("sendback", __name__, url_prefix="/track")
# Somewhat more than the photos, so that the form itself can tell its sender that they are too large.
_MOST_BYTES = photos.MOST_BYTES + (4 << 20)
_FIELDS = ("line", "quantity", "reason", "resolution", "condition")


@blueprint.route("/<token>/return")
@auth.needs(auth.PUBLIC)
@inputs.takes(query={"line"})
def ask_back(token: str) -> str:
    """Show the form in which the holder of a link asks to send an article back."""
    return _form(token, request.args.get("line", ""), {}, "")


@blueprint.route("/<token>/return", methods=["POST"])
@auth.needs(auth.PUBLIC)
@inputs.takes(body=inputs.FILES, query={"line"}, most=_MOST_BYTES)
def send_back(token: str) -> Redirect | str:
    """Lodge the return that the form asks for; the parcel's page shows the outcome."""
    forms.check()
    given = request.form.to_dict()
    asked = {name: given.get(name, "") for name in _FIELDS}
    # A browser sends an empty file where none was chosen.
    sent = [file for each in request.files.getlist("photo") if (file := each.read())]
    try:
        body = LodgeSchema().load({**asked, "quantity": int(asked["quantity"])})
        shopper.lodge(token, {**body, "photos": sent})
    except (ValueError, ValidationError):
        return _form(token, asked["line"], given, gettext("Something in the form is missing or wrong."))
    except PhotoError:
        words = gettext("Please choose up to %(number)s photos: JPEG, PNG or WebP files of 12 MB together at most.")
        return _form(token, asked["line"], given, words % {"number": photos.MOST})
    except Problem as problem:
        if problem.code not in {"REQUEST_INVALID", "LINK_EXHAUSTED"}:
            raise
        words = gettext("This cannot be asked now. Check how many pieces you have, or try again in an hour.")
        return _form(token, asked["line"], given, words)
    return redirect(url_for("tracking.follow", token=token, _anchor="returns"), 303)


@blueprint.route("/<token>/returns/<return_id>/pickup", methods=["POST"])
@auth.needs(auth.PUBLIC)
@inputs.takes(body=inputs.FORM)
def choose_pickup(token: str, return_id: str) -> Redirect:
    """Choose when the carrier fetches a return; the parcel's page says if that time is not offered any more."""
    forms.check()
    chosen = shopper.choose_pickup(token, return_id, request.form.get("pickup_at", ""))
    gone = None if chosen else 1
    return redirect(url_for("tracking.follow", token=token, gone=gone, _anchor="returns"), 303)


@blueprint.route("/<token>/returns/<return_id>/photos/<digest>")
@auth.needs(auth.PUBLIC)
@inputs.takes(query={"size"})
def photo(token: str, return_id: str, digest: str) -> Response:
    """Return a photo that the holder of the link sent with a return."""
    if not shopper.has_return(token, return_id):
        raise Problem("LINK_UNKNOWN")
    return shownphotos.answer(return_id, digest, "LINK_UNKNOWN")


@blueprint.route("/<token>/receipt")
@auth.needs(auth.PUBLIC)
def receipt(token: str) -> Response:
    """Return the receipt of the last hand-over of the goods, which proves itself offline."""
    return buyerfacts.receipt(token, "")


@blueprint.route("/<token>/returns/<return_id>/receipt")
@auth.needs(auth.PUBLIC)
def return_receipt(token: str, return_id: str) -> Response:
    """Return the receipt of the last step of a return, which proves itself offline."""
    return buyerfacts.receipt(token, return_id)


def _form(token: str, line: str, given: dict[str, str], refused: str) -> str:
    article = next((each for each in shopper.returnable(token) if each["line"] == line), None)
    if article is None:
        raise Problem("LINK_UNKNOWN")
    tables = {"reasons": states.REASONS, "resolutions": states.RESOLUTIONS, "conditions": states.CONDITIONS}
    choices = {name: [(key, gettext(words)) for key, words in table.items()] for name, table in tables.items()}
    known = buyerfacts.articles(token)
    told = {"types": ",".join(photos.TYPES), "most": photos.MOST, "days": context.services().settings.photo_days}
    values = {"token": token, **told, "article": article, "given": given, "refused": refused, **choices}
    return render_template("sendback.html", known=known, shop=known.shop, **values)
