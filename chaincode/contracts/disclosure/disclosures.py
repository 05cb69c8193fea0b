"""
The contract of disclosures: show attributes of a claim to one organisation, for a purpose, until a date, and revoke.

Each endorsing organisation runs the same code at its own peer, which has only its own private values. So a call
with several endorsers proves records only by hashes (`private`), and the client sends the records.
"""

from __future__ import annotations

import dataclasses

from chaincode.contracts import access, clock, private
from chaincode.contracts.disclosure import claims, granting
from chaincode.contracts.register import participants
from chaincode.contracts.register.participants import AUDITOR
from chaincode.domain.disclosure import claims as claim_rules
from chaincode.domain.disclosure import disclosures, gapmeter, grants
from chaincode.domain.disclosure.grants import GrantTerms, Request, RequestTerms, RevocationReceipt, Seal, SealTerms
from chaincode.domain.refusals import Refusal
from hlf.codec import canonical, records
from hlf.shim import api

_OF_REQUEST = ("transient.request.requester", "transient.request.asked.owner", AUDITOR)
_OF_GRANT = ("transient.grant.owner", "transient.grant.terms.recipient", AUDITOR)


@dataclasses.dataclass(frozen=True)
class ListedRequest(Request):
    """A request as lists show it: with whether it is answered or withdrawn."""

    answered: bool


@dataclasses.dataclass(frozen=True)
class RequestPage:
    """A page of requests, and the bookmark of the next."""

    requests: tuple[ListedRequest, ...]
    bookmark: str


@dataclasses.dataclass(frozen=True)
class SealPage:
    """A page of records of sealed attributes, and the bookmark of the next."""

    seals: tuple[Seal, ...]
    bookmark: str


class Disclosures(api.Contract):
    """Requests, grants, deliveries and revocations of single attributes, between owner, recipient and auditor."""

    @api.transaction(endorsed_by=("caller", "transient.request.owner", AUDITOR), transient=("request",))
    def request(self, ctx: api.Context, request_id: str) -> dict[str, str]:
        """
        Ask an owner for attributes of its claim, with or without an offer in return.

        Raises:
            Refused: ALREADY_EXISTS, OWN_CLAIM, EXPIRED, NOT_COMMITTED (the offered claim), INVALID_ARGUMENT.
        """
        requester = access.member(ctx)
        asked = private.record(ctx, "request", RequestTerms)
        if asked.owner == requester:
            raise Refusal.OWN_CLAIM("an organisation may see its own claim without a grant")
        participants.participant(ctx, asked.owner)
        granting.check_future(ctx, asked.expires_at)
        if asked.offer:
            granting.committed(ctx, requester, asked.offer.claim_id, asked.offer.revision)
        kept = Request(request_id, requester, participants.directory(ctx).auditor, clock.stamp(ctx), asked)
        key = granting.request_key(ctx, request_id)
        private.absent(ctx, key, kept.parties, f"request {request_id}")
        private.put(ctx, key, records.dumps(kept), kept.parties)
        return private.announce(ctx, "DisclosureRequested", request_id=request_id)

    @api.transaction(endorsed_by=_OF_REQUEST, transient=("request",), called_by=("requester",))
    def withdraw(self, ctx: api.Context, request_id: str) -> dict[str, str]:
        """
        Close the caller's own request, so that nobody can answer it any more.

        Raises:
            Refused: NOT_AS_STORED, NOT_REQUESTER, ALREADY_ANSWERED.
        """
        kept = granting.proven_request(ctx, request_id)
        access.one_of(ctx, [kept.requester], Refusal.NOT_REQUESTER, f"request {request_id} is another organisation's")
        granting.answer(ctx, kept, "withdrawn")
        return private.announce(ctx, "RequestWithdrawn", request_id=request_id)

    @api.transaction(
        endorsed_by=("caller", "transient.grant.recipient", AUDITOR), transient=("grant",), called_by=("owner",)
    )
    def grant(self, ctx: api.Context, grant_id: str) -> dict[str, str]:
        """
        Grant a recipient attributes of the caller's claim, for a purpose, until a date.

        Raises:
            Refused: ALREADY_EXISTS, OWN_CLAIM, EXPIRED, NOT_COMMITTED, SUBJECT_NOT_SHOWN, COMMITMENT_CHANGED,
                NOT_A_PARTICIPANT, COHORT_TOO_SMALL, or INVALID_ARGUMENT.
        """
        terms = private.record(ctx, "grant", GrantTerms)
        granting.open_grant(ctx, grant_id, access.member(ctx), terms)
        return private.announce(ctx, "DisclosureGranted", grant_id=grant_id)

    @api.transaction(endorsed_by=_OF_REQUEST, transient=("request", "grant", "counter_salt"), called_by=("owner",))
    def grant_reciprocal(
        self, ctx: api.Context, request_id: str, grant_id: str, counter_grant_id: str
    ) -> dict[str, str]:
        """
        Grant what a request asks for and what it offers in return, both in this transaction or neither.

        The requester agreed to its part when it made the request. A request is answered only once. Neither side can
        read before both have delivered.

        Raises:
            Refused: NOT_AS_STORED, NOT_OWNER, NOT_AS_REQUESTED, NOT_RECIPROCAL, ALREADY_ANSWERED, SALT_REUSED,
                or a refusal of `grant`.
        """
        kept = granting.proven_request(ctx, request_id)
        owner = access.one_of(
            ctx, [kept.asked.owner], Refusal.NOT_OWNER, f"request {request_id} asks another organisation"
        )
        terms = private.record(ctx, "grant", GrantTerms)
        grants.check_answers(terms, kept)
        counter_salt = private.salt(ctx, "counter_salt")
        if counter_salt == terms.salt or grant_id == counter_grant_id:
            raise Refusal.SALT_REUSED("each of the two grants needs its own id and salt")
        granting.answer(ctx, kept, grant_id)
        granting.open_grant(ctx, grant_id, owner, terms, counterpart=counter_grant_id)
        counter = grants.counter_terms(kept, counter_salt)
        granting.open_grant(ctx, counter_grant_id, kept.requester, counter, counterpart=grant_id)
        return private.announce(ctx, "ReciprocalGranted", grant_id=grant_id, counter_grant_id=counter_grant_id)

    @api.transaction(
        endorsed_by=("recipient",), transient=("document", "disclosures"), called_by=("owner", "recipient")
    )
    def deliver(self, ctx: api.Context, grant_id: str, recipient: str) -> dict[str, str]:
        """
        Put exactly the granted attributes into the recipient's collection, proved against the owner's commitment.

        Raises:
            Refused: NOT_A_PARTICIPANT, NOT_FOUND, NOT_A_PARTY, NOT_AS_STORED, REVOKED, EXPIRED, NOT_COMMITTED,
                COMMITMENT_CHANGED, WRONG_CLAIM, NOT_IN_CLAIM, ATTRIBUTE_NOT_GRANTED, ATTRIBUTE_MISSING,
                ATTRIBUTE_TWICE, COHORT_TOO_SMALL, ALREADY_EXISTS.
        """
        participants.participant(ctx, recipient)
        held, data = granting.held_by(ctx, recipient, grant_id)
        access.one_of(ctx, [held.owner, held.recipient], Refusal.NOT_A_PARTY, "only owner and recipient deliver")
        if held.recipient != recipient:
            raise Refusal.NOT_A_PARTY(f"grant {grant_id} is for another organisation")
        # Only the recipient endorses this. That owner and auditor store the same grant proves that the owner gave it.
        granting.proven_grant(ctx, grant_id, data)
        held.check_open(clock.now(ctx))
        terms = held.terms
        document, committed = claims.proven_document(ctx, held.owner, terms.claim_id, terms.revision)
        granting.check_pin(ctx, held)
        kind, opened = claim_rules.kind_of(document), private.disclosed(ctx)
        values = disclosures.opened(document, opened, kind.slots)
        held.check_exactly(values)
        kind.check_part(values)
        key = granting.received_key(ctx, grant_id)
        private.absent(ctx, key, [recipient], f"the delivery under grant {grant_id}")
        copy = {"document": committed.decode(), "disclosures": [one.encoded for one in opened]}
        private.put(ctx, key, canonical.dumps(copy), [recipient])
        return private.announce(ctx, "DisclosureDelivered", grant_id=grant_id)

    @api.transaction(endorsed_by=_OF_GRANT, transient=("grant", "salt"), called_by=("owner",))
    def revoke(self, ctx: api.Context, grant_id: str) -> dict[str, str]:
        """
        Revoke a grant: purge the recipient's copy with its history, and leave a receipt with all three.

        Raises:
            Refused: NOT_AS_STORED, NOT_OWNER, REVOKED, SALT_REUSED, SALT_TOO_SHORT.
        """
        held = granting.proven_grant(ctx, grant_id, private.transient(ctx, "grant"))
        salt, key = private.text(ctx, "salt"), granting.grant_key(ctx, grant_id)
        access.one_of(ctx, [held.owner], Refusal.NOT_OWNER, f"grant {grant_id} was given by another organisation")
        received = granting.received_key(ctx, grant_id)
        copy = ctx.stub.get_private_data_hash(private.collection(held.recipient), received)
        private.put(ctx, key, records.dumps(held.revoked(clock.stamp(ctx), salt)), held.parties)
        ended = granting.ended(gapmeter.period(clock.now(ctx)))
        private.put(ctx, granting.ended_key(ctx, grant_id), ended, [held.owner])
        receipt = RevocationReceipt(
            grant_id, held.owner, held.recipient, held.auditor, clock.stamp(ctx), copy.hex(), salt
        )
        private.put(ctx, granting.receipt_key(ctx, grant_id), records.dumps(receipt), receipt.parties)
        if copy:
            ctx.stub.purge_private_data(private.collection(held.recipient), received)
        return private.announce(ctx, "DisclosureRevoked", grant_id=grant_id)

    @api.transaction(endorsed_by=("caller", AUDITOR), transient=("sealed",), called_by=("owner",))
    def record_sealed(self, ctx: api.Context, seal_id: str) -> dict[str, str]:
        """
        Record that attributes were encrypted for somebody outside the channel; the ciphertext stays outside.

        Raises:
            Refused: ALREADY_EXISTS, EXPIRED, NOT_COMMITTED, SUBJECT_NOT_SHOWN, COMMITMENT_CHANGED, COHORT_TOO_SMALL,
                INVALID_ARGUMENT.
        """
        owner, sealing = access.member(ctx), private.record(ctx, "sealed", SealTerms)
        granting.check_future(ctx, sealing.expires_at)
        auditor = participants.directory(ctx).auditor
        document_hash = granting.pinned(ctx, owner, auditor, sealing.claim_id, sealing.revision)
        seal = Seal(seal_id, owner, auditor, clock.stamp(ctx), document_hash, sealing)
        key = granting.seal_key(ctx, seal_id)
        private.absent(ctx, key, seal.parties, f"seal {seal_id}")
        private.put(ctx, key, records.dumps(seal), seal.parties)
        return private.announce(ctx, "DisclosureSealed", seal_id=seal_id)

    @api.query(read_on=("caller",), called_by=("recipient",))
    def read(self, ctx: api.Context, grant_id: str) -> granting.DeliveredAttributes:
        """
        Return the values delivered to the caller under an open grant.

        Raises:
            Refused: NOT_FOUND, NOT_A_PARTY, REVOKED, EXPIRED, NOT_DELIVERED, NOT_YET_TOGETHER.
        """
        return granting.received(ctx, access.member(ctx), grant_id)

    @api.query(read_on=("caller",), called_by=("owner", "recipient", "auditor"))
    def show(self, ctx: api.Context, grant_id: str) -> bytes:
        """Return a grant of the caller, exactly as stored; give these bytes to `revoke`."""
        return granting.held_by(ctx, access.member(ctx), grant_id)[1]

    @api.query(read_on=("caller",), called_by=("requester", "owner", "auditor"))
    def show_request(self, ctx: api.Context, request_id: str) -> bytes:
        """Return a request by or to the caller, exactly as stored; give these bytes to `grant_reciprocal`."""
        return private.own(ctx, access.member(ctx), granting.request_key(ctx, request_id), f"request {request_id}")

    @api.query(read_on=("caller",), called_by=("owner", "recipient", "auditor"))
    def receipt(self, ctx: api.Context, grant_id: str) -> bytes:
        """Return the receipt of a revocation, for owner, recipient and auditor."""
        return private.own(ctx, access.member(ctx), granting.receipt_key(ctx, grant_id), f"receipt of grant {grant_id}")

    @api.query(read_on=("caller",), called_by=("owner",))
    def given(self, ctx: api.Context, size: int = 100, bookmark: str = "") -> granting.GrantPage:
        """
        Return the next grants of the caller: recipients, attributes, purpose and expiry; at most *size*.

        Raises:
            Refused: INVALID_ARGUMENT.
        """
        caller = access.member(ctx)
        return granting.page(ctx, caller, size, bookmark, lambda one: one.owner == caller)

    @api.query(read_on=("caller",), called_by=("recipient",))
    def received(self, ctx: api.Context, size: int = 100, bookmark: str = "") -> granting.GrantPage:
        """
        Return the next grants that others gave to the caller, at most *size*.

        Raises:
            Refused: INVALID_ARGUMENT.
        """
        caller = access.member(ctx)
        return granting.page(ctx, caller, size, bookmark, lambda one: one.recipient == caller)

    @api.query(read_on=(AUDITOR,), called_by=("auditor",))
    def audit(self, ctx: api.Context, size: int = 100, bookmark: str = "") -> granting.GrantPage:
        """
        Return the next *size* grants of the channel, with names of attributes and without values; for the auditor.

        Raises:
            Refused: NOT_AUDITOR, INVALID_ARGUMENT.
        """
        caller = access.one_of(ctx, [participants.directory(ctx).auditor], Refusal.NOT_AUDITOR, "the auditor asks this")
        return granting.page(ctx, caller, size, bookmark, lambda _: True)

    @api.query(read_on=("caller",))
    def requests(self, ctx: api.Context, waiting: bool = False, size: int = 100, bookmark: str = "") -> RequestPage:
        """
        Return the next requests by or to the caller, and whether they are answered; for the auditor, of all requests.

        *waiting* leaves out those that are answered or withdrawn.

        Raises:
            Refused: INVALID_ARGUMENT.
        """
        caller = access.member(ctx)

        def read(data: bytes) -> ListedRequest:
            one = records.loads(Request, data)
            return ListedRequest(**vars(one), answered=granting.answered(ctx, one, caller))

        kept = private.page(ctx, caller, read, size, bookmark, "request", lambda one: not (waiting and one.answered))
        return RequestPage(*kept)

    @api.query(read_on=("caller",), called_by=("owner", "auditor"))
    def sealed(self, ctx: api.Context, size: int = 100, bookmark: str = "") -> SealPage:
        """
        Return the next *size* records of the caller's sealed attributes; for the auditor, of all.

        Raises:
            Refused: INVALID_ARGUMENT.
        """
        caller = access.member(ctx)
        return SealPage(*private.page(ctx, caller, lambda data: records.loads(Seal, data), size, bookmark, "seal"))
