"""
Access tokens by API: a user that holds the scope ``tokens`` makes, lists, replaces and revokes its own.

A caller cannot gain rights: a new token acts for the same user, and has only scopes that the caller has.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.http import auth, context
from gateway.http.inputs import Blueprint
from gateway.http.problems import Problem
from gateway.store.tokens import Token
from gateway.tokens.schemas import (
    ListedTokensSchema,
    MadeTokenSchema,
    NewTokenSchema,
    RotationSchema,
    TokenSchema,
)

_DAY = 24 * 3600

blueprint = Blueprint("tokens", __name__, url_prefix="/v1/tokens", description="Access tokens of the caller's user")


@blueprint.route("")
@auth.needs("tokens")
@blueprint.arguments(ListedTokensSchema, location="query")
@blueprint.response(200, TokenSchema(many=True))
def listed(query: dict[str, Any]) -> list[Token]:
    """List the user's tokens at this gateway, newest first, without their secrets."""
    return [each for each in _own() if query.get("account", each.account) == each.account]


@blueprint.route("", methods=["POST"])
@auth.needs("tokens")
@blueprint.arguments(NewTokenSchema)
@blueprint.response(201, MadeTokenSchema)
def create(body: dict[str, Any]) -> dict[str, str]:
    """
    Make a token for the caller's user, with some of the caller's scopes or parts of them; it is shown only here.

    One with the name of a service account belongs to that service: it acts for the same user, and is replaced and
    revoked by that name, whoever made it.
    """
    caller = context.caller()
    _check_scopes(body["scopes"])
    made = context.services().tokens.create(
        caller.msp_id, caller.user, body["scopes"], body["days"] * _DAY, body.get("account", "")
    )
    return {"token": made}


@blueprint.route("/<token_id>/rotation", methods=["POST"])
@auth.needs("tokens")
@blueprint.arguments(RotationSchema, location="query")
@blueprint.response(201, MadeTokenSchema)
def rotate(query: dict[str, Any], token_id: str) -> dict[str, str]:
    """
    Replace a token by a new one with the same scopes and the same length of life.

    The old one expires at once, or after `overlap_seconds`, in which a service can switch to the new one.
    """
    old = _live(token_id)
    _check_scopes(old.scopes)
    kept = context.services().tokens
    seconds = int((old.expires_at - old.created_at).total_seconds())
    # The new one is there before the old one ends: after a crash in between both are valid, and none is lost.
    made = kept.create(old.msp_id, old.user, old.scopes, seconds, old.account)
    if query["overlap_seconds"]:
        kept.end(old.id, query["overlap_seconds"])
    else:
        kept.revoke(old.id)
    return {"token": made}


@blueprint.route("/accounts/<account>/revocation", methods=["POST"])
@auth.needs("tokens")
@blueprint.response(200, TokenSchema(many=True))
def revoke_account(account: str) -> list[Token]:
    """Revoke all tokens of one of the user's service accounts."""
    of_account = [each.id for each in _own() if account and each.account == account]
    if not of_account:
        raise Problem("NOT_FOUND", f"You have no service account {account[:64]}")
    for token_id in of_account:
        context.services().tokens.revoke(token_id)
    return [each for each in _own() if each.account == account]


@blueprint.route("/<token_id>/revocation", methods=["POST"])
@auth.needs("tokens")
@blueprint.response(200, TokenSchema)
def revoke(token_id: str) -> Token:
    """Revoke a token of the caller's user, this one too; nobody can use it any more."""
    _found(token_id)
    context.services().tokens.revoke(token_id)
    return _found(token_id)


def _check_scopes(scopes: Iterable[str]) -> None:
    if words := auth.unknown(scopes):
        raise Problem("REQUEST_INVALID", f"json.scopes: {words}", errors={"json": {"scopes": [words]}})
    more = sorted(each for each in scopes if not context.caller().may(each))
    if more:
        raise Problem("SCOPE_MISSING", f"A token cannot give more than it has: this one lacks {', '.join(more)}")


def _own() -> list[Token]:
    caller = context.caller()
    return context.services().tokens.of_user(caller.msp_id, caller.user)


def _found(token_id: str) -> Token:
    """Return one of the user's tokens; another user's is not found, so that nobody learns which ids there are."""
    for each in _own():
        if each.id == token_id:
            return each
    raise Problem("NOT_FOUND", f"You have no token {token_id[:40]}")


def _live(token_id: str) -> Token:
    found = _found(token_id)
    if found.revoked:
        raise Problem("NOT_FOUND", f"Token {token_id[:40]} was revoked; make a new one")
    return found
