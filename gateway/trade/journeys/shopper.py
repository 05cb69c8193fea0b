"""Answers for shoppers, who have no identity: the gateway reads and requests returns with an identity of its own."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from chaincode.domain.returns.review import Outcome
from chaincode.domain.returns.terms import Condition, Rejection, Resolution, ReturnReason
from gateway.fabric import results
from gateway.fabric.ledgercalls import CommittedAnswer, LedgerCall
from gateway.http import context
from gateway.http.context import TRADE, TradeChaincode
from gateway.http.problems import Problem
from gateway.store import returnlimits
from gateway.trade import minting
from gateway.trade.returns import photos, sentphotos
from hlf import errors
from hlf.codec.refusals import RuntimeRefusal


def follow(token: str) -> dict[str, Any]:
    """
    Return what the holder of a link may see: no organisations, no identifiers of goods, nothing about other orders.

    Raises:
        Problem: TRACKING_CLOSED if the gateway has no identity for this; LINK_UNKNOWN for every refusal of the
            contract.
        hlf.errors.EvaluateError: the peer could not be asked.
    """
    with _refusals_hidden():
        return {**_asked("Journeys:track", token), "returns": returns(token)}


def journeys(token: str) -> list[str]:
    """Return the journeys of a link's goods, at least one; raises as ``follow``."""
    with _refusals_hidden():
        found: list[str] = _asked("Journeys:linked", token)
        return found


def returns(token: str) -> list[dict[str, Any]]:
    """Return the returns that were asked for behind a link; raises as ``follow``."""
    with _refusals_hidden():
        found: list[dict[str, Any]] = _asked("Returns:track", token)
        return found


def has_return(token: str, return_id: str) -> bool:
    """Return whether a return was asked for behind a link; raises as ``follow``."""
    return return_id in [each["return_id"] for each in returns(token)]


def basket(token: str) -> list[dict[str, Any]]:
    """
    Return what a link to a basket may see: each order's own link, and where its goods are, if any were sent.

    Raises:
        Problem: TRACKING_CLOSED; LINK_UNKNOWN if no order of the basket has goods on their way yet.
        hlf.errors.EvaluateError: the peer could not be asked.
    """
    seen = [{"tracking_path": f"/track/{each}", "goods": _followed(each)} for each in minting.links_in(token)]
    if not any(each["goods"] for each in seen):
        raise Problem("LINK_UNKNOWN")
    return seen


def _followed(token: str) -> dict[str, Any] | None:
    try:
        return follow(token)
    except Problem as problem:
        if problem.code != "LINK_UNKNOWN":
            raise
        return None


def returnable(token: str) -> list[dict[str, Any]]:
    """
    Return each article of a link's goods, how many pieces are left to send back, and whether and until when they may.

    It asks what the answer to a request would be now, for a broken article with a photograph and for a changed mind.
    Before the goods are delivered there is nothing to ask.

    Raises: as ``follow``.
    """
    with _refusals_hidden():
        return [
            {**line, **_may(token, journey_id, line)}
            for journey_id in journeys(token)
            for line in _evaluated("Journeys:read", journey_id)["journey"]["lines"]
        ]


@contextlib.contextmanager
def _refusals_hidden() -> Iterator[None]:
    """Turn every refusal of the contract into LINK_UNKNOWN, so that guessing links reveals nothing."""
    try:
        yield
    except errors.GatewayError as refused:
        if refused.contract_code is None:
            raise
        raise Problem("LINK_UNKNOWN") from None


def _may(token: str, journey_id: str, line: Mapping[str, Any]) -> dict[str, Any]:
    for reason in (ReturnReason.CHANGE_OF_MIND, ReturnReason.DEFECTIVE):
        asked = {
            "return_id": "return-asked",
            "journey_id": journey_id,
            "line": line["line"],
            "quantity": 1,
            "reason": reason,
            "resolution": Resolution.REFUND,
            "condition": Condition.UNUSED,
            "buyer_hash": minting.link_hash(token),
            "evidence": ["0" * 64],
        }
        decision = _evaluated("Returns:preview", asked)
        if decision["outcome"] != Outcome.REJECTED:
            break
    ends = decision["window_ends"]
    left = next((each["facts"]["left"] for each in decision["findings"] if "left" in each["facts"]), "0")
    return {
        "quantity": int(left) or line["quantity"],
        "may": decision["outcome"] != Outcome.REJECTED,
        "why": decision["code"],
        "until": "" if ends == "open" else ends,
        "payer": decision["payer"],
    }


def lodge(token: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the decided request of the holder of an order's link.

    Of several journeys of the order, it is about the first whose goods may be returned so; of none, about the first.
    The photos in its body (``LodgeSchema``) are kept here, and their digests go to the ledger.

    Raises:
        gateway.trade.returns.photos.PhotoError: one of them is no photo, or they are too many.
        Problem: TRACKING_CLOSED; LINK_EXHAUSTED; REQUEST_INVALID if the order has no such line; LINK_UNKNOWN for a
            token that is not the order's, and every other refusal of the contract.
        hlf.errors.GatewayError: the peers could not be asked.
    """
    # What cannot be a photo is not worth to be counted among the requests of a link.
    photos.check_all(body["photos"])
    link_hash = minting.link_hash(token)
    wait = returnlimits.ReturnLimits(context.services().store).begin(link_hash)
    if wait:
        problem = Problem("LINK_EXHAUSTED")
        problem.sent["Retry-After"] = str(wait)
        raise problem
    try:
        journeys = _asked("Journeys:linked", token)
        seen_photos = photos.read_all(body["photos"])
        evidence = [*body["evidence"], *(each.digest for each in seen_photos)]
        asked = {
            **{name: value for name, value in body.items() if name != "photos"},
            "evidence": evidence,
            "buyer_hash": link_hash,
            "return_id": minting.public_id("return"),
        }
        asked["journey_id"] = _returnable(journeys, asked)
        done = sentphotos.kept(asked["return_id"], seen_photos, lambda: _acted("Returns:request", asked))
        seen = _asked("Returns:track", token, done.block_number)
    except errors.GatewayError as refused:
        if refused.contract_code is None:
            raise
        if refused.contract_code == RuntimeRefusal.INVALID_ARGUMENT.code:
            raise Problem(
                "REQUEST_INVALID", "The order has no such line or units, or the units have serials: name one for each"
            ) from None
        raise Problem("LINK_UNKNOWN") from None
    return next(each for each in seen if each["return_id"] == asked["return_id"])


def choose_pickup(token: str, return_id: str, pickup_at: str) -> bool:
    """
    Choose when a return is fetched, of the times that its carrier offers; return whether that time is still offered.

    Raises:
        Problem: TRACKING_CLOSED; LINK_UNKNOWN if the link has no such return.
        hlf.errors.GatewayError: the peers could not be asked.
    """
    asked = next((each for each in returns(token) if each["return_id"] == return_id), None)
    if asked is None:
        raise Problem("LINK_UNKNOWN")
    if pickup_at not in asked["pickups"]:
        return False
    try:
        _acted("Returns:choose_pickup", return_id, pickup_at)
    except errors.GatewayError as refused:
        if refused.contract_code is None:
            raise
        # Since the page was shown, its time has passed or the carrier has withdrawn the offer.
        return False
    return True


def _returnable(journeys: list[str], asked: Mapping[str, Any]) -> str:
    """Return the journey that a return is about."""
    for journey_id in journeys:
        try:
            decision = _evaluated("Returns:preview", {**asked, "journey_id": journey_id})
        except errors.GatewayError as refused:
            if refused.contract_code != RuntimeRefusal.INVALID_ARGUMENT.code:
                raise
            # The line is on another journey.
            continue
        if decision["code"] == Rejection.BUYER_MISMATCH:
            raise Problem("LINK_UNKNOWN")
        if decision["outcome"] != Outcome.REJECTED:
            return journey_id
    return journeys[0]


def _asked(function: str, token: str, after: int = 0) -> Any:
    return _evaluated(function, minting.link_hash(token), after=after)


def _evaluated(function: str, argument: Any, after: int = 0) -> Any:
    call = TRADE.call(function, [argument], None, ())
    return results.read(evaluated(dataclasses.replace(call, after=after) if after else call))


def known(chaincode: TradeChaincode, function: str, *arguments: Any) -> Any:
    """Return what a contract tells the gateway's identity for shoppers; None if it refuses that one."""
    try:
        return results.read(evaluated(chaincode.call(function, arguments, None, ())))
    except errors.GatewayError as refused:
        if refused.contract_code is None:
            raise
        return None


def evaluated(call: LedgerCall) -> bytes:
    """
    Return a query's answer, asked with the gateway's identity for shoppers.

    Raises:
        Problem: TRACKING_CLOSED if the gateway has none.
        hlf.errors.GatewayError: the contract refused, or the peer could not be asked.
    """
    msp_id, user = identity()
    wanted = context.building_on(call)
    if call.after:
        wanted = dataclasses.replace(wanted, after=max(call.after, wanted.after or 0))
    return context.services().ledgers.evaluate(msp_id, user, wanted)


def _acted(function: str, *arguments: Any) -> CommittedAnswer:
    msp_id, user = identity()
    call = context.building_on(TRADE.call(function, arguments, None, ()))
    return context.services().ledgers.submit(msp_id, user, call, lambda *_: None)


def identity() -> tuple[str, str]:
    """Return organisation and user that answer shoppers; raise TRACKING_CLOSED if the gateway has none."""
    settings = context.services().settings
    if not settings.tracking:
        raise Problem("TRACKING_CLOSED")
    msp_id, _, user = settings.tracking.partition("/")
    return msp_id, user
