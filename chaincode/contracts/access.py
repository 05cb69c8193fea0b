"""
Checks of the caller; every function that reads or writes private data begins with one.

Fabric does not check this: a client of any member organisation may evaluate at any peer, and an implicit collection
gives its values to any caller there. So contracts call one of these functions before they read private data.
"""

from __future__ import annotations

from collections.abc import Collection

from chaincode.domain.refusals import Refusal
from hlf.codec.refusals import RefusalRow
from hlf.shim import api

_PEOPLE = ("client", "admin")


def member(ctx: api.Context) -> str:
    """
    Return the caller's organisation.

    Raises:
        Refused: WRONG_ROLE for the certificate of a peer or an orderer.
    """
    if ctx.client.role not in _PEOPLE:
        raise Refusal.WRONG_ROLE("a client's or an admin's identity is needed")
    return ctx.client.msp_id


def administrator(ctx: api.Context) -> str:
    """
    Return the caller's organisation, if the caller is its administrator.

    Raises:
        Refused: WRONG_ROLE.
    """
    if ctx.client.role != "admin":
        raise Refusal.WRONG_ROLE("an admin's identity is needed")
    return ctx.client.msp_id


def one_of(ctx: api.Context, organisations: Collection[str], refusal: RefusalRow, text: str) -> str:
    """
    Return the caller's organisation; raise *refusal* with *text* unless it is one of *organisations*.

    Raises:
        Refused: *refusal*, or WRONG_ROLE.
    """
    caller = member(ctx)
    if caller not in organisations:
        raise refusal(text)
    return caller


def between(ctx: api.Context, parties: Collection[str], recipient: str, what: str) -> None:
    """
    Raise Refused unless the caller's organisation and *recipient* are both among the *parties*; *what* has them, as
    ``claim C1``.

    Raises:
        Refused: NOT_A_PARTY, WRONG_ROLE.
    """
    text = f"{what} is between other organisations"
    one_of(ctx, parties, Refusal.NOT_A_PARTY, text)
    if recipient not in parties:
        raise Refusal.NOT_A_PARTY(text)
