"""
The contract of duty drawback: duty and tax of returned goods, claimed back from customs of the country they left.

States, deadlines and hashes are public state of `trade`. A change of a claim needs claimant and customs, or the
channel's majority. The import entry is not in these transactions: each of the two gets it by a transaction of its
own, whose endorser compares its hash and recomputes duty and tax by the tariff that customs published.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator

from chaincode.contracts import access, clock, private, store
from chaincode.contracts.journeys import journeystate
from chaincode.contracts.orders import accounts
from chaincode.contracts.register import customs as published
from chaincode.contracts.register import majority, participants
from chaincode.contracts.returns import returnstate
from chaincode.domain.journeys import epcis, pages
from chaincode.domain.journeys.journeys import Journey
from chaincode.domain.journeys.pages import Entry
from chaincode.domain.refusals import Refusal
from chaincode.domain.register import customs
from chaincode.domain.returns import drawbacks, review
from chaincode.domain.returns.drawbacks import Drawback, DrawbackFiling, DrawbackTerms, Grounds, ImportEntry, Movements
from chaincode.domain.returns.returns import Return
from chaincode.domain.vocabulary import identifiers, places, timeliness, zones
from hlf.codec import names, records
from hlf.shim import api

_DRAWBACK = "drawback"
_OF_RETURN = "drawback-of-return"
_TERMS = "drawback.terms"
_SELLERS = frozenset({"platform", "merchant"})


@dataclasses.dataclass(frozen=True)
class RefundableEntry:
    """An import entry, and how much of its duty and tax comes back."""

    entry: ImportEntry
    amount: records.Amount


class Drawbacks(api.Contract):
    """Claims for drawback: filed, answered and paid."""

    @api.transaction(endorsed_by=(), called_by=("customs",))
    def publish_terms(self, ctx: api.Context, terms: DrawbackTerms) -> DrawbackTerms:
        """
        Publish the shares of duty and tax that come back for goods imported from a day on, as customs of that country.

        Raises:
            Refused: NOT_CUSTOMS, NOT_A_PARTICIPANT, ALREADY_EXISTS, or INVALID_ARGUMENT with the field.
        """
        place = (_TERMS, terms.country, terms.effective_from)
        published.check_new(ctx, terms, place)
        store.save(ctx, terms, *place)
        store.announce(
            ctx, "DrawbackTermsPublished", {"country": terms.country, "effective_from": terms.effective_from}
        )
        return terms

    @api.transaction(endorsed_by=(), called_by=("platform", "merchant"))
    def file(self, ctx: api.Context, filing: DrawbackFiling) -> Drawback:
        """
        Claim for the goods of a return, as the selling side; a majority endorses.

        Raises:
            Refused: ALREADY_EXISTS, RETURN_UNKNOWN, NOT_A_PARTY, NOT_A_SELLER, NO_DRAWBACK, DUTY_NOT_PAID,
                NOT_EXPORTED, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        known, claimant = returnstate.load(ctx, filing.return_id), access.member(ctx)
        journey = journeystate.load(ctx, known.request.journey_id)
        if not _SELLERS & set(journey.party(claimant).roles):
            raise Refusal.NOT_A_SELLER("only the platform or the merchant claims duty back")
        if store.find(ctx, Drawback, _DRAWBACK, filing.drawback_id):
            raise Refusal.ALREADY_EXISTS(f"there is a drawback {filing.drawback_id}")
        for each in store.each(ctx, str, _OF_RETURN, filing.return_id):
            if _load(ctx, each).state not in drawbacks.OVER:
                raise Refusal.ALREADY_EXISTS(f"drawback {each} is for the same return")
        moved = _movements(ctx, journey, known)
        office, terms = _office(ctx, journey, moved.paid_at or journey.ordered_at)
        line, units = known.request.line, known.request.quantity
        made = drawbacks.filed(
            filing, claimant, office, journey.journey_id, line, units, terms, moved, clock.now(ctx)
        )  # fmt: skip
        store.save(ctx, filing.drawback_id, _OF_RETURN, filing.return_id, filing.drawback_id)
        return _keep(ctx, made)

    @api.transaction(endorsed_by=(), called_by=("customs",))
    def accept(self, ctx: api.Context, drawback_id: str) -> Drawback:
        """
        Accept a claim, as customs, which has its import entry.

        Raises:
            Refused: DRAWBACK_UNKNOWN, NOT_CUSTOMS, WRONG_STATE, DEADLINE_PASSED, NOT_FOUND (no entry).
        """
        found = _load(ctx, drawback_id).accepted(access.member(ctx), clock.now(ctx))
        _check_entered(ctx, found)
        return _keep(ctx, found)

    @api.transaction(endorsed_by=(), called_by=("customs",))
    def refuse(self, ctx: api.Context, drawback_id: str, grounds: Grounds, opinion_hash: str) -> Drawback:
        """
        Refuse a claim, as customs; *opinion_hash* is the hash of its reasons.

        Raises:
            Refused: DRAWBACK_UNKNOWN, NOT_CUSTOMS, WRONG_STATE, DEADLINE_PASSED, INVALID_ARGUMENT.
        """
        return _moved(ctx, drawback_id, Drawback.refused, grounds, names.SHA256.check("opinion_hash", opinion_hash))

    @api.transaction(endorsed_by=(), called_by=("platform", "merchant"))
    def confirm_payment(self, ctx: api.Context, drawback_id: str, proof_hash: str) -> Drawback:
        """
        Confirm that customs paid, as the claimant; *proof_hash* is the hash of the bank's advice or the like.

        Raises:
            Refused: DRAWBACK_UNKNOWN, NOT_THE_CLAIMANT, WRONG_STATE, INVALID_ARGUMENT.
        """
        return _moved(ctx, drawback_id, Drawback.paid, names.SHA256.check("proof_hash", proof_hash))

    @api.transaction(endorsed_by=(), called_by=("platform", "merchant"))
    def withdraw(self, ctx: api.Context, drawback_id: str) -> Drawback:
        """
        Withdraw a claim, as the claimant, before customs answered.

        Raises:
            Refused: DRAWBACK_UNKNOWN, NOT_THE_CLAIMANT, WRONG_STATE.
        """
        return _moved(ctx, drawback_id, Drawback.withdrawn)

    @api.transaction(endorsed_by=(), called_by=("party",))
    def enforce(self, ctx: api.Context, drawback_id: str) -> Drawback:
        """
        Record the consequence of a missed deadline; any party of the journey may call this.

        Customs is not bound by its silence to an entry that it does not have.

        Raises:
            Refused: DRAWBACK_UNKNOWN, NOT_A_PARTY, NO_DEADLINE, NOT_DUE, NOT_FOUND (no entry).
        """
        found = _load(ctx, drawback_id)
        journeystate.load(ctx, found.journey_id).party(access.member(ctx))
        moved = found.enforced(clock.now(ctx))
        _check_entered(ctx, moved)
        return _keep(ctx, moved)

    @api.transaction(endorsed_by=("recipient",), transient=("entry",), called_by=("claimant",))
    def disclose(self, ctx: api.Context, drawback_id: str, recipient: str) -> dict[str, str]:
        """
        Give the import entry of a claim to customs, or keep it as the claimant; nobody else sees it.

        All claims for a line of the order under one declaration have the same entry, for all units of which together
        no more comes back than was paid.

        Raises:
            Refused: DRAWBACK_UNKNOWN, NOT_A_PARTY, NOT_AS_STORED, NO_TARIFF, NO_PREFERENCE, AMOUNT_DIFFERS,
                INVALID_ARGUMENT, DEADLINE_PASSED of customs' answer.
        """
        found, entry = _load(ctx, drawback_id), private.record(ctx, "entry", ImportEntry)
        access.between(ctx, found.parties, recipient, f"drawback {drawback_id}")
        found.check_entry(entry)
        if recipient == found.customs and found.state is drawbacks.DrawbackState.FILED:
            timeliness.in_time(found.due, clock.now(ctx))
        country = found.terms.country
        customs.check_code("entry.code", entry.code, country)
        entry.check_by(customs.tariff_of(entry.code, entry.on, lambda code: published.versions(ctx, country, code)))
        entry.gives_back(found.units, found.terms)
        entry.check_beside(found.units, _entered(ctx, found, recipient))
        private.put(ctx, _entry_key(ctx, drawback_id), records.dumps(entry), [recipient])
        return private.announce(ctx, "ImportEntryDisclosed", drawback_id=drawback_id, recipient=recipient)

    @api.query(read_on=("caller",), called_by=("claimant", "customs"))
    def entry(self, ctx: api.Context, drawback_id: str) -> RefundableEntry:
        """
        Return the import entry of a claim and what comes back, if the caller's organisation has it.

        Raises:
            Refused: DRAWBACK_UNKNOWN, NOT_FOUND.
        """
        found, what = _load(ctx, drawback_id), f"import entry of drawback {drawback_id}"
        data = private.own(ctx, access.member(ctx), _entry_key(ctx, drawback_id), what)
        entry = records.loads(ImportEntry, data)
        return RefundableEntry(entry, entry.gives_back(found.units, found.terms))

    @api.query
    def read(self, ctx: api.Context, drawback_id: str) -> Drawback:
        """
        Return a claim.

        Raises:
            Refused: DRAWBACK_UNKNOWN.
        """
        return _load(ctx, drawback_id)

    @api.query
    def of_return(self, ctx: api.Context, return_id: str) -> tuple[str, ...]:
        """Return the ids of the claims for a return."""
        return tuple(store.each(ctx, str, _OF_RETURN, identifiers.check("return_id", return_id)))

    @api.query
    def terms(self, ctx: api.Context, country: str) -> tuple[DrawbackTerms, ...]:
        """Return every version of a country's terms, oldest first."""
        return tuple(_versions(ctx, places.check_country("country", country)))

    @api.query
    def history(self, ctx: api.Context, drawback_id: str) -> tuple[store.KeyChange, ...]:
        """Return every value that a claim had, newest first."""
        return store.history(ctx, _DRAWBACK, _load(ctx, drawback_id).filing.drawback_id)


def _load(ctx: api.Context, drawback_id: str) -> Drawback:
    place = identifiers.check("drawback_id", drawback_id)
    return store.load(ctx, Drawback, Refusal.DRAWBACK_UNKNOWN, _DRAWBACK, place)


def _check_entered(ctx: api.Context, claim: Drawback) -> None:
    """Raise Refused unless customs has the import entry."""
    drawback_id = claim.filing.drawback_id
    if not private.held(ctx, _entry_key(ctx, drawback_id), [claim.customs]):
        raise Refusal.NOT_FOUND(f"{claim.customs} does not have the import entry of drawback {drawback_id}")


def _entered(ctx: api.Context, claim: Drawback, holder: str) -> Iterator[tuple[ImportEntry, int]]:
    """Return the entries that *holder* has for other claims for the same line of the order, and the units of each."""
    order_id = journeystate.load(ctx, claim.journey_id).order_id
    for returned in accounts.returns_of(ctx, order_id):
        for other in store.each(ctx, str, _OF_RETURN, returned.return_id):
            known = _load(ctx, other)
            if other == claim.filing.drawback_id or known.line != claim.line or known.state in drawbacks.OVER:
                continue
            data = ctx.stub.get_private_data(private.collection(holder), _entry_key(ctx, other))
            if data:
                yield records.loads(ImportEntry, data), known.units


def _moved(ctx: api.Context, drawback_id: str, step: Callable[..., Drawback], *told: str) -> Drawback:
    """Write a claim after a step that the caller takes now."""
    return _keep(ctx, step(_load(ctx, drawback_id), access.member(ctx), *told, clock.now(ctx)))


def _keep(ctx: api.Context, made: Drawback) -> Drawback:
    few = f"AND({majority.peers(made.parties)})"
    store.save(ctx, made, _DRAWBACK, made.filing.drawback_id, policy=majority.policy(ctx, few))
    store.announce(ctx, "DrawbackMoved", {"drawback_id": made.filing.drawback_id, "state": made.state})
    return made


def _versions(ctx: api.Context, country: str) -> Iterable[DrawbackTerms]:
    return store.each(ctx, DrawbackTerms, _TERMS, country)


def _office(ctx: api.Context, journey: Journey, imported_at: int) -> tuple[str, DrawbackTerms]:
    """
    Return customs of the country of delivery that takes part in the journey, and its terms on the day of the import.

    Raises:
        Refused: NO_DRAWBACK.
    """
    country = journey.destination[:2]
    day = zones.day(journey.destination, imported_at).isoformat()
    terms = customs.in_force(_versions(ctx, country), day)
    offices = [
        each.msp_id
        for each in journey.parties
        if "customs" in each.roles and country in participants.participant(ctx, each.msp_id).countries
    ]
    if terms is None or not offices:
        raise Refusal.NO_DRAWBACK(f"customs of {country} gave nothing back for imports on {day}, or takes no part")
    return offices[0], terms


def _movements(ctx: api.Context, journey: Journey, known: Return) -> Movements:
    """Return when duty was paid for the goods of a return, and when they were first recorded abroad."""
    paid = [
        happened.at
        for each in accounts.line_records(ctx, journey, known.request)
        if (happened := review.first(each.timeline, "S18", "selat:duty_paid")) is not None
    ]
    left: list[int] = []
    if known.reverse_journey_id:
        reverse = journeystate.load(ctx, known.reverse_journey_id)
        left = [each.at for each in pages.timeline(journeystate.all_pages(ctx, reverse)) if _abroad(journey, each)]
    return Movements(max(paid, default=None), min(left, default=None))


def _abroad(journey: Journey, entry: Entry) -> bool:
    place = epcis.place_of(entry.event)
    return bool(place) and place[:2] != journey.destination[:2]


def _entry_key(ctx: api.Context, drawback_id: str) -> str:
    return ctx.stub.create_composite_key("drawback.entry", [identifiers.check("drawback_id", drawback_id)])
